"""Staleness: whether readings and check-ins come as often as was declared.

Source: docs/reference/scoring.md, section 9. Days are business days of the workspace's zone.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from projections.scoring.periods import Period, PeriodKind, period_of
from projections.scoring.values import BusinessDays


class Freshness(NamedTuple):
    """How old the newest report is."""

    last: date | None
    """The day that it is about; None if there is none yet."""
    latest: date
    """The last day on which it is fresh without another one."""
    stale: bool


def freshness(
    last: date | None, cadence: PeriodKind, stale_after: Decimal, as_of: date, since: date | None = None
) -> Freshness | None:
    """Return whether the newest report is fresh at the end of a day.

    It is, for `stale_after` periods after the period it lies in, counted in days of the next period and cut
    to whole days. Without a report they are counted from the day before `since`, the first day one was
    expected; None without that day, too.
    """
    if last is not None:
        period = period_of(cadence, last)
        try:
            latest = period.end + _days(period.next(), stale_after)
        except OverflowError:  # the calendar ends in 9999
            latest = date.max
    elif since is not None:
        latest = since - timedelta(days=1) + _days(period_of(cadence, since), stale_after)
    else:
        return None
    return Freshness(last, latest, as_of > latest)


def newest(days: BusinessDays, as_of: date) -> date | None:
    """Return the last business day up to a day that has a reading."""
    return next((day for day in reversed(list(days)) if day <= as_of and days[day].n > 0), None)


def _days(period: Period, stale_after: Decimal) -> timedelta:
    days = (period.end - period.start).days + 1
    return timedelta(days=int((days * stale_after).to_integral_value(ROUND_FLOOR)))
