"""The trend of a KPI: buckets, targets, attainment and change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.kpis.definition import KpiTarget
from events.kpis.state import Kpi
from projections.scoring.periods import PeriodKind, period_of
from projections.scoring.values import DayValue, aggregate
from projections.trend import MOST_BUCKETS, Change, OutOfRange, TrendPoint, days_needed, trend
from tests.scoring.given import days, kpi, reading, share

TODAY = date(2026, 4, 10)


def target(
    value: object, start: str, end: str | None = None, kind: str = "at_least", **fields: Any
) -> KpiTarget:
    """A target of a KPI from one day to another."""
    return KpiTarget.model_validate(
        {"kind": kind, "target": str(value), "effective_from": start, "effective_to": end} | fields
    )


def months(
    measured: Kpi, values: Mapping[date, DayValue], first: str = "2026-01-01", last: str = "2026-04-30"
) -> list[TrendPoint]:
    """The monthly trend as of today."""
    return trend(measured, values, "month", date.fromisoformat(first), date.fromisoformat(last), TODAY)


SALES = days(
    {
        date(2025, 3, 10): 80,
        date(2025, 12, 20): 200,
        date(2026, 1, 10): 60,
        date(2026, 1, 20): 40,
        date(2026, 3, 10): 120,
        date(2026, 4, 5): 30,
    }
)


def test_each_bucket_has_its_value_and_count() -> None:
    """January's two sales are summed; February has none, which is missing and not 0."""
    points = months(kpi("sum"), SALES)
    assert [point.label for point in points] == ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert [point.value for point in points] == [Decimal(100), None, Decimal(120), Decimal(30)]
    assert [point.count for point in points] == [2, 0, 1, 1]
    assert (points[1].start, points[1].end) == (date(2026, 2, 1), date(2026, 2, 28))


def test_an_unfinished_bucket_says_so() -> None:
    """On 10 April, March is complete and April is not; nothing is known of the days to come."""
    points = months(kpi("sum"), {**SALES, **days({date(2026, 4, 11): 999})})
    assert [point.complete for point in points] == [True, True, True, False]
    assert points[-1].value == 30


def test_empty_buckets_may_count_as_zero_but_not_before_they_begin() -> None:
    """February was 0, May is not yet anything."""
    points = months(kpi("sum", empty="zero"), SALES, last="2026-05-31")
    assert [point.value for point in points] == [Decimal(100), Decimal(0), Decimal(120), Decimal(30), None]


def test_change_to_the_bucket_before_and_to_last_year() -> None:
    """January 100 after December's 200: -50 %; March 120 after 80 in the March before: +50 %."""
    january, february, march, _ = months(kpi("sum"), SALES)
    assert january.change == Change(Decimal("-50.000000"), "percent")
    assert january.change_on_year is None
    assert february.change is None
    assert march.change is None
    assert march.change_on_year == Change(Decimal("50.000000"), "percent")


def test_there_is_no_percentage_of_nothing_or_of_a_loss() -> None:
    """From 0 or from -10 any change would be endless or have the wrong sign."""
    values = days({date(2026, 1, 5): 0, date(2026, 2, 5): 10, date(2026, 3, 5): -10, date(2026, 4, 5): 20})
    assert [point.change for point in months(kpi("sum"), values)][1:] == [
        None,
        Change(Decimal("-200.000000"), "percent"),
        None,
    ]


@pytest.mark.parametrize(("unit", "value"), [("percent", Decimal(90)), ("ratio", Decimal("0.9"))])
def test_shares_change_by_percentage_points(unit: str, value: Decimal) -> None:
    """On time 84 of 100 and then 90 of 100: 6 points, however the share is written."""
    values = days([share(date(2026, 1, 5), 84, 100), share(date(2026, 2, 5), 90, 100)])
    february = months(kpi("ratio", unit=unit), values)[1]
    assert february.value == value
    assert february.change == Change(Decimal("6.000000"), "points")


def test_values_that_end_are_exact_and_others_have_six_places() -> None:
    """Two thirds do not end."""
    values = days([share(date(2026, 1, 5), 2, 3), share(date(2026, 2, 5), 1, 8)])
    assert [str(point.value) for point in months(kpi("ratio"), values)][:2] == ["0.666667", "0.125"]


