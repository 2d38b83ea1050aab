"""Reading group `state`: versions of goals, and a KPI's days as they were known at a position.

Every function takes a connection on which the schema `state` means the active build, and the position up to
which things are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    DateTime,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import distinct_on

from events.aggregates import AGGREGATES
from events.ids import Aggregate
from projections.driver import Connection
from projections.scoring.values import BusinessDays, DayValue
from projections.state.kpi_days import day_value
from projections.state.tables import key_result, kpi_day, moment, reading, score_history, version


class Version(NamedTuple):
    """An aggregate as it was after the event at `position`."""

    state: BaseModel
    position: int
    revision: int
    recorded_at: datetime


async def position_at(connection: Connection, known_at: datetime) -> int:
    """Return the last position that was fully recorded at a time; never in the middle of an atomic batch."""
    found = await connection.scalar(_POSITION_AT, {"known_at": known_at})
    return found or 0


async def moment_at(connection: Connection, position: int) -> tuple[int, datetime]:
    """Return the last end of an atomic batch up to a position, and when it was recorded.

    There must be one.
    """
    row = (await connection.execute(_MOMENT_AT, {"position": position})).one()
    return row.position, row.recorded_at


async def latest(connection: Connection, kind: str, id_: str, position: int) -> Version | None:
    """Return one aggregate as known at a position."""
    parameters = {"kind": kind, "id": id_, "position": position}
    row = (await connection.execute(_LATEST, parameters)).one_or_none()
    return None if row is None else version_of(*row)


async def latest_of(
    connection: Connection, aggregates: Sequence[Aggregate], position: int
) -> dict[Aggregate, Version]:
    """Return the aggregates that exist, of some that are asked for, as known at a position."""
    if not aggregates:
        return {}
    parameters = {
        "kinds": [aggregate.kind for aggregate in aggregates],
        "ids": [aggregate.id for aggregate in aggregates],
        "position": position,
    }
    rows = await connection.execute(_LATEST_OF, parameters)
    return {Aggregate(kind, id_): version_of(kind, *rest) for id_, kind, *rest in rows}


async def objective_of(connection: Connection, key_result_id: str, position: int) -> str | None:
    """Return the objective that a key result belongs to, if it was added by then."""
    found: str | None = await connection.scalar(_OBJECTIVE_OF, {"id": key_result_id, "position": position})
    return found


async def objective_with(connection: Connection, key_result_id: str, position: int) -> Version | None:
    """Return the objective that a key result belongs to, as known at a position."""
    parameters = {"kind": "objective", "id": key_result_id, "position": position}
    row = (await connection.execute(_OBJECTIVE_WITH, parameters)).one_or_none()
    return None if row is None else version_of(*row)


async def latest_of_kind(connection: Connection, kind: str, position: int) -> list[Version]:
    """Return every aggregate of a kind as known at a position, by id."""
    rows = await connection.execute(_LATEST_OF_KIND, {"kind": kind, "position": position})
    return [version_of(*row) for row in rows]


def version_of(kind: str, state: str, position: int, revision: int, recorded_at: datetime) -> Version:
    """Return a row of table `version`, with its state as JSON text."""
    return Version(AGGREGATES[kind].state.model_validate_json(state), position, revision, recorded_at)


# Statements that are made once: putting one together takes longer than running it.
VERSION = (
    version.c.kind,
    cast(version.c.state, Text).label("state"),
    version.c.position,
    version.c.revision,
    version.c.recorded_at,
)
_POSITION_AT = select(func.max(moment.c.position)).where(
    moment.c.recorded_at <= bindparam("known_at", type_=DateTime(timezone=True))
)
_MOMENT_AT = (
    select(moment.c.position, moment.c.recorded_at)
    .where(moment.c.position <= bindparam("position", type_=BigInteger))
    .order_by(moment.c.position.desc())
    .limit(1)
)
_OBJECTIVE_OF = select(key_result.c.objective).where(
    key_result.c.id == bindparam("id", type_=Text),
    key_result.c.position <= bindparam("position", type_=BigInteger),
)
_KNOWN = version.c.position <= bindparam("position", type_=BigInteger)
_KIND = version.c.kind == bindparam("kind", type_=Text)
NEWEST_FIRST = version.c.position.desc()
_LATEST = (
    select(*VERSION)
    .where(_KIND, version.c.id == bindparam("id", type_=Text), _KNOWN)
    .order_by(NEWEST_FIRST)
    .limit(1)
)
_OBJECTIVE_WITH = (
    select(*VERSION)
    .where(_KIND, version.c.id == _OBJECTIVE_OF.scalar_subquery(), _KNOWN)
    .order_by(NEWEST_FIRST)
    .limit(1)
)
_LATEST_OF_KIND = (
    select(*VERSION).ext(distinct_on(version.c.id)).where(_KIND, _KNOWN).order_by(version.c.id, NEWEST_FIRST)
)


def _latest_of() -> Select[Any]:
    texts = ARRAY(Text)
    wanted = func.unnest(bindparam("kinds", type_=texts), bindparam("ids", type_=texts))
    each = wanted.table_valued("kind", "id").render_derived(name="wanted")
    newest = (
        select(version.c.id, *VERSION)
        .where(version.c.kind == each.c.kind, version.c.id == each.c.id, _KNOWN)
        .order_by(NEWEST_FIRST)
        .limit(1)
        .lateral("newest")
    )
    return select(*newest.c).select_from(each.join(newest, true()))


_LATEST_OF = _latest_of()


async def days_of(connection: Connection, kpi: str, first: date, last: date, position: int) -> BusinessDays:
    """Return a KPI's business days from `first` to `last`, in order, as known at a position."""
    return (await days_of_each(connection, {kpi: (first, last)}, position))[kpi]


