"""Where a page of a list begins, and the two times that the whole list is pinned to."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import date
from typing import Annotated

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from events.state import State
from projections.state import queries

Number = Annotated[int, Field(ge=0, lt=2**63)]
"""A position, or a count of items; PostgreSQL's bigint takes it."""
PlainText = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""An id or a day: without control characters, which PostgreSQL may not take."""


class Cursor(BaseModel):
    """Where the next page begins, and the two times that the list is pinned to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: Number = Field(alias="p")
    after: list[PlainText | Number] = Field(alias="k", max_length=4)
    as_of: date | None = Field(None, alias="d")
    known_at: AwareDatetime | None = Field(None, alias="t")
    epoch: int | None = Field(None, alias="e", ge=2)
    """Of the ledger that the position is of; None for the first."""

    def encode(self) -> str:
        """As text for a URL."""
        fields = self.model_dump(by_alias=True, exclude_none=True)
        return base64.urlsafe_b64encode(orjson.dumps(fields)).rstrip(b"=").decode()


class Paging(BaseModel):
    """What a caller asked of a list."""

    limit: int
    cursor: Cursor | None


def after_cursor(versions: Sequence[queries.Version], paging: Paging) -> list[queries.Version]:
    """Return the versions of the page that is asked for, by id, and one more if there are more."""
    after = "" if paging.cursor is None else str(paging.cursor.after[0])
    rest = sorted((version for version in versions if id_of(version) > after), key=id_of)
    return rest[: paging.limit + 1]


def last_id(chosen: Sequence[queries.Version], paging: Paging) -> str:
    """Return the id at the end of the page."""
    return id_of(chosen[: paging.limit][-1]) if chosen else ""


def id_of(version: queries.Version) -> str:
    """Return the aggregate's id."""
    assert isinstance(version.state, State)
    return version.state.id
