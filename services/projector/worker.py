"""Following one workspace's ledger for the groups this process hosts."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from events.error_text import explained
from projections.control import active
from projections.projection import Group
from services.ledger import Ledger, LedgerGap, LedgerUnavailable, WorkspaceUnknown
from services.ledger.provision import Head
from services.postgres.damage import Damage, damage_of
from services.postgres.locks import LockLost, Locks
from services.postgres.views import is_away
from services.projector import builds, metrics
from services.projector.comparison import compare_views
from services.projector.rebuild import RebuildRefused, rebuild, waived_positions
from services.projector.writer import AnotherEvent, BuildWriter, Fenced, Run, decoded_runs
from services.runtime.waking import woken

log = structlog.get_logger(__name__)

BATCH = 4000
"""Events fetched, folded and committed at once while catching up."""

RETRY = 1.0
"""Seconds between tries when another process hosts the groups, or an engine is away."""

START_OVER = 0.2
"""Seconds until a worker that was fenced or interrupted tries again."""

COMPARE = 600.0
"""Seconds, at most, between looks whether the ledger is still the one that the views were built from.

What a sweep over all ledgers finds strange is looked at at once.
"""

BUILD_AGAIN = 30.0
"""Seconds until views that were built anew because they were damaged are built anew once more."""

_TOLD: dict[Damage, str] = {
    "structure": "a read found that something is not there",
    "rows": "a read did not find what was written",
    "storage": "a read found that a page or a file can't be read",
}

LOOK_AGAIN = 5.0
"""Seconds between looks whether views may go on that were set aside, or that this worker must not touch."""


@dataclass(frozen=True, slots=True)
class Host:
    """What the workers of one process share."""

    engine: AsyncEngine
    locks: Locks
    ledger: Ledger
    one_rebuild: asyncio.Lock
    """Rebuilds of this process come one after the other: each takes several connections."""


class Worker:
    """Keeps the groups' tables of one workspace up to date; one active worker per group and workspace.

    An advisory lock elects it, so two processes don't do the same work; the checkpoint keeps the tables right
    even if both believe they hold the lock.
    """

    def __init__(self, host: Host, workspace: str, groups: Sequence[Group]) -> None:
        self._engine = host.engine
        self._locks = host.locks
        self._ledger = host.ledger
        self._one_rebuild = host.one_rebuild
        self._workspace = workspace
        self._groups = groups
        self._nudge = asyncio.Event()
        self._reports: dict[str, tuple[int, Damage]] = {}
        self._built_anew: dict[str, float] = {}
        self._start_over = False
        self._waived: frozenset[int] | None = None
        """As it was when this worker began, or began again."""
        self._compare_at = 0.0
        self._done: int | None = None
        """Up to where the ledger was read; None while nobody follows it."""
        self._head: Head | None = None
        self._following: dict[str, int] = {}
        """The builds that are written, by group."""
        self._ledger.client.on_reconnect(self._doubt)

    async def _doubt(self) -> None:
        """It may be another server, or one that was restored."""
        self._compare_at = 0.0
        self._nudge.set()

    def nudge(self) -> None:
        """Say that there is something new on the ledger."""
        self._nudge.set()

    async def swept(self, head: Head | None) -> None:
        """Take in what a sweep found: what no nudge told of is read, and what looks strange is compared.

        `head` is None if there is no such ledger.
        """
        before, self._head = self._head, head
        if self._done is None:
            return
        if head is None or (before is not None and not head.continues(before)):
            await self._doubt()
        elif head.position != self._done:
            self._nudge.set()

    def damaged(self, build: builds.Build, damage: Damage) -> None:
        """Say that somebody found a build damaged."""
        self._reports[build.group.name] = build.number, damage
        self._nudge.set()

    def pointed_to(self, active: Mapping[str, int]) -> None:
        """Take in which builds reads use, by group: what nobody reads is not to be written."""
        if any(active.get(group) != build for group, build in self._following.items()):
            self.start_over()

    def start_over(self) -> None:
        """Say that the control tables are others than before."""
        self._start_over = True
        self._nudge.set()

    async def run(self) -> None:
        """Follow until cancelled; an engine that is away, or another worker, is waited for."""
        while True:
            held: list[Group] = []
            try:
                held += [group for group in self._groups if await self._locks.take(*self._lock(group))]
                if held:
                    self._nudge.clear()
                    self._compare_later()
                    self._waived = None
                    writers = [writer for group in held if (writer := await self._writer(group))]
                    self._following = {writer.build.group.name: writer.build.number for writer in writers}
                    if writers:
                        await self._follow(writers)
                    else:
                        await woken(self._nudge, LOOK_AGAIN)
            except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                self._say(error)
            except LedgerUnavailable as error:
                log.warning("projector waits for NATS", workspace=self._workspace, because=str(error))
            except (AnotherEvent, Fenced, LockLost, RebuildRefused) as error:
                log.info("projector starts over", workspace=self._workspace, because=str(error))
            except Exception:  # another process may have better luck
                await self._give_back(held)
                raise
            finally:
                self._done = None
                self._following = {}
            await self._give_back(held)
            await asyncio.sleep(RETRY if not held else START_OVER)

    def _say(self, error: Exception) -> None:
        """Log whether PostgreSQL is waited for, or somebody has to do something."""
        say, what = (
            (log.warning, "projector waits for PostgreSQL")
            if is_away(error)
            else (log.error, "projector is stuck: PostgreSQL refuses it")
        )
        say(what, workspace=self._workspace, because=str(error)[:200])

    def _lock(self, group: Group) -> tuple[str, ...]:
        return "projector", self._workspace, group.name

    async def _give_back(self, held: Sequence[Group]) -> None:
        try:
            for group in held:
                await self._locks.give_back(*self._lock(group))
        except (OSError, SQLAlchemyError):
            log.debug("locks are gone with their session", workspace=self._workspace)

    async def _writer(self, group: Group) -> BuildWriter | None:
        """Return the writer of the build that reads use; None if this worker must not touch it."""
        async with self._engine.begin() as connection:
            if await active(connection, self._workspace, group.name) is None:
                again = await builds.find_again(connection, self._workspace, group)
                if again is not None:
                    log.warning("reads use views again to which nothing pointed", schema=again.schema)
        comparison = await compare_views(self._engine, self._ledger, self._workspace, group)
        if comparison == "set aside":
            return None
        build = await (self._build(group) if comparison == "same" else self._rebuild(group))
        if build is None:
            return None
        if self._waived is None:
            self._waived = await waived_positions(self._ledger, self._workspace)
        writer = BuildWriter(self._engine, build, waived=self._waived)
        await writer.start()
        return writer

    async def _build(self, group: Group) -> builds.Build | None:
        """Return the build that reads use; the first one is made, or one of this version, or one that is
        whole.

        What takes long is built beside: nobody reads the figures of half a ledger as if they were today's.
        None where a newer version has built it, or where it is damaged again soon after it was built anew.
        """
        async with self._engine.begin() as connection:
            found = await active(connection, self._workspace, group.name)
            if found is not None and found.version > group.version:
                # Else two versions that run at the same time would build over each other for ever.
                log.error(
                    "views are of a newer version than this program: upgrade it",
                    workspace=self._workspace,
                    group=group.name,
                    theirs=found.version,
                    ours=group.version,
                )
                return None
            if found is not None and found.version == group.version:
                build = builds.Build(self._workspace, group, found.build)
                if found.damaged is None:
                    await builds.label_as_live(connection, build)
                    return build
                if not self._may_build_anew(build, found.damaged):
                    return None
        head = await self._ledger.head(self._workspace)
        async with self._engine.begin() as connection:
            if found is None and head <= BATCH:
                build = await builds.create(connection, self._workspace, group)
                await builds.create_late_indexes(connection, build)
                await builds.activate(connection, build)
                return build
        old = None if found is None else found.version
        log.info("a projection is built", group=group.name, old=old, new=group.version, events=head)
        return await self._rebuild(group)

    async def _rebuild(self, group: Group) -> builds.Build:
        async with self._one_rebuild:
            return await rebuild(self._engine, self._ledger, self._workspace, group, step_over_poison=True)

    def _may_build_anew(self, build: builds.Build, damage: str) -> bool:
        """Return whether a build that is damaged is to be built anew now."""
        group, now = build.group.name, time.monotonic()
        again = now < self._built_anew.get(group, float("-inf")) + BUILD_AGAIN
        log.error(
            "views are damaged" if again else "views are damaged: they are built anew",
            workspace=self._workspace,
            group=group,
            because=damage,
        )
        if not again:
            self._built_anew[group] = now
        return not again

    async def _look_into_reports(self, writers: Sequence[BuildWriter]) -> None:
        """Raise Fenced if what somebody reported of a build is so."""
        if self._start_over:
            self._start_over = False
            raise Fenced("the control tables are others than before")
        for writer in writers:
            number, damage = self._reports.pop(writer.build.group.name, (0, None))
            if number == writer.build.number and damage is not None:
                await self._look_into(writer, damage, _TOLD[damage])

    async def _look_into(self, writer: BuildWriter, damage: Damage, told: str) -> None:
        """Note what is damaged and raise Fenced; return if nothing is, and the catalogue can tell."""
        async with self._engine.begin() as connection:
            lacking = await builds.what_is_missing(connection, writer.build)
            if lacking is None and damage == "structure":
                return
            if lacking is None and damage == "rows":
                lacking = await builds.find_lost_rows(connection, writer.build)
            why = lacking or told
            lacks_rows = damage == "rows"
            await builds.mark_damaged(connection, writer.build, why, lacks_rows=lacks_rows)
        raise Fenced(f"build {writer.build.schema} is damaged: {why}")

    async def _follow(self, writers: Sequence[BuildWriter]) -> None:
        """Apply what comes. Returns from time to time while some group is another process's or set aside."""
        until = time.monotonic() + 10 * RETRY if len(writers) < len(self._groups) else float("inf")
        while time.monotonic() < until:
            self._nudge.clear()
            await self._look_into_reports(writers)
            for writer in writers:
                await self._locks.check(*self._lock(writer.build.group))
            if time.monotonic() >= self._compare_at:
                await self._compare(writers)
            try:
                await self._catch_up(writers)
            except (AnotherEvent, LedgerGap, WorkspaceUnknown):
                await self._compare(writers)
                raise
            await woken(self._nudge, min(until, self._compare_at) - time.monotonic())

    async def _compare(self, writers: Sequence[BuildWriter]) -> None:
        """Raise Fenced if the ledger is another one than the views were built from; they are set aside."""
        groups = [writer.build.group for writer in writers]
        compared = [await compare_views(self._engine, self._ledger, self._workspace, g) for g in groups]
        if any(each != "same" for each in compared):
            raise Fenced("the ledger is another one than the views were built from")
        self._compare_later()

    def _compare_later(self) -> None:
        """Not all workspaces of a process at the same time."""
        self._compare_at = time.monotonic() + COMPARE * random.uniform(0.5, 1)

    async def _catch_up(self, writers: Sequence[BuildWriter]) -> None:
        """Read to the head of the ledger, one decoding for all groups."""
        done = min(writer.position for writer in writers)

        async def write_one(writer: BuildWriter, run: Run) -> None:
            before = writer.position
            try:
                await writer.write(run)
            except (SQLAlchemyError, asyncpg.PostgresError) as error:
                damage = damage_of(error)
                if damage is not None:
                    await self._look_into(writer, damage, _cause(error))
                raise
            if writer.position > before:
                await self._ledger.tell_views(self._workspace, writer.build.group.name, writer.position)

        async def write(run: Run) -> None:
            results = await asyncio.gather(*(write_one(w, run) for w in writers), return_exceptions=True)
            for result in results:
                if result is not None:
                    raise result

        # The event at the checkpoint is read once more, so each writer sees whether it is still the same.
        unread = self._ledger.read(self._workspace, max(0, done - 1), batch=BATCH)
        head, there = 0, done == 0
        async with aclosing(decoded_runs(unread, write)) as runs:
            async for run in runs:
                there = True
                last = run.messages[-1]
                count, done = last.position - done, last.position
                if not count:
                    continue
                # Asked for when the first run can be seen: nobody waits for it.
                head = head or await self._ledger.head(self._workspace)
                for writer in writers:
                    metrics.applied(self._workspace, writer.build.group.name, count, last, head)
        if not there:
            await self._compare(writers)
        self._done = done


def _cause(error: SQLAlchemyError | asyncpg.PostgresError) -> str:
    """Return what PostgreSQL said, without the statement."""
    return explained((error.orig if isinstance(error, DBAPIError) else None) or error)