def test_each_bucket_is_held_against_the_target_of_its_last_day() -> None:
    """50 until the middle of January, then 120; the target of March alone is 100."""
    targets = (
        target(50, "2026-01-01", "2026-01-15"),
        target(120, "2026-01-16"),
        target(100, "2026-03-01", "2026-03-31"),
    )
    points = months(kpi("sum", targets=targets), SALES)
    assert [point.target for point in points] == [Decimal(120), Decimal(120), Decimal(100), Decimal(120)]
    assert [str(point.attainment) for point in points] == ["0.833333", "None", "1.200000", "0.250000"]
    assert [point.met for point in points] == [False, None, True, False]


def test_a_target_of_at_most_is_met_from_below() -> None:
    """Response in 24 hours, 30 were needed: attainment 0.75."""
    values = days({date(2026, 1, 5): 30, date(2026, 2, 5): 24})
    points = months(kpi("mean", targets=(target(24, "2026-01-01", kind="at_most"),)), values)
    assert [(str(point.attainment), point.met) for point in points[:2]] == [
        ("0.750000", False),
        ("1.000000", True),
    ]


def test_a_monthly_sum_is_not_held_against_a_week_or_a_quarter() -> None:
    """The target is shown, attainment is not; a mean compares over any bucket."""
    targets = (target(100, "2026-01-01"),)
    quarter = (date(2026, 1, 1), date(2026, 3, 31), TODAY)
    summed = trend(kpi("sum", targets=targets), SALES, "quarter", *quarter)[0]
    assert (summed.value, summed.target, summed.attainment, summed.met) == (
        Decimal(220),
        Decimal(100),
        None,
        None,
    )
    averaged = trend(kpi("mean", targets=targets), SALES, "quarter", *quarter)[0]
    assert (str(averaged.attainment), averaged.met) == ("0.733333", False)


def test_a_kpi_without_a_target_has_a_trend() -> None:
    """Only value and change."""
    point = months(kpi("sum"), SALES)[0]
    assert (point.target, point.attainment, point.met) == (None, None, None)


def test_weekly_totals_count_once_where_months_meet() -> None:
    """W05 of 2026 lies in January and February; "sold so far this week" was 50 and in the end 100."""
    weekly = kpi("sum", kind="total", cadence="week")
    values = days({date(2026, 1, 21): 10, date(2026, 1, 28): 50, date(2026, 2, 1): 100, date(2026, 2, 8): 7})
    january, february, *_ = months(weekly, values)
    assert (january.value, january.count) == (Decimal(10), 2)
    assert (february.value, february.count) == (Decimal(107), 2)
    assert trend(weekly, values, "day", date(2026, 1, 28), date(2026, 1, 28), TODAY)[0].value == 50


@pytest.mark.parametrize(
    ("bucket", "first", "labels"),
    [
        ("day", "2026-03-08", ["2026-03-08", "2026-03-09", "2026-03-10"]),
        ("week", "2026-02-24", ["2026-W09", "2026-W10", "2026-W11"]),
        ("quarter", "2025-08-01", ["2025-Q3", "2025-Q4", "2026-Q1"]),
        ("year", "2024-05-05", ["2024", "2025", "2026"]),
    ],
)
def test_every_kind_of_bucket(bucket: PeriodKind, first: str, labels: list[str]) -> None:
    """Buckets are whole, also where the days asked for begin or end within one."""
    points = trend(kpi("sum"), SALES, bucket, date.fromisoformat(first), date(2026, 3, 10), TODAY)
    assert [point.label for point in points] == labels
    assert points[-1].value == {"day": 120, "week": 120, "quarter": 220, "year": 250}[bucket]


def test_week_53_and_29_february_have_no_last_year() -> None:
    """Rather than a neighbour of theirs."""
    values = days({date(2025, 12, 24): 5, date(2025, 12, 31): 6, date(2026, 12, 30): 7})
    week = trend(kpi("sum"), values, "week", date(2026, 12, 30), date(2026, 12, 30), date(2027, 1, 10))[0]
    assert (week.label, week.change_on_year) == ("2026-W53", None)


