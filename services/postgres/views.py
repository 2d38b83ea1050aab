"""Reading the views: the active build of a group in one consistent snapshot, unless PostgreSQL is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from projections import control
from services.runtime.settings import Settings
from services.runtime.waking import woken

CONNECT_TIMEOUT = 2.0
"""Seconds until a connection that is not answered counts as PostgreSQL being away."""
QUERY_TIMEOUT = 10.0
"""Seconds a read may take."""
AWAY_FOR = 1.0
"""Seconds for which nothing is tried after PostgreSQL was found away, so that commands do not wait for it."""
T = TypeVar("T")

_FIRST_LOOK, _LONGEST_LOOK = 0.02, 0.1
"""Seconds between looks of those who wait for a position: a nudge wakes them earlier, but can be lost."""


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


class NotThereYet(Exception):
    """The views did not reach a position in time; they stand at `position`."""

    def __init__(self, wanted: int, position: int) -> None:
        super().__init__(f"views are at {position}, not yet at {wanted}")
        self.wanted = wanted
        self.position = position


@dataclass(frozen=True, slots=True)
class View:
    """One group of one workspace as it stood at `position`; `connection` reads only this."""

    connection: AsyncConnection
    position: int
    recorded_at: datetime | None
    """UTC, of the event at `position`; None while the ledger is empty."""
    version: int
    poisoned: bool
    """There are events that the group could not take."""


class Views:
    """The views of all workspaces. Created from settings; `async with` closes the connections."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._rows = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._snapshots = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._away_until = 0.0
        self._moved: dict[tuple[str, str], asyncio.Event] = {}

    @staticmethod
    def connect(settings: Settings, *, name: str = "goaltrail-api", pool: int = 10) -> Views:
        """Views on the configured database; connections are made when they are needed."""
        return Views(
            create_async_engine(
                settings.sqlalchemy_url,
                pool_size=pool,
                max_overflow=pool,
                pool_timeout=CONNECT_TIMEOUT,
                connect_args={
                    "timeout": CONNECT_TIMEOUT,
                    "command_timeout": QUERY_TIMEOUT,
                    "server_settings": {
                        "application_name": name,
                        # Short reads by index: compiling them costs more than it saves.
                        "jit": "off",
                        # A plan that was made while the tables were small must not stay.
                        "plan_cache_mode": "force_custom_plan",
                    },
                },
            )
        )

    async def __aenter__(self) -> Views:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self.engine.dispose()

    @asynccontextmanager
    async def open(
        self, workspace: str, group: str = "state", *, snapshot: bool = True
    ) -> AsyncIterator[View]:
        """The group in one snapshot: its rows and its position belong together.

        Without `snapshot` it is quicker, and only rows that are never changed belong together: read them up
        to the view's position. Raises ViewsUnavailable, also when PostgreSQL goes away meanwhile.
        """
        engine = self._snapshots if snapshot else self._rows
        async with self._connected(engine, partial(_active, workspace, group)) as (connection, active):
            if active is None:
                raise NotBuilt(f"no build of {group} for {workspace} yet")
            _require_same_ledger(workspace, active)
            await connection.execution_options(schema_translate_map={group: active.schema_name})
            yield View(connection, active.position, active.recorded_at, active.version, active.poisoned)

    async def position(self, workspace: str, group: str = "state") -> int:
        """How far the group is; 0 if there is nothing yet. Raises ViewsUnavailable."""
        first = partial(_active, workspace, group)
        async with self._connected(self._rows, first) as (_connection, active):
            if active is None:
                return 0
            _require_same_ledger(workspace, active)
            return active.position

    async def all_active(self) -> dict[tuple[str, str], control.ActiveVersion]:
        """The builds that reads use now, by workspace and group. Raises ViewsUnavailable."""
        async with self._connected(self._rows, _all_active) as (_connection, builds):
            return builds

    async def wait(
        self, workspace: str, position: int, *, group: str = "state", timeout: float = 5.0
    ) -> None:
        """Return once the group has reached the position; after `timeout` seconds raise NotThereYet.

        Raises ViewsUnavailable.
        """
        deadline = time.monotonic() + timeout
        pause = _FIRST_LOOK
        while True:
            # Made before looking, so that no nudge in between is missed.
            moved = self._moved.setdefault((workspace, group), asyncio.Event())
            reached = await self.position(workspace, group)
            if reached >= position:
                return
            left = deadline - time.monotonic()
            if left <= 0:
                raise NotThereYet(position, reached)
            await woken(moved, min(pause, left))
            pause = min(pause * 2, _LONGEST_LOOK)

    def nudged(self, workspace: str, group: str) -> None:
        """Wake those who wait for a position of a group: its views have moved."""
        moved = self._moved.pop((workspace, group), None)
        if moved is not None:
            moved.set()

    @asynccontextmanager
    async def _connected(
        self, engine: AsyncEngine, ask: Callable[[AsyncConnection], Awaitable[T]]
    ) -> AsyncIterator[tuple[AsyncConnection, T]]:
        """A connection and its answer to a first question; whatever fails it becomes ViewsUnavailable."""
        if time.monotonic() < self._away_until:
            raise ViewsUnavailable("PostgreSQL is away")
        try:
            # The stack is inside: giving a broken connection back fails as well.
            async with AsyncExitStack() as stack:
                connection = await stack.enter_async_context(engine.connect())
                try:
                    answer = await ask(connection)
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
                    # It broke while it lay idle, say with a restart of PostgreSQL: a new one may do.
                    connection = await stack.enter_async_context(engine.connect())
                    answer = await ask(connection)
                yield connection, answer
        except Exception as error:
            if not is_away(error):
                raise
            if not _lacks_table(error):  # one build that is made or dropped keeps nobody from the others
                self._away_until = time.monotonic() + AWAY_FOR
            raise ViewsUnavailable("PostgreSQL is away") from error


async def _active(workspace: str, group: str, connection: AsyncConnection) -> control.ActiveVersion | None:
    """The build that reads use; None before a worker made the first one, or anything at all."""
    try:
        return await control.active(connection, workspace, group)
    except ProgrammingError as error:
        if _lacks_table(error) or _lacks_column(error):
            return None
        raise


async def _all_active(connection: AsyncConnection) -> dict[tuple[str, str], control.ActiveVersion]:
    """The builds that reads use; none before a worker of this version has begun."""
    try:
        return await control.all_active(connection)
    except ProgrammingError as error:
        if _lacks_column(error):
            return {}
        raise


def _require_same_ledger(workspace: str, active: control.ActiveVersion) -> None:
    if active.differs is not None:
        raise LedgerDiffers(workspace)


def _lacks_table(error: Exception) -> bool:
    return (
        isinstance(error, DBAPIError)
        and getattr(error.orig, "sqlstate", None) == asyncpg.UndefinedTableError.sqlstate
    )


def _lacks_column(error: ProgrammingError) -> bool:
    """Whether the control tables are those of a version before this one, whose projector adds the column."""
    return getattr(error.orig, "sqlstate", None) == asyncpg.UndefinedColumnError.sqlstate


def is_away(error: BaseException) -> bool:
    """Whether an error says that PostgreSQL is away or going away, not that a query is wrong."""
    if isinstance(error, OSError | PoolTimeout | TimeoutError | InterfaceError):
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
        # A fresh or restored database, or a build that was dropped after its successor took over.
        | asyncpg.InvalidCatalogNameError
        | asyncpg.UndefinedTableError,
    )
