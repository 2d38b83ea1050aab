"""The rules of an objective. Its life and its key results' rules are next door."""

from events.context import Context
from events.cycles.decider import require_not_closed
from events.cycles.state import Cycle
from events.errors import Refused
from events.objectives.agreement import ambition_of, as_proposed, check_parties, defer
from events.objectives.alignment import check_change, check_supports, require_taken_over, with_taken_over
from events.objectives.commands import (
    AddKeyResult,
    ChangeObjectiveCycle,
    ChangeObjectiveOrgUnit,
    ChangeObjectiveOwner,
    ChangeObjectiveReviewer,
    ChangeReward,
    ChangeSupports,
    DraftObjective,
    EnsureContainer,
    KeyResultCommand,
    LifeCommand,
    ObjectiveChange,
    ObjectiveCommand,
    RewordObjective,
    SetWeights,
)
from events.objectives.cycle_change import change_cycle, cycle_of
from events.objectives.events import (
    ObjectiveDrafted,
    ObjectiveOrgUnitChanged,
    ObjectiveOwnerChanged,
    ObjectiveReviewerChanged,
    ObjectiveRewardChanged,
    ObjectiveReworded,
    ObjectiveSupportsChanged,
)
from events.objectives.evolve import evolve
from events.objectives.goalposts import flagged, must_wait, needs_agreement, needs_approval, resolved_anew
from events.objectives.key_results import add_key_result, change_key_result, set_weights
from events.objectives.lifecycle import ALLOWED, check_status, step
from events.objectives.refusals import key_result_exists
from events.objectives.state import Objective
from events.objectives.unit_key_results import check_own_words, ensure_container
from events.org_units.decider import require_org_unit
from events.policies.reward_link import check_goal_reward
from events.registry import EventData

__all__ = ["decide", "evolve"]

AnyCommand = (
    DraftObjective | EnsureContainer | ObjectiveCommand | AddKeyResult | SetWeights | KeyResultCommand
)


def decide(command: AnyCommand, state: Objective | None, context: Context) -> list[EventData]:
    """Return the events that follow from a command, or refuse it. What is so already makes no event.

    Nothing changes in a closed cycle; a closed or dropped objective can only be reopened; once an objective
    was active every change needs a reason, and on an MBO goal the agreement of both parties. Where the policy
    asks for it, somebody else has to approve what moves the goalposts.
    """
    context.check_reason()
    context.check_people()
    if isinstance(command, DraftObjective):
        return _draft(command, state, context)
    if isinstance(command, EnsureContainer):
        _cycle(context)
        return ensure_container(command, state, context)
    if state is None:
        raise Refused("objective_unknown", "there is no such objective", "없는 목표입니다", kind="not_found")
    cycle = _cycle(context)
    if isinstance(command, LifeCommand):
        return step(command, state, cycle, context)
    check_status(state, "drafted", "active")
    if must_wait(command, state, context):
        proposed = as_proposed(state)
        return defer(_changes(command, proposed, cycle_of(proposed, cycle, context), context), state, context)
    changes = _changes(command, state, cycle, context)
    anew = [data for data in changes if resolved_anew(data, state)]
    if not anew or not (needs_agreement(state) or needs_approval(state, context)):
        return changes
    made = [data for data in changes if data not in anew]
    asked = _changes(command, as_proposed(state), cycle, context)
    return [*made, *defer([data for data in asked if resolved_anew(data, state)], state, context)]


def _changes(
    command: ObjectiveChange | AddKeyResult | SetWeights | KeyResultCommand,
    state: Objective,
    cycle: Cycle,
    context: Context,
) -> list[EventData]:
    """Return the events of a command on an objective or its key results, whoever has to agree."""
    check_status(state, "drafted", "active")
    changes = _unflagged(command, state, cycle, context)
    return [flagged(data, state, cycle, context) for data in changes]


