"""Calendar periods: where they start and end, their names, and their neighbours."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.scoring.periods import PeriodKind, elapsed, period_of, periods_between

kinds = st.sampled_from(get_args(PeriodKind))
some_days = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31))


@pytest.mark.parametrize(
    ("kind", "day", "start", "end", "label"),
    [
        ("day", "2026-02-10", "2026-02-10", "2026-02-10", "2026-02-10"),
        ("week", "2026-02-10", "2026-02-09", "2026-02-15", "2026-W07"),
        ("week", "2027-01-01", "2026-12-28", "2027-01-03", "2026-W53"),
        ("month", "2028-02-10", "2028-02-01", "2028-02-29", "2028-02"),
        ("quarter", "2026-05-31", "2026-04-01", "2026-06-30", "2026-Q2"),
        ("quarter", "2026-12-31", "2026-10-01", "2026-12-31", "2026-Q4"),
        ("half_year", "2026-07-01", "2026-07-01", "2026-12-31", "2026-H2"),
        ("half_year", "2026-06-30", "2026-01-01", "2026-06-30", "2026-H1"),
        ("year", "2026-02-10", "2026-01-01", "2026-12-31", "2026"),
    ],
)
def test_a_day_belongs_to_one_period(kind: PeriodKind, day: str, start: str, end: str, label: str) -> None:
    """Both ends are included; a week belongs to the ISO year of its Thursday."""
    period = period_of(kind, date.fromisoformat(day))
    assert (period.start.isoformat(), period.end.isoformat(), period.label) == (start, end, label)


@given(kind=kinds, day=some_days)
def test_periods_follow_each_other_without_gap(kind: PeriodKind, day: date) -> None:
    """The next one begins the day after, and going on and back leads home."""
    period = period_of(kind, day)
    assert period.start <= day <= period.end
    assert period.next().start == period.end + timedelta(days=1)
    assert period.next().previous() == period
    assert period_of(kind, period.start) == period_of(kind, period.end) == period


@given(kind=kinds, first=some_days, length=st.integers(0, 400))
def test_a_range_of_days_is_cut_into_consecutive_periods(kind: PeriodKind, first: date, length: int) -> None:
    """They cover exactly the days asked for, the first and last one perhaps more."""
    last = first + timedelta(days=length)
    periods = list(periods_between(kind, first, last))
    assert periods[0] == period_of(kind, first)
    assert periods[-1] == period_of(kind, last)
    assert all(one.next() == other for one, other in pairwise(periods))


def test_no_days_are_no_periods() -> None:
    """A range that ends before it begins."""
    assert list(periods_between("month", date(2026, 3, 1), date(2026, 1, 31))) == []


def test_a_range_may_reach_the_end_of_the_calendar() -> None:
    """No period after the last one is looked at."""
    assert [period.label for period in periods_between("year", date(9998, 5, 1), date.max)] == [
        "9998",
        "9999",
    ]


@pytest.mark.parametrize(
    ("kind", "day", "label"),
    [
        ("day", "2026-03-05", "2025-03-05"),
        ("month", "2028-02-29", "2027-02"),
        ("quarter", "2026-05-01", "2025-Q2"),
        ("week", "2026-02-10", "2025-W07"),
        ("week", "2021-01-04", "2020-W01"),
        ("year", "2026-05-01", "2025"),
    ],
)
def test_the_same_period_last_year(kind: PeriodKind, day: str, label: str) -> None:
    """By name: the same month, the same week number of the ISO year before."""
    earlier = period_of(kind, date.fromisoformat(day)).a_year_earlier()
    assert earlier is not None
    assert earlier.label == label


@pytest.mark.parametrize(("kind", "day"), [("day", "2028-02-29"), ("week", "2026-12-30")])
def test_some_periods_have_no_twin_last_year(kind: PeriodKind, day: str) -> None:
    """29 February, and week 53 after a year of 52 weeks."""
    assert period_of(kind, date.fromisoformat(day)).a_year_earlier() is None


@pytest.mark.parametrize(
    ("as_of", "share"),
    [("2025-12-31", 0), ("2026-01-01", Fraction(1, 90)), ("2026-02-14", Fraction(1, 2)), ("2026-04-09", 1)],
)
def test_elapsed_counts_days_that_are_over(as_of: str, share: Fraction) -> None:
    """A date means the end of that day: 45 of the 90 days of a quarter are over on 14 February."""
    assert elapsed(date(2026, 1, 1), date(2026, 3, 31), date.fromisoformat(as_of)) == share
