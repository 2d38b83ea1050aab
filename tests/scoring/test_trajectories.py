"""The declared way of a key result: what is expected on a day, as a value and as a score."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.cycles.state import Cycle
from events.measures import Aggregation, Measure
from events.objectives.state import KeyResult, TargetFact
from events.objectives.trajectory import TrajectoryPoint
from projections.scoring.trajectories import expected_on, expected_score
from tests.scoring.given import Q1, measure

CYCLE = Cycle(id="q1", name="Q1", start=Q1.start, end=Q1.end, kind="quarter", status="open")
WEEKS = {"of": 12, "each": "at_least", "threshold": "4"}
MOVES = measure("increase", 80, 50)


def on(day: int) -> date:
    """A day of the quarter: 1 is its first, 90 its last, 0 the one before."""
    return Q1.start + timedelta(days=day - 1)


def key_result(
    measured: Measure, points: Sequence[tuple[int, object]], *targets: tuple[object, int]
) -> KeyResult:
    """A key result with a trajectory, and perhaps targets that were set from some days on."""
    facts = [TargetFact(target=measured.target, effective_from=Q1.start)]
    facts += [TargetFact(target=Decimal(str(target)), effective_from=on(day)) for target, day in targets]
    declared = tuple(TrajectoryPoint(day=on(day), value=Decimal(str(value))) for day, value in points)
    return KeyResult(id="kr", title="…", measure=measured, targets=tuple(facts), trajectory=declared)


def test_nothing_is_expected_without_a_trajectory_or_before_the_cycle() -> None:
    assert expected_score(key_result(MOVES, []), on(45), CYCLE) is None
    assert expected_score(key_result(MOVES, [(45, 60)]), on(0), CYCLE) is None


def test_it_begins_at_the_baseline_and_leads_to_the_target() -> None:
    """50 → 60 on day 45 → 80 on day 90; what was expected on the last day stays afterwards."""
    kr = key_result(MOVES, [(45, 60)])
    assert [expected_on(kr, on(day), CYCLE) for day in (9, 45, 90, 99)] == [52, 60, 80, 80]
    assert expected_score(kr, on(9), CYCLE) == Fraction(2, 30)


def test_the_last_day_may_have_a_point_of_its_own() -> None:
    assert expected_score(key_result(MOVES, [(90, 77)]), on(90), CYCLE) == Fraction(9, 10)
    assert expected_score(key_result(MOVES, [(90, 77)]), on(99), CYCLE) == Fraction(9, 10)


def test_the_way_leads_to_the_target_in_force_on_the_day() -> None:
    """A target set from day 46 on changes nothing of what was expected before."""
    kr = key_result(MOVES, [(30, 60)], (110, 46))
    assert expected_on(kr, on(45), CYCLE) == 65
    assert expected_on(kr, on(60), CYCLE) == 85
    assert expected_score(kr, on(60), CYCLE) == Fraction(35, 60)


@pytest.mark.parametrize(
    ("measured", "aggregation", "expected"),
    [
        (measure("at_least", 900), None, None),
        (measure("at_least", 900), "mean", None),
        (measure("at_least", 900), "sum", 150),
        (measure("at_least", 900, window={"kind": "latest_complete_period"}), "sum", None),
        (measure("increase", 900), "sum", 150),
        (measure("increase", 900), "mean", None),
        (
            measure("count_of_periods", 10, periods={"of": 12, "each": "at_least", "threshold": "4"}),
            None,
            150,
        ),
    ],
)
def test_where_it_begins_without_a_baseline(
    measured: Measure, aggregation: Aggregation | None, expected: int | None
) -> None:
    """At 0 where something adds up from the cycle's first day on; else nothing is expected before a point."""
    kr = key_result(measured, [(30, 300)])
    assert expected_on(kr, on(15), CYCLE, aggregation) == expected


def test_a_milestone_begins_with_nothing_done() -> None:
    steps = [{"id": "a", "title": "a"}, {"id": "b", "title": "b"}]
    kr = key_result(Measure.model_validate({"kind": "milestone", "steps": steps}), [(60, "0.5")])
    assert [expected_score(kr, on(day), CYCLE) for day in (30, 60, 75, 90)] == [
        Fraction(1, 4),
        Fraction(1, 2),
        Fraction(3, 4),
        1,
    ]


values = st.decimals(-1000, 1000, places=2)
ways = st.dictionaries(st.integers(1, 89), values, min_size=1, max_size=6).map(
    lambda way: sorted(way.items())
)


@given(way=ways, day=st.integers(1, 90), baseline=values, step=st.integers(1, 500))
def test_it_lies_between_its_neighbours_and_on_its_points(
    way: list[tuple[int, Decimal]], day: int, baseline: Decimal, step: int
) -> None:
    """For increase and decrease alike, which mirror each other; at the end 1 is expected."""
    up = key_result(measure("increase", baseline + step, baseline), way)
    anchors = [(0, baseline), *way, (90, baseline + step)]
    expected = expected_on(up, on(day), CYCLE)
    assert expected is not None
    before = max(anchor for anchor in anchors if anchor[0] <= day)
    after = min(anchor for anchor in anchors if anchor[0] >= day)
    low, high = sorted((Fraction(before[1]), Fraction(after[1])))
    assert low <= expected <= high
    assert expected_score(up, on(90), CYCLE) == 1
    down = key_result(measure("decrease", -baseline - step, -baseline), [(n, -value) for n, value in way])
    assert expected_score(down, on(day), CYCLE) == expected_score(up, on(day), CYCLE)


@given(way=ways, first=st.integers(1, 89))
def test_a_way_that_never_falls_expects_never_less_later(way: list[tuple[int, Decimal]], first: int) -> None:
    rising = list(zip([day for day, _ in way], sorted(value for _, value in way), strict=True))
    kr = key_result(measure("increase", 2000, -2000), rising)
    earlier, later = (expected_score(kr, on(day), CYCLE) for day in (first, first + 1))
    assert earlier is not None
    assert later is not None
    assert earlier <= later
