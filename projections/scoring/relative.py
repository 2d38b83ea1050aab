"""The base of a relative goal: which period it is, what the KPI's value was in it, and how a sum grew in it.

Source: docs/reference/scoring.md, section 3. Values are in the KPI's unit.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from events.kpis.state import Kpi
from events.measures import ADDING_UP, Window
from events.relative import Base, CoursePoint, FrozenBase, Relative
from projections.scoring.formulas import written
from projections.scoring.periods import PeriodKind, elapsed, period_of, periods_between
from projections.scoring.values import Bucket, BusinessDays
from projections.scoring.windows import Stretch, reading_days, window_value

_KINDS: dict[Base, PeriodKind] = {
    "previous_month": "month",
    "previous_quarter": "quarter",
    "previous_half": "half_year",
    "previous_year": "year",
}
_DAY = timedelta(days=1)

WHOLE = Window(kind="cycle_to_date")
"""What the base of a KPI's target is made of: all of its period, as the trend shows it."""


class BasePeriod(NamedTuple):
    """The days of a base, and the business day from which a target that follows from it holds."""

    effective_from: date
    start: date
    end: date


class BaseValue(NamedTuple):
    """What is frozen of a base, but for where its readings stand."""

    value: Fraction
    readings: int
    course: tuple[CoursePoint, ...]


def base_periods(relative: Relative, kpi: Kpi, cycle: Stretch, today: date) -> Iterator[BasePeriod]:
    """Return the base periods, of all that a goal is resolved with, that are over before today; in order."""
    for start, stretch in _beginnings(relative, kpi, cycle):
        first, last = _base_of(relative.of, start, stretch)
        # A base may be over before the cycle begins; but what is said for later waits until then.
        if last < today and (relative.resolve == "cycle_start" or start <= today):
            yield BasePeriod(min(max(start, cycle.start), cycle.end), first, last)


def kpi_base_period(relative: Relative, kpi: Kpi, effective_from: date, today: date) -> BasePeriod | None:
    """Return the base period of a KPI's relative target, if it is over before today."""
    first, last = _base_of(relative.of, effective_from, period_of(kpi.cadence, effective_from))
    return BasePeriod(effective_from, first, last) if last < today else None


def base_days(window: Window, kpi: Kpi, period: Stretch) -> tuple[date, date]:
    """Return the first and last business day whose readings make the base."""
    return reading_days(kpi, window, period)


def base_value(window: Window, kpi: Kpi, days: BusinessDays, period: Stretch) -> BaseValue | None:
    """Return the value that a window takes at the end of the base period; None without one.

    `days` holds at least the `base_days`.
    """
    found = window_value(kpi, window, days, period.end, period)
    if found.value.value is None:
        return None
    adds_up = kpi.aggregation in ADDING_UP and window.kind == "cycle_to_date"
    course = tuple(_course(kpi, days, period)) if adds_up else ()
    return BaseValue(found.value.value, found.value.count, course)


def base_so_far(base: FrozenBase, cycle: Stretch, day: date) -> Fraction | None:
    """Return what the base had come to after the same share of whole days as is over of the cycle.

    None once the cycle is over, and for a base that does not add up: then the whole base counts.
    """
    if not base.course or day >= cycle.end:
        return None
    days = (base.end - base.start).days + 1
    over = round(elapsed(cycle.start, cycle.end, day) * days)
    until = base.start + timedelta(days=over - 1)
    values = (point.value for point in reversed(base.course) if point.day <= until)
    return Fraction(next(values, 0))


def _beginnings(relative: Relative, kpi: Kpi, cycle: Stretch) -> Iterator[tuple[date, Stretch]]:
    """Return the days from which targets hold, each with the days that are compared with the base."""
    if relative.resolve == "each_period":
        for period in periods_between(kpi.cadence, cycle.start, cycle.end):
            if period.end <= cycle.end:
                yield period.start, period
    else:
        yield relative.on or cycle.start, cycle


def _base_of(of: Base, start: date, stretch: Stretch) -> tuple[date, date]:
    if of == "same_period_last_year":
        return _a_year_earlier(stretch.start), _a_year_earlier(stretch.end)
    period = period_of(_KINDS[of], start - _DAY)
    if period.end >= start:
        period = period.previous()
    return period.start, period.end


def _a_year_earlier(day: date) -> date:
    """Return the same day of last year; the last day of a month stays the last one."""
    last = monthrange(day.year - 1, day.month)[1]
    ends = day.day == monthrange(day.year, day.month)[1]
    return date(day.year - 1, day.month, last if ends else min(day.day, last))


def _course(kpi: Kpi, days: BusinessDays, period: Stretch) -> Iterator[CoursePoint]:
    bucket = Bucket(kpi)
    for day in days.between(period.start, period.end):
        bucket.add([day])
        value = bucket.value().value
        if value is not None:
            yield CoursePoint(day=day.business_day, value=written(value))
