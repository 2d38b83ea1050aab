"""Reading the views: the active build of a group in one consistent snapshot, unless PostgreSQL is away."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

import asyncpg
from sqlalchemy import func, select, true
from sqlalchemy.exc import DBAPIError, InterfaceError

from projections import control
from projections.driver import DriverConnection
from projections.groups import GROUPS
from projections.state.fold import STATE
from services.postgres.damage import Damage, damage_of
from services.postgres.fair_slots import FairSlots, Full, Purpose
from services.postgres.position_waiters import NotThereYet as NotThereYet
from services.postgres.position_waiters import PositionWaiters, TooManyWaiting
from services.postgres.read_pool import ReadPool
from services.runtime.settings import Settings

CONNECT_TIMEOUT = 4.0
"""Seconds until a connection that is not answered counts as PostgreSQL being away."""
QUERY_TIMEOUT = 10.0
"""Seconds a read may take."""
AWAY_FOR = 1.0
"""Seconds for which nothing is tried after PostgreSQL was found away, so that commands do not wait for it."""
CONNECTIONS = 20
"""Connections of one process, which workspaces share."""
PLANNER = {
    # Short reads by index: compiling them costs more than it saves.
    "jit": "off",
    # A plan that was made while the tables were small must not stay.
    "plan_cache_mode": "force_custom_plan",
}
"""Settings of PostgreSQL for reads."""
MOST_QUEUED = 100
"""How many reads, and how many writes, of one workspace may wait for a connection."""
MOST_WAITING = 200
"""How many requests may wait for positions of one workspace's views."""
QUEUE_PATIENCE = 2.0
"""Seconds that one of them waits for a connection."""
REBUILT_AFTER = 5.0
"""Seconds in which views that are not large are built anew."""
SAME_LEDGER_FOR = 1.0
"""Seconds for which it holds that views are of the ledger there is; to notice another one takes longer."""
EVERYBODY = ""
"""Whose share of the connections it is to ask for all workspaces."""
T = TypeVar("T")

TellDamage = Callable[[str, str, int, Damage], Awaitable[None]]
"""Called with the workspace, the group, and the number of the build that is damaged."""


class ViewsUnavailable(Exception):
    """PostgreSQL is away, or no worker has built this group yet. Ask again after `retry_after` seconds."""

    def __init__(self, why: str, retry_after: float = AWAY_FOR) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class NotBuilt(ViewsUnavailable):
    """No worker has built this group yet: the views know nothing of the ledger."""


class LedgerDiffers(ViewsUnavailable):
    """The views are of another ledger than there is: it was lost, replaced or restored from an older copy."""

    def __init__(self, workspace: str) -> None:
        super().__init__(f"the views of {workspace} are of another ledger than there is", 30.0)


class ViewsDamaged(ViewsUnavailable):
    """Something of the views is lost or can't be read. A worker builds them anew from the ledger."""

    def __init__(self, why: str) -> None:
        super().__init__(why, REBUILT_AFTER)


class ViewsNewer(ViewsUnavailable):
    """A newer version of this program has built the views: this one does not know how they are to be read."""

    def __init__(self, version: int, known: int) -> None:
        super().__init__(f"the views are of version {version}, this program knows {known}", REBUILT_AFTER)
        self.version = version
        self.known = known


class ViewsBusy(ViewsUnavailable):
    """The workspace asks for more at once than its share of the connections; nothing is wrong with them."""


@dataclass(frozen=True, slots=True)
class View:
    """One group of one workspace as it stood at `position`; `connection` reads only this."""

    connection: DriverConnection
    position: int
    recorded_at: datetime | None
    """UTC, of the event at `position`; None while the ledger is empty."""
    build: int
    version: int
    poisoned: bool
    """There are events that the group could not take."""
    epoch: int
    """Of the ledger at `position`."""


