"""Approval: where the policy asks for it, goalposts of an active goal move when somebody else says yes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import get_args

import pytest

from events.commands import Command
from events.errors import Refused
from events.measures import Measure
from events.objectives.agreement import to_be_added
from events.objectives.agreement_events import (
    ObjectiveChangeAgreed,
    ObjectiveChangeProposed,
    ObjectiveChangeSentBack,
)
from events.objectives.commands import (
    ActivateObjective,
    AddKeyResult,
    AgreeObjective,
    ChangeKeyResultOwner,
    ChangeMeasure,
    ChangeObjectiveCycle,
    ChangeObjectiveOrgUnit,
    ChangeObjectiveOwner,
    ChangeObjectiveReviewer,
    ChangeReward,
    ChangeSupports,
    ChangeTarget,
    CheckIn,
    CloseObjective,
    CorrectBaseline,
    DeclareTrajectory,
    DropKeyResult,
    DropObjective,
    KeyResultCommand,
    LinkKpi,
    MarkStepDone,
    ObjectiveChange,
    ProposeObjective,
    ReopenObjective,
    ReopenStep,
    ResolveRelative,
    RewordKeyResult,
    RewordObjective,
    SendBackObjective,
    SetWeights,
    UnlinkKpi,
)
from events.objectives.events import ObjectiveActivated
from events.objectives.key_result_events import (
    BaselineCorrected,
    KeyResultAdded,
    KeyResultDropped,
    RelativeResolved,
    TargetChanged,
)
from events.objectives.trajectory import TrajectoryPoint
from events.pending_changes import as_pending
from events.policies.defaults import DEFAULTS
from events.policies.rules import PolicyVersions
from events.policies.state import Policies, Policy
from tests.events.given import QUARTER
from tests.events.given_agreement import MEASURE, OWNER, REVIEWER, STRANGER, Goal, mbo, named
from tests.events.given_relative_goals import COST, base, resolve

ASKS = Policies(
    [Policy(id="okr", versions=(DEFAULTS["okr"].model_copy(update={"approve_target_changes": True}),))]
)
DAYS = Measure(kind="at_most", target=Decimal(3), unit="days")
MOVE = ChangeTarget(key_result="acv", target=Decimal(90))
COST_ADDED = KeyResultAdded(
    key_result="cost", title="비용 5 % 절감", measure=COST, effective_from=QUARTER.start
)


def okr(policies: Policies = ASKS, pinned: int = 1) -> Goal:
    """An active OKR of anna in a cycle that pins a version of the OKR policy."""
    cycle = QUARTER.model_copy(update={"policies": PolicyVersions(okr=pinned)})
    goal = Goal(mbo(framework="okr", reviewer=None), COST_ADDED, policies=policies, cycle=cycle)
    return goal.does(OWNER, ActivateObjective())


def targets(goal: Goal, key_result: str = "acv") -> list[Decimal | None]:
    """All targets that a key result ever had."""
    found = goal.state.key_result(key_result)
    assert found is not None
    return [fact.target for fact in found.targets]


def test_a_target_moves_when_somebody_else_approves() -> None:
    goal = okr().does(OWNER, MOVE)
    assert isinstance(goal.events[0], ObjectiveChangeProposed)
    assert targets(goal) == [80]
    refusal = goal.refuses(OWNER, AgreeObjective(), "own_change")
    assert "send_back" in refusal.allowed
    assert "agree" not in refusal.allowed
    goal.does(STRANGER, AgreeObjective(), today=date(2025, 3, 3))
    [agreed, moved] = goal.events
    assert agreed == ObjectiveChangeAgreed(takes_effect=True)
    assert isinstance(moved, TargetChanged)
    assert (moved.old, moved.new, moved.effective_from) == (Decimal(80), Decimal(90), date(2025, 3, 3))
    assert targets(goal) == [80, 90]
    assert goal.state.waiting is None


def test_it_takes_a_reason_and_may_be_refused_with_one() -> None:
    goal = okr()
    with pytest.raises(Refused, match="reason_required"):
        goal.does(OWNER, MOVE, reason=None)
    goal.does(OWNER, MOVE)
    with pytest.raises(Refused, match="reason_required"):
        goal.does(STRANGER, SendBackObjective(), reason=None)
    assert goal.does(STRANGER, SendBackObjective()).events == [ObjectiveChangeSentBack()]
    assert targets(goal) == [80]


@pytest.mark.parametrize(("policies", "pinned"), [(Policies(), 0), (ASKS, 0)])
def test_it_moves_at_once_where_the_pinned_policy_asks_for_nothing(policies: Policies, pinned: int) -> None:
    """A version that was set after the cycle opened changes nothing in it."""
    assert targets(okr(policies, pinned).does(OWNER, MOVE)) == [80, 90]


def test_before_the_goal_is_active_nothing_waits() -> None:
    goal = Goal(mbo(framework="okr", reviewer=None), policies=ASKS, cycle=QUARTER)
    assert targets(goal.does(OWNER, MOVE, reason=None)) == [90]


MOVES: list[Command] = [
    MOVE,
    ChangeMeasure(key_result="acv", measure=DAYS),
    CorrectBaseline(key_result="acv", baseline=Decimal(60)),
    DeclareTrajectory(
        key_result="acv", trajectory=(TrajectoryPoint(day=date(2025, 3, 1), value=Decimal(55)),)
    ),
    LinkKpi(key_result="acv", kpi="acv"),
    UnlinkKpi(key_result="acv"),
    SetWeights(weights={"acv": Decimal(1), "cost": Decimal(9)}),
    AddKeyResult(key_result="acv-2", title="ACV", measure=MEASURE),
    DropKeyResult(key_result="acv"),
    ChangeObjectiveCycle(cycle="2025-q2"),
]
FREE: list[Command] = [
    RewordObjective(title="다른 말"),
    ChangeObjectiveOwner(owner="dora"),
    ChangeObjectiveOrgUnit(org_unit="sales"),
    ChangeSupports(supports=("growth",)),
    RewordKeyResult(key_result="acv", title="다른 말"),
    ChangeKeyResultOwner(key_result="acv", owner="dora"),
    CheckIn(key_result="acv", confidence=7),
]


@pytest.mark.parametrize("command", MOVES, ids=named)
def test_whatever_moves_the_goalposts_waits(command: Command) -> None:
    """Until somebody else says yes all is as it was; then as it would have been without waiting."""
    goal = okr()
    before = goal.state
    with pytest.raises(Refused, match="reason_required"):
        goal.does(OWNER, command, reason=None)
    [proposed] = goal.does(OWNER, command).events
    assert isinstance(proposed, ObjectiveChangeProposed)
    assert goal.state.model_copy(update={"waiting": None}) == before
    goal.refuses(OWNER, AgreeObjective(), "own_change")
    at_once = okr(Policies(), 0).does(OWNER, command)
    assert goal.does(STRANGER, AgreeObjective()).state == at_once.state != before


@pytest.mark.parametrize("command", FREE, ids=named)
def test_everything_else_goes_on_while_a_change_waits(command: Command) -> None:
    goal = okr().does(OWNER, MOVE).does(STRANGER, command)
    assert goal.events
    assert not any(isinstance(event, ObjectiveChangeProposed) for event in goal.events)


def test_each_command_on_the_terms_of_a_goal_is_in_one_of_the_tables() -> None:
    """A new one has to be put into one. A report on steps and resolving have tests of their own."""
    every = get_args(KeyResultCommand) + get_args(ObjectiveChange) + (AddKeyResult, SetWeights)
    others = {MarkStepDone, ReopenStep, ResolveRelative, ChangeObjectiveReviewer, ChangeReward}
    assert {type(command) for command in (*MOVES, *FREE)} | others == set(every)
    assert {command for command in every if command.moves_goalposts} == {type(command) for command in MOVES}


def test_what_is_asked_while_a_change_waits_joins_it() -> None:
    """Decided on what would be, by who asked first; also where another policy holds by then."""
    goal = okr().does(OWNER, SetWeights(weights={"acv": Decimal(1), "cost": Decimal(2)}))
    goal.does(OWNER, AddKeyResult(key_result="new", title="신규", measure=MEASURE, weight=Decimal(3)))
    goal.refuses(STRANGER, DropKeyResult(key_result="acv"), "change_waits")
    goal.facts["policies"], goal.facts["cycle"] = Policies(), QUARTER
    goal.does(OWNER, DropKeyResult(key_result="acv"))
    assert len(goal.state.active_key_results) == 2
    goal.does(STRANGER, AgreeObjective())
    assert {each.id: each.weight for each in goal.state.active_key_results} == {"cost": 2, "new": 3}
    assert goal.does(OWNER, MOVE.model_copy(update={"key_result": "new"})).state.waiting is None


def test_an_id_that_another_goal_took_meanwhile_is_refused() -> None:
    goal = okr().does(OWNER, AddKeyResult(key_result="new", title="신규", measure=MEASURE))
    assert to_be_added(goal.state) == {"new"}
    goal.facts["taken"] = frozenset({"new"})
    assert goal.refuses(STRANGER, AgreeObjective(), "key_result_exists").allowed == ["send_back"]


def test_what_happened_meanwhile_on_older_records_counts() -> None:
    """When only targets waited: a dropped key result has none to move; a baseline may contradict one."""
    move = TargetChanged(key_result="acv", old=Decimal(80), new=Decimal(60), effective_from=QUARTER.start)
    asked = ObjectiveChangeProposed(changes=as_pending([move]))
    history = (mbo(framework="okr", reviewer=None), ObjectiveActivated(), asked)
    dropped = Goal(*history, KeyResultDropped(key_result="acv"))
    assert dropped.does(STRANGER, AgreeObjective()).events == [ObjectiveChangeAgreed(takes_effect=True)]
    lower = Goal(*history, BaselineCorrected(key_result="acv", old=Decimal(50), new=Decimal(70)))
    lower.refuses(STRANGER, AgreeObjective(), "direction_contradicts", "invalid")


def test_ending_and_reopening_are_no_way_round() -> None:
    for end in (CloseObjective(), DropObjective()):
        goal = okr().does(OWNER, end).does(OWNER, ReopenObjective()).does(OWNER, MOVE)
        assert targets(goal) == [80]


def resolving(value: object) -> ResolveRelative:
    """The cost goal with what the quarter before came to."""
    return resolve(base(value))


@pytest.mark.parametrize("approving", [True, False])
def test_a_base_that_was_corrected_moves_a_target_only_with_approval(approving: bool) -> None:
    """Freezing the first base follows from what the goal says; another one is another target."""
    goal = okr(ASKS if approving else Policies(), int(approving)).does(OWNER, resolving(100), reason=None)
    assert [type(event) for event in goal.events] == [RelativeResolved]
    goal.does(OWNER, resolving(200))
    assert targets(goal, "cost") == ([None, 95] if approving else [None, 95, 190])
    if approving:
        assert targets(goal.does(STRANGER, AgreeObjective()), "cost") == [None, 95, 190]


def test_a_base_of_an_mbo_goal_is_resolved_anew_by_both_parties() -> None:
    goal = Goal(mbo(), COST_ADDED)
    goal.does(OWNER, resolving(100)).does(OWNER, resolving(120))
    assert targets(goal, "cost") == [114], "a draft binds nobody"
    goal = Goal(mbo(), COST_ADDED).does(OWNER, ProposeObjective()).does(REVIEWER, AgreeObjective())
    goal.does(OWNER, ActivateObjective()).does(OWNER, resolving(100), reason=None)
    assert targets(goal, "cost") == [None, 95]
    goal.does(OWNER, resolving(200))
    assert targets(goal, "cost") == [None, 95]
    goal.does(OWNER, resolving(300))
    assert targets(goal, "cost") == [None, 95]
    goal.does(REVIEWER, AgreeObjective())
    assert targets(goal, "cost")[-1] == 285
    assert goal.does(OWNER, resolving(300)).events == []
