"""An objective moves to another cycle and takes its history along."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from events.cycles.state import Cycle
from events.measures import Measure
from events.objectives.commands import ActivateObjective, AgreeObjective, ChangeObjectiveCycle, ChangeTarget
from events.objectives.events import ObjectiveActivated, ObjectiveCycleChanged, ObjectiveDrafted
from events.objectives.key_result_events import (
    CheckedIn,
    KeyResultAdded,
    RelativeResolved,
    StepDone,
    TargetChanged,
    TrajectoryDeclared,
)
from events.objectives.state import EarlierCycle
from events.objectives.trajectory import TrajectoryPoint
from events.relative import FrozenBase
from tests.events.given import NEXT_QUARTER as NEXT
from tests.events.given import QUARTER, TODAY, given
from tests.events.given_agreement import OWNER, REVIEWER, Goal, agreed_goal

JANUARY = NEXT.model_copy(update={"id": "2025-01", "start": QUARTER.start, "end": date(2025, 1, 31)})
MOVE = ChangeObjectiveCycle(cycle=NEXT.id)
MOVED = ObjectiveCycleChanged(old=QUARTER.id, new=NEXT.id, starts=NEXT.start)
MEASURE = Measure(kind="at_least", target=Decimal(80), unit="deals")
POINTS = tuple(TrajectoryPoint(day=day, value=Decimal(9)) for day in (date(2025, 1, 20), date(2025, 3, 1)))
DRAFT = given(
    "objective",
    ObjectiveDrafted(title="성장", cycle=QUARTER.id, ambition="stretch"),
    KeyResultAdded(key_result="deals", title="계약", measure=MEASURE, effective_from=QUARTER.start),
)
ACTIVE = DRAFT.and_then(ObjectiveActivated())


def test_a_draft_moves_freely_and_its_target_holds_from_the_new_cycle_on() -> None:
    state = DRAFT.when(MOVE).then(MOVED)
    (key_result,) = state.key_results
    assert (state.cycle, [fact.effective_from for fact in key_result.targets]) == (NEXT.id, [NEXT.start])
    assert state.earlier_cycles == (EarlierCycle(cycle=QUARTER.id, until=TODAY),)


def test_what_a_draft_resolved_was_for_the_other_cycle() -> None:
    base = FrozenBase(
        value=Decimal(10),
        start=date(2024, 10, 1),
        end=date(2024, 12, 31),
        readings=1,
        first_position=1,
        last_position=1,
        known_position=2,
    )
    resolved = RelativeResolved(key_result="deals", new=Decimal(12), base=base, effective_from=QUARTER.start)
    measure = Measure.model_validate(
        {"kind": "increase", "unit": "deals", "relative": {"amount": "20", "of": "previous_quarter"}}
    )
    added = KeyResultAdded(key_result="deals", title="-", measure=measure, effective_from=QUARTER.start)
    draft = given("objective", ObjectiveDrafted(title="-", cycle=QUARTER.id, ambition="stretch"), added)
    state = draft.and_then(resolved).when(MOVE).then(MOVED)
    assert (state.key_results[0].target_on(NEXT.start), state.key_results[0].baseline) == (None, None)


def test_once_active_it_takes_a_reason_and_keeps_all_that_was() -> None:
    """Check-ins, steps, and every target with its day stay where they are."""
    lived = ACTIVE.and_then(
        CheckedIn(key_result="deals", day=TODAY, value=Decimal(4), confidence=6),
        StepDone(key_result="deals", step="a", day=TODAY),
        TargetChanged(key_result="deals", old=Decimal(80), new=Decimal(60), effective_from=TODAY),
    )
    lived.when(MOVE).refused("reason_required", "invalid", "/reason")
    lived.when(ChangeObjectiveCycle(cycle=QUARTER.id)).then()
    state = lived.when(MOVE, reason="고객이 미뤘습니다").then(MOVED)
    (key_result,) = state.key_results
    assert [(report.day, report.value) for report in key_result.check_ins] == [(TODAY, Decimal(4))]
    assert key_result.done_since("a", TODAY) == TODAY
    posts = [(fact.target, fact.effective_from) for fact in key_result.targets]
    assert posts == [(Decimal(80), QUARTER.start), (Decimal(60), TODAY)]
    assert (state.cycle_on(date(2025, 2, 9)), state.cycle_on(TODAY)) == (QUARTER.id, NEXT.id)
    then = state.as_on(QUARTER.start)
    assert (then.cycle, then.earlier_cycles, state.as_on(TODAY)) == (QUARTER.id, (), state)


def test_where_an_objective_may_move() -> None:
    """Not out of a closed cycle nor into one, and not to where a target it has never holds."""
    closed = NEXT.model_copy(update={"status": "closed"})
    said = {"reason": "x"}
    ACTIVE.when(MOVE, new_cycle=None, **said).refused("cycle_unknown", "invalid", "/cycle")
    ACTIVE.when(MOVE, new_cycle=closed, **said).refused("cycle_closed")
    over = QUARTER.model_copy(update={"status": "closed"})
    ACTIVE.when(MOVE, cycle=over, **said).refused("cycle_closed")
    later = TargetChanged(key_result="deals", old=Decimal(80), new=Decimal(60), effective_from=TODAY)
    back = ChangeObjectiveCycle(cycle=JANUARY.id)
    refusal = ACTIVE.and_then(later).when(back, new_cycle=JANUARY, **said)
    assert "2025-02-10" in refusal.refused("target_after_cycle", pointer="/cycle").text.ko
    assert ACTIVE.when(back, new_cycle=JANUARY, **said).refusal is None
    direct = ObjectiveDrafted(title="-", cycle=QUARTER.id, ambition="stretch", direct=True)
    given("objective", direct).when(MOVE).refused("objective_direct")


@pytest.mark.parametrize(("cycle", "kept"), [(NEXT, ()), (JANUARY, POINTS[:1])])
def test_declared_points_outside_of_the_new_cycle_are_given_up(
    cycle: Cycle, kept: tuple[TrajectoryPoint, ...]
) -> None:
    """On record, as any other declaration."""
    planned = DRAFT.and_then(TrajectoryDeclared(key_result="deals", new=POINTS))
    state = planned.when(ChangeObjectiveCycle(cycle=cycle.id), new_cycle=cycle).then(
        ObjectiveCycleChanged(old=QUARTER.id, new=cycle.id, starts=cycle.start),
        TrajectoryDeclared(key_result="deals", old=POINTS, new=kept),
    )
    assert state.key_results[0].trajectory == kept


def active_goal() -> Goal:
    """An active MBO goal of the quarter."""
    return agreed_goal().does(OWNER, ActivateObjective())


def test_an_mbo_goal_moves_when_both_parties_have_agreed() -> None:
    """A target that is proposed with the move is one of the new cycle."""
    goal = active_goal().does(OWNER, MOVE)
    assert goal.state.cycle == QUARTER.id
    begins = ChangeTarget(key_result="acv", target=Decimal(60), effective_from=date(2025, 5, 1))
    goal.does(OWNER, begins).does(REVIEWER, AgreeObjective())
    assert goal.state.cycle == NEXT.id
    (key_result,) = goal.state.key_results
    assert key_result.target_on(date(2025, 5, 1)) == Decimal(60)
    assert key_result.target_on(date(2025, 4, 30)) == Decimal(80)


def test_a_cycle_that_was_closed_while_the_move_waited_takes_no_goal() -> None:
    goal = active_goal().does(OWNER, MOVE)
    goal.facts["new_cycle"] = NEXT.model_copy(update={"status": "closed"})
    goal.refuses(REVIEWER, AgreeObjective(), "cycle_closed")
