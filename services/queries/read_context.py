"""A view at the two times of a read: `as_of` (in the business) and `known_at` (on the record)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from events.visibility import Viewer
from events.workspace.state import Workspace
from projections.audit.fold import AUDIT
from projections.driver import Connection
from projections.state import queries
from projections.state.fold import STATE
from services.access.callers import Caller
from services.ledger.positions import LedgerPosition, OldEpoch, require_epoch
from services.postgres.damage import RowsLost
from services.postgres.views import View, Views, ViewsUnavailable
from services.queries.paging import Cursor
from services.runtime import clock

WAIT = 5.0
"""Seconds that a read waits for the position it was asked for."""

Moment = date | datetime
"""A day (its end, in the workspace's zone) or an instant (UTC)."""


@dataclass(slots=True)
class ReadContext:
    """A view at the two times that a read asked for."""

    view: View
    caller: Caller
    workspace: Workspace
    today: date
    """The business day by this process's clock."""
    as_of: date
    known_at: datetime | None
    position: int
    viewer: Viewer | None = None
    """The caller as one who looks at things today, once somebody asked (visibility.viewer)."""

    @property
    def connection(self) -> Connection:
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
        """Return the page after the item with this sort key, at the same times."""
        epoch = None if self.view.epoch == 1 else self.view.epoch
        return Cursor(p=self.position, k=list(after), d=self.as_of, t=self.known_at, e=epoch)


class ViewReader:
    """Reads the views for one request: waits for the position that it asks for.

    `opened` is told each view that an answer is made of, for what the face says about it.
    """

    def __init__(
        self,
        views: Views,
        *,
        min_position: LedgerPosition | None = None,
        opened: Callable[[View], None] | None = None,
    ) -> None:
        self._views = views
        self._min_position = min_position
        self._opened = opened

    @asynccontextmanager
    async def view(self, caller: Caller, group: str = STATE.name) -> AsyncIterator[View]:
        """Yield the caller's workspace now. Raises OldEpoch, NotThereYet, ViewsUnavailable."""
        wanted = self._min_position
        seen = self._views.epoch_seen(caller.workspace)
        if wanted is not None and seen > wanted.epoch:
            raise OldEpoch(wanted.epoch, seen)  # it need not be waited for
        at_least = 0 if wanted is None else wanted.position
        async with self._views.open(caller.workspace, group, at_least=at_least, timeout=WAIT) as view:
            if wanted is not None:
                require_epoch(wanted.epoch, view.epoch)
            if self._opened is not None:
                self._opened(view)
            yield view

    @asynccontextmanager
    async def context(
        self,
        caller: Caller,
        as_of: Moment | None = None,
        known_at: Moment | None = None,
        *,
        cursor: Cursor | None = None,
    ) -> AsyncIterator[ReadContext]:
        """Yield the caller's workspace as of a business day, as known at a time; a cursor overrules both."""
        async with self.view(caller) as view:
            workspace = await workspace_of(view, caller.workspace)
            position, known = view.position, view.recorded_at
            if cursor is not None:
                require_epoch(cursor.epoch or 1, view.epoch)
                position, known = min(position, cursor.position), cursor.known_at
            elif known_at is not None:
                known = min(end_of(known_at, workspace), view.recorded_at or datetime.max.replace(tzinfo=UTC))
                if view.recorded_at is None or known < view.recorded_at:
                    position = await queries.position_at(view.connection, known)
            today, _zone = workspace.business_day(clock.now())
            day = (cursor and cursor.as_of) or _day(as_of, workspace) or today
            yield ReadContext(view, caller, workspace, today, day, known, position)

    @asynccontextmanager
    async def trail(self, caller: Caller, position: int) -> AsyncIterator[View]:
        """Yield the audit trail, once it reached a position. Raises NotThereYet, ViewsUnavailable."""
        async with self._views.open(caller.workspace, AUDIT.name, at_least=position, timeout=WAIT) as view:
            yield view

    @asynccontextmanager
    async def again(self, context: ReadContext) -> AsyncIterator[ReadContext]:
        """Yield the same times once more, after another view was looked at: no request holds two at once."""
        async with self._views.open(context.caller.workspace) as view:
            yield replace(context, view=view)


async def workspace_of(view: View, workspace: str) -> Workspace:
    """Return the workspace itself, whose zone says what a day is. Raises ViewsUnavailable, RowsLost."""
    found = await queries.latest(view.connection, "workspace", workspace, view.position)
    if found is None:
        if view.position and not view.poisoned:
            raise RowsLost(f"the views of {workspace} do not know it")
        raise ViewsUnavailable(f"the views of {workspace} are not built yet")
    assert isinstance(found.state, Workspace)
    return found.state


def _day(moment: Moment | None, workspace: Workspace) -> date | None:
    if isinstance(moment, datetime):
        return workspace.business_day(moment)[0]
    return moment


def end_of(moment: Moment, workspace: Workspace) -> datetime:
    """Return the instant itself, or the last one of the day in the workspace's zone (UTC)."""
    if isinstance(moment, datetime):
        return moment
    try:
        return start_of(moment + timedelta(days=1), workspace) - timedelta(microseconds=1)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def start_of(moment: Moment, workspace: Workspace) -> datetime:
    """Return the instant itself, or the first one of the day in the workspace's zone (UTC)."""
    if isinstance(moment, datetime):
        return moment
    zone = ZoneInfo(workspace.zone_on(moment))
    try:
        return datetime.combine(moment, time.min, zone).astimezone(UTC)
    except OverflowError:  # the calendar begins later in UTC than in the zone
        return datetime.min.replace(tzinfo=UTC)
