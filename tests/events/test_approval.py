"""Approval: where the policy asks for it, a target of an active goal moves when somebody else says yes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from events.errors import Refused
from events.objectives.agreement_events import (
    ObjectiveChangeAgreed,
    ObjectiveChangeProposed,
    ObjectiveChangeSentBack,
)
from events.objectives.commands import (
    ActivateObjective,
    AgreeObjective,
    ChangeTarget,
    CloseObjective,
    CorrectBaseline,
    DropKeyResult,
    DropObjective,
    ProposeObjective,
    ReopenObjective,
    ResolveRelative,
    RewordObjective,
    SendBackObjective,
)
from events.objectives.events import ObjectiveReworded
from events.objectives.key_result_events import KeyResultAdded, RelativeResolved, TargetChanged
from events.policies.defaults import DEFAULTS
from events.policies.rules import PolicyVersions
from events.policies.state import Policies, Policy
from tests.events.given import QUARTER
from tests.events.test_agreement import OWNER, REVIEWER, STRANGER, Goal, mbo
from tests.events.test_relative_goals import COST, base, resolve

ASKS = Policies(
    [Policy(id="okr", versions=(DEFAULTS["okr"].model_copy(update={"approve_target_changes": True}),))]
)
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


def test_everything_else_goes_on_while_a_target_waits() -> None:
    goal = okr().does(OWNER, MOVE).does(OWNER, RewordObjective(title="다른 말"))
    assert [type(event) for event in goal.events] == [ObjectiveReworded]
    assert goal.refuses(STRANGER, MOVE.model_copy(update={"target": Decimal(95)}), "change_waits").allowed


def test_what_happened_meanwhile_counts() -> None:
    """A dropped key result has no target to move; a baseline beyond the new target contradicts it."""
    dropped = okr().does(OWNER, MOVE).does(OWNER, DropKeyResult(key_result="acv"))
    assert dropped.does(STRANGER, AgreeObjective()).events == [ObjectiveChangeAgreed(takes_effect=True)]
    resolved = okr().does(OWNER, resolving(100)).does(OWNER, resolving(200))
    resolved.does(OWNER, DropKeyResult(key_result="cost")).does(STRANGER, AgreeObjective())
    assert targets(resolved, "cost") == [None, 95]
    lower = okr().does(OWNER, MOVE.model_copy(update={"target": Decimal(60)}))
    lower.does(OWNER, CorrectBaseline(key_result="acv", baseline=Decimal(70)))
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
