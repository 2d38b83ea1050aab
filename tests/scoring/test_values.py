"""A KPI's value over any stretch of days, and how what was added to a day adds up."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.scoring.formulas import rounded
from projections.scoring.values import DayValue, Value, aggregate, merged
from projections.state.kpi_days import Added, columns, day_value
from projections.state.tables import kpi_day
from tests.scoring.given import days, kpi, reading, share

DAY = date(2026, 3, 10)


def test_a_ratio_is_the_ratio_of_the_sums() -> None:
    """Months of 10/40, 9/30 and 2/20: 21/90, not the mean of the three ratios."""
    months = [
        share(date(2026, 1, 31), 10, 40),
        share(date(2026, 2, 28), 9, 30),
        share(date(2026, 3, 31), 2, 20),
    ]
    value = aggregate(kpi("ratio", unit="ratio"), months)
    assert value.value == Fraction(21, 90)
    assert str(rounded(value.value)) == "0.233333"
    assert value.count == 3


def test_a_ratio_in_percent_is_a_percentage() -> None:
    """9 orders of 30 quotations are 30 when the KPI's unit is percent, so that a target of 25 means 25 %."""
    assert aggregate(kpi("ratio", unit="percent"), [share(DAY, 9, 30)]).value == 30


def test_a_ratio_over_nothing_has_no_value() -> None:
    """0 of 0 is unknown, also where empty periods count as zero: the period was not empty."""
    assert aggregate(kpi("ratio", empty="zero"), [share(DAY, 0, 0)]) == Value(None, 1)


@pytest.mark.parametrize(
    ("aggregation", "value"),
    [("sum", 18), ("count", 4), ("mean", Fraction(9, 2)), ("last", 3), ("min", 2), ("max", 8)],
)
def test_each_aggregation(aggregation: str, value: Fraction | int) -> None:
    """Two readings on one day, two on another: 8 and 2, 5 and 3."""
    day, next_day = date(2026, 3, 10), date(2026, 3, 11)
    values = days([reading(day, 8), reading(day, 2), reading(next_day, 5), reading(next_day, 3)])
    found = aggregate(kpi(aggregation), [values[day], values[next_day]])
    assert found == Value(Fraction(value), 4)


def test_the_last_reading_is_the_one_observed_last() -> None:
    """Not the one that came in last; between two of one moment the later position decides."""
    morning, noon = reading(DAY, 7, hour=8), reading(DAY, 5, hour=12)
    same_noon = reading(DAY, 6, hour=12)
    late_morning = days([noon, same_noon, morning])
    assert aggregate(kpi("last"), late_morning.values()).value == 6


def test_totals_are_the_last_of_each_period_and_periods_are_summed() -> None:
    """ "Sold so far this month" reads 40 then 100 in January and 70 in February: 170 in all."""
    totals = days({date(2026, 1, 15): 40, date(2026, 1, 31): 100, date(2026, 2, 28): 70})
    running = kpi("sum", kind="total")
    assert aggregate(running, totals.values()).value == 170
    assert aggregate(running.model_copy(update={"cadence": "quarter"}), totals.values()).value == 70


def test_an_empty_stretch_is_missing_or_zero_as_the_kpi_says() -> None:
    """No accidents is 0; no answers to a survey is unknown."""
    assert aggregate(kpi("sum"), []) == Value(None, 0)
    assert aggregate(kpi("sum", empty="zero"), []) == Value(Fraction(0), 0)


def test_a_day_whose_readings_were_all_retracted_is_empty() -> None:
    """What was added was taken away again."""
    retraction = DayValue(DAY, -1, Decimal(-8), reset=True)
    for aggregation in ("sum", "mean", "last", "min", "max"):
        assert aggregate(kpi(aggregation), [merged(reading(DAY, 8), retraction)]) == Value(None, 0)


