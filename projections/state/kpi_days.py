"""Readings and what they add to a KPI's days.

A reading that is recorded for the first time appends a row to `reading` and increments its (KPI, business
day, recorded day) in `kpi_day`. Whatever records it once more counts for nothing: intake lets that through
only when the tables that it asks have lost the reading. Other content is kept as a dispute then. A correction
or retraction takes the version it replaces back out; for the columns that can't be taken back (last, min,
max) the whole day is looked at again, and its row says `reset`: it holds for the day as a whole, whatever
earlier recorded days said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, and_, bindparam, case, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import Insert, distinct_on

from events.envelope import RecordedEvent
from events.readings.events import ReadingContent, ReadingCorrected, ReadingRecorded, ReadingRetracted
from projections.bulk import arrays, insert_given
from projections.projection import Copy, Store, Upsert, Write
from projections.scoring.values import EXACT, DayValue, Last, merged
from projections.state.tables import kpi_day, reading

ZERO = Decimal(0)
RECORDED, CORRECTED, RETRACTED = "recorded", "corrected", "retracted"
"""What a reading's version is."""
REPLACING = frozenset((ReadingCorrected, ReadingRetracted))
"""Events that replace an earlier version. Looked up by type: `isinstance` of what it is not is slow here."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class DayIncrement:
    """What some readings add to one business day of one KPI."""

    n: int = 0
    total: Decimal = ZERO
    numerator: Decimal = ZERO
    denominator: Decimal = ZERO
    reset: bool = False
    last: Last | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    position: int = 0
    recorded_at: datetime = _NEVER

    def added(self, business_day: date) -> Added:
        """Return the same as a value that can be merged."""
        value = DayValue(
            business_day,
            self.n,
            self.total,
            self.numerator,
            self.denominator,
            self.last,
            self.minimum,
            self.maximum,
            self.reset,
        )
        return Added(value, self.position, self.recorded_at)

    def put_in(self, content: ReadingContent | ReadingVersion) -> None:
        """Add the additive parts of a reading."""
        self.n += 1
        if content.value is not None:
            self.total = EXACT.add(self.total, content.value)
        elif content.numerator is not None and content.denominator is not None:
            self.numerator = EXACT.add(self.numerator, content.numerator)
            self.denominator = EXACT.add(self.denominator, content.denominator)

    def take_out(self, content: ReadingVersion) -> None:
        """Undo `put_in`."""
        self.n -= 1
        if content.value is not None:
            self.total = EXACT.subtract(self.total, content.value)
        elif content.numerator is not None and content.denominator is not None:
            self.numerator = EXACT.subtract(self.numerator, content.numerator)
            self.denominator = EXACT.subtract(self.denominator, content.denominator)

    def order(self, observed_at: datetime, position: int, value: Decimal) -> None:
        """Let a value take part in last, min and max."""
        last = (observed_at, position, value)
        if self.last is None or last > self.last:
            self.last = last
        if self.minimum is None or value < self.minimum:
            self.minimum = value
        if self.maximum is None or value > self.maximum:
            self.maximum = value


class ReadingVersion(NamedTuple):
    """One version of a reading, as far as a KPI's days need it."""

    id: UUID
    position: int
    status: str
    kpi: str
    feed: str
    source_id: str
    source_version: int | None
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    observed_at: datetime
    business_day: date
    content: UUID | str

    @property
    def day(self) -> Day:
        return (self.kpi, self.business_day)


Day = tuple[str, date]
"""A business day of a KPI."""


class Added(NamedTuple):
    """What readings recorded on one day add to a business day, and the last of them."""

    value: DayValue
    position: int
    recorded_at: datetime


_VERSION_COLUMNS = (
    reading.c.id,
    reading.c.position,
    reading.c.status,
    reading.c.kpi,
    reading.c.feed,
    reading.c.source_id,
    reading.c.source_version,
    reading.c.value,
    reading.c.numerator,
    reading.c.denominator,
    reading.c.observed_at,
    reading.c.business_day,
    reading.c.content,
)


