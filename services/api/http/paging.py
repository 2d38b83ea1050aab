"""Lists in pages: `{"data", "next_cursor", "position"}`. A cursor pins what was known when the list began."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Generic, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.api.http.problems import Problem, invalid_parameter

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list. Ask again with `cursor=<next_cursor>` until it is null."""

    data: list[Item]
    next_cursor: str | None = Field(None, description="Opaque; null on the last page.")
    position: int = Field(description="The ledger position that the whole list is read at.")
    known_at: datetime | None = Field(None, description="The time of the last event that was read (UTC).")
    as_of: date | None = Field(None, description="The business day whose end is shown, where that matters.")


class Cursor(BaseModel):
    """Where the next page begins, and the two times that the list is pinned to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: int = Field(alias="p", ge=0, lt=2**63)
    after: list[str | int] = Field(alias="k", max_length=4)
    as_of: date | None = Field(None, alias="d")
    known_at: datetime | None = Field(None, alias="t")

    def encode(self) -> str:
        """As text for a URL."""
        fields = self.model_dump(by_alias=True, exclude_none=True)
        return base64.urlsafe_b64encode(orjson.dumps(fields)).rstrip(b"=").decode()


class Paging(BaseModel):
    """What a caller asked of a list."""

    limit: int
    cursor: Cursor | None


async def paging(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page.")] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=2000, description="`next_cursor` of the page before.")
    ] = None,
) -> Paging:
    """The page that is asked for. Raises 422 for a cursor that is not ours."""
    return Paging(limit=limit, cursor=None if cursor is None else _decode(cursor))


Paged = Annotated[Paging, Depends(paging)]


def page(items: list[Item], paging: Paging, next_page: Cursor) -> Page[Item]:
    """A page of at most `limit` of `items`; one more item than that means that `next_page` has some."""
    return Page(
        data=items[: paging.limit],
        next_cursor=next_page.encode() if len(items) > paging.limit else None,
        position=next_page.position,
        known_at=next_page.known_at,
        as_of=next_page.as_of,
    )


def page_from(items: Sequence[Item], paging: Paging, next_page: Callable[[int], Cursor]) -> Page[Item]:
    """The page of a list that is there as a whole; a cursor says how many items came before."""
    start = position_in(paging)
    chosen = list(items[start : start + paging.limit + 1])
    return page(chosen, paging, next_page(start + paging.limit))


def position_in(paging: Paging) -> int:
    """The number that the cursor holds; 0 for the first page. Raises 422 for the cursor of another list."""
    if paging.cursor is None:
        return 0
    if len(paging.cursor.after) != 1 or not isinstance(paging.cursor.after[0], int):
        raise _invalid()
    return max(0, min(paging.cursor.after[0], 2**63 - 1))


def _decode(text: str) -> Cursor:
    try:
        return Cursor.model_validate_json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        raise _invalid() from None


def _invalid() -> Problem:
    return invalid_parameter(
        "cursor",
        "cursor_invalid",
        "The cursor is not one that a list of ours gave.",
        "목록이 돌려준 cursor가 아닙니다.",
    )
