"""The readings of the demo company: months spread over days, the same on every machine.

A month's figure is split in proportion to weights that follow from names, so nothing is random, and its parts
add up to exactly that figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from typing import NamedTuple

from events.units import PERCENT_UNITS
from projections.scoring.periods import Period, period_of
from services.demo.schema import Kpi, Series

DAY = timedelta(days=1)
SATURDAY = 5


class Reading(NamedTuple):
    """One reading as its source had it. A ratio has the two parts, everything else a value."""

    kpi: str
    feed: str
    source_id: str
    day: date
    """The business day it is for; the last one of what it sums up."""
    arrives: date
    """When the company heard of it."""
    month: str | None = None
    """The month, where it is for a whole one."""
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None

    def times(self, factor: Decimal) -> Reading:
        """Return the same reading with a wrong amount."""
        if self.value is not None:
            return self._replace(value=self.value * factor)
        assert self.numerator is not None
        return self._replace(numerator=self.numerator * factor)


def readings_of(kpi: Kpi) -> Iterator[Reading]:
    """Yield all readings of a KPI, by day."""
    for series in kpi.series:
        if series.values:
            yield from _by_month(kpi, series)
        else:
            yield from _by_day(kpi, series)


def reading(kpi: Kpi, source_id: str, day: date, amount: Decimal | tuple[Decimal, Decimal]) -> Reading:
    """Return a reading for one day, with its parts where `amount` has two."""
    plain = Reading(kpi.id, kpi.feed, source_id, day, working_day_after(day))
    if isinstance(amount, tuple):
        return plain._replace(numerator=amount[0], denominator=amount[1])
    return plain._replace(value=amount)


def working_day_after(day: date) -> date:
    """Return the next day from Monday to Friday."""
    return next(later for later in _days_from(day + DAY) if later.weekday() < SATURDAY)


def _by_day(kpi: Kpi, series: Series) -> Iterator[Reading]:
    for day in _days_from(date.fromisoformat(f"{series.start}-01")):
        if day.year > int(series.start[:4]):
            return
        amount = series.days.get(day, series.otherwise)
        if amount is not None:
            yield reading(kpi, f"{kpi.id}-{day}", day, amount)


def _by_month(kpi: Kpi, series: Series) -> Iterator[Reading]:
    month = period_of("month", date.fromisoformat(f"{series.start}-01"))
    for at, value in enumerate(series.values):
        of = series.of[at] if series.of else None
        yield from _month(kpi, series, month, value, of)
        month = month.next()


def _month(kpi: Kpi, series: Series, month: Period, value: Decimal, of: Decimal | None) -> Iterator[Reading]:
    days = _reading_days(series, month, of)
    names = [f"{kpi.id}-{month.label}" if series.every == "month" else f"{kpi.id}-{day}" for day, _ in days]
    shares = [
        size * _about(100, series.jitter, f"size of {name}")
        for name, (_, size) in zip(names, days, strict=True)
    ]
    amounts: Sequence[Decimal | tuple[Decimal, Decimal]]
    if of is not None:
        denominators = split(of, shares, Decimal(1))
        numerator = value * of / (100 if kpi.unit in PERCENT_UNITS else 1)
        weights = [
            denominator * _about(100, series.wobble, f"ratio of {name}")
            for name, denominator in zip(names, denominators, strict=True)
        ]
        amounts = list(zip(split(numerator, weights, series.step), denominators, strict=True))
    elif kpi.aggregation == "mean":
        even = [_about(100, series.jitter, f"size of {name}") for name in names]
        amounts = split(value * len(names), even, series.step)
    elif kpi.kind == "total":
        parts = split(value, shares, series.step)
        amounts = [sum(parts[: at + 1], Decimal(0)) for at in range(len(parts))]
    else:
        amounts = split(value, shares, series.step)
    for name, (day, _), amount in zip(names, days, amounts, strict=True):
        made = reading(kpi, name, day, amount)
        if series.every == "month":
            made = made._replace(month=month.label, arrives=working_day_after(made.arrives))
        yield made


def _reading_days(series: Series, month: Period, of: Decimal | None) -> list[tuple[date, int]]:
    """Return the days of a month that have a reading, and how many working days each of them sums up."""
    all_days = [month.start + DAY * n for n in range((month.end - month.start).days + 1)]
    working = [day for day in all_days if day.weekday() < SATURDAY]
    match series.every:
        case "month":
            return [(month.end, 1)]
        case "day":
            return [(day, 1) for day in all_days]
        case "weekday":
            return [(day, 1) for day in working]
        case "case":
            assert of is not None
            return [(working[int(n * len(working) / of)], 1) for n in range(int(of))]
        case "week":
            weeks: dict[Period, list[date]] = {}
            for day in working:
                weeks.setdefault(period_of("week", day), []).append(day)
            return [(days[-1], len(days)) for days in weeks.values()]


def split(total: Decimal, weights: Sequence[int | Decimal], step: Decimal) -> list[Decimal]:
    """Multiples of `step` in about the proportion of the weights, adding up to exactly `total`.

    Raises ValueError when the total is no multiple of the step.
    """
    steps = total / step
    if steps != steps.to_integral_value():
        raise ValueError(f"{total} is no multiple of {step}")
    whole = sum(Fraction(weight) for weight in weights)
    parts = []
    done, reached = 0, Fraction(0)
    for weight in weights:
        reached += Fraction(weight)
        upto = round(int(steps) * reached / whole)
        parts.append((upto - done) * step)
        done = upto
    return parts


def _about(middle: int, spread: int, name: str) -> int:
    """Return a number within `spread` of the middle that follows from a name."""
    drawn = int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")
    return middle - spread + drawn % (2 * spread + 1)


def _days_from(first: date) -> Iterator[date]:
    day = first
    while True:
        yield day
        day += DAY