async def days_of_each(
    connection: Connection, stretches: Mapping[str, tuple[date, date]], position: int
) -> dict[str, BusinessDays]:
    """Return the business days of several KPIs, each from a first to a last one, as known at a position.

    Days to which nothing was added after the position come from `kpi_day`, the others from the readings.
    """
    if not stretches:
        return {}
    parameters = {
        "kpis": list(stretches),
        "firsts": [first for first, _ in stretches.values()],
        "lasts": [last for _, last in stretches.values()],
    }
    parts: dict[str, list[DayValue]] = {kpi: [] for kpi in stretches}
    later: dict[str, set[date]] = {}
    for row in await connection.execute(_DAYS, parameters):  # every column, as the table has them
        if row[-1] > position:
            later.setdefault(row[0], set()).add(row[1])
        else:
            parts[row[0]].append(day_value(row))
    for kpi, changed in later.items():
        parts[kpi] = [part for part in parts[kpi] if part.business_day not in changed]
        parts[kpi] += await _from_readings(connection, kpi, sorted(changed), position)
    return {kpi: BusinessDays(of_kpi) for kpi, of_kpi in parts.items()}


def _days() -> Select[Any]:
    texts, dates = ARRAY(Text), ARRAY(Date)
    wanted = func.unnest(
        bindparam("kpis", type_=texts), bindparam("firsts", type_=dates), bindparam("lasts", type_=dates)
    )
    each = wanted.table_valued("kpi", "first", "last").render_derived(name="wanted")
    fitting = and_(kpi_day.c.kpi == each.c.kpi, kpi_day.c.business_day.between(each.c.first, each.c.last))
    return (
        select(kpi_day)
        .select_from(each.join(kpi_day, fitting))
        .order_by(kpi_day.c.kpi, kpi_day.c.business_day, kpi_day.c.recorded_day)
    )


_DAYS = _days()


async def _from_readings(
    connection: Connection, kpi: str, days: Sequence[date], position: int
) -> list[DayValue]:
    """Return the readings of some business days, each as one, that were in force at a position."""
    rows = await connection.execute(_ON_DAYS, {"kpi": kpi, "days": list(days), "position": position})
    found: list[DayValue] = []
    wanted = set(days)
    for row in rows:
        if row.status == "retracted" or row.business_day not in wanted or row.kpi != kpi:
            continue
        value = DayValue(row.business_day, 1)
        if row.value is not None:
            last = (row.observed_at, row.position, row.value)
            value = DayValue(row.business_day, 1, row.value, last=last, min=row.value, max=row.value)
        elif row.numerator is not None and row.denominator is not None:
            value = DayValue(row.business_day, 1, numerator=row.numerator, denominator=row.denominator)
        found.append(value)
    return found


def _on_days() -> Select[Any]:
    known = reading.c.position <= bindparam("position", type_=BigInteger)
    ever = select(reading.c.id).where(
        reading.c.kpi == bindparam("kpi", type_=Text),
        reading.c.business_day == any_(bindparam("days", type_=ARRAY(Date))),
        known,
    )
    return (
        select(reading)
        .ext(distinct_on(reading.c.id))
        .where(reading.c.id.in_(ever), known)
        .order_by(reading.c.id, reading.c.position.desc())
    )


_ON_DAYS = _on_days()


async def score_rows(
    connection: Connection, key_result: str, first: date, last: date, position: int
) -> list[Any]:
    """Return stored scores of a key result for a range of days, by day, then as they came about."""
    parameters = {"key_result": key_result, "first": first, "last": last, "position": position}
    return list(await connection.execute(_SCORES, parameters))


_SCORES = (
    select(score_history)
    .where(
        score_history.c.key_result == bindparam("key_result", type_=Text),
        score_history.c.day.between(bindparam("first", type_=Date), bindparam("last", type_=Date)),
        score_history.c.position <= bindparam("position", type_=BigInteger),
    )
    .order_by(score_history.c.day, score_history.c.recorded_day, score_history.c.position)
)