def _unflagged(
    command: ObjectiveChange | AddKeyResult | SetWeights | KeyResultCommand,
    state: Objective,
    cycle: Cycle,
    context: Context,
) -> list[EventData]:
    match command:
        case AddKeyResult():
            return add_key_result(command, state, cycle, context)
        case SetWeights():
            return set_weights(command, state, context)
        case (
            RewordObjective()
            | ChangeObjectiveOwner()
            | ChangeObjectiveReviewer()
            | ChangeObjectiveOrgUnit()
            | ChangeObjectiveCycle()
            | ChangeSupports()
            | ChangeReward()
        ):
            check_own_words(command, state)
            return _change(command, state, context)
        case _:
            return change_key_result(command, state, cycle, context)


def _draft(command: DraftObjective, state: Objective | None, context: Context) -> list[EventData]:
    if state is not None:
        raise Refused(
            "objective_exists",
            f"there is an objective {state.id} already",
            f"목표 {state.id} 아이디가 이미 있습니다",
            allowed=ALLOWED[state.status],
        )
    # What supports or serves an id must mean one goal.
    for taken in context.taken:
        raise key_result_exists(taken, pointer="/id")
    _cycle(context)
    if command.org_unit is not None:
        require_org_unit(context, pointer="/org_unit")
    check_supports(context)
    taken_over = require_taken_over(command.takes_over, context)
    title = command.title or (taken_over and taken_over.title)
    if title is None:
        raise Refused(
            "title_missing",
            "an objective that takes over no key result needs a title",
            "핵심 결과를 이어받지 않는 목표에는 제목이 필요합니다",
            kind="invalid",
            pointer="/title",
        )
    supports = with_taken_over(command.supports, command.takes_over)
    check_goal_reward(command.reward, command.framework, context)
    settled = {"title": title, "supports": supports, "ambition": ambition_of(command)}
    drafted = ObjectiveDrafted(**command.model_dump() | settled)
    check_parties(Objective(id="", **drafted.model_dump()), pointer="/reviewer")
    return [drafted]


def _change(
    command: ObjectiveChange,
    state: Objective,
    context: Context,
) -> list[EventData]:
    changed: EventData
    also: list[EventData] = []
    match command:
        case RewordObjective(title=title):
            if title == state.title:
                return []
            changed = ObjectiveReworded(old=state.title, new=title)
        case ChangeObjectiveOwner(owner=owner):
            if owner == state.owner:
                return []
            check_parties(state.model_copy(update={"owner": owner}), pointer="/owner")
            changed = ObjectiveOwnerChanged(old=state.owner, new=owner)
        case ChangeReward(reward=reward):
            if reward == state.reward:
                return []
            check_goal_reward(reward, state.framework, context)
            changed = ObjectiveRewardChanged(old=state.reward, new=reward)
        case ChangeObjectiveReviewer(reviewer=reviewer):
            if reviewer == state.reviewer:
                return []
            check_parties(state.model_copy(update={"reviewer": reviewer}), pointer="/reviewer")
            changed = ObjectiveReviewerChanged(old=state.reviewer, new=reviewer)
        case ChangeObjectiveOrgUnit(org_unit=org_unit):
            if org_unit == state.org_unit:
                return []
            if org_unit is not None:
                require_org_unit(context, pointer="/org_unit")
            changed = ObjectiveOrgUnitChanged(old=state.org_unit, new=org_unit)
        case ChangeObjectiveCycle():
            moved = change_cycle(command, state, context)
            if not moved:
                return []
            changed, *also = moved
        case ChangeSupports():
            supports = context.with_unseen(command.supports, state.supports)
            if supports == state.supports:
                return []
            check_change(state, supports, context)
            changed = ObjectiveSupportsChanged(old=state.supports, new=supports)
    if state.activated:
        context.require_reason()
    return [changed, *also]


def _cycle(context: Context) -> Cycle:
    """Return the objective's cycle. Refuses a closed or unknown one."""
    if context.cycle is None:
        raise Refused(
            "cycle_unknown", "there is no such cycle", "없는 사이클입니다", kind="invalid", pointer="/cycle"
        )
    require_not_closed(context.cycle)
    return context.cycle
