"""Connections that only read, kept in a pool of the driver's own (docs/adr/0032)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from projections.driver import DriverConnection
from services.runtime.settings import Settings


class ReadPool:
    """Up to `connections` connections, made when they are needed."""

    def __init__(
        self,
        settings: Settings,
        *,
        name: str,
        connections: int,
        connect_timeout: float,
        query_timeout: float,
        planner: Mapping[str, str],
    ) -> None:
        """Timeouts are in seconds; `planner` are settings of PostgreSQL for all of the statements."""
        self._pool = asyncpg.create_pool(
            settings.database_dsn,
            min_size=0,
            max_size=connections,
            timeout=connect_timeout,
            command_timeout=query_timeout,
            server_settings={"application_name": name, **planner},
            reset=_leave_as_it_is,
        )

    async def close(self) -> None:
        """Close the connections, also those in use."""
        (await self._pool).terminate()

    async def expire(self) -> None:
        """Let connections that are idle now be made anew when they are asked for."""
        await (await self._pool).expire_connections()

    @asynccontextmanager
    async def connection(self, *, snapshot: bool) -> AsyncIterator[DriverConnection]:
        """Yield a connection; with `snapshot` all that it reads is of one moment.

        Raises the errors of asyncpg, OSError and TimeoutError.
        """
        pool = await self._pool  # opens nothing yet
        driver = await pool.acquire()
        try:
            if snapshot:
                await driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield DriverConnection(driver, {})
            finally:
                if driver.is_in_transaction():
                    await driver.execute("ROLLBACK")
        except asyncio.CancelledError:
            driver.terminate()  # a statement may be under way
            raise
        finally:
            await pool.release(driver)


async def _leave_as_it_is(_driver: asyncpg.Connection[asyncpg.Record]) -> None:
    """Reads set nothing that has to be set back."""
