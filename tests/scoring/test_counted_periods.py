"""Periods met of periods required: "at least 4 points in 10 of 12 weeks"."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.cycles.state import Cycle
from events.kpis.state import Kpi
from events.measures import CountedPeriods
from events.objectives.state import KeyResult, TargetFact
from projections.scoring.formulas import met, raw_score
from projections.scoring.periods import period_of
from projections.scoring.scores import KeyResultScore, score_days, score_key_result
from projections.scoring.values import BusinessDays
from projections.scoring.windows import counted_values, counting_day, reading_days
from tests.scoring.given import Q1, days, kpi, measure, reading

CYCLE = Cycle(id="2026-q1", name="2026 Q1", start=Q1.start, end=Q1.end, kind="quarter", status="open")
WEEK = timedelta(weeks=1)
FIRST = date(2025, 12, 29)
"""Monday of the first week that ends in the quarter; the quarter has 13 of them, up to 29 March."""

MOOD = kpi("mean", cadence="week", unit="unit")


def counted(required: int = 10, of: int = 12, each: str = "at_least", threshold: object = 4) -> KeyResult:
    """A key result that counts weeks."""
    periods = {"of": of, "each": each, "threshold": str(threshold)}
    goalposts = measure("count_of_periods", required, periods=periods)
    fact = TargetFact(target=goalposts.target, effective_from=Q1.start)
    return KeyResult(id="kr", title="…", measure=goalposts, targets=(fact,), kpi="sales")


def weeks(*values: object) -> BusinessDays:
    """One reading in each week from the first one on; None is a week without."""
    given_values = [
        reading(FIRST + n * WEEK + timedelta(days=2), value)
        for n, value in enumerate(values)
        if value is not None
    ]
    return days(given_values)


def after(number: int, kr: KeyResult, values: BusinessDays, measured: Kpi = MOOD) -> KeyResultScore:
    """The score at the end of the last day of a week."""
    return score_key_result(kr, measured, CYCLE, values, FIRST + number * WEEK - timedelta(days=1))


def test_ten_of_twelve_weeks() -> None:
    """10 weeks of at least 4 points and 2 below: 10 / 10 = 1, met."""
    score = after(12, counted(), weeks(*[4] * 10, "3.9", 3))
    assert (score.value, score.raw, score.met) == (Decimal(10), Decimal("1.000000"), True)
    assert (score.open_periods, score.unreachable, score.cadence) == (0, False, "week")
    assert (score.start, score.end, score.window) == (FIRST, date(2026, 3, 22), None)
    assert score.count == 12


def test_weeks_to_come_are_open_and_not_missed() -> None:
    """After 4 of 12 weeks, 3 of them met: 3 / 10, and 8 are open."""
    score = after(4, counted(), weeks(5, 3, 4, "4.2"))
    assert (score.value, score.raw, score.met) == (Decimal(3), Decimal("0.300000"), False)
    assert (score.open_periods, score.unreachable) == (8, False)


def test_a_week_counts_when_it_is_over() -> None:
    """On its Saturday the second week says nothing yet."""
    values = weeks(4, 4)
    assert score_key_result(counted(), MOOD, CYCLE, values, date(2026, 1, 10)).value == 1
    assert score_key_result(counted(), MOOD, CYCLE, values, date(2026, 1, 11)).value == 2


def test_unreachable_when_met_and_open_are_too_few() -> None:
    """Two missed weeks leave 10 of 12, a third one leaves 9."""
    assert not after(2, counted(), weeks(1, 1)).unreachable
    score = after(3, counted(), weeks(1, 1, 1))
    assert (score.value, score.raw, score.open_periods) == (Decimal(0), Decimal("0.000000"), 9)
    assert score.unreachable


def test_a_week_without_a_value_stays_open() -> None:
    """A late reading may still meet it; in a KPI whose empty periods are 0 it is missed."""
    values = weeks(None, None, None, 4)
    score = after(4, counted(), values)
    assert (score.value, score.open_periods, score.unreachable) == (Decimal(1), 11, False)
    zero = after(4, counted(), values, kpi("mean", cadence="week", empty="zero", unit="unit"))
    assert (zero.value, zero.open_periods, zero.unreachable) == (Decimal(1), 8, True)


def test_before_the_first_value_it_is_pending() -> None:
    """Nothing met is not the same as nothing known."""
    score = after(1, counted(), weeks(None, 4))
    assert (score.value, score.raw, score.met, score.pending) == (None, None, None, True)
    assert (score.open_periods, score.unreachable) == (12, False)


def test_at_most_counts_weeks_up_to_the_threshold() -> None:
    """At most 2 complaints; exactly 2 is met."""
    complaints = kpi("sum", cadence="week", unit="unit")
    score = after(3, counted(2, 3, "at_most", 2), weeks(2, 3, "0"), complaints)
    assert (score.value, score.met) == (Decimal(2), True)


def test_the_value_of_a_sum_is_that_of_the_whole_week() -> None:
    """1 on 31 December and 3 on 2 January: the first week has 4, though it began before the cycle."""
    values = days([reading(date(2025, 12, 31), 1), reading(date(2026, 1, 2), 3)])
    score = after(1, counted(1, 1), values, kpi("sum", cadence="week", unit="unit"))
    assert (score.value, score.met) == (Decimal(1), True)


def test_more_than_required_scores_above_1() -> None:
    """12 of 10: raw 1.2, shown 1."""
    score = after(12, counted(), weeks(*[4] * 13))
    assert (score.raw, score.score) == (Decimal("1.200000"), Decimal("1.000000"))
    assert after(13, counted(), weeks(*[4] * 13)) == score


def test_a_cycle_with_too_few_periods_says_so_at_once() -> None:
    """Four months do not fit into a quarter."""
    score = score_key_result(counted(4, 6), kpi("mean", unit="unit"), CYCLE, BusinessDays(), Q1.start)
    assert (score.open_periods, score.unreachable, score.pending) == (3, True, True)


def test_without_a_kpi_the_number_of_periods_is_reported() -> None:
    """The check-in says how many; which are open is not known."""
    kr = counted().model_copy(update={"kpi": None})
    score = score_key_result(kr, None, CYCLE, BusinessDays(), Q1.end)
    assert (score.pending, score.open_periods, score.unreachable, score.cadence) == (True, None, False, None)


week_values = st.lists(st.none() | st.integers(0, 8), max_size=13)
rules = st.tuples(st.integers(1, 13), st.integers(1, 13), st.sampled_from(["at_least", "at_most"])).filter(
    lambda rule: rule[0] <= rule[1]
)


@given(values=week_values, rule=rules)
def test_met_open_and_missed_are_all_the_periods(
    values: list[int | None], rule: tuple[int, int, str]
) -> None:
    """At every week's end; what is met or open never grows, and once unreachable it stays so."""
    required, of, each = rule
    kr = counted(required, of, each)
    ends = [FIRST + n * WEEK - timedelta(days=1) for n in range(1, 14)]
    scores = score_days(kr, MOOD, CYCLE, weeks(*values), ends)
    attainable = [int(score.value or 0) + (score.open_periods or 0) for score in scores]
    assert attainable == sorted(attainable, reverse=True)
    for n, (score, left) in enumerate(zip(scores, attainable, strict=True), 1):
        missed = sum(
            value is not None and (value < 4 if each == "at_least" else value > 4)
            for value in values[: min(n, of)]
        )
        assert left + missed == of
        assert score.unreachable is (left < required)
        if score.raw is not None:
            assert 0 <= score.raw <= Decimal(of) / required + 1
            assert score.met is (score.raw >= 1)


