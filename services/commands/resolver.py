"""Relative goals get their targets by themselves as days begin.

A task of the API process, because that has all that a command takes: the ledger, the views, and the keys.
Every replica has one. Those that look at once ask with the same Idempotency-Key, so one event follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime, timedelta

import structlog
from prometheus_client import Counter

from events.errors import Refused
from events.ids import Aggregate
from events.objectives.commands import ResolveRelative
from events.relative import PeriodBase
from events.workspace.state import Workspace
from projections.state import queries, queries_goals
from projections.state.fold import STATE
from services.access.callers import Caller
from services.commands.errors import ClockAhead, KeyReused, TooContended
from services.commands.handler import Goals
from services.commands.relative_goals import bases_of, first_bases, waiting
from services.ledger import Ledger, LedgerUnavailable, LedgerUncertain, WorkspaceUnknown
from services.postgres.views import NotThereYet, Views, ViewsUnavailable
from services.runtime import clock
from services.runtime.background import Background

log = structlog.get_logger(__name__)

RESOLVED = Counter("goaltrail_goals_resolved_total", "Relative goals that got a target by themselves.")
ACTOR = "system:resolver"
LOOK = 60.0
"""Seconds between looks whether a business day has begun, and between tries after a failure."""
WAIT = 5.0
"""Seconds that a look waits for the views to show all that was on the ledger."""

_LATER = (
    ViewsUnavailable,
    NotThereYet,
    LedgerUnavailable,
    LedgerUncertain,
    WorkspaceUnknown,
    TooContended,
    ClockAhead,
)
"""What another try gets over."""


class Resolver:
    """Resolves what is due of every workspace: at its start, and once in each business day."""

    def __init__(
        self,
        ledger: Ledger,
        views: Views,
        goals: Goals,
        *,
        after: timedelta,
        only: Collection[str] | None = None,
        look: float = LOOK,
        now: Callable[[], datetime] = lambda: clock.now(),
    ) -> None:
        """`after`: how long after the beginning of a day; `only`: these workspaces; `look`: as in LOOK."""
        self._ledger = ledger
        self._views = views
        self._goals = goals
        self._only = only
        self._look = look
        self._now = now
        self._after = after
        self._done: dict[str, date] = {}
        self._seen: dict[str, tuple[int, Workspace | None]] = {}
        """Each workspace as its views had it at a position."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Resolve until the block is left; what is under way then is broken off and loses nothing."""
        task = Background("resolve relative goals", self._run)
        try:
            yield
        finally:
            await task.stop()

    async def _run(self) -> None:
        while True:
            with _tried_again():
                builds = await self._views.all_active()
                for (workspace, group), build in sorted(builds.items(), key=lambda found: found[0]):
                    if group == STATE.name and (self._only is None or workspace in self._only):
                        with _tried_again(workspace=workspace):
                            await self._look_at(workspace, build.position)
            await asyncio.sleep(self._look)

    async def _look_at(self, workspace: str, position: int) -> None:
        """Resolve what is due, unless that was done today. `position` is that of the views."""
        today = await self._today(workspace, position)
        if today is not None and self._done.get(workspace) != today:
            await self._resolve_due(workspace, today)
            self._done[workspace] = today

    async def _today(self, workspace: str, position: int) -> date | None:
        """Return the business day that began long enough ago; None in a workspace without anything."""
        seen_at, known = self._seen.get(workspace, (-1, None))
        if seen_at != position:  # where nothing happens, nothing is asked
            async with self._views.open(workspace, snapshot=False) as view:
                found = await queries.latest(view.connection, "workspace", workspace, view.position)
                known = found.state if found is not None and isinstance(found.state, Workspace) else None
                self._seen[workspace] = view.position, known
        return None if known is None else known.business_day(self._now() - self._after)[0]

    async def _resolve_due(self, workspace: str, today: date) -> None:
        # A base must not lack the readings that the views have yet to take in.
        await self._views.wait(workspace, await self._ledger.head(workspace), timeout=WAIT)
        async with self._views.open(workspace) as view:
            objectives = await queries_goals.with_relative_goals(view.connection, view.position)
            due = [
                (objective.id, key_result.id, base)
                for objective, key_result in waiting(objectives)
                for base in first_bases(
                    key_result,
                    await bases_of(view.connection, view.position, today, objective, key_result),
                )
            ]
        for objective_id, key_result_id, base in due:
            await self._resolve(workspace, objective_id, key_result_id, base)

    async def _resolve(self, workspace: str, objective: str, key_result: str, base: PeriodBase) -> None:
        """Resolve one goal for one period; one that is refused keeps no other from it."""
        told = log.bind(workspace=workspace, key_result=key_result, effective_from=str(base.effective_from))
        caller = Caller(workspace, ACTOR, "owner", feed=None, token_id="", expires_at=None)
        try:
            answer = await self._goals.execute(
                caller,
                Aggregate("objective", objective),
                ResolveRelative(key_result=key_result, bases=(base,)),
                key=f"resolve:{key_result}:{base.effective_from}",
            )
        except (Refused, KeyReused) as error:
            told.warning("a relative goal stays unresolved", because=str(error))
            return
        if answer.event_ids and not answer.replayed:
            RESOLVED.inc()
            told.info("a relative goal is resolved", position=answer.position)


@contextmanager
def _tried_again(**about: str) -> Iterator[None]:
    """Log what goes wrong, for the next look to try again: others have goals as well."""
    try:
        yield
    except _LATER as error:
        log.info("relative goals wait", because=str(error), **about)
    except Exception:
        log.exception("relative goals can't be resolved", **about)
