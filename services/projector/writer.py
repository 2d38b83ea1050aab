"""Writing one build: fold a run of events and commit the rows together with the checkpoint."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import asyncpg
import structlog
from sqlalchemy import Select, TableClause, bindparam, func, insert, literal_column, select, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.envelope import RecordedEvent, UndecodableEvent
from events.error_text import explained
from events.ledger.events import LedgerRestored
from projections.bulk import arrays, insert_given
from projections.control import checkpoint, poison, row_count
from projections.projection import Copy, Fold, Store, Write
from services.ledger import Mark, StoredMessage, recorded
from services.projector import metrics
from services.projector.builds import Build, create_late_indexes, standing_of
from services.runtime.tasks import end

log = structlog.get_logger(__name__)


SLICE = 500
"""Events decoded before other tasks run: some 5 ms."""


class Fenced(Exception):
    """Another worker moved the checkpoint, or the build is gone: what was folded here is void."""


class AnotherEvent(Exception):
    """Not the event that was read before stands at the checkpoint, if what answered is up to date."""


class Run(NamedTuple):
    """A gap-free run of positions, decoded."""

    messages: Sequence[StoredMessage]
    events: list[RecordedEvent]
    """In the order of their positions; a message that holds no event has none."""
    undecodable: dict[int, str]
    """Positions without an event, and why."""

    def between(self, first: int, last: int) -> Run:
        """Return the part from one position to another, both included."""
        start = first - self.messages[0].position
        return Run(
            self.messages[start : last - first + 1 + start],
            [recorded for recorded in self.events if first <= recorded.position <= last],
            {position: why for position, why in self.undecodable.items() if first <= position <= last},
        )


async def decoded_runs(
    runs: AsyncGenerator[list[StoredMessage]], write: Callable[[Run], Coroutine[Any, Any, None]]
) -> AsyncGenerator[Run]:
    """Write runs of messages one after the other, each decoded once, while the one before is being written.

    Yields each run when it is committed; leave it with `aclosing`. What `write` raises ends it.
    """
    writing: asyncio.Task[None] | None = None
    before: Run | None = None
    try:
        async with aclosing(runs):
            async for messages in runs:
                run = await _decode(messages)
                if writing is not None and before is not None:
                    await writing
                    yield before
                writing, before = asyncio.create_task(write(run)), run
        if writing is not None and before is not None:
            await writing
            yield before
    finally:
        if writing is not None:
            await end(writing)


async def _decode(messages: Sequence[StoredMessage]) -> Run:
    """Decode in slices, so that the run that is being written goes on meanwhile."""
    run = Run(messages, [], {})
    for start in range(0, len(messages), SLICE):
        _decode_into(run, messages[start : start + SLICE])
        await asyncio.sleep(0)
    return run


def decode(messages: Sequence[StoredMessage]) -> Run:
    """Return the events of messages, or why they have none."""
    run = Run(messages, [], {})
    _decode_into(run, messages)
    return run


def _decode_into(run: Run, messages: Sequence[StoredMessage]) -> None:
    for message in messages:
        try:
            run.events.append(recorded(message))
        except UndecodableEvent as error:
            run.undecodable[message.position] = f"undecodable: {error}"


class BuildWriter:
    """The one writer of a build. Not for use by two tasks at once."""

    def __init__(
        self, engine: AsyncEngine, build: Build, *, loading: bool = False, waived: frozenset[int]
    ) -> None:
        """`loading`: late indexes are not there yet. `waived`: positions to step over without complaint."""
        self.build = build
        self.mark = Mark(0, None, None)
        self.epoch = 1
        self._latest: datetime | None = None
        """The latest time that the server gave to an event up to the position."""
        self.poisoned: list[int] = []
        self._engine = engine
        self._waived = waived
        self._loading = loading
        self._fold: Fold = build.group.new_fold()

    @property
    def position(self) -> int:
        """The last position that is committed."""
        return self.mark.position

    async def start(self) -> None:
        """Go on from the committed checkpoint with a fresh fold. Raises Fenced if the build is gone."""
        async with self._engine.connect() as connection:
            found = await standing_of(connection, self.build)
        if found is None:
            raise Fenced(f"build {self.build.schema} is gone, or set aside")
        self.mark, self.epoch, self._latest = found
        self._fold = self.build.group.new_fold()

    async def create_late_indexes(self) -> None:
        """Make the indexes that loading did without."""
        async with self._engine.begin() as connection:
            await create_late_indexes(connection, self.build)
        self._loading = False

    async def write(self, run: Run) -> None:
        """Apply a gap-free run of positions that follows the checkpoint; all of it is committed or none.

        Raises Fenced when another worker was first, AnotherEvent when the run has another event at the
        checkpoint than was read there before. A value, or a second row of one key, that PostgreSQL
        refuses is found by halving the run and recorded as poison, like an event that the fold refuses.
        """
        if not run.messages or run.messages[-1].position < self.position:
            return
        first = run.messages[0].position
        if first <= self.position:
            known = run.messages[self.position - first]
            if self.mark.fingerprint not in (None, known.fingerprint):
                raise AnotherEvent(f"another event than before is at position {self.position}")
            if known is run.messages[-1]:
                return
            run = run.between(self.position + 1, run.messages[-1].position)
        try:
            await self._commit(run)
        except BaseException as error:
            self._fold = self.build.group.new_fold()
            if not _is_data_error(error):
                raise
            await self._write_around(run, error)

    async def _write_around(self, run: Run, error: BaseException) -> None:
        """Commit a run in which PostgreSQL refuses the value of some event."""
        first, last = run.messages[0].position, run.messages[-1].position
        if first == last:
            await self._commit(Run(run.messages, [], {first: f"refused by PostgreSQL: {_cause(error)}"}))
            return
        middle = (first + last) // 2
        await self.write(run.between(first, middle))
        await self.write(run.between(middle + 1, last))

    async def _commit(self, run: Run) -> None:
        async with self.build.connect(self._engine) as connection:
            loading = self._loading

            async def need_late_indexes() -> None:
                nonlocal loading
                if loading:
                    await create_late_indexes(connection, self.build)
                    loading = False

            run, latest = _never_earlier(run, self._latest)
            store = Store(connection, need_late_indexes, loading)
            await self._fold.load(store, run.events)
            poisons = self._apply(run)
            writes = self._fold.drain()
            last = run.messages[-1]
            mark = Mark(last.position, self.mark.ledger, last.fingerprint)
            if run.messages[0].position == 1:
                mark = mark._replace(ledger=run.messages[0].fingerprint)
            epoch = _epoch_after(run, self.epoch)
            await self._move_checkpoint(connection, mark, epoch, latest, last.recorded_at)
            if poisons:
                await connection.execute(insert(poison), poisons)
            added = Counter({poison.name: len(poisons)} if poisons else {})
            for write in writes:
                added[_table_of(write).name] += await _execute(connection, write, self.build.schema)
            await self._count(connection, added)
            await connection.commit()
        self.mark, self.epoch, self._latest, self._loading = mark, epoch, latest, loading
        poisoned = [row["position"] for row in poisons if not row["waived"]]
        self.poisoned += poisoned
        metrics.poisoned(self.build.workspace, self.build.group.name, len(poisoned))

    def _apply(self, run: Run) -> list[dict[str, Any]]:
        """Fold the run; answers the rows of events that could not be folded."""
        problems = dict(run.undecodable)
        fold, waived = self._fold.apply, self._waived
        for event in run.events:
            if event.position in waived:
                problems[event.position] = "waived"
                continue
            try:
                fold(event)
            except Exception as error:
                problems[event.position] = f"{type(error).__name__}: {explained(error)}"
        first = run.messages[0].position
        return [self._poison(run.messages[at - first], why) for at, why in sorted(problems.items())]

    def _poison(self, message: StoredMessage, problem: str) -> dict[str, Any]:
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

    async def _count(self, connection: AsyncConnection, added: Mapping[str, int]) -> None:
        """Add to the rows that the tables have."""
        rows = [(*self.build.key().values(), name, count) for name, count in added.items() if count]
        if rows:
            await connection.execute(_COUNT, arrays(row_count, rows))

    async def _move_checkpoint(
        self,
        connection: AsyncConnection,
        mark: Mark,
        epoch: int,
        recorded_at: datetime,
        server_time: datetime,
    ) -> None:
        """The first statement that writes: a worker that is late fails here, before it touches a row."""
        moved = await connection.execute(
            _MOVE,
            {
                **{f"of_{name}": value for name, value in self.build.key().items()},
                "before": self.position,
                "after": mark.position,
                "then": recorded_at,
                "by_server": server_time,
                "of_ledger": mark.ledger,
                "in_epoch": epoch,
                "last": mark.fingerprint,
            },
        )
        if moved.rowcount != 1:
            raise Fenced(f"{self.build.schema} is no longer at position {self.position}")


_MOVE = (
    update(checkpoint)
    .where(
        checkpoint.c.workspace == bindparam("of_workspace"),
        checkpoint.c.grp == bindparam("of_grp"),
        checkpoint.c.build == bindparam("of_build"),
        checkpoint.c.position == bindparam("before"),
        checkpoint.c.differs.is_(None),
    )
    .values(
        position=bindparam("after"),
        recorded_at=bindparam("then"),
        server_time=bindparam("by_server"),
        ledger=bindparam("of_ledger"),
        epoch=bindparam("in_epoch"),
        fingerprint=bindparam("last"),
    )
)


def _count_statement() -> Insert:
    statement = insert_given(row_count)
    return statement.on_conflict_do_update(
        index_elements=list(row_count.primary_key.columns),
        set_={"rows": row_count.c.rows + statement.excluded.rows},
    )


_COUNT = _count_statement()


def _table_of(write: Write) -> TableClause:
    return write.table if isinstance(write, Copy) else write.statement.table


@cache
def _counting(statement: Insert) -> Select[Any]:
    """Return a statement that does the same, and answers how many rows are new."""
    written = statement.returning(literal_column("xmax = 0").label("new")).cte("written")
    return select(func.count()).select_from(written).where(written.c.new)


async def _execute(connection: AsyncConnection, write: Write, schema: str) -> int:
    """Write rows; return how many the table has more."""
    if isinstance(write, Copy):
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, asyncpg.Connection)
        await raw.copy_records_to_table(
            write.table.name,
            schema_name=schema,
            columns=[c.name for c in write.table.columns],
            records=write.rows,
        )
        return len(write.rows)
    return await connection.scalar(_counting(write.statement), write.arrays) or 0


def _never_earlier(run: Run, latest: datetime | None) -> tuple[Run, datetime]:
    """Let no event of a run be recorded before an earlier one, and return the latest time with the run.

    A server's clock can be set back. What came later is not known earlier for that: else a past `known_at`
    would show it. It follows from the messages alone, so all builds and all batches agree.
    """
    latest = latest or run.messages[0].recorded_at
    moved: dict[int, datetime] = {}
    for message in run.messages:
        if message.recorded_at < latest:
            moved[message.position] = latest
        else:
            latest = message.recorded_at
    if moved:
        events = [
            event._replace(recorded_at=moved[event.position], server_time=event.recorded_at)
            if event.position in moved
            else event
            for event in run.events
        ]
        run = run._replace(events=events)
    return run, latest


def _epoch_after(run: Run, epoch: int) -> int:
    """Return the ledger's epoch behind a run that begins in an epoch."""
    for event in run.events:
        if isinstance(event.event.data, LedgerRestored):
            epoch = event.event.data.epoch
    return epoch


def _cause(error: BaseException) -> str:
    """Return what the server said, without the statement."""
    return explained((error.orig if isinstance(error, DBAPIError) else None) or error)


def _is_data_error(error: BaseException) -> bool:
    """Return whether an event is to blame: its values were refused, or what they would make is there already.

    Of values SQLSTATE class 22 tells, or that they have no form in PostgreSQL's protocol; of constraints
    class 23. Another worker is never to blame: it would have moved the checkpoint, which comes first.
    """
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        return isinstance(state, str) and state.startswith(("22", "23"))
    return isinstance(
        error,
        asyncpg.DataError
        | asyncpg.IntegrityConstraintViolationError
        | ValueError
        | TypeError
        | OverflowError,
    )
