"""Which of a KPI's business days make the current value of a key result (`Window`).

A date `as_of` means the end of that day. A KPI period belongs to the cycle in which it ends, with all its
days, so a week that began before the cycle is a whole week, and one that ends after it is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice
from typing import Protocol

from events.measures import CountedPeriods, Window
from projections.scoring.periods import Period, period_of, periods_between
from projections.scoring.values import Bucket, BusinessDays, KpiRules, Value, aggregate


class Stretch(Protocol):
    """A cycle: its first and last business day."""

    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date: ...


@dataclass(frozen=True, slots=True)
class WindowValue:
    """The value that counts, and the first and last business day it was taken from.

    Both days are None while nothing counts yet.
    """

    value: Value
    start: date | None
    end: date | None
    open: int | None = None
    """Of counted periods: how many may still be met, because they are to come or have no value."""


NOTHING = WindowValue(Value(None, 0), None, None)


def window_value(
    kpi: KpiRules, window: Window, days: BusinessDays, as_of: date, cycle: Stretch
) -> WindowValue:
    """Return the value that counts at the end of a day. `days` holds at least the `reading_days`."""
    return next(window_values(kpi, window, days, [as_of], cycle))


def window_values(
    kpi: KpiRules, window: Window, days: BusinessDays, as_of: Iterable[date], cycle: Stretch
) -> Iterator[WindowValue]:
    """Return the values that count at the end of several days, which ascend: one pass over `days`.

    `cycle_to_date` takes the days of the cycle so far; `latest_complete_period` the latest period of the
    KPI's cadence that has ended in the cycle and has a value; `rolling` the last n ended periods, also those
    before the cycle, together. Before the cycle nothing counts, after it what counted on its last day.
    """
    if window.kind == "cycle_to_date":
        return _cycle_to_date(kpi, days, as_of, cycle)
    if window.kind == "rolling":
        assert window.periods is not None
        return _rolling(kpi, days, window.periods, as_of, cycle)
    return _latest_complete(kpi, days, as_of, cycle)


def counted_values(
    kpi: KpiRules, rule: CountedPeriods, days: BusinessDays, as_of: Iterable[date], cycle: Stretch
) -> Iterator[WindowValue]:
    """Return how many periods are met at the end of several days, which ascend: one pass over `days`.

    The periods are the first ones of the KPI's cadence that end in the cycle. One that has ended without a
    value stays open: a late reading may still meet it. A cycle may have fewer of them than the rule names.
    `days` holds at least the `reading_days` of `latest_complete_period`.
    """
    ending = (p for p in periods_between(kpi.cadence, cycle.start, cycle.end) if p.end <= cycle.end)
    periods = list(islice(ending, rule.of))
    threshold = Fraction(rule.threshold)
    taken = known = reached = readings = 0
    current = WindowValue(Value(None, 0), None, None, open=len(periods))
    for day in as_of:
        while taken < len(periods) and periods[taken].end <= day:
            found = _together(kpi, days, periods[taken].start, periods[taken].end).value
            taken += 1
            if found.value is None:
                continue
            known += 1
            readings += found.count
            reached += found.value >= threshold if rule.each == "at_least" else found.value <= threshold
            current = WindowValue(
                Value(Fraction(reached), readings),
                periods[0].start,
                periods[taken - 1].end,
                open=len(periods) - known,
            )
        yield current


def reading_days(kpi: KpiRules, window: Window, cycle: Stretch) -> tuple[date, date]:
    """Return the first and last business day whose readings can count in a cycle."""
    if window.kind == "cycle_to_date":
        return cycle.start, cycle.end
    first = period_of(kpi.cadence, cycle.start)
    if window.kind == "rolling":
        assert window.periods is not None
        first = _rolled_back(_last_ended(first, cycle.start), window.periods)
    return first.start, _last_ended(period_of(kpi.cadence, cycle.end), cycle.end).end


def counting_day(kpi: KpiRules, window: Window, business_day: date, cycle: Stretch) -> date | None:
    """Return the first day at whose end a reading of `business_day` counts in the cycle; None if never."""
    first, last = reading_days(kpi, window, cycle)
    if not first <= business_day <= last:
        return None
    if window.kind == "cycle_to_date":
        return business_day
    return max(period_of(kpi.cadence, business_day).end, cycle.start)


def _together(kpi: KpiRules, days: BusinessDays, first: date, last: date) -> WindowValue:
    return WindowValue(aggregate(kpi, days.between(first, last)), first, last)


def _cycle_to_date(
    kpi: KpiRules, days: BusinessDays, as_of: Iterable[date], cycle: Stretch
) -> Iterator[WindowValue]:
    bucket = Bucket(kpi)
    taken = cycle.start - timedelta(days=1)
    for day in as_of:
        if day < cycle.start:
            yield NOTHING
            continue
        end = min(day, cycle.end)
        if end > taken:
            bucket.add(days.between(taken + timedelta(days=1), end))
            taken = end
        yield WindowValue(bucket.value(), cycle.start, end)


def _latest_complete(
    kpi: KpiRules, days: BusinessDays, as_of: Iterable[date], cycle: Stretch
) -> Iterator[WindowValue]:
    periods = periods_between(kpi.cadence, cycle.start, cycle.end)
    upcoming = next(periods, None)
    current = NOTHING
    for day in as_of:
        ended = []
        while upcoming is not None and upcoming.end <= min(day, cycle.end):
            ended.append(upcoming)
            upcoming = next(periods, None)
        for period in reversed(ended):
            found = _together(kpi, days, period.start, period.end)
            if found.value.value is not None:
                current = found
                break
        yield current


def _rolling(
    kpi: KpiRules, days: BusinessDays, periods: int, as_of: Iterable[date], cycle: Stretch
) -> Iterator[WindowValue]:
    current = NOTHING
    newest: Period | None = None
    for day in as_of:
        if day < cycle.start:
            yield NOTHING
            continue
        end = min(day, cycle.end)
        ended = _last_ended(period_of(kpi.cadence, end), end)
        if ended != newest:
            newest = ended
            current = _together(kpi, days, _rolled_back(ended, periods).start, ended.end)
        yield current


def _last_ended(period: Period, day: date) -> Period:
    """Return the latest period that is over at the end of a day of `period`."""
    return period if period.end <= day else period.previous()


def _rolled_back(newest: Period, periods: int) -> Period:
    """Return the oldest of the last n periods."""
    oldest = newest
    for _ in range(periods - 1):
        oldest = oldest.previous()
    return oldest
