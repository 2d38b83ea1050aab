"""Positions and the two times of a read: `as_of` (in the business) and `known_at` (on the record)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Header, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from events.workspace.state import Workspace
from projections.state import queries
from services.access.callers import Caller
from services.api.http.paging import Cursor
from services.api.http.problems import invalid_parameter
from services.api.http.services import Services, Serving
from services.postgres.views import View, ViewsUnavailable

POSITION = "Goaltrail-Position"
MIN_POSITION = "Goaltrail-Min-Position"
RECORDED_AT = "Goaltrail-Recorded-At"
WAIT = 5.0
"""Seconds that a read waits for the position it was asked for."""

Moment = date | datetime
"""A day (its end, in the workspace's zone) or an instant (UTC)."""

_LONGEST_MOMENT = 40


class Known(BaseModel):
    """Up to where the record was read for an answer."""

    known_at: datetime | None = Field(
        description="Up to when the record was read (UTC): until the time asked for, or until its last event;"
        " null if there is none."
    )
    position: int = Field(description="The ledger position up to which the record was read.")


class Times(Known):
    """Both times of an answer."""

    as_of: date = Field(description="The business day whose end is shown.")


@dataclass(frozen=True, slots=True)
class Then:
    """A view at the two times that a read asked for."""

    view: View
    caller: Caller
    workspace: Workspace
    as_of: date
    known_at: datetime | None
    position: int

    @property
    def connection(self) -> AsyncConnection:
        """Reads the view."""
        return self.view.connection

    @property
    def known(self) -> dict[str, Any]:
        """What an answer without business time echoes."""
        return {"known_at": self.known_at, "position": self.position}

    @property
    def times(self) -> dict[str, Any]:
        """What an answer echoes."""
        return {"as_of": self.as_of, **self.known}

    def next_page(self, *after: str | int) -> Cursor:
        """The page after the item with this sort key, at the same times."""
        return Cursor(p=self.position, k=list(after), d=self.as_of, t=self.known_at)


class Reading:
    """How one request reads the views: waits for the position asked for, says how old the answer is."""

    def __init__(self, services: Services, response: Response, min_position: int | None) -> None:
        self._services = services
        self._response = response
        self._min_position = min_position

    @asynccontextmanager
    async def view(self, caller: Caller, group: str = "state") -> AsyncIterator[View]:
        """The caller's workspace now. Raises NotThereYet, ViewsUnavailable."""
        if self._min_position is not None:
            await self._services.views.wait(caller.workspace, self._min_position, group=group, timeout=WAIT)
        async with self._services.views.open(caller.workspace, group) as view:
            self._note(view)
            yield view

    @asynccontextmanager
    async def then(
        self,
        caller: Caller,
        as_of: Moment | None = None,
        known_at: Moment | None = None,
        *,
        cursor: Cursor | None = None,
    ) -> AsyncIterator[Then]:
        """The caller's workspace as of a business day, as known at a time; a cursor overrules both."""
        async with self.view(caller) as view:
            workspace = await workspace_of(view, caller.workspace)
            position, known = view.position, view.recorded_at
            if cursor is not None:
                position, known = min(position, cursor.position), cursor.known_at
            elif known_at is not None:
                known = min(end_of(known_at, workspace), view.recorded_at or datetime.max.replace(tzinfo=UTC))
                if view.recorded_at is None or known < view.recorded_at:
                    position = await queries.position_at(view.connection, known)
            day = cursor.as_of if cursor is not None and cursor.as_of is not None else _day(as_of, workspace)
            yield Then(view, caller, workspace, day, known, position)

    @asynccontextmanager
    async def trail(self, caller: Caller, position: int) -> AsyncIterator[View]:
        """The audit trail, once it reached a position. Raises NotThereYet, ViewsUnavailable."""
        views = self._services.views
        async with views.open(caller.workspace, "audit") as view:
            if view.position >= position:
                yield view
                return
        await views.wait(caller.workspace, position, group="audit", timeout=WAIT)
        async with views.open(caller.workspace, "audit") as view:
            yield view

    @asynccontextmanager
    async def again(self, then: Then) -> AsyncIterator[Then]:
        """The same times once more, after another view was looked at: no request holds two at once."""
        async with self._services.views.open(then.caller.workspace) as view:
            yield replace(then, view=view)

    def _note(self, view: View) -> None:
        headers = self._response.headers
        headers[POSITION] = str(view.position)
        if view.recorded_at is not None:
            headers[RECORDED_AT] = view.recorded_at.isoformat()
        if not self._services.ledger.connected and view.recorded_at is not None:
            # Nobody can say what is on the ledger by now: the answer is as old as its newest event.
            age = datetime.now(UTC) - view.recorded_at
            headers["Age"] = str(max(0, round(age.total_seconds())))


async def reading(
    services: Serving,
    response: Response,
    min_position: Annotated[
        int | None,
        Header(
            alias=MIN_POSITION,
            ge=0,
            lt=2**63,
            description="Read at this position of the ledger or a later one: the `Goaltrail-Position` of an"
            " own write. Waits up to 5 s, then 503 with Retry-After.",
            examples=[1843],
        ),
    ] = None,
) -> Reading:
    """How this request reads the views."""
    return Reading(services, response, min_position)


Viewing = Annotated[Reading, Depends(reading)]


def moment_parameter(name: str, text: str | None) -> Moment | None:
    """A day, or an instant as UTC. Raises 422 about the query parameter `name`."""
    if text is None:
        return None
    try:
        if len(text) > _LONGEST_MOMENT:
            raise ValueError
        if len(text) == len("2026-03-31"):
            return date.fromisoformat(text)
        # An unencoded "+" of the offset arrives as a blank.
        instant = datetime.fromisoformat(
            text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text
        )
    except ValueError:
        raise invalid_parameter(
            name,
            "time_unreadable",
            f"{name} can't be {text[:40]!r}: it is a day such as 2026-03-31 or an instant such as"
            " 2026-03-31T18:00:00+09:00.",
            f"{name}에 {text[:40]!r}은(는) 쓸 수 없습니다. 2026-03-31 같은 날짜나"
            " 2026-03-31T18:00:00+09:00 같은 시각을 쓰십시오.",
        ) from None
    if instant.tzinfo is None:
        raise invalid_parameter(
            name,
            "time_without_offset",
            f"The instant in {name} needs an offset such as +09:00 or Z.",
            f"{name}의 시각에는 +09:00이나 Z 같은 시간대(offset)가 필요합니다.",
        )
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise invalid_parameter(
            name, "time_out_of_range", f"{name} is out of range.", f"{name} 시각이 범위를 벗어났습니다."
        ) from None


async def as_of(
    as_of: Annotated[
        str | None,
        Query(
            description="The business day whose end is shown; an instant (with offset) stands for the day it"
            " falls on in the workspace's zone. Default: today.",
            examples=["2026-03-31"],
        ),
    ] = None,
) -> Moment | None:
    """The business time that is asked for. Raises 422."""
    return moment_parameter("as_of", as_of)


async def known_at(
    known_at: Annotated[
        str | None,
        Query(
            description="What the record said at the end of this day in the workspace's zone, or at this"
            " instant (with offset). Default: now.",
            examples=["2026-04-02", "2026-04-02T09:00:00+09:00"],
        ),
    ] = None,
) -> Moment | None:
    """The recording time that is asked for. Raises 422."""
    return moment_parameter("known_at", known_at)


AsOf = Annotated[Moment | None, Depends(as_of)]
KnownAt = Annotated[Moment | None, Depends(known_at)]


async def workspace_of(view: View, workspace: str) -> Workspace:
    """The workspace itself, whose zone says what a day is. Raises ViewsUnavailable."""
    found = await queries.latest(view.connection, "workspace", workspace, view.position)
    if found is None:
        raise ViewsUnavailable(f"the views of {workspace} are not built yet")
    assert isinstance(found.state, Workspace)
    return found.state


def _day(moment: Moment | None, workspace: Workspace) -> date:
    if moment is None:
        moment = datetime.now(UTC)
    if isinstance(moment, datetime):
        return workspace.business_day(moment)[0]
    return moment


def end_of(moment: Moment, workspace: Workspace) -> datetime:
    """The instant itself, or the last one of the day in the workspace's zone (UTC)."""
    if isinstance(moment, datetime):
        return moment
    try:
        return start_of(moment + timedelta(days=1), workspace) - timedelta(microseconds=1)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def start_of(moment: Moment, workspace: Workspace) -> datetime:
    """The instant itself, or the first one of the day in the workspace's zone (UTC). Raises OverflowError."""
    if isinstance(moment, datetime):
        return moment
    zone = ZoneInfo(workspace.zone_on(moment))
    return datetime.combine(moment, time.min, zone).astimezone(UTC)
