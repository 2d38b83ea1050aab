"""Writing one build: fold a run of events and commit the rows together with the checkpoint."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import structlog
from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.envelope import RecordedEvent, UndecodableEvent
from projections.control import checkpoint, poison
from projections.projection import Copy, Fold, Store, Write
from services.ledger.messages import StoredMessage, recorded
from services.projector.builds import Build, create_late_indexes, position_of

log = structlog.get_logger(__name__)


SLICE = 500
"""Events decoded before other tasks run: some 5 ms."""


class Fenced(Exception):
    """Another worker moved the checkpoint, or the build is gone: what was folded here is void."""


class Decoded(NamedTuple):
    """A stored message with its event, or with the reason why it has none."""

    message: StoredMessage
    event: RecordedEvent | None
    error: str


async def decoded_runs(
    runs: AsyncGenerator[list[StoredMessage]], write: Callable[[list[Decoded]], Awaitable[None]]
) -> AsyncGenerator[list[Decoded]]:
    """Write runs of messages one after the other, each decoded once, while the one before is being written.

    Yields each run when it is committed; leave it with `aclosing`. What `write` raises ends it.
    """
    writing: asyncio.Task[None] | None = None
    before: list[Decoded] = []
    try:
        async with aclosing(runs):
            async for messages in runs:
                run = await _decode(messages)
                if writing is not None:
                    await writing
                    yield before
                writing, before = asyncio.create_task(_run(write, run)), run
        if writing is not None:
            await writing
            yield before
    finally:
        if writing is not None and not writing.done():
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)


async def _run(write: Callable[[list[Decoded]], Awaitable[None]], run: list[Decoded]) -> None:
    await write(run)


async def _decode(messages: Sequence[StoredMessage]) -> list[Decoded]:
    """Decode in slices, so that the run that is being written goes on meanwhile."""
    run: list[Decoded] = []
    for start in range(0, len(messages), SLICE):
        run += decode(messages[start : start + SLICE])
        await asyncio.sleep(0)
    return run


def decode(messages: Sequence[StoredMessage]) -> list[Decoded]:
    """The events of messages, or why they have none."""
    run = []
    for message in messages:
        try:
            run.append(Decoded(message, recorded(message), ""))
        except UndecodableEvent as error:
            run.append(Decoded(message, None, f"undecodable: {error}"))
    return run


class BuildWriter:
    """The one writer of a build. Not for use by two tasks at once."""

    def __init__(
        self, engine: AsyncEngine, build: Build, *, loading: bool = False, waived: frozenset[int]
    ) -> None:
        """`loading`: late indexes are not there yet. `waived`: positions to step over without complaint."""
        self.build = build
        self.position = 0
        self.poisoned: list[int] = []
        self._engine = engine
        self._waived = waived
        self._loading = loading
        self._fold: Fold = build.group.new_fold()

    async def start(self) -> None:
        """Go on from the committed checkpoint with a fresh fold. Raises Fenced if the build is gone."""
        async with self._engine.connect() as connection:
            found = await position_of(connection, self.build)
        if found is None:
            raise Fenced(f"build {self.build.schema} is gone")
        self.position = found[0]
        self._fold = self.build.group.new_fold()

    async def write(self, run: Sequence[Decoded]) -> None:
        """Apply a gap-free run of positions that follows the checkpoint; all of it is committed or none.

        Raises Fenced when another worker was first. A value that PostgreSQL refuses is found by halving the
        run and recorded as poison, like an event that the fold refuses.
        """
        run = [decoded for decoded in run if decoded.message.position > self.position]
        if not run:
            return
        try:
            await self._commit(run, refused={})
        except BaseException as error:
            self._fold = self.build.group.new_fold()
            if not _is_data_error(error):
                raise
            await self._write_around(run, error)

    async def _write_around(self, run: Sequence[Decoded], error: BaseException) -> None:
        """Commit a run in which PostgreSQL refuses the value of some event."""
        if len(run) == 1:
            await self._commit(run, refused={run[0].message.position: f"refused by PostgreSQL: {error}"})
            return
        middle = len(run) // 2
        await self.write(run[:middle])
        await self.write(run[middle:])

    async def _commit(self, run: Sequence[Decoded], refused: dict[int, str]) -> None:
        async with self.build.connect(self._engine) as connection:
            loading = self._loading

            async def need_late_indexes() -> None:
                nonlocal loading
                if loading:
                    await create_late_indexes(connection, self.build)
                    loading = False

            store = Store(connection, need_late_indexes)
            await self._fold.load(store, [decoded.event for decoded in run if decoded.event is not None])
            poisons = self._apply(run, refused)
            writes = self._fold.drain()
            last = run[-1].message
            await self._move_checkpoint(connection, last.position, last.recorded_at)
            if poisons:
                await connection.execute(insert(poison), poisons)
            for write in writes:
                await _execute(connection, write, self.build.schema)
            await connection.commit()
        self.position, self._loading = last.position, loading
        self.poisoned += [row["position"] for row in poisons if not row["waived"]]

    def _apply(self, run: Sequence[Decoded], refused: dict[int, str]) -> list[dict[str, Any]]:
        """Fold the run; answers the rows of events that could not be folded."""
        poisons = []
        for decoded in run:
            position = decoded.message.position
            problem = refused.get(position, decoded.error)
            if decoded.event is not None and not problem:
                if position in self._waived:
                    problem = "waived"
                else:
                    try:
                        self._fold.apply(decoded.event)
                    except Exception as error:
                        problem = f"{type(error).__name__}: {error}"
            if problem:
                poisons.append(self._poison(decoded, problem))
        return poisons

    def _poison(self, decoded: Decoded, problem: str) -> dict[str, Any]:
        message = decoded.message
        waived = message.position in self._waived
        if not waived:
            log.error("poison", schema=self.build.schema, position=message.position, error=problem)
        kind, _, id_ = message.subject.split(".", 2)[-1].partition(".")
        return {
            **self.build.key(),
            "position": message.position,
            "kind": kind,
            "id": id_,
            "error": problem[:2000],
            "payload_hash": hashlib.sha256(message.payload).hexdigest(),
            "waived": waived,
        }

    async def _move_checkpoint(
        self, connection: AsyncConnection, position: int, recorded_at: datetime
    ) -> None:
        """The first statement that writes: a worker that is late fails here, before it touches a row."""
        moved = await connection.execute(
            update(checkpoint)
            .where(
                checkpoint.c.workspace == self.build.workspace,
                checkpoint.c.grp == self.build.group.name,
                checkpoint.c.build == self.build.number,
                checkpoint.c.position == self.position,
            )
            .values(position=position, recorded_at=recorded_at)
        )
        if moved.rowcount != 1:
            raise Fenced(f"{self.build.schema} is no longer at position {self.position}")


async def _execute(connection: AsyncConnection, write: Write, schema: str) -> None:
    if isinstance(write, Copy):
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, asyncpg.Connection)
        await raw.copy_records_to_table(
            write.table.name,
            schema_name=schema,
            columns=[c.name for c in write.table.columns],
            records=write.rows,
        )
    else:
        await connection.execute(write.statement, write.arrays)


def _is_data_error(error: BaseException) -> bool:
    """Whether values were refused (SQLSTATE class 22, or no form in PostgreSQL's protocol), by themselves."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        return isinstance(state, str) and state.startswith("22")
    return isinstance(error, asyncpg.DataError | ValueError | TypeError | OverflowError)
