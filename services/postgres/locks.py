"""Advisory locks: they elect one worker, and keep rebuilds apart. Right tables never depend on them."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

CHECK = 1.0
"""Seconds between looks whether the session that holds the locks is still there."""


class LockLost(Exception):
    """The session that held the lock is gone, so another process may hold it now."""


async def is_held(connection: AsyncConnection, *name: str) -> bool:
    """Return whether any session holds a lock."""
    return bool(await connection.scalar(_HELD, {"lock": " ".join(name)}))


_HELD = text(
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (CAST(classid AS bigint) << 32) | CAST(objid AS bigint) = hashtextextended(:lock, 0))"
)


class Locks:
    """The advisory locks of one process, all in one session; they end with it, whatever ends it.

    Used with `async with`. Every method raises what SQLAlchemy raises when PostgreSQL is away.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._session: AsyncConnection | None = None
        self._held: set[str] = set()
        self._one_at_a_time = asyncio.Lock()
        self._checked = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._drop_session()

    async def take(self, *name: str) -> bool:
        """Take a lock; False if another session, or somebody else here, has it."""
        lock = " ".join(name)
        async with self._one_at_a_time:
            if lock in self._held or not await self._ask(
                "SELECT pg_try_advisory_lock(hashtextextended(:lock, 0))", lock
            ):
                return False
            self._held.add(lock)
            return True

    async def give_back(self, *name: str) -> None:
        """Let others have a lock; nothing happens if it is lost already."""
        lock = " ".join(name)
        async with self._one_at_a_time:
            if lock in self._held:
                self._held.discard(lock)
                await self._ask("SELECT pg_advisory_unlock(hashtextextended(:lock, 0))", lock)

    async def check(self, *name: str, look: bool = False) -> None:
        """Raise LockLost unless the lock is still held; `look`: as of now, not of a moment ago.

        Without a name, only look at the session.
        """
        async with self._one_at_a_time:
            if look or time.monotonic() - self._checked >= CHECK:
                await self._ask("SELECT CAST(:lock AS text) IS NOT NULL", "alive")
                self._checked = time.monotonic()
            if name and " ".join(name) not in self._held:
                raise LockLost(" ".join(name))

    async def _ask(self, query: str, lock: str) -> bool:
        try:
            if self._session is None:
                self._session = await self._engine.connect()
                await self._session.execution_options(isolation_level="AUTOCOMMIT")
            return bool(await self._session.scalar(text(query), {"lock": lock}))
        except BaseException:
            await self._drop_session()
            raise

    async def _drop_session(self) -> None:
        """Close the session rather than return it to the pool: its locks must not live on."""
        session, self._session = self._session, None
        self._held.clear()
        if session is not None:
            await session.invalidate()
            await session.close()
