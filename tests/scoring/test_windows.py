"""Which value of a KPI counts for a key result on which day."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.kpis.state import Kpi
from events.measures import Window
from projections.scoring.formulas import raw_score, rounded
from projections.scoring.values import BusinessDays, DayValue
from projections.scoring.windows import (
    NOTHING,
    counting_day,
    reading_days,
    window_value,
    window_values,
)
from tests.scoring.given import Q1, YEAR, Stretch, days, kpi, measure, reading, share

LATEST = Window(kind="latest_complete_period")
TO_DATE = Window(kind="cycle_to_date")
APRIL = date(2026, 4, 20)


def rolling(periods: int) -> Window:
    """The last n complete periods."""
    return Window(kind="rolling", periods=periods)


RESPONSE_TIMES = [
    share(date(2026, 1, 20), 400, 100),
    share(date(2026, 2, 20), 400, 200),
    share(date(2026, 3, 20), 300, 300),
]
"""Months of 4, 2 and 1 hours with 100, 200 and 300 tickets."""


@pytest.mark.parametrize(("window", "score"), [(LATEST, "1.000000"), (TO_DATE, "0.722222")])
def test_response_time_from_4_to_1_hours(window: Window, score: str) -> None:
    """The last month reached 1 hour; over the whole quarter it was 1,100 h / 600."""
    found = window_value(kpi("ratio", unit="hours"), window, days(RESPONSE_TIMES), Q1.end, Q1)
    assert found.value.value is not None
    raw = raw_score(measure("decrease", 1, 4), found.value.value)
    assert raw is not None
    assert str(rounded(raw)) == score


def test_monthly_visitors_are_judged_by_a_month() -> None:
    """From 100 to 200 k a month, 120, 160 and 200 k came: 1, and not the 3.8 of all three together."""
    visitors = days({date(2026, 1, 31): 120, date(2026, 2, 28): 160, date(2026, 3, 31): 200})
    goalposts = measure("increase", 200, 100)
    month = window_value(kpi("sum"), LATEST, visitors, Q1.end, Q1)
    quarter = window_value(kpi("sum"), TO_DATE, visitors, Q1.end, Q1)
    assert month.value.value is not None
    assert quarter.value.value is not None
    assert raw_score(goalposts, month.value.value) == 1
    assert raw_score(goalposts, quarter.value.value) == Fraction("3.8")


def test_a_month_counts_from_the_end_of_its_last_day() -> None:
    """On 27 February January is the latest complete month, on the 28th it is February."""
    values = days({date(2026, 1, 10): 1, date(2026, 2, 10): 2})
    january = window_value(kpi("sum"), LATEST, values, date(2026, 2, 27), Q1)
    february = window_value(kpi("sum"), LATEST, values, date(2026, 2, 28), Q1)
    assert (january.value.value, january.end) == (Fraction(1), date(2026, 1, 31))
    assert (february.value.value, february.start) == (Fraction(2), date(2026, 2, 1))


def test_before_the_first_period_ends_nothing_counts() -> None:
    """Not even a reading of that period, and none of the months before the cycle."""
    values = days({date(2025, 12, 10): 5, date(2026, 1, 10): 1})
    assert window_value(kpi("sum"), LATEST, values, date(2026, 1, 30), Q1) == NOTHING


def test_a_month_without_readings_leaves_the_one_before_in_force() -> None:
    """Unless the KPI says that an empty month is zero."""
    values = days({date(2026, 1, 10): 7})
    assert window_value(kpi("sum"), LATEST, values, Q1.end, Q1).value.value == 7
    assert window_value(kpi("sum", empty="zero"), LATEST, values, Q1.end, Q1).value.value == 0


def test_a_week_belongs_to_the_cycle_it_ends_in() -> None:
    """W01 of 2026 begins on 29 December and counts whole; W14 ends on 5 April and does not count at all."""
    values = days({date(2025, 12, 30): 3, date(2026, 1, 2): 4, date(2026, 3, 30): 9})
    weekly = kpi("sum", cadence="week")
    assert window_value(weekly, LATEST, values, date(2026, 1, 4), Q1).value.value == 7
    assert window_value(weekly, LATEST, values, APRIL, Q1).value.value == 7
    assert reading_days(weekly, LATEST, Q1) == (date(2025, 12, 29), date(2026, 3, 29))


def test_cycle_to_date_grows_with_the_days_and_stops_with_the_cycle() -> None:
    """Readings before and after the cycle are not in it."""
    values = days({date(2025, 12, 31): 100, date(2026, 1, 1): 1, date(2026, 3, 31): 2, date(2026, 4, 1): 100})
    found = window_values(
        kpi("sum"), TO_DATE, values, [date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 31), APRIL], Q1
    )
    assert [(window.value.value, window.end) for window in found] == [
        (None, None),
        (1, date(2026, 1, 1)),
        (3, Q1.end),
        (3, Q1.end),
    ]


def test_rolling_looks_back_beyond_the_start_of_the_cycle() -> None:
    """Three months to the end of January are November, December and January."""
    values = days(
        {
            date(2025, 10, 5): 1,
            date(2025, 11, 5): 2,
            date(2025, 12, 5): 4,
            date(2026, 1, 5): 8,
            date(2026, 4, 1): 9,
        }
    )
    quarterly = rolling(3)
    assert window_value(kpi("sum"), quarterly, values, date(2025, 12, 31), Q1) == NOTHING
    assert window_value(kpi("sum"), quarterly, values, date(2026, 1, 30), Q1).value.value == 7
    january = window_value(kpi("sum"), quarterly, values, date(2026, 1, 31), Q1)
    assert (january.value.value, january.start, january.end) == (
        Fraction(14),
        date(2025, 11, 1),
        date(2026, 1, 31),
    )
    assert window_value(kpi("sum"), quarterly, values, APRIL, Q1).value.value == 8


@pytest.mark.parametrize(
    ("window", "day", "counts"),
    [
        (TO_DATE, "2026-02-10", "2026-02-10"),
        (TO_DATE, "2025-12-31", None),
        (TO_DATE, "2026-04-01", None),
        (LATEST, "2026-02-10", "2026-02-28"),
        (LATEST, "2025-12-31", None),
        (rolling(2), "2026-02-10", "2026-02-28"),
        (rolling(2), "2025-11-10", "2026-01-01"),
        (rolling(2), "2025-10-10", None),
    ],
)
def test_the_day_a_reading_starts_to_count(window: Window, day: str, counts: str | None) -> None:
    """At the end of its period, or at once; None if it never counts in the cycle."""
    expected = None if counts is None else date.fromisoformat(counts)
    assert counting_day(kpi("sum"), window, date.fromisoformat(day), Q1) == expected


def test_a_period_longer_than_the_cycle_counts_where_it_ends() -> None:
    """A yearly figure is known in the fourth quarter, and pending in the first."""
    yearly, fourth = kpi("last", cadence="year"), Stretch(date(2026, 10, 1), date(2026, 12, 31))
    assert counting_day(yearly, LATEST, date(2026, 2, 1), Q1) is None
    assert counting_day(yearly, LATEST, date(2026, 2, 1), fourth) == date(2026, 12, 31)
    assert reading_days(yearly, LATEST, fourth)[0] == date(2026, 1, 1)


windows = st.sampled_from([LATEST, TO_DATE, rolling(1), rolling(3)])
kpis = st.builds(
    lambda aggregation, fields: kpi(aggregation, **fields),
    st.sampled_from(["sum", "mean", "last", "min", "max"]),
    st.fixed_dictionaries(
        {
            "cadence": st.sampled_from(["day", "week", "month", "quarter"]),
            "empty": st.sampled_from(["missing", "zero"]),
        }
    ),
) | st.sampled_from([kpi("sum", kind="total"), kpi("sum", kind="total", cadence="week")])
some_days = st.dates(min_value=date(2025, 9, 1), max_value=date(2026, 5, 31))
some_readings = st.lists(st.builds(reading, some_days, st.integers(-9, 9)), max_size=15).map(days)


@given(
    measured=kpis, window=windows, values=some_readings, as_of=st.lists(some_days, max_size=12).map(sorted)
)
def test_many_days_in_one_pass_are_the_days_one_by_one(
    measured: Kpi, window: Window, values: BusinessDays, as_of: list[date]
) -> None:
    """The fast way and the plain way agree."""
    together = list(window_values(measured, window, values, as_of, Q1))
    assert together == [window_value(measured, window, values, day, Q1) for day in as_of]


@given(measured=kpis, window=windows, values=some_readings, day=some_days, as_of=some_days)
def test_a_reading_changes_nothing_before_the_day_it_counts(
    measured: Kpi, window: Window, values: BusinessDays, day: date, as_of: date
) -> None:
    """`counting_day` and `reading_days` promise what the windows do."""
    counts = counting_day(measured, window, day, Q1)
    more = BusinessDays(
        [value for value in values.values() if value.business_day != day] + [reading(day, 1000)]
    )
    if counts is None or as_of < counts:
        first = window_value(measured, window, values, as_of, Q1)
        assert window_value(measured, window, more, as_of, Q1) == first
    else:
        assert Q1.start <= counts <= Q1.end
        sole = window_value(measured, window, days([reading(day, 1000)]), counts, Q1)
        assert sole.value.value == 1000


@given(measured=kpis, window=windows, values=some_readings, as_of=some_days)
def test_only_the_reading_days_are_needed(
    measured: Kpi, window: Window, values: BusinessDays, as_of: date
) -> None:
    """Days outside may be left out of what is read from the table."""
    first, last = reading_days(measured, window, Q1)
    needed = BusinessDays(values.between(first, last))
    assert window_value(measured, window, needed, as_of, Q1) == window_value(
        measured, window, values, as_of, Q1
    )


def test_a_year_of_days_is_quick_enough_to_do_again_with_every_batch() -> None:
    """365 days are passed over once: every reading is looked at once, also when each day is asked for."""

    class Counted(BusinessDays):
        looked_at = 0

        def between(self, first: date, last: date) -> list[DayValue]:
            found = super().between(first, last)
            Counted.looked_at += len(found)
            return found

    all_days = [YEAR.start + timedelta(days=n) for n in range(365)]
    values = Counted(reading(day, 1) for day in all_days)
    assert [w.value.value for w in window_values(kpi("sum"), TO_DATE, values, all_days, YEAR)][-1] == 365
    assert Counted.looked_at == 365
