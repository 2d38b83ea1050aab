"""Scores of key results as of a day, and of their objective."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from events.cycles.state import Cycle
from events.kpis.state import Kpi
from events.measures import Measure, Window
from events.objectives.state import CheckIn, KeyResult, TargetFact
from projections.scoring.formulas import OKR_CAP
from projections.scoring.scores import KeyResultScore, score_days, score_key_result, score_objective
from projections.scoring.values import BusinessDays
from tests.scoring.given import Q1, days, kpi, measure, reading, share

CYCLE = Cycle(id="2026-q1", name="2026 Q1", start=Q1.start, end=Q1.end, kind="quarter", status="open")
NO_DAYS = BusinessDays()


def key_result(
    measured: Measure, *, linked: bool = True, targets: dict[str, object] | None = None, **fields: Any
) -> KeyResult:
    """A key result; `targets` are later targets by the day they hold from, in the order they were set."""
    facts = [TargetFact(target=measured.target, effective_from=Q1.start)]
    for day, target in (targets or {}).items():
        facts.append(TargetFact(target=Decimal(str(target)), effective_from=date.fromisoformat(day)))
    return KeyResult(
        id=fields.pop("id", "kr"),
        title="…",
        measure=measured,
        targets=tuple(facts),
        kpi="sales" if linked else None,
        **fields,
    )


def check_in(day: str, value: object, confidence: int | None = None) -> CheckIn:
    """A report for a day."""
    number = None if value is None else Decimal(str(value))
    return CheckIn(
        day=date.fromisoformat(day),
        actor="person:anna",
        event_id=UUID(int=1),
        value=number,
        confidence=confidence,
    )


def on(
    day: str, kr: KeyResult, measured: Kpi | None = None, values: BusinessDays | None = None
) -> KeyResultScore:
    """The score at the end of a day."""
    return score_key_result(kr, measured, CYCLE, values or NO_DAYS, date.fromisoformat(day))


def test_a_sum_counts_from_the_start_of_the_cycle() -> None:
    """ACV from 50 to 80 M KRW: two contracts make 71 M; by default a sum is of the cycle to date."""
    values = days({date(2026, 1, 20): 60_000_000, date(2026, 2, 20): 11_000_000})
    score = on("2026-02-20", key_result(measure("increase", 80_000_000, 50_000_000)), kpi("sum"), values)
    assert str(score.raw) == "0.700000"
    assert score.value == 71_000_000
    assert score.met is False
    assert score.window == Window(kind="cycle_to_date")
    assert (score.start, score.end, score.count) == (Q1.start, date(2026, 2, 20), 2)


def test_a_mean_counts_by_its_latest_complete_period() -> None:
    """In the middle of March it is February that counts."""
    values = days({date(2026, 2, 20): 55, date(2026, 3, 2): 90})
    score = on("2026-03-15", key_result(measure("decrease", 30, 50)), kpi("mean"), values)
    assert (str(score.raw), score.score) == ("-0.250000", Decimal(0))
    assert (score.start, score.end) == (date(2026, 2, 1), date(2026, 2, 28))


def test_a_ratio_in_percent_is_judged_in_percent() -> None:
    """23 orders of 100 quotations against at least 25 %: 0.92."""
    values = days([share(date(2026, 1, 15), 23, 100)])
    score = on("2026-01-31", key_result(measure("at_least", 25)), kpi("ratio", unit="percent"), values)
    assert (score.value, str(score.raw), score.met) == (Decimal(23), "0.920000", False)


def test_the_window_of_the_key_result_wins() -> None:
    """A sum that is stated per month."""
    values = days({date(2026, 1, 31): 120, date(2026, 2, 28): 160, date(2026, 3, 31): 200})
    monthly = measure("increase", 200, 100, window=Window(kind="latest_complete_period"))
    assert str(on("2026-03-31", key_result(monthly), kpi("sum"), values).raw) == "1.000000"


def test_an_increase_of_a_sum_starts_at_0() -> None:
    """Half of 200 sold, and no baseline given; a mean without a baseline has no score."""
    values = days({date(2026, 1, 5): 100})
    score = on("2026-01-31", key_result(measure("increase", 200)), kpi("sum"), values)
    assert (str(score.raw), score.baseline) == ("0.500000", Decimal(0))
    of_mean = on("2026-01-31", key_result(measure("increase", 200)), kpi("mean"), values)
    assert (of_mean.raw, of_mean.value, of_mean.met, of_mean.pending) == (None, Decimal(100), False, True)


def test_without_a_value_a_key_result_is_pending_and_counts_0() -> None:
    """Nothing read yet; the same for a KPI nobody knows of."""
    kr = key_result(measure("at_least", 100))
    for score in (on("2026-03-31", kr, kpi("sum")), on("2026-03-31", kr, None)):
        assert score.pending
        assert (score.value, score.raw, score.score, score.met) == (None, None, Decimal(0), None)


def test_no_accidents_is_zero_and_not_unknown() -> None:
    """For a KPI whose empty periods count as zero."""
    accidents = key_result(measure("at_most", 0, grading="strict"))
    score = on("2026-01-01", accidents, kpi("sum", empty="zero"))
    assert (score.value, str(score.raw), score.met) == (Decimal(0), "1.000000", True)


def test_each_day_is_judged_by_the_target_of_that_day() -> None:
    """50 of 100 until February; from the 1st on the target is 200."""
    values = days({date(2026, 1, 5): 50})
    kr = key_result(measure("at_least", 100), targets={"2026-02-01": 200})
    before, after = on("2026-01-31", kr, kpi("sum"), values), on("2026-02-01", kr, kpi("sum"), values)
    assert (before.target, str(before.raw)) == (Decimal(100), "0.500000")
    assert (after.target, str(after.raw)) == (Decimal(200), "0.250000")


def test_the_target_that_was_set_last_wins_from_its_first_day_on() -> None:
    """Also over one set before it that begins later."""
    kr = key_result(measure("at_least", 100), targets={"2026-03-01": 300, "2026-02-01": 200})
    assert [on(day, kr, kpi("sum")).target for day in ("2026-01-31", "2026-02-15", "2026-03-15")] == [
        100,
        200,
        200,
    ]


def test_without_a_kpi_the_latest_check_in_counts() -> None:
    """By the day it is for; of two for one day the one made last. Confidence counts for nothing."""
    kr = key_result(
        measure("increase", 10, 0),
        linked=False,
        check_ins=(
            check_in("2026-02-10", 6),
            check_in("2026-01-10", 2),
            check_in("2026-02-10", 5),
            check_in("2026-03-01", None, confidence=9),
        ),
    )
    scores = [on(day, kr) for day in ("2026-01-09", "2026-01-10", "2026-02-09", "2026-03-31")]
    assert [score.value for score in scores] == [None, Decimal(2), Decimal(2), Decimal(5)]
    assert scores[-1].window is None
    assert scores[-1].end == date(2026, 2, 10)


def test_a_check_in_is_no_second_source_of_truth() -> None:
    """With a KPI only the KPI counts."""
    kr = key_result(measure("increase", 10, 0), check_ins=(check_in("2026-01-10", 9),))
    assert on("2026-03-31", kr, kpi("mean")).pending


def test_an_objective_is_the_weighted_mean_of_exact_scores() -> None:
    """4/7, 6/7 and 13/35 make exactly 0.6, which rounded parts would miss; c is the weakest."""
    krs = [
        key_result(
            measure("increase", target, 0), linked=False, id=id_, check_ins=(check_in("2026-01-10", value),)
        )
        for id_, value, target in (("a", 4, 7), ("b", 6, 7), ("c", 13, 35))
    ]
    result = score_objective([(kr, on("2026-01-31", kr)) for kr in krs], OKR_CAP)
    assert result is not None
    assert (result.score, result.weakest, result.pending) == (Decimal("0.6"), "c", ())


def test_weights_of_key_results_count() -> None:
    """75 % of a full score and 25 % of none yet."""
    done = key_result(
        measure("at_least", 1),
        linked=False,
        id="a",
        weight=Decimal(75),
        check_ins=(check_in("2026-01-10", 1),),
    )
    open_ = key_result(measure("at_least", 1), linked=False, id="b", weight=Decimal(25))
    result = score_objective([(kr, on("2026-01-31", kr)) for kr in (done, open_)], OKR_CAP)
    assert result is not None
    assert (result.score, result.weakest, result.pending) == (Decimal("0.75"), "b", ("b",))


cycle_days = st.dates(min_value=Q1.start, max_value=Q1.end)
some_readings = st.lists(
    st.builds(reading, st.dates(date(2025, 10, 1), date(2026, 4, 30)), st.integers(-9, 9)), max_size=12
).map(days)
measures = st.builds(
    lambda goalposts, window: measure(*goalposts[:3], window=window, **goalposts[3]),
    st.sampled_from(
        [
            ("increase", 20, -3, {}),
            ("decrease", -20, 3, {}),
            ("at_least", 7, None, {}),
            ("at_most", 7, None, {"grading": "tolerance", "tolerance": "3"}),
        ]
    ),
    st.sampled_from(
        [
            None,
            Window(kind="latest_complete_period"),
            Window(kind="cycle_to_date"),
            Window(kind="rolling", periods=2),
        ]
    ),
)


@given(
    measured=st.sampled_from(["sum", "mean", "last", "min", "max"]).map(kpi),
    goalposts=measures,
    targets=st.dictionaries(cycle_days.map(str), st.integers(1, 30), max_size=3),
    values=some_readings,
    as_of=st.lists(st.dates(date(2025, 12, 20), date(2026, 4, 10)), max_size=10).map(sorted),
)
def test_many_days_in_one_pass_are_the_days_one_by_one(
    measured: Kpi,
    goalposts: Measure,
    targets: dict[str, object],
    values: BusinessDays,
    as_of: list[date],
) -> None:
    """The state projection scores whole years at once, a reader asks for one day."""
    kr = key_result(goalposts, targets=targets)
    one_by_one = [score_key_result(kr, measured, CYCLE, values, day) for day in as_of]
    assert score_days(kr, measured, CYCLE, values, as_of) == one_by_one


@given(values=some_readings, measured=st.sampled_from(["sum", "mean", "last", "min", "max"]).map(kpi))
def test_after_the_end_a_score_stands(values: BusinessDays, measured: Kpi) -> None:
    """As of any later day it is what it was on the last day of the cycle."""
    kr = key_result(measure("increase", 20, 0))
    last, later = score_days(kr, measured, CYCLE, values, [Q1.end, Q1.end + timedelta(days=90)])
    assert last == later
