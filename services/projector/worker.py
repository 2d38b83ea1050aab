"""Following one workspace's ledger for the groups this process hosts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.control import active
from projections.projection import Group
from services.ledger import Ledger, LedgerUnavailable
from services.projector import builds, metrics
from services.projector.rebuild import rebuild, waived_positions
from services.projector.writer import BuildWriter, Decoded, Fenced, decode

log = structlog.get_logger(__name__)

BATCH = 4000
"""Events fetched, folded and committed at once while catching up."""

TICK = 1.0
"""Seconds after which the ledger is looked at without a nudge (one may be lost)."""

RETRY = 1.0
"""Seconds between tries when another process hosts a group or an engine is away."""


class Worker:
    """Keeps the groups' tables of one workspace up to date; one active worker per group and workspace.

    An advisory lock elects it, so two processes don't do the same work; the checkpoint keeps the tables right
    even if both believe they hold the lock.
    """

    def __init__(self, engine: AsyncEngine, ledger: Ledger, workspace: str, groups: Sequence[Group]) -> None:
        self._engine = engine
        self._ledger = ledger
        self._workspace = workspace
        self._groups = groups
        self._nudge = asyncio.Event()
        self._head = 0

    def nudge(self) -> None:
        """Say that there is something new on the ledger."""
        self._nudge.set()

    async def run(self) -> None:
        """Follow until cancelled; an engine that is away, or another worker, is waited for."""
        while True:
            try:
                async with self._engine.connect() as session:
                    await session.execution_options(isolation_level="AUTOCOMMIT")
                    held = [group for group in self._groups if await self._elected(session, group)]
                    try:
                        writers = [await self._writer(group) for group in held]
                        if writers:
                            await self._follow(session, writers)
                    finally:
                        await session.execute(text("SELECT pg_advisory_unlock_all()"))
            except (
                OSError,
                DBAPIError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                LedgerUnavailable,
            ) as error:
                log.warning(
                    "projector waits", workspace=self._workspace, because=f"{type(error).__name__}: {error}"
                )
            except Fenced as error:
                log.info("projector starts over", workspace=self._workspace, because=str(error))
                continue
            await asyncio.sleep(RETRY)

    async def _elected(self, session: AsyncConnection, group: Group) -> bool:
        lock = f"projector {self._workspace} {group.name}"
        return bool(
            await session.scalar(
                text("SELECT pg_try_advisory_lock(hashtextextended(:lock, 0))"), {"lock": lock}
            )
        )

    async def _writer(self, group: Group) -> BuildWriter:
        """The writer of the build that reads use; makes the first one, or one of this version."""
        async with self._engine.begin() as connection:
            found = await active(connection, self._workspace, group.name)
            if found is None:
                build = await builds.create(connection, self._workspace, group)
                await builds.create_late_indexes(connection, build)
                await builds.activate(connection, build)
            else:
                build = builds.Build(self._workspace, group, found.build)
        if found is not None and found.version != group.version:
            log.info("new version of a projection", group=group.name, old=found.version, new=group.version)
            build = await rebuild(self._engine, self._ledger, self._workspace, group)
        writer = BuildWriter(
            self._engine, build, waived=await waived_positions(self._ledger, self._workspace)
        )
        await writer.start()
        return writer

    async def _follow(self, session: AsyncConnection, writers: Sequence[BuildWriter]) -> None:
        """Apply what comes. Returns from time to time while some group is still another process's."""
        until = time.monotonic() + 10 * RETRY if len(writers) < len(self._groups) else float("inf")
        while time.monotonic() < until:
            self._nudge.clear()
            await self._catch_up(writers)
            try:
                await asyncio.wait_for(self._nudge.wait(), TICK)
            except TimeoutError:
                await session.execute(text("SELECT 1"))  # the locks live as long as this session

    async def _catch_up(self, writers: Sequence[BuildWriter]) -> None:
        """Read to the head of the ledger; decoding a run overlaps with the commit of the one before."""
        after = min(writer.position for writer in writers)
        self._head = await self._ledger.head(self._workspace)
        commit: asyncio.Task[None] | None = None
        try:
            async for messages in self._ledger.read(self._workspace, after, batch=BATCH):
                decoded = decode(messages)
                if commit is not None:
                    await commit
                commit = asyncio.create_task(self._write(writers, decoded))
                await asyncio.sleep(0)
            if commit is not None:
                await commit
        finally:
            if commit is not None and not commit.done():
                commit.cancel()
                await asyncio.gather(commit, return_exceptions=True)

    async def _write(self, writers: Sequence[BuildWriter], decoded: Sequence[Decoded]) -> None:
        results = await asyncio.gather(*(writer.write(decoded) for writer in writers), return_exceptions=True)
        for result in results:
            if result is not None:
                raise result
        last = decoded[-1].message
        for writer in writers:
            metrics.applied(self._workspace, writer.build.group.name, len(decoded), last, self._head)
