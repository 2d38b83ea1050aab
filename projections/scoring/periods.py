"""Calendar periods of business days. Both ends of a period are days of it; weeks are ISO 8601 weeks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

PeriodKind = Literal["day", "week", "month", "quarter", "half_year", "year"]

_MONTHS: dict[PeriodKind, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_DAY = timedelta(days=1)


class Period(NamedTuple):
    """A calendar period from `start` to `end`, both included. Made by `period_of`."""

    kind: PeriodKind
    start: date
    end: date

    @property
    def label(self) -> str:
        """`2026-03-05`, `2026-W07` (ISO year and week), `2026-03`, `2026-Q1`, `2026-H1` or `2026`."""
        start = self.start
        match self.kind:
            case "day":
                return start.isoformat()
            case "week":
                year, week, _ = start.isocalendar()
                return f"{year:04}-W{week:02}"
            case "month":
                return f"{start.year:04}-{start.month:02}"
            case "quarter":
                return f"{start.year:04}-Q{(start.month + 2) // 3}"
            case "half_year":
                return f"{start.year:04}-H{1 if start.month == 1 else 2}"
            case "year":
                return f"{start.year:04}"

    def previous(self) -> Period:
        """Return the period just before. Raises OverflowError before the year 1."""
        return period_of(self.kind, self.start - _DAY)

    def next(self) -> Period:
        """Return the period just after. Raises OverflowError after the year 9999."""
        return period_of(self.kind, self.end + _DAY)

    def a_year_earlier(self) -> Period | None:
        """Return the same period of last year; for a week the same number in the ISO year before.

        None where last year has no such period: 29 February, or week 53 after a year of 52 weeks.
        """
        try:
            if self.kind == "week":
                year, week, _ = self.start.isocalendar()
                return period_of("week", date.fromisocalendar(year - 1, week, 1))
            return period_of(self.kind, self.start.replace(year=self.start.year - 1))
        except ValueError:
            return None


@lru_cache(maxsize=16_384)
def period_of(kind: PeriodKind, day: date) -> Period:
    """Return the period of a kind that a business day belongs to."""
    if kind == "day":
        return Period(kind, day, day)
    if kind == "week":
        start = day - timedelta(days=day.weekday())
        return Period(kind, start, start + timedelta(days=6))
    months = _MONTHS[kind]
    first = (day.month - 1) // months * months + 1
    last = first + months - 1
    end = date(day.year, 12, 31) if last == 12 else date(day.year, last + 1, 1) - _DAY
    return Period(kind, date(day.year, first, 1), end)


def periods_between(kind: PeriodKind, first: date, last: date) -> Iterator[Period]:
    """Return the periods of the days from `first` to `last`, in order; none if there is no such day."""
    period = period_of(kind, first)
    while period.start <= last:
        yield period
        if period.end >= last:
            return
        period = period.next()


def elapsed(start: date, end: date, as_of: date) -> Fraction:
    """Return the share of the days from `start` to `end` that are over at the end of `as_of`: 0 to 1."""
    finished = (as_of - start).days + 1
    days = (end - start).days + 1
    return Fraction(min(max(finished, 0), days), days)
