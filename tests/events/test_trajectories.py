"""A declared trajectory: days of the cycle in order, for anything that has a way to go."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from events.measures import Measure
from events.objectives.commands import AddKeyResult, DeclareTrajectory
from events.objectives.events import ObjectiveActivated, ObjectiveDrafted
from events.objectives.key_result_events import KeyResultAdded, TrajectoryDeclared
from events.objectives.trajectory import MOST_POINTS, Trajectory, TrajectoryPoint
from tests.events.given import QUARTER, given

ACV = Measure(kind="increase", baseline=Decimal(50), target=Decimal(80), unit="KRW")
STOCK = Measure(kind="between", target=Decimal(4), upper=Decimal(6), unit="weeks", grading="strict")
DRAFT = given(
    "objective",
    ObjectiveDrafted(title="성장", cycle="2025-q1", ambition="stretch"),
    KeyResultAdded(key_result="acv", title="ACV", measure=ACV, effective_from=QUARTER.start),
    KeyResultAdded(key_result="stock", title="재고", measure=STOCK, effective_from=QUARTER.start),
)
ACTIVE = DRAFT.and_then(ObjectiveActivated())
DAY = timedelta(days=1)


def points(*said: tuple[date, int]) -> Trajectory:
    """A trajectory."""
    return tuple(TrajectoryPoint(day=day, value=Decimal(value)) for day, value in said)


WAY = points((QUARTER.start, 50), (date(2025, 2, 28), 60), (QUARTER.end, 85))


def test_a_key_result_is_added_with_its_trajectory() -> None:
    """And keeps it."""
    command = AddKeyResult(key_result="deals", title="계약", measure=ACV, trajectory=WAY)
    added = KeyResultAdded(
        key_result="deals", title="계약", measure=ACV, effective_from=QUARTER.start, trajectory=WAY
    )
    assert DRAFT.when(command).then(added).key_result("deals").trajectory == WAY


def test_another_one_replaces_it_with_a_reason_once_the_objective_is_active() -> None:
    command = DeclareTrajectory(key_result="acv", trajectory=WAY)
    declared = TrajectoryDeclared(key_result="acv", new=WAY)
    assert DRAFT.when(command).then(declared).key_result("acv").trajectory == WAY
    ACTIVE.when(command).refused("reason_required", "invalid", "/reason")
    before = ACTIVE.and_then(declared)
    before.when(command).then()
    gone = DeclareTrajectory(key_result="acv", trajectory=())
    state = before.when(gone, reason="모름").then(TrajectoryDeclared(key_result="acv", old=WAY))
    assert state.key_result("acv").trajectory == ()


@pytest.mark.parametrize(
    ("trajectory", "code", "pointer"),
    [
        (points((QUARTER.start - DAY, 1)), "day_outside_cycle", "/trajectory/0/day"),
        (points((QUARTER.start, 1), (QUARTER.end + DAY, 1)), "day_outside_cycle", "/trajectory/1/day"),
        (points((QUARTER.start, 1), (QUARTER.start, 2)), "trajectory_out_of_order", "/trajectory/1/day"),
        (points((QUARTER.end, 1), (QUARTER.start, 2)), "trajectory_out_of_order", "/trajectory/1/day"),
    ],
)
def test_days_lie_in_the_cycle_and_in_order(trajectory: Trajectory, code: str, pointer: str) -> None:
    DRAFT.when(DeclareTrajectory(key_result="acv", trajectory=trajectory)).refused(code, "invalid", pointer)
    added = AddKeyResult(title="x", measure=ACV, trajectory=trajectory)
    DRAFT.when(added).refused(code, "invalid", pointer)


def test_a_range_has_no_way_to_go() -> None:
    command = DeclareTrajectory(key_result="stock", trajectory=WAY)
    DRAFT.when(command).refused("trajectory_not_for_between", "invalid", "/trajectory")
    DRAFT.when(DeclareTrajectory(key_result="stock", trajectory=())).then()


@pytest.mark.parametrize(
    "trajectory",
    [
        [{"day": "2025-01-01"}],
        [{"day": "2025-01-01", "value": "NaN"}],
        [{"day": "yesterday", "value": "1"}],
        [{"day": "2025-01-01", "value": "1"}] * (MOST_POINTS + 1),
    ],
)
def test_what_is_no_trajectory(trajectory: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        DeclareTrajectory.model_validate({"key_result": "acv", "trajectory": trajectory})
