"""Values of a KPI over any stretch of time, aggregated from its business days.

Sums are exact decimals (`EXACT`), quotients exact fractions; nothing is rounded here. A value is in the KPI's
unit; a ratio of sums becomes a percentage when that unit is percent.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from functools import reduce
from typing import NamedTuple, Protocol

from events.kpis.definition import Cadence, EmptyPeriod
from events.measures import Aggregation
from events.units import PERCENT_UNITS
from projections.scoring.periods import period_of

EXACT = Context(prec=200, traps=[Inexact])
"""Sums of readings are exact: a sum that would have to be rounded is a bug, and raises."""

Last = tuple[datetime, int, Decimal]
"""(observed_at, position, value): of two readings the greater one is the later."""

_ZERO = Decimal(0)


class DayValue(NamedTuple):
    """What readings of one business day add up to: the whole day, or what one recorded day added to it.

    `n`, `total`, `numerator` and `denominator` add up; in what a recorded day added they may be negative.
    `last`, `min` and `max` are of the readings with a value. With `reset` they hold for the business day as a
    whole, whatever was recorded before (a correction or retraction took something away).
    """

    business_day: date
    n: int = 0
    total: Decimal = _ZERO
    numerator: Decimal = _ZERO
    denominator: Decimal = _ZERO
    last: Last | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    reset: bool = False


def merged(earlier: DayValue, later: DayValue) -> DayValue:
    """Add up what two stretches of recorded days added to one business day; associative, for any grouping."""
    last, low, high = later.last, later.min, later.max
    if not later.reset:
        if last is None or (earlier.last is not None and earlier.last > last):
            last = earlier.last
        if low is None or (earlier.min is not None and earlier.min < low):
            low = earlier.min
        if high is None or (earlier.max is not None and earlier.max > high):
            high = earlier.max
    return DayValue(
        later.business_day,
        earlier.n + later.n,
        EXACT.add(earlier.total, later.total),
        EXACT.add(earlier.numerator, later.numerator),
        EXACT.add(earlier.denominator, later.denominator),
        last,
        low,
        high,
        earlier.reset or later.reset,
    )


class BusinessDays(Mapping[date, DayValue]):
    """A KPI's business days that have readings, always in order."""

    __slots__ = ("_order", "_values")

    def __init__(self, values: Iterable[DayValue] = ()) -> None:
        self._order: list[date] = []
        self._values: dict[date, DayValue] = {}
        for value in values:
            self.add(value)

    def add(self, added: DayValue) -> None:
        """Take in what a recorded day added; recorded days come in order, business days in any."""
        day = added.business_day
        before = self._values.get(day)
        if before is None:
            insort(self._order, day)
            self._values[day] = added
        else:
            self._values[day] = merged(before, added)

    def between(self, first: date, last: date) -> list[DayValue]:
        """Return the days from `first` to `last`, both included."""
        order, values = self._order, self._values
        return [values[day] for day in order[bisect_left(order, first) : bisect_right(order, last)]]

    def __getitem__(self, day: date) -> DayValue:
        return self._values[day]

    def __iter__(self) -> Iterator[date]:
        return iter(self._order)

    def __len__(self) -> int:
        return len(self._order)


@dataclass(frozen=True, slots=True)
class Value:
    """A KPI's value over a stretch of time: None if there is none, and of how many readings."""

    value: Fraction | None
    count: int


class KpiRules(Protocol):
    """What aggregation needs to know of a KPI: a `Kpi` fits."""

    @property
    def kind(self) -> str: ...
    @property
    def aggregation(self) -> Aggregation: ...
    @property
    def cadence(self) -> Cadence: ...
    @property
    def unit(self) -> str: ...
    @property
    def empty(self) -> EmptyPeriod: ...


def aggregate(kpi: KpiRules, days: Iterable[DayValue]) -> Value:
    """Return the KPI's value over some business days, given in order.

    Without readings it is None, or 0 for a KPI whose empty periods count as zero. A ratio whose denominators
    add up to 0 has no value.
    """
    bucket = Bucket(kpi)
    bucket.add(days)
    return bucket.value()


class Bucket:
    """A running aggregation: business days go in, in order, and the value so far can be asked at any time."""

    __slots__ = (
        "_aggregation",
        "_cadence",
        "_count",
        "_empty",
        "_extreme",
        "_finished",
        "_last",
        "_numerator",
        "_per_period",
        "_period_end",
        "_scale",
        "_total",
    )

    def __init__(self, kpi: KpiRules) -> None:
        self._aggregation = kpi.aggregation
        self._cadence = kpi.cadence
        self._empty = Fraction(0) if kpi.empty == "zero" else None
        # A total ("sold so far this month") is the last one of its period, and periods are summed.
        self._per_period = kpi.kind == "total" and kpi.aggregation == "sum"
        self._scale = 100 if kpi.unit in PERCENT_UNITS else 1
        self._count = 0
        self._total = self._numerator = self._finished = _ZERO
        self._last: Last | None = None
        self._extreme: Decimal | None = None
        self._period_end = date.min

    def add(self, days: Iterable[DayValue]) -> None:
        """Take in the next business days. Raises decimal.Inexact rather than round a sum."""
        days = days if isinstance(days, list) else list(days)
        self._count += sum([day.n for day in days])
        match self._aggregation:
            case "sum" if self._per_period:
                for day in days:
                    self._add_total(day)
            case "sum" | "mean":
                self._total = reduce(EXACT.add, [day.total for day in days], self._total)
            case "ratio":
                self._numerator = reduce(EXACT.add, [day.numerator for day in days], self._numerator)
                self._total = reduce(EXACT.add, [day.denominator for day in days], self._total)
            case "last":
                lasts = [day.last for day in days if day.last is not None]
                self._last = max(lasts if self._last is None else [*lasts, self._last], default=None)
            case "min":
                lows = [day.min for day in days if day.min is not None]
                self._extreme = min(lows if self._extreme is None else [*lows, self._extreme], default=None)
            case "max":
                highs = [day.max for day in days if day.max is not None]
                self._extreme = max(highs if self._extreme is None else [*highs, self._extreme], default=None)

    def _add_total(self, day: DayValue) -> None:
        if day.business_day > self._period_end:
            if self._last is not None:
                self._finished = EXACT.add(self._finished, self._last[2])
            self._last = None
            self._period_end = period_of(self._cadence, day.business_day).end
        if day.last is not None and (self._last is None or day.last > self._last):
            self._last = day.last

    def value(self) -> Value:
        """Return the value of the days so far."""
        count = self._count
        if not count:
            return Value(self._empty, 0)
        match self._aggregation:
            case "sum" if self._per_period:
                current = _ZERO if self._last is None else self._last[2]
                return Value(_fraction(EXACT.add(self._finished, current)), count)
            case "sum":
                return Value(_fraction(self._total), count)
            case "count":
                return Value(Fraction(count), count)
            case "mean":
                return Value(_fraction(self._total) / count, count)
            case "ratio":
                if not self._total:
                    return Value(None, count)
                return Value(_fraction(self._numerator) / _fraction(self._total) * self._scale, count)
            case "last":
                return Value(None if self._last is None else _fraction(self._last[2]), count)
            case "min" | "max":
                return Value(None if self._extreme is None else _fraction(self._extreme), count)


def _fraction(number: Decimal) -> Fraction:
    """Return a number as a fraction, in half the time of `Fraction(number)`."""
    numerator, denominator = number.as_integer_ratio()
    return Fraction(numerator, denominator)