def test_a_trend_has_its_limits() -> None:
    """Ten years of days fit, one more day does not; an empty range and the year 1 are refused in words."""
    start = date(2010, 1, 1)
    measured = kpi("sum")
    most = start + timedelta(days=MOST_BUCKETS - 1)
    assert len(trend(measured, {}, "day", start, most, TODAY)) == MOST_BUCKETS
    with pytest.raises(OutOfRange, match="3,700 buckets"):
        trend(measured, {}, "day", start, most + timedelta(days=1), TODAY)
    with pytest.raises(OutOfRange, match="no days"):
        trend(measured, {}, "day", TODAY, start, TODAY)
    with pytest.raises(OutOfRange, match="1900"):
        days_needed(measured, "year", date.min, TODAY)
    with pytest.raises(OutOfRange, match="9990"):
        days_needed(measured, "year", TODAY, date.max)


some_days = st.dates(date(2024, 6, 1), date(2026, 6, 30))
some_readings = st.lists(st.builds(reading, some_days, st.integers(-9, 9)), max_size=20).map(days)
buckets = st.sampled_from(get_args(PeriodKind))
kpis = st.sampled_from(
    [
        *(kpi(aggregation) for aggregation in ("sum", "mean", "last", "min", "max")),
        kpi("sum", kind="total"),
        kpi("sum", kind="total", cadence="week"),
        kpi("sum", empty="zero"),
    ]
)


@given(measured=kpis, values=some_readings, bucket=buckets, first=some_days, length=st.integers(0, 60))
def test_only_the_days_needed_are_needed(
    measured: Kpi, values: Mapping[date, DayValue], bucket: PeriodKind, first: date, length: int
) -> None:
    """What lies outside may be left in the table."""
    last = first + timedelta(days=length)
    start, end = days_needed(measured, bucket, first, last)
    needed = {day: value for day, value in values.items() if start <= day <= end}
    arguments = (bucket, first, last, date(2026, 6, 30))
    assert trend(measured, needed, *arguments) == trend(measured, values, *arguments)


@given(values=some_readings, bucket=buckets, first=some_days, length=st.integers(0, 60))
def test_a_bucket_is_the_aggregate_of_its_days(
    values: Mapping[date, DayValue], bucket: PeriodKind, first: date, length: int
) -> None:
    """The trend and the scores use one aggregation."""
    last = first + timedelta(days=length)
    for point in trend(kpi("mean"), values, bucket, first, last, date.max):
        period = period_of(bucket, point.start)
        inside = [values[day] for day in sorted(values) if period.start <= day <= period.end]
        exact = aggregate(kpi("mean"), inside).value
        assert (point.value is None) is (exact is None)
        if exact is not None and point.value is not None:
            assert abs(Fraction(point.value) - exact) <= Fraction(1, 2_000_000)


@given(values=some_readings, bucket=buckets.filter(lambda bucket: bucket != "day"))
def test_totals_are_neither_lost_nor_counted_twice(
    values: Mapping[date, DayValue], bucket: PeriodKind
) -> None:
    """Every bucket as long as the KPI's period adds up to the same sum."""
    weekly = kpi("sum", kind="total", cadence="week", empty="zero")
    points = trend(weekly, values, bucket, date(2024, 1, 1), date(2026, 12, 31), date.max)
    whole = aggregate(weekly, [values[day] for day in sorted(values)])
    assert sum(point.value or 0 for point in points) == whole.value
    assert sum(point.count for point in points) == whole.count


def test_a_target_between_two_edges_shows_both() -> None:
    """January's 100 lies inside 90 to 110; March's 120 is 10 beyond, half of the tolerance."""
    wanted = target(90, "2026-01-01", kind="between", upper="110", grading="tolerance", tolerance="20")
    january, _, march, _ = months(kpi("sum", targets=[wanted]), SALES)
    assert (january.target, january.upper) == (Decimal(90), Decimal(110))
    assert (january.attainment, january.met) == (Decimal(1), True)
    assert (march.attainment, march.met) == (Decimal("0.500000"), False)
