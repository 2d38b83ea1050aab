"""Short ways to say which KPI, readings and goalposts a test is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

from events.kpis.state import Kpi
from events.measures import Measure
from projections.scoring.values import BusinessDays, DayValue


class Stretch(NamedTuple):
    """A cycle's days."""

    start: date
    end: date


Q1 = Stretch(date(2026, 1, 1), date(2026, 3, 31))
YEAR = Stretch(date(2026, 1, 1), date(2026, 12, 31))


def kpi(aggregation: str = "sum", **fields: Any) -> Kpi:
    """A KPI with monthly cadence whose reading kind fits the aggregation."""
    kinds = {"sum": "delta", "ratio": "ratio"}
    defaults: dict[str, Any] = {
        "id": "sales",
        "name_ko": "매출",
        "name_en": "Sales",
        "unit": "KRW",
        "kind": kinds.get(aggregation, "gauge"),
        "aggregation": aggregation,
        "cadence": "month",
        "empty": "missing",
    }
    return Kpi.model_validate(defaults | fields)


def measure(kind: str, target: object, baseline: object = None, **fields: Any) -> Measure:
    """A measure in the unit `unit`."""
    return Measure.model_validate(
        {"kind": kind, "target": _number(target), "baseline": _number(baseline), "unit": "unit"} | fields
    )


def reading(day: date, value: object, position: int = 1, hour: int = 9) -> DayValue:
    """A day with one reading, observed at `hour` o'clock."""
    number = Decimal(str(value))
    last = (datetime.combine(day, time(hour), UTC), position, number)
    return DayValue(day, 1, number, last=last, min=number, max=number)


def share(day: date, numerator: object, denominator: object) -> DayValue:
    """A day with one ratio reading."""
    return DayValue(day, 1, numerator=Decimal(str(numerator)), denominator=Decimal(str(denominator)))


def days(values: Iterable[DayValue] | Mapping[date, object]) -> BusinessDays:
    """Readings by business day; of several on one day the later one in the list has the higher position."""
    if isinstance(values, Mapping):
        values = [reading(day, value, position) for position, (day, value) in enumerate(values.items(), 1)]
    found = BusinessDays()
    for position, value in enumerate(values, 1):
        if value.last is not None:
            value = value._replace(last=(value.last[0], position, value.last[2]))
        found.add(value)
    return found


def _number(value: object) -> object:
    return None if value is None else str(value)