_said = attrgetter(*ReadingVersion._fields[ReadingVersion._fields.index("kpi") :])
"""What a reading says, in the order of `ReadingVersion` and of the table."""


class KpiDays:
    """Pending rows of `reading` and `kpi_day`, and the readings that corrections in this run replace."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._unsettled: dict[Day, DayIncrement] = {}
        self._recounted: set[Day] = set()
        self._pending: dict[tuple[str, date, date], Added] = {}
        self._in_force: dict[UUID, ReadingVersion | None] = {}
        self._members: dict[Day, dict[UUID, Last]] = {}
        self._contents: dict[UUID, str | None] = {}
        """Of the readings that this run may record once more: what is in force; None if it was retracted."""

    async def load(self, store: Store, events: Sequence[RecordedEvent]) -> None:
        """Read the versions that corrections replace, and every reading of the days these leave or enter."""
        self._in_force, self._members = {}, {}
        self._contents = {} if store.loading else await _contents(store, events)
        corrections = [recorded for recorded in events if type(recorded.event.data) in REPLACING]
        if corrections:
            await self._load_replaced(store, events, corrections)

    async def _load_replaced(
        self, store: Store, events: Sequence[RecordedEvent], corrections: Sequence[RecordedEvent]
    ) -> None:
        corrected: set[UUID] = set()
        days: set[Day] = set()
        for recorded in corrections:
            data = recorded.event.data
            assert isinstance(data, ReadingCorrected | ReadingRetracted)
            corrected.add(data.reading)
            if isinstance(data, ReadingCorrected):
                days.add((data.kpi, data.business_day))
        await store.need_late_indexes()
        self._in_force = dict.fromkeys(corrected)
        for version in await _latest(store, corrected):
            self._in_force[version.id] = version
            days.add(version.day)
        for recorded in events:
            data = recorded.event.data
            if isinstance(data, ReadingRecorded) and recorded.event.id in corrected:
                days.add((data.kpi, data.business_day))
        self._members = {day: {} for day in days}
        for version in await _latest_of_days(store, days):
            self._join(version)

    def is_known(self, recorded: RecordedEvent) -> bool:
        """Return whether the reading that an event records is on record already."""
        return recorded.event.id in self._contents

    def says_the_same(self, recorded: RecordedEvent, data: ReadingRecorded) -> bool:
        """Return whether an event says what is in force of a reading that is on record."""
        return self._contents[recorded.event.id] == data.content

    def apply(self, recorded: RecordedEvent) -> None:
        """Fold one reading event. Raises LookupError when a correction replaces nothing."""
        data = recorded.event.data
        if isinstance(data, ReadingRecorded):
            self._recorded(recorded, data)
        elif isinstance(data, ReadingCorrected):
            self._corrected(recorded, data)
        elif isinstance(data, ReadingRetracted):
            self._retracted(recorded, data)

    def _recorded(self, recorded: RecordedEvent, data: ReadingRecorded) -> None:
        id_ = recorded.event.id
        increment = self._increment(recorded, (data.kpi, data.business_day))
        increment.put_in(data)
        if data.value is not None:
            increment.order(data.observed_at, recorded.position, data.value)
        self._append(recorded, id_, 0, RECORDED, data, data.dimensions)
        self._contents[id_] = data.content
        if self._in_force:
            version = _version(recorded, id_, RECORDED, data)
            if id_ in self._in_force:
                self._in_force[id_] = version
            self._join(version)

    def _corrected(self, recorded: RecordedEvent, data: ReadingCorrected) -> None:
        before = self._replaced(data.reading)
        version = _version(recorded, data.reading, CORRECTED, data)
        self._take_out(recorded, before)
        self._increment(recorded, version.day).put_in(version)
        self._in_force[version.id] = version
        self._contents[version.id] = data.content
        self._join(version)
        self._recount(recorded, version.day)
        self._append(recorded, version.id, data.revision, CORRECTED, data, data.dimensions)

    def _retracted(self, recorded: RecordedEvent, data: ReadingRetracted) -> None:
        before = self._replaced(data.reading)
        version = before._replace(
            position=recorded.position, status=RETRACTED, value=None, numerator=None, denominator=None
        )
        self._take_out(recorded, before)
        self._in_force[version.id] = version
        self._contents[version.id] = None
        self._append(recorded, version.id, data.revision, RETRACTED, version, None)

    def _replaced(self, reading_id: UUID) -> ReadingVersion:
        before = self._in_force.get(reading_id)
        if before is None:
            raise LookupError(f"reading {reading_id} is corrected or retracted but was never recorded")
        return before

    def _take_out(self, recorded: RecordedEvent, before: ReadingVersion) -> None:
        if before.status == RETRACTED:
            return
        self._increment(recorded, before.day).take_out(before)
        self._members[before.day].pop(before.id, None)
        self._recount(recorded, before.day)

    def _join(self, version: ReadingVersion) -> None:
        members = self._members.get(version.day)
        if members is not None and version.value is not None:
            members[version.id] = (version.observed_at, version.position, version.value)

    def _recount(self, recorded: RecordedEvent, day: Day) -> None:
        """Note that the day's last, min and max must be looked up among all its readings."""
        self._increment(recorded, day).reset = True
        self._recounted.add(day)

    def _increment(self, recorded: RecordedEvent, day: Day) -> DayIncrement:
        increment = self._unsettled.get(day)
        if increment is None:
            increment = self._unsettled[day] = DayIncrement()
        increment.position = recorded.position
        increment.recorded_at = recorded.recorded_at
        return increment

    def settle(self, recorded_day: date) -> dict[Day, Added]:
        """Return what the readings since the last call, all recorded on one day (UTC), add to their days."""
        for day in self._recounted:
            increment = self._unsettled[day]
            increment.last = increment.minimum = increment.maximum = None
            for last in self._members[day].values():
                increment.order(*last)
        settled = {day: increment.added(day[1]) for day, increment in self._unsettled.items()}
        for day, added in settled.items():
            key = (*day, recorded_day)
            before = self._pending.get(key)
            if before is not None:
                added = Added(merged(before.value, added.value), added.position, added.recorded_at)
            self._pending[key] = added
        self._unsettled, self._recounted = {}, set()
        return settled

    def _append(
        self,
        recorded: RecordedEvent,
        id_: UUID,
        revision: int,
        status: str,
        content: ReadingContent | ReadingVersion,
        dimensions: dict[str, str] | None,
    ) -> None:
        self._rows.append(
            (
                recorded.position,
                id_,
                revision,
                status,
                *_said(content),
                recorded.recorded_at,
                recorded.event.actor,
                recorded.event.reason,
                None
                if dimensions is None
                else orjson.dumps(dimensions, option=orjson.OPT_SORT_KEYS).decode(),
            )
        )

    def drain(self) -> list[Write]:
        """Return the rows of what is settled; the next run starts with none."""
        writes: list[Write] = []
        if self._rows:
            writes.append(Copy(reading, self._rows))
        if self._pending:
            writes.append(_merge(self._pending))
        self._rows, self._pending = [], {}
        return writes