@given(values=week_values, better=st.integers(0, 12), rule=rules)
def test_a_better_week_never_scores_less(
    values: list[int | None], better: int, rule: tuple[int, int, str]
) -> None:
    """Monotone in every week, in the direction of the threshold."""
    required, of, each = rule
    kr = counted(required, of, each)
    raised = [*values, *[None] * (13 - len(values))]
    if raised[better] is None or better >= of:
        return
    raised[better] = 9 if each == "at_least" else -1
    before, after_ = (score_key_result(kr, MOOD, CYCLE, weeks(*v), Q1.end) for v in (values, raised))
    assert before.raw is not None
    assert after_.raw is not None
    assert before.raw <= after_.raw


@given(required=st.integers(1, 400), reached=st.integers(0, 400))
def test_the_score_is_met_by_required(required: int, reached: int) -> None:
    """Exactly as many as required is met and scores exactly 1."""
    periods = {"of": 400, "each": "at_least", "threshold": "4"}
    goalposts = measure("count_of_periods", required, periods=periods)
    assert raw_score(goalposts, Fraction(reached)) == Fraction(reached, required)
    assert met(goalposts, Fraction(reached)) is (reached >= required)


@pytest.mark.parametrize("cadence", ["day", "week", "month"])
@pytest.mark.parametrize("aggregation", ["sum", "mean"])
@given(offset=st.integers(-10, 100), of=st.integers(1, 100))
def test_a_reading_changes_nothing_before_its_counting_day(
    cadence: str, aggregation: str, offset: int, of: int
) -> None:
    """Nor does one outside the `reading_days`; the rows of score history rest on this."""
    measured = kpi(aggregation, cadence=cadence, unit="unit")
    kr = counted(1, of)
    window = kr.measure.window_for(measured.aggregation)
    day = Q1.start + timedelta(days=offset)
    as_of = [Q1.start + timedelta(days=n) for n in range(100)]
    rule = CountedPeriods(of=of, each="at_least", threshold=Decimal(4))
    without = list(counted_values(measured, rule, BusinessDays(), as_of, Q1))
    with_it = list(counted_values(measured, rule, days([reading(day, 4)]), as_of, Q1))
    changed = [day for day, one, other in zip(as_of, without, with_it, strict=True) if one != other]
    counts = counting_day(measured, window, day, Q1)
    if changed:
        first, last = reading_days(measured, window, Q1)
        assert first <= day <= last
        assert changed[0] == counts == max(period_of(measured.cadence, day).end, Q1.start)


@given(values=week_values)
def test_days_together_are_days_one_by_one(values: list[int | None]) -> None:
    """One pass over the quarter says the same as a pass for each day."""
    kr = counted(3, 5)
    as_of = [Q1.start + timedelta(days=n) for n in range(0, 100, 3)]
    together = score_days(kr, MOOD, CYCLE, weeks(*values), as_of)
    assert together == [score_key_result(kr, MOOD, CYCLE, weeks(*values), day) for day in as_of]
