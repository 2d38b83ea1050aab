"""The projector process: a FastStream application that hosts projection groups for every workspace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import cast, get_args

import structlog
from faststream import FastStream
from faststream.nats import NatsMessage
from faststream.specification import AsyncAPI
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.control import all_active
from projections.groups import GROUPS
from projections.projection import Group
from services.ledger import Ledger, LedgerUnavailable
from services.ledger.provision import list_heads
from services.postgres.damage import Damage, damage_of, what_is_missing
from services.postgres.locks import Locks
from services.postgres.lost_rows import Trace, traces
from services.projector.builds import Build, find_lost_rows, prepare_control, projector_engine
from services.projector.worker import RETRY, Host, Worker
from services.runtime.background import Background
from services.runtime.garbage import collect_rarely
from services.runtime.logging import configure_logging
from services.runtime.settings import Settings
from services.runtime.waking import woken
from services.runtime.workers import run_worker, worker_broker, working

log = structlog.get_logger(__name__)

FOREVER = 1e9
"""Seconds to wait for NATS at the start: the supervisor, or the operator, decides when to give up."""

DAMAGE_LOOK = 30.0
"""Seconds between looks whether something of the views was dropped."""

LOSS_LOOK = 10.0
"""Seconds between looks whether rows of the views are gone, which is asked at little cost."""

SWEEP, LONGEST_SWEEP = 1.0, 10.0
"""Seconds between sweeps over all ledgers, which make up for lost nudges and find new workspaces."""
SWEEP_EACH = 0.004
"""Seconds between sweeps for each workspace, where there are very many: their cost stays the same."""


class Projector:
    """Hosts one worker per workspace for the given groups, inside a FastStream application."""

    def __init__(
        self, settings: Settings, groups: Sequence[Group], *, only: Collection[str] | None = None
    ) -> None:
        """`only`: the workspaces to host, instead of all there are and will be."""
        self._settings = settings
        self._only = only
        self._groups = groups
        self._workers: dict[str, Worker] = {}
        self._tasks: dict[str, Background] = {}
        self._look = asyncio.Event()
        self._looked_for_damage = self._looked_for_losses = float("-inf")
        self._whole: dict[str, Trace] = {}
        """By schema, the traces of builds when none of their rows was missing."""
        self.broker = worker_broker(settings, "goaltrail-projector")
        self.broker.subscriber(
            "nudge.ledger.*",
            title="nudge",
            description="Something new is on the ledger of the workspace that the last token names.",
            decoder=_workspace_of,
        )(self.nudged)
        self.broker.subscriber(
            "nudge.damage.*.*.*",
            title="damage",
            description="A read found views damaged: their workspace, group, and what sort of damage it is.",
            decoder=_report_of,
        )(self.damaged)
        self.app = FastStream(
            self.broker,
            lifespan=self.running,
            logger=None,
            specification=AsyncAPI(title="Goaltrail projector", version="1"),
        )

    async def damaged(self, report: tuple[str, str, str, int]) -> None:
        """Let the worker of a workspace look into damage that a read found."""
        workspace, group, damage, build = report
        worker = self._workers.get(workspace)
        if worker is not None and group in GROUPS and damage in get_args(Damage):
            worker.damaged(Build(workspace, GROUPS[group], build), cast("Damage", damage))

    async def nudged(self, workspace: str) -> None:
        """Wake the worker of the workspace that has something new."""
        worker = self._workers.get(workspace)
        if worker is None:
            self._look.set()
        else:
            worker.nudge()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the ledgers while the application runs."""
        engine = projector_engine(self._settings)
        try:
            async with working(self.broker, "projector", "host", partial(self._host, engine)):
                yield
        finally:
            await engine.dispose()

    async def _host(self, engine: AsyncEngine) -> None:
        """Look for workspaces, for ever, and give each a worker."""
        async with await Ledger.connect(self._settings, timeout=FOREVER) as ledger, Locks(engine) as locks:
            host = Host(engine, locks, ledger, asyncio.Lock())
            built = await self._with_views(engine)
            ledger.client.on_reconnect(self._sweep_at_once)  # what was told meanwhile was not heard
            try:
                while True:
                    self._look.clear()
                    # Looked again soon; the workers there are say so themselves.
                    with suppress(LedgerUnavailable):
                        await self._sweep(host, built)
                    await self._check_locks(locks)
                    await self._look_after_views(engine)
                    pause = min(max(SWEEP, SWEEP_EACH * len(self._workers)), LONGEST_SWEEP)
                    await woken(self._look, pause)
            finally:
                await asyncio.gather(*(task.stop() for task in self._tasks.values()))
                self._workers.clear()
                self._tasks.clear()

    async def _sweep_at_once(self) -> None:
        self._look.set()

    async def _sweep(self, host: Host, built: Collection[str]) -> None:
        """Tell every worker where its ledger ends; give new workspaces, and those with views, a worker."""
        heads = await list_heads(host.ledger)
        for workspace, worker in self._workers.items():
            await worker.swept(heads.get(workspace))
        for workspace in {*heads, *built}:
            if workspace not in self._workers and self._wanted(workspace):
                worker = self._workers[workspace] = Worker(host, workspace, self._groups)
                self._tasks[workspace] = Background("worker", worker.run, workspace=workspace)

    async def _check_locks(self, locks: Locks) -> None:
        """Wake all workers if the session is gone that holds their locks: they take them again."""
        try:
            await locks.check()
        except (OSError, SQLAlchemyError):
            for worker in self._workers.values():
                worker.nudge()

    async def _look_after_views(self, engine: AsyncEngine) -> None:
        """Look from time to time whether somebody dropped, deleted or emptied something of the views."""
        try:
            async with engine.connect() as connection:
                if time.monotonic() >= self._looked_for_damage + DAMAGE_LOOK:
                    self._looked_for_damage = time.monotonic()
                    await self._look_for_damage(connection)
                if time.monotonic() >= self._looked_for_losses + LOSS_LOOK:
                    self._looked_for_losses = time.monotonic()
                    await self._look_for_lost_rows(connection)
        except (OSError, SQLAlchemyError) as error:
            log.warning("projector waits for PostgreSQL", because=str(error)[:200])
            if damage_of(error) == "structure":
                await self._with_views(engine)
                for worker in self._workers.values():
                    worker.start_over()

    async def _look_for_damage(self, connection: AsyncConnection) -> None:
        """Look whether something was dropped: one question for all."""
        of_schema = await self._followed(connection)
        groups = {schema: build.group for schema, build in of_schema.items()}
        for schema in await what_is_missing(connection, groups):
            self._workers[of_schema[schema].workspace].damaged(of_schema[schema], "structure")

    async def _look_for_lost_rows(self, connection: AsyncConnection) -> None:
        """Count the rows of builds when this process begins, and when rows of them were deleted."""
        of_schema = await self._followed(connection)
        found = await traces(connection, of_schema)
        self._whole = {schema: trace for schema, trace in self._whole.items() if schema in found}
        for schema, trace in found.items():
            if trace == self._whole.get(schema):
                continue
            if await find_lost_rows(connection, of_schema[schema]) is None:
                self._whole[schema] = trace
            else:
                self._workers[of_schema[schema].workspace].damaged(of_schema[schema], "rows")

    async def _followed(self, connection: AsyncConnection) -> dict[str, Build]:
        """Return the whole builds that reads use and workers of this process may follow, by schema.

        Each worker learns which builds reads use.
        """
        found = await all_active(connection)
        pointers: dict[str, dict[str, int]] = {workspace: {} for workspace in self._workers}
        for (workspace, group), active in found.items():
            pointers.setdefault(workspace, {})[group] = active.build
        for workspace, worker in self._workers.items():
            worker.pointed_to(pointers[workspace])
        return {
            active.schema_name: Build(workspace, GROUPS[group], active.build)
            for (workspace, group), active in found.items()
            if workspace in self._workers
            and group in GROUPS
            and active.version == GROUPS[group].version
            and active.damaged is None
            and active.differs is None
        }

    def _wanted(self, workspace: str) -> bool:
        return self._only is None or workspace in self._only

    async def _with_views(self, engine: AsyncEngine) -> list[str]:
        """Make the control tables; return the workspaces that have views, though their ledger may be lost."""
        while True:
            try:
                await prepare_control(engine)
                async with engine.connect() as connection:
                    return [workspace for workspace, _ in await all_active(connection)]
            except (OSError, SQLAlchemyError) as error:
                log.warning("projector waits for PostgreSQL", because=str(error)[:200])
                await asyncio.sleep(RETRY)


async def _report_of(nudge: NatsMessage) -> tuple[str, str, str, int]:
    """Workspace, group and damage stand in the subject, the number of the build in the message."""
    workspace, group, damage = nudge.raw_message.subject.split(".")[2:]
    number = nudge.body.decode()
    return workspace, group, damage, int(number) if number.isdigit() else 0


async def _workspace_of(nudge: NatsMessage) -> str:
    """Return what a nudge says is in its subject.

    A handler that took the message itself would wait for a thread.
    """
    return nudge.raw_message.subject.rpartition(".")[2]


def run(settings: Settings, projections: list[str]) -> None:
    """Run until SIGTERM or Ctrl-C; `projections` are names of groups, none means all of them."""
    configure_logging(settings, "projector")
    collect_rarely()
    projector = Projector(settings, [GROUPS[name] for name in projections or GROUPS])
    run_worker(projector.app, settings)