def _version(
    recorded: RecordedEvent, id_: UUID, status: str, content: ReadingRecorded | ReadingCorrected
) -> ReadingVersion:
    return ReadingVersion(id_, recorded.position, status, *_said(content))


async def _latest(store: Store, ids: Iterable[UUID]) -> list[ReadingVersion]:
    """Return the version in force of each reading."""
    rows = await store.connection.execute(
        select(*_VERSION_COLUMNS)
        .where(reading.c.id == func.any(bindparam("ids", list(ids), ARRAY(reading.c.id.type))))
        .ext(distinct_on(reading.c.id))
        .order_by(reading.c.id, reading.c.position.desc())
    )
    return [ReadingVersion._make(row) for row in rows]


async def _contents(store: Store, events: Sequence[RecordedEvent]) -> dict[UUID, str | None]:
    """Return what is in force of those readings that are on record before events record them."""
    ids = [recorded.event.id for recorded in events if type(recorded.event.data) is ReadingRecorded]
    if not ids:
        return {}
    rows = await store.connection.execute(_IN_FORCE, {"ids": ids})
    return {id_: None if status == RETRACTED else content.hex for id_, status, content in rows}


_IN_FORCE = (
    select(reading.c.id, reading.c.status, reading.c.content)
    .where(reading.c.id == func.any(bindparam("ids", type_=ARRAY(reading.c.id.type))))
    .ext(distinct_on(reading.c.id))
    .order_by(reading.c.id, reading.c.position.desc())
)
RECORDED_TWICE = (
    select(reading.c.id)
    .where(reading.c.status == RECORDED)
    .group_by(reading.c.id)
    .having(func.count() > 1)
    .limit(1)
)
"""Finds a reading that counts twice."""