class Views:
    """The views of all workspaces. Created from settings; `async with` closes the connections."""

    def __init__(self, pool: ReadPool) -> None:
        self._pool = pool
        self._away_until = 0.0
        self._answered_at = float("-inf")
        self._slots = FairSlots(CONNECTIONS, queue=MOST_QUEUED, patience=QUEUE_PATIENCE)
        self._waiters = PositionWaiters(self._positions, most=MOST_WAITING)
        self._damaged: dict[tuple[str, str], int] = {}
        self._epochs: dict[str, int] = {}
        self._tell_damage: TellDamage | None = None
        self._same_ledger: dict[str, tuple[float, bool]] = {}
        self._comparing: set[str] = set()

    @staticmethod
    def connect(
        settings: Settings,
        *,
        name: str = "goaltrail-api",
        connect_timeout: float = CONNECT_TIMEOUT,
        planner: Mapping[str, str] = PLANNER,
    ) -> Views:
        """Views on the configured database; connections are made when they are needed.

        Call it in the event loop that reads.
        """
        pool = ReadPool(
            settings,
            name=name,
            connections=CONNECTIONS,  # who has a slot finds a connection: nobody ever waits for the pool
            connect_timeout=connect_timeout,
            query_timeout=QUERY_TIMEOUT,
            planner=planner,
        )
        return Views(pool)

    async def __aenter__(self) -> Views:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._waiters.close()
        await self._pool.close()

    @asynccontextmanager
    async def open(
        self,
        workspace: str,
        group: str = STATE.name,
        *,
        snapshot: bool = True,
        purpose: Purpose = "read",
        at_least: int = 0,
        timeout: float = 5.0,
    ) -> AsyncIterator[View]:
        """Yield the group in one snapshot: its rows and its position belong together.

        It is at the position `at_least` or a later one; to wait for that holds no connection. Without
        `snapshot` it is quicker, and only rows that are never changed belong together: read them up to the
        view's position.

        Raises ViewsUnavailable, also when PostgreSQL goes away meanwhile, and NotThereYet after `timeout`
        seconds.
        """
        async with AsyncExitStack() as stack:
            opening = partial(self._enter, stack, workspace, group, snapshot, purpose)
            view = await opening()
            if at_least > (0 if view is None else view.position):
                await stack.aclose()
                await self.wait(workspace, at_least, group=group, timeout=timeout)
                view = await opening()
                if view is not None and view.position < at_least:  # another build than was waited for
                    raise NotThereYet(at_least, view.position)
            if view is None:
                raise NotBuilt(f"no build of {group} for {workspace} yet")
            try:
                yield view
            except Exception as error:
                damage = damage_of(error)
                if damage is None:
                    raise
                raise await self._damaged_or_gone(view, workspace, group, damage) from error

    def epoch_seen(self, workspace: str) -> int:
        """Return the epoch in which this process last saw a workspace; 0 if it saw none, or views set aside.

        Whatever is kept in memory of a ledger is kept for one epoch.
        """
        return self._epochs.get(workspace, 0)

    async def require_same_ledger(self, workspace: str) -> None:
        """Raise LedgerDiffers if views of a workspace, of any group, are of another ledger than there is.

        What was seen holds for SAME_LEDGER_FOR seconds, and for as long as PostgreSQL does not answer.
        """
        seen_at, same = self._same_ledger.get(workspace, (float("-inf"), True))
        fresh = time.monotonic() - seen_at < SAME_LEDGER_FOR
        if not fresh and not (workspace in self._comparing and workspace in self._same_ledger):
            self._comparing.add(workspace)
            try:
                builds = partial(_all_active, {workspace})
                async with self._connected(builds, workspace, "write") as (_connection, active):
                    same = all(build.differs is None for build in active.values())
            except ViewsUnavailable:
                pass
            finally:
                self._comparing.discard(workspace)
            self._same_ledger[workspace] = time.monotonic(), same
        if not same:
            raise LedgerDiffers(workspace)

    def _check_ledger(self, workspace: str, active: control.ActiveVersion) -> None:
        if active.differs is not None:
            self._same_ledger[workspace] = time.monotonic(), False
            raise LedgerDiffers(workspace)

    def is_damaged(self, workspace: str, group: str, build: int) -> bool:
        """Return whether a read of this process found a build damaged."""
        return self._damaged.get((workspace, group)) == build

    def tell_damage_to(self, tell: TellDamage) -> None:
        """Whom to tell that a read found views damaged, so that they are built anew."""
        self._tell_damage = tell

    async def _damaged_or_gone(
        self, view: View, workspace: str, group: str, damage: Damage
    ) -> ViewsUnavailable:
        """Return what a failed read is answered: the build is damaged, unless it was dropped for the next
        one.
        """
        await view.connection.rollback()
        active = await _active(workspace, group, view.connection)
        if active is None or active.build != view.build:
            return ViewsUnavailable(f"the views of {workspace} were built anew in this moment")
        self._damaged[workspace, group] = view.build
        if self._tell_damage is not None:
            await self._tell_damage(workspace, group, view.build, damage)
        return ViewsDamaged(f"the views of {workspace} are damaged")

    async def _enter(
        self, stack: AsyncExitStack, workspace: str, group: str, snapshot: bool, purpose: Purpose
    ) -> View | None:
        """Return the group on a connection that the stack gives back; None before a worker has built it."""
        connection, active = await stack.enter_async_context(
            self._connected(partial(_active, workspace, group), workspace, purpose, snapshot=snapshot)
        )
        if active is None:
            return None
        self._epochs[workspace] = 0
        self._check_ledger(workspace, active)
        self._epochs[workspace] = active.epoch
        if active.lacks_rows:
            raise ViewsDamaged(f"the views of {workspace} have lost rows")
        known = GROUPS[group].version
        if active.version > known:
            raise ViewsNewer(active.version, known)
        return View(
            connection.with_schemas({group: active.schema_name}),
            active.position,
            active.recorded_at,
            active.build,
            active.version,
            active.poisoned,
            active.epoch,
        )

    async def position(self, workspace: str, group: str = STATE.name) -> int:
        """Return how far the group is; 0 if there is nothing yet. Raises ViewsUnavailable."""
        async with self._connected(partial(_active, workspace, group)) as (_connection, active):
            if active is None:
                return 0
            self._check_ledger(workspace, active)
            return active.position

    async def _positions(
        self, views: Collection[tuple[str, str]]
    ) -> Mapping[tuple[str, str], int | Exception]:
        """Return how far some views are, or that they are set aside; those that nobody has built are left
        out.
        """
        workspaces = {workspace for workspace, _ in views}
        async with self._connected(partial(_all_active, workspaces)) as (_connection, builds):
            return {
                key: build.position if build.differs is None else LedgerDiffers(key[0])
                for key, build in builds.items()
            }

    async def all_active(self) -> dict[tuple[str, str], control.ActiveVersion]:
        """Return the builds that reads use now, by workspace and group. Raises ViewsUnavailable."""
        async with self._connected(partial(_all_active, None)) as (_connection, builds):
            return builds

    async def probe(self) -> None:
        """Write and commit a record that means nothing, as a sign that writing works.

        It goes to the write-ahead log only. Raises ViewsUnavailable.
        """
        async with self._connected(_write_record):
            pass

    async def wait(
        self, workspace: str, position: int, *, group: str = STATE.name, timeout: float = 5.0
    ) -> None:
        """Return once the group has reached the position; after `timeout` seconds raise NotThereYet.

        Holds no connection. Raises ViewsUnavailable.
        """
        try:
            await self._waiters.wait(workspace, group, position, timeout)
        except TooManyWaiting as error:
            raise ViewsBusy(str(error)) from None

    def nudged(self, workspace: str, group: str) -> None:
        """Wake those who wait for a position of a group: its views have moved."""
        self._waiters.nudged(workspace, group)

    @asynccontextmanager
    async def _connected(
        self,
        ask: Callable[[DriverConnection], Awaitable[T]],
        workspace: str = EVERYBODY,
        purpose: Purpose = "read",
        *,
        snapshot: bool = False,
    ) -> AsyncIterator[tuple[DriverConnection, T]]:
        """Yield a connection and its answer to a first question; whatever fails it becomes
        ViewsUnavailable.
        """
        self._require_not_away()
        try:
            # The stack is inside: giving a broken connection back fails as well.
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(self._slots.slot(workspace, purpose))
                self._require_not_away()
                try:
                    opened = await self._ask_first(stack, ask, snapshot)
                    self._answered_at = time.monotonic()
                except Exception as error:
                    if isinstance(error, TimeoutError) and self._answers_others():
                        raise ViewsBusy("PostgreSQL answers, but not all in time") from error
                    if is_away(error):
                        self._away_until = time.monotonic() + AWAY_FOR
                    if damage_of(error) is not None:
                        raise ViewsDamaged("the control tables of the views are damaged") from error
                    raise
                yield opened
        except Full as error:
            raise ViewsBusy(str(error)) from None
        except Exception as error:
            # A connection that is lost later says nothing of the next one, and a read that takes too long
            # nothing of others: only a first question finds PostgreSQL away for everybody.
            if not is_away(error):
                raise
            raise ViewsUnavailable("PostgreSQL is away") from error

    async def _ask_first(
        self, stack: AsyncExitStack, ask: Callable[[DriverConnection], Awaitable[T]], snapshot: bool
    ) -> tuple[DriverConnection, T]:
        try:
            async with AsyncExitStack() as first:
                connection = await first.enter_async_context(self._pool.connection(snapshot=snapshot))
                answer = await ask(connection)
                stack.push_async_exit(first.pop_all())
                return connection, answer
        except (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
        except asyncpg.InterfaceError:
            pass
        # It broke while it lay idle, say with a restart of PostgreSQL, and so did the others.
        await self._pool.expire()
        connection = await stack.enter_async_context(self._pool.connection(snapshot=snapshot))
        return connection, await ask(connection)

    def _answers_others(self) -> bool:
        """Return whether another first question was answered while one waited in vain: then this process
        is busy.
        """
        return time.monotonic() < self._answered_at + 2 * CONNECT_TIMEOUT

    def _require_not_away(self) -> None:
        if time.monotonic() < self._away_until:
            raise ViewsUnavailable("PostgreSQL is away")


async def _write_record(connection: DriverConnection) -> None:
    await connection.execute(_PROBE)


_PROBE = select(func.pg_logical_emit_message(true(), "goaltrail probe", ""))


async def _active(workspace: str, group: str, connection: DriverConnection) -> control.ActiveVersion | None:
    """Return the build that reads use; None before a worker made the first one, or anything at all."""
    try:
        return await control.active(connection, workspace, group)
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        return None  # no worker began, or one of a version before this one, whose successor adds the column


async def _all_active(
    workspaces: Collection[str] | None, connection: DriverConnection
) -> dict[tuple[str, str], control.ActiveVersion]:
    """Return the builds that reads use; none before a worker of this version has begun."""
    try:
        return await control.all_active(connection, workspaces)
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        return {}


def is_away(error: BaseException) -> bool:
    """Return whether an error says that PostgreSQL is away or going away, not that a query is wrong."""
    if isinstance(error, OSError | TimeoutError | InterfaceError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (
            error.orig is not None and is_away(error.orig.__cause__ or error.orig)
        )
    return isinstance(
        error,
        asyncpg.PostgresConnectionError
        | asyncpg.OperatorInterventionError
        | asyncpg.CannotConnectNowError
        | asyncpg.TooManyConnectionsError
        | asyncpg.InvalidAuthorizationSpecificationError
        | asyncpg.InterfaceError
        # The backend ended while the driver was between two of its states.
        | asyncpg.InternalClientError
        # A fresh or restored database.
        | asyncpg.InvalidCatalogNameError,
    )
