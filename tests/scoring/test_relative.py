"""Relative goals: which period the base is, how it is frozen, what an unfinished sum is held against."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.cycles.state import Cycle
from events.kpis.state import Kpi
from events.measures import Measure
from events.objectives.state import KeyResult, TargetFact
from events.objectives.trajectory import TrajectoryPoint
from events.relative import FrozenBase
from projections.scoring.formulas import written
from projections.scoring.relative import BasePeriod, base_periods, base_so_far, base_value
from projections.scoring.scores import KeyResultScore, score_days
from projections.scoring.trajectories import expected_on, expected_score
from projections.scoring.values import BusinessDays
from tests.scoring.given import Q1, Stretch, days, kpi

CYCLE = Cycle(id="q1", name="Q1", start=Q1.start, end=Q1.end, kind="quarter", status="open")
Q4 = Stretch(date(2025, 10, 1), date(2025, 12, 31))
LATER = date(2027, 1, 1)


def measure(kind: str = "decrease", amount: object = -5, **relative: Any) -> Measure:
    """A relative measure, of the previous quarter unless said otherwise."""
    said = {"change": "relative", "amount": str(amount), "of": "previous_quarter"} | relative
    window = said.pop("window", None)
    return Measure.model_validate({"kind": kind, "unit": "unit", "relative": said, "window": window})


def frozen(measured: Measure, of: Kpi, readings: BusinessDays, period: Stretch = Q4) -> FrozenBase:
    """The base as the command would freeze it."""
    found = base_value(measured.window_for(of.aggregation), of, readings, period)
    assert found is not None
    return FrozenBase(
        value=written(found.value),
        start=period.start,
        end=period.end,
        readings=found.readings,
        first_position=1,
        last_position=2,
        known_position=3,
        course=found.course,
    )


def key_result(measured: Measure, *bases: tuple[date, FrozenBase]) -> KeyResult:
    """A key result that is resolved with bases, or not."""
    assert measured.relative is not None
    facts = [TargetFact(target=None, effective_from=Q1.start)]
    facts += [
        TargetFact(target=measured.relative.target(base.value), effective_from=day, base=base)
        for day, base in bases
    ]
    return KeyResult(id="kr", title="…", measure=measured, targets=tuple(facts), kpi="sales")


def scored(kr: KeyResult, of: Kpi, readings: BusinessDays, *on: date) -> list[KeyResultScore]:
    """The scores at the end of days."""
    return score_days(kr, of, CYCLE, readings, list(on))


@pytest.mark.parametrize(
    ("relative", "expected"),
    [
        ({"of": "previous_month"}, (Q1.start, date(2025, 12, 1), date(2025, 12, 31))),
        ({"of": "previous_quarter"}, (Q1.start, *Q4)),
        ({"of": "previous_half"}, (Q1.start, date(2025, 7, 1), date(2025, 12, 31))),
        ({"of": "previous_year"}, (Q1.start, date(2025, 1, 1), date(2025, 12, 31))),
        ({"of": "same_period_last_year"}, (Q1.start, date(2025, 1, 1), date(2025, 3, 31))),
        (
            {"of": "previous_month", "resolve": "on_date", "on": "2026-02-15"},
            (date(2026, 2, 15), date(2026, 1, 1), date(2026, 1, 31)),
        ),
        (
            {"of": "previous_month", "resolve": "on_date", "on": "2025-06-01"},
            (Q1.start, date(2025, 5, 1), date(2025, 5, 31)),
        ),
    ],
)
def test_the_base_is_the_last_whole_period_before(
    relative: dict[str, Any], expected: tuple[date, date, date]
) -> None:
    """Before the cycle, or before the date that is named."""
    said = measure(**relative).relative
    assert said is not None
    assert list(base_periods(said, kpi(), Q1, LATER)) == [BasePeriod(*expected)]


def test_last_year_ends_with_its_month() -> None:
    """28 February 2025 was the last day; in 2024 that was the 29th."""
    said = measure(of="same_period_last_year").relative
    assert said is not None
    cycle = Stretch(date(2025, 2, 1), date(2025, 2, 28))
    (found,) = base_periods(said, kpi(), cycle, LATER)
    assert found == BasePeriod(cycle.start, date(2024, 2, 1), date(2024, 2, 29))


def test_each_period_has_the_one_before_as_its_base() -> None:
    """As soon as it has begun; one that would end after the cycle is none of it."""
    said = measure(of="previous_month", resolve="each_period").relative
    assert said is not None
    found = list(base_periods(said, kpi(), Q1, date(2026, 2, 1)))
    assert [(base.effective_from, base.end) for base in found] == [
        (Q1.start, date(2025, 12, 31)),
        (date(2026, 2, 1), date(2026, 1, 31)),
    ]


def test_a_base_is_known_when_its_period_is_over() -> None:
    """The last quarter is known before the cycle begins; a date in the cycle is waited for."""
    said = measure().relative
    assert said is not None
    assert list(base_periods(said, kpi(), Q1, Q4.end)) == []
    assert len(list(base_periods(said, kpi(), Stretch(date(2026, 2, 1), Q1.end), Q1.start))) == 1
    dated = measure(of="previous_month", resolve="on_date", on="2026-02-15").relative
    assert dated is not None
    assert list(base_periods(dated, kpi(), Q1, date(2026, 2, 14))) == []


HALVES = days({date(2025, 11, 15): 50, date(2025, 12, 31): 50, date(2026, 2, 14): 48})


def test_an_unfinished_sum_is_held_against_the_same_part_of_the_base() -> None:
    """Cost −5 % on a base of 100: 48 spent at half-time, 50 then, so (50 − 48) / 2.5 = 0.8, provisional."""
    measured = measure()
    kr = key_result(measured, (Q1.start, frozen(measured, kpi(), HALVES)))
    (score,) = scored(kr, kpi(), HALVES, date(2026, 2, 14))
    assert (str(score.raw), score.value, score.target) == ("0.800000", Decimal(48), Decimal(95))
    assert (score.base_so_far, score.baseline, score.met) == (Decimal(50), Decimal(100), False)


def test_at_the_end_the_whole_base_counts() -> None:
    """48 in all: (100 − 48) / 5."""
    measured = measure()
    kr = key_result(measured, (Q1.start, frozen(measured, kpi(), HALVES)))
    (score,) = scored(kr, kpi(), HALVES, Q1.end)
    assert (str(score.raw), score.base_so_far, score.met) == ("10.400000", None, True)


def test_where_the_base_had_nothing_yet_there_is_no_score() -> None:
    measured = measure()
    kr = key_result(measured, (Q1.start, frozen(measured, kpi(), HALVES)))
    readings = days({date(2026, 1, 2): 1})
    (score,) = scored(kr, kpi(), readings, date(2026, 1, 3))
    assert (score.value, score.pending, score.base_so_far) == (Decimal(1), True, Decimal(0))


def test_a_later_correction_of_the_base_moves_nothing() -> None:
    """The score takes the frozen base; what the base would be now is another question."""
    measured = measure()
    base = frozen(measured, kpi(), HALVES)
    corrected = days({date(2025, 11, 15): 90, date(2025, 12, 31): 50, date(2026, 2, 14): 48})
    kr = key_result(measured, (Q1.start, base))
    assert scored(kr, kpi(), corrected, date(2026, 2, 14)) == scored(kr, kpi(), HALVES, date(2026, 2, 14))
    assert frozen(measured, kpi(), corrected).value == 140 != base.value


@pytest.mark.parametrize(("change", "raw"), [("relative", "1.000000"), ("points", "0.400000")])
def test_fifteen_percent_and_fifteen_points(change: str, raw: str) -> None:
    """Retention of 40 %, now 46 %: +15 % is reached, +15 points are not."""
    retention = kpi("last", unit="percent")
    readings = days({date(2025, 12, 31): 40, date(2026, 3, 31): 46})
    measured = measure("increase", 15, change=change)
    kr = key_result(measured, (Q1.start, frozen(measured, retention, readings)))
    (score,) = scored(kr, retention, readings, Q1.end)
    assert (str(score.raw), score.base_so_far) == (raw, None)


def test_until_it_is_resolved_there_is_no_target_and_no_score() -> None:
    (score,) = scored(key_result(measure()), kpi(), HALVES, date(2026, 2, 14))
    assert (score.value, score.target, score.raw, score.met) == (Decimal(48), None, None, None)
    assert score.pending


def test_each_period_is_held_against_its_own_base() -> None:
    """+10 % a month: January's 110 on December's 100 is 1, February's 115.5 on January's 110 is 0.5."""
    measured = measure("increase", 10, of="previous_month", resolve="each_period")
    readings = days({date(2025, 12, 31): 100, date(2026, 1, 31): 110, date(2026, 2, 28): "115.5"})
    months = [Stretch(date(2025, 12, 1), date(2025, 12, 31)), Stretch(Q1.start, date(2026, 1, 31))]
    starts = [Q1.start, date(2026, 2, 1)]
    bases = [frozen(measured, kpi(), readings, month) for month in months]
    kr = key_result(measured, *zip(starts, bases, strict=True))
    january, still, february = scored(
        kr, kpi(), readings, date(2026, 1, 31), date(2026, 2, 27), date(2026, 2, 28)
    )
    assert [str(score.raw) for score in (january, still, february)] == ["1.000000", "1.000000", "0.500000"]
    assert (january.baseline, february.baseline) == (Decimal(100), Decimal(110))
    assert january.met is not False


def test_the_base_of_a_running_total_is_its_last_one_of_each_month() -> None:
    """And its course is what it stood at."""
    totals = kpi("sum", kind="total")
    readings = days({date(2025, 10, 15): 10, date(2025, 10, 31): 30, date(2025, 12, 31): 20})
    base = frozen(measure(), totals, readings)
    assert base.value == 50
    assert [point.value for point in base.course] == [10, 30, 50]


@given(
    parts=st.lists(st.integers(1, 1000), min_size=92, max_size=92),
    spent=st.lists(st.integers(0, 1000), min_size=90, max_size=90),
    day=st.integers(0, 88),
    amount=st.integers(1, 99),
)
def test_a_provisional_score_is_the_formula_on_the_same_part(
    parts: list[int], spent: list[int], day: int, amount: int
) -> None:
    """(base so far − spent so far) / (base so far · amount), exactly."""
    readings = days(
        {Q4.start + timedelta(days=n): value for n, value in enumerate(parts)}
        | {Q1.start + timedelta(days=n): value for n, value in enumerate(spent)}
    )
    measured = measure("decrease", -amount)
    base = frozen(measured, kpi(), readings)
    on = Q1.start + timedelta(days=day)
    so_far = base_so_far(base, Q1, on)
    assert so_far is not None
    assert 0 < so_far <= base.value
    (score,) = scored(key_result(measured, (Q1.start, base)), kpi(), readings, on)
    mine = sum(spent[: day + 1])
    assert score.exact == (so_far - mine) / (so_far * Fraction(amount, 100))
    assert score.met is (mine <= so_far * (1 - Fraction(amount, 100)))


def test_a_trajectory_is_held_against_the_same_part_too() -> None:
    """45 expected at half-time from 0 on, when the base had 50: (50 − 45) / 2.5 = 2."""
    measured = measure()
    half = date(2026, 2, 14)
    plain = key_result(measured, (Q1.start, frozen(measured, kpi(), HALVES)))
    kr = plain.model_copy(update={"trajectory": (TrajectoryPoint(day=half, value=Decimal(45)),)})
    assert expected_on(kr, date(2026, 1, 15), CYCLE, "sum") == 15
    assert expected_score(kr, half, CYCLE, "sum") == 2
    assert expected_score(kr, date(2026, 1, 15), CYCLE, "sum") is None
    assert expected_score(kr, Q1.end, CYCLE, "sum") == 1


@given(day=st.integers(0, 89))
def test_what_the_base_had_come_to_never_falls(day: int) -> None:
    """It grows with the cycle up to the whole base."""
    readings = days({Q4.start + timedelta(days=n): n for n in range(92)})
    base = frozen(measure(), kpi(), readings)
    earlier, later = (base_so_far(base, Q1, Q1.start + timedelta(days=n)) for n in (day - 1, day))
    assert later is None or (earlier is not None and earlier <= later)
    assert (later is None) is (day == 89)
