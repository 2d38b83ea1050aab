"""Lists in pages: `{"data", "next_cursor", "position"}`. A cursor pins what was known when the list began."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from events.zones import within_all_zones
from services.api.http.problems import invalid_parameter
from services.queries.paging import Cursor, Paging, last_id
from services.queries.read_context import ReadContext
from services.queries.visibility import list_seen

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

Item = TypeVar("Item")
Shown = TypeVar("Shown", bound=BaseModel)


class Page(BaseModel, Generic[Item]):
    """One page of a list. Ask again with `cursor=<next_cursor>` until it is null."""

    data: list[Item]
    next_cursor: str | None = Field(None, description="Opaque; null on the last page.")
    position: int = Field(description="The ledger position that the whole list is read at.")
    known_at: datetime | None = Field(None, description="The time of the last event that was read (UTC).")
    as_of: date | None = Field(None, description="The business day whose end is shown, where that matters.")


def _paging_by(*kinds: type) -> Callable[..., Awaitable[Paging]]:
    """Return what reads the page that is asked for, of a list whose sort key has parts of these kinds."""

    async def paging(
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page.")] = DEFAULT_LIMIT,
        cursor: Annotated[
            str | None, Query(max_length=2000, description="`next_cursor` of the page before.")
        ] = None,
    ) -> Paging:
        """Return the page that is asked for. Raises 422 for a cursor that this list can't have given."""
        return Paging(limit=limit, cursor=None if cursor is None else _decode(cursor, kinds))

    return paging


Paged = Annotated[Paging, Depends(_paging_by(str))]
"""A page of a list by id."""
PagedByNumber = Annotated[Paging, Depends(_paging_by(int))]
"""A page of a list by a number: a position, or how many items came before (`page_from`)."""
PagedByDay = Annotated[Paging, Depends(_paging_by(date, int))]
"""A page of a list by day and position."""


def page(items: list[Item], paging: Paging, next_page: Cursor) -> Page[Item]:
    """Return a page of at most `limit` of `items`; one more item than that means that `next_page` has
    some.
    """
    return Page(
        data=items[: paging.limit],
        next_cursor=next_page.encode() if len(items) > paging.limit else None,
        position=next_page.position,
        known_at=next_page.known_at,
        as_of=next_page.as_of,
    )


async def list_kind(context: ReadContext, kind: str, model: type[Shown], paging: Paging) -> Page[Shown]:
    """Return a page of all aggregates of a kind, by id. `model` has the state's fields and `revision`."""
    chosen = await list_seen(context, kind, paging)
    items = [model(**dict(version.state), revision=version.revision) for version in chosen]
    return page(items, paging, context.next_page(last_id(chosen, paging)))


def page_from(items: Sequence[Item], paging: Paging, next_page: Callable[[int], Cursor]) -> Page[Item]:
    """Return the page of a list that is there as a whole; a cursor says how many items came before."""
    start = min(position_in(paging), len(items))
    chosen = list(items[start : start + paging.limit + 1])
    return page(chosen, paging, next_page(start + paging.limit))


def position_in(paging: Paging) -> int:
    """Return the number that the cursor of a list by number holds; 0 for the first page."""
    return 0 if paging.cursor is None else int(paging.cursor.after[0])


def _decode(text: str, kinds: Sequence[type]) -> Cursor:
    """Return a cursor whose sort key has parts of these kinds. Raises 422.

    Nobody signs cursors, so anybody can write one: lists rely on nothing but what is looked at here.
    """
    try:
        cursor = Cursor.model_validate_json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        for part, kind in zip(cursor.after, kinds, strict=True):
            if kind is date:
                date.fromisoformat(str(part))
            elif not isinstance(part, kind):
                raise ValueError(f"{kind.__name__} is wanted")
        if cursor.known_at is not None:
            within_all_zones(cursor.known_at)
    except (binascii.Error, ValueError):
        raise invalid_parameter(
            "cursor",
            "cursor_invalid",
            "The cursor is not one that a list of ours gave.",
            "목록이 돌려준 cursor가 아닙니다.",
        ) from None
    return cursor