def test_sums_are_exact_beyond_the_usual_precision() -> None:
    """38 digits and more: nothing is rounded on the way."""
    huge, tiny = "99999999999999999999999999.000000000001", "0.000000000001"
    values = days([reading(DAY, huge) for _ in range(5)] + [reading(DAY, tiny)])
    expected = 5 * Fraction(huge) + Fraction(tiny)
    assert aggregate(kpi("sum"), values.values()).value == expected
    assert aggregate(kpi("mean"), values.values()).value == expected / 6


def added(
    n: int, total: int, last: tuple[int, int, int] | None, low: int | None, high: int | None, reset: bool
) -> DayValue:
    """What a recorded day added; `last` is (hour, position, value)."""
    return DayValue(
        DAY,
        n,
        Decimal(total),
        last=last and (datetime(2026, 3, 10, last[0], tzinfo=UTC), last[1], Decimal(last[2])),
        min=None if low is None else Decimal(low),
        max=None if high is None else Decimal(high),
        reset=reset,
    )


def test_increments_add_up_and_the_extremes_meet() -> None:
    """8 on the first recorded day, 3 and 5 (observed earlier) on the second."""
    day = merged(added(1, 8, (12, 1, 8), 8, 8, reset=False), added(2, 8, (9, 3, 5), 3, 5, reset=False))
    assert (day.n, day.total, day.min, day.max) == (3, Decimal(16), Decimal(3), Decimal(8))
    assert day.last == (datetime(2026, 3, 10, 12, tzinfo=UTC), 1, Decimal(8))


def test_a_reset_makes_what_earlier_recorded_days_said_of_the_extremes_void() -> None:
    """8 is corrected to 4: 8 is no longer the greatest, and what comes later takes part again."""
    parts = [
        added(2, 10, (12, 1, 8), 2, 8, reset=False),
        added(0, -4, (12, 7, 4), 2, 4, reset=True),
        added(1, 5, (10, 9, 5), 5, 5, reset=False),
    ]
    day = reduce(merged, parts)
    assert (day.n, day.total, day.min, day.max) == (3, Decimal(11), Decimal(2), Decimal(5))
    assert day.last is not None
    assert day.last[2] == 4


small = st.integers(-9, 9)
lasts = st.none() | st.tuples(st.integers(0, 23), st.integers(1, 9), small)
parts = st.builds(added, small, small, lasts, st.none() | small, st.none() | small, st.booleans())


@given(parts, parts, parts)
def test_parts_may_be_merged_in_any_grouping(a: DayValue, b: DayValue, c: DayValue) -> None:
    """Merging is associative."""
    assert merged(merged(a, b), c) == merged(a, merged(b, c))


@given(parts)
def test_a_row_says_what_was_written(part: DayValue) -> None:
    """`kpi_day` gives back what was put into it."""
    row = ("kpi", part.business_day, DAY, *columns(Added(part, 7, datetime(2026, 3, 10, tzinfo=UTC))))
    assert len(row) == len(kpi_day.columns)
    assert day_value(row) == part


hours = st.integers(0, 23)
some_days = st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 3, 31))
readings = st.lists(st.builds(reading, some_days, small, hour=hours), max_size=20)


@given(readings, st.sampled_from(["sum", "mean", "last", "min", "max"]))
def test_a_long_bucket_is_aggregated_from_its_readings(values: list[DayValue], aggregation: str) -> None:
    """The same rule on the readings, computed the slow way."""
    by_day = days(values)
    found = aggregate(kpi(aggregation), [by_day[day] for day in sorted(by_day)])
    numbered = [v._replace(last=(v.last[0], n, v.last[2])) for n, v in enumerate(values, 1) if v.last]
    numbers = [v.last[2] for v in numbered if v.last]
    if not numbers:
        assert found == Value(None, 0)
        return
    latest = max(v.last for v in numbered if v.last)
    expected = {
        "sum": Fraction(sum(numbers)),
        "mean": Fraction(sum(numbers)) / len(numbers),
        "last": Fraction(latest[2]),
        "min": Fraction(min(numbers)),
        "max": Fraction(max(numbers)),
    }
    assert found == Value(expected[aggregation], len(numbers))