async def _latest_of_days(store: Store, days: set[Day]) -> list[ReadingVersion]:
    """Return the readings in force that stand on one of the days."""
    ids = await store.connection.execute(
        select(reading.c.id).where(tuple_(reading.c.kpi, reading.c.business_day).in_(sorted(days))).distinct()
    )
    versions = await _latest(store, ids.scalars())
    return [version for version in versions if version.status != RETRACTED and version.day in days]


def _merge_statement() -> Insert:
    """Add increments to what the recorded day holds so far; a reset replaces last, min and max."""
    statement = insert_given(kpi_day)
    new, old = statement.excluded, kpi_day.c
    later = or_(
        new.reset,
        old.last_at.is_(None),
        tuple_(new.last_at, new.last_position) > tuple_(old.last_at, old.last_position),
    )
    later = and_(or_(new.reset, new.last_at.is_not(None)), later)
    return statement.on_conflict_do_update(
        index_elements=[old.kpi, old.business_day, old.recorded_day],
        set_={
            "n": old.n + new.n,
            "total": old.total + new.total,
            "numerator": old.numerator + new.numerator,
            "denominator": old.denominator + new.denominator,
            "reset": or_(old.reset, new.reset),
            "last_at": case((later, new.last_at), else_=old.last_at),
            "last_position": case((later, new.last_position), else_=old.last_position),
            "last_value": case((later, new.last_value), else_=old.last_value),
            "min_value": case((new.reset, new.min_value), else_=func.least(old.min_value, new.min_value)),
            "max_value": case((new.reset, new.max_value), else_=func.greatest(old.max_value, new.max_value)),
            "position": func.greatest(old.position, new.position),
        },
    )


_MERGE = _merge_statement()


def _merge(days: dict[tuple[str, date, date], Added]) -> Upsert:
    # In key order, so that two sessions would lock rows in one order and index pages are visited once.
    rows = [(*key, *columns(added)) for key, added in sorted(days.items(), key=lambda item: item[0])]
    return Upsert(_MERGE, arrays(kpi_day, rows))


def columns(added: Added) -> tuple[Any, ...]:
    """Return the columns of a row of `kpi_day` behind its key; `day_value` is the way back."""
    value = added.value
    last_at, last_position, last_value = value.last or (None, None, None)
    additive = (value.n, value.total, value.numerator, value.denominator)
    order = (value.reset, last_at, last_position, last_value, value.min, value.max)
    return (*additive, *order, added.position)


def day_value(row: Sequence[Any]) -> DayValue:
    """Return what a row of `kpi_day`, with all columns in their order, added to its business day."""
    _kpi, day, _recorded_day, n, total, numerator, denominator, reset, *extremes, _position = row
    last_at, last_position, last_value, low, high = extremes
    last = None if last_value is None else (last_at, last_position, last_value)
    return DayValue(day, n, total, numerator, denominator, last, low, high, reset)
