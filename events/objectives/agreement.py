"""Agreement (합의) and approval (승인): who says yes to goals, and how changes of active ones wait."""

from collections.abc import Sequence

from events.context import Context
from events.cycles.decider import require_not_closed
from events.errors import Refused
from events.ids import Aggregate
from events.objectives.agreement_events import (
    ObjectiveChangeAgreed,
    ObjectiveChangeAgreedFor,
    ObjectiveChangeProposed,
    ObjectiveChangeSentBack,
)
from events.objectives.alignment import check_circle
from events.objectives.commands import DraftObjective
from events.objectives.cycle_change import cycle_of
from events.objectives.events import (
    Ambition,
    ObjectiveAgreed,
    ObjectiveCycleChanged,
    ObjectiveSupportsChanged,
)
from events.objectives.evolve import evolve
from events.objectives.goalposts import flagged, is_over
from events.objectives.key_result_events import (
    KeyResultAdded,
    KeyResultEvent,
    MeasureChanged,
    RangeChanged,
    TargetChanged,
)
from events.objectives.refusals import key_result_exists
from events.objectives.state import Objective
from events.objectives.substitutes import stands_in_for
from events.pending_approval import PendingApproval, check_free, check_not_own
from events.pending_changes import as_pending
from events.registry import EventData


def ambition_of(command: DraftObjective) -> Ambition:
    """Return the ambition: stretch unless said otherwise, committed for an MBO goal.

    Refuses a stretch MBO goal.
    """
    if command.framework == "okr":
        return command.ambition or "stretch"
    if command.ambition == "stretch":
        raise Refused(
            "mbo_is_committed",
            "an MBO goal is agreed to be reached in full: its ambition is committed",
            "MBO 목표는 모두 이루기로 합의하는 목표이므로 ‘필달’이어야 합니다",
            kind="invalid",
            pointer="/ambition",
        )
    return "committed"


def check_parties(objective: Objective, *, pointer: str) -> None:
    """Refuse parties that make no sense: only an MBO goal has a reviewer, and it is not its owner.

    Once it was active an MBO goal has both.
    """
    if objective.reviewer is not None and objective.framework != "mbo":
        raise Refused(
            "reviewer_of_okr",
            "only an MBO goal has a reviewer, who agrees on it with its owner",
            "합의 상대는 MBO 목표에만 둘 수 있습니다",
            kind="invalid",
            pointer=pointer,
        )
    if objective.reviewer is not None and objective.reviewer == objective.owner:
        raise Refused(
            "parties_same",
            "owner and reviewer are two persons",
            "담당자와 합의 상대는 서로 다른 사람이어야 합니다",
            kind="invalid",
            pointer=pointer,
        )
    if objective.activated:
        require_parties(objective, pointer=pointer)


def require_parties(objective: Objective, *, pointer: str | None = None) -> None:
    """Refuse an MBO goal without its two parties."""
    if objective.framework == "mbo" and (objective.owner is None or objective.reviewer is None):
        raise Refused(
            "party_missing",
            "an MBO goal has an owner and a reviewer, who agree on it",
            "MBO 목표에는 서로 합의할 담당자와 합의 상대가 모두 있어야 합니다",
            kind="conflict" if pointer is None else "invalid",
            pointer=pointer,
        )


def agree(objective: Objective, context: Context, allowed: Sequence[str]) -> list[EventData]:
    """Return the event of an agreement to a proposed goal.

    Nobody agrees alone to what they proposed themselves.
    """
    if objective.framework == "mbo":
        _check_party(objective.parties, context)
        return [ObjectiveAgreed()] if context.actor in objective.still_to_agree else []
    if context.actor == objective.proposed_by:
        raise Refused(
            "own_proposal",
            "somebody else agrees to what you proposed; send it back to activate it without agreement",
            "직접 제안한 목표에는 다른 사람이 합의해야 합니다. 합의 없이 시작하려면 돌려보낸 뒤 시작하십시오",
            allowed=[step for step in allowed if step != "agree"],
        )
    return [ObjectiveAgreed()]


def require_agreement(objective: Objective, allowed: Sequence[str]) -> None:
    """Refuse to begin with an MBO goal that its parties have not agreed on, and say who is missing."""
    if objective.framework != "mbo" or objective.status == "agreed":
        return
    require_parties(objective)
    missing = ", ".join(sorted(objective.still_to_agree))
    raise Refused(
        "agreement_missing",
        f"an MBO goal begins when both parties have agreed; still to agree: {missing}",
        f"MBO 목표는 양쪽이 합의한 뒤에 시작합니다. 아직 합의하지 않은 사람: {missing}",
        allowed=[step for step in allowed if step != "activate"],
    )


def as_proposed(objective: Objective) -> Objective:
    """Return the goal as it would be with the pending changes."""
    if objective.waiting is None:
        return objective
    proposed = objective.model_copy(update={"waiting": None})
    for event in objective.waiting.events(_aggregate(objective)):
        proposed = evolve(proposed, event)
    return proposed


def to_be_added(objective: Objective) -> frozenset[str]:
    """Return the ids of the key results that a pending change would add."""
    return frozenset(added.id for added in as_proposed(objective).key_results) - {
        key_result.id for key_result in objective.key_results
    }


def defer(changes: Sequence[EventData], objective: Objective, context: Context) -> list[EventData]:
    """Return the event that proposes changes, beside those that the same actor proposed before.

    Takes a reason.
    """
    if not changes:
        return []
    context.require_reason()
    check_free(objective.waiting, context.actor)
    return [ObjectiveChangeProposed(changes=as_pending(changes))]


def agree_to_change(
    objective: Objective, waiting: PendingApproval, context: Context, allowed: Sequence[str]
) -> list[EventData]:
    """Return the events of an agreement to pending changes; the last one that was missing makes them.

    Of an OKR anybody but who asked for them says it; of an MBO goal each party, and in the place of one who
    left somebody who may stand in.
    """
    if objective.framework != "mbo":
        check_not_own(waiting, context.actor, allowed)
        return [ObjectiveChangeAgreed(takes_effect=True), *_made(objective, waiting, context)]
    needed = objective.parties | as_proposed(objective).parties
    absent = stands_in_for(objective, context)
    if not absent:
        _check_party(needed, context)
    missing = needed - {waiting.by, *waiting.agreed_by, *waiting.stood_in}
    # One person says yes in the place of one other, so that there are always two who do.
    said_for_one = context.actor in waiting.stood_in.values()
    for_whom = None if said_for_one else min(absent & missing, default=None)
    missing_after = missing - {context.actor, for_whom}
    if missing_after == missing:
        return []
    made = [] if missing_after else _made(objective, waiting, context)
    if for_whom is None:
        return [ObjectiveChangeAgreed(takes_effect=not missing_after), *made]
    person = for_whom.removeprefix("person:")
    return [ObjectiveChangeAgreedFor(takes_effect=not missing_after, person=person), *made]


def send_change_back(objective: Objective, waiting: PendingApproval, context: Context) -> list[EventData]:
    """Return the event that refuses pending changes.

    Takes a reason, and on an MBO goal a party or who asked.
    """
    if objective.framework == "mbo" and context.actor != waiting.by and not stands_in_for(objective, context):
        _check_party(objective.parties | as_proposed(objective).parties, context)
    context.require_reason()
    return [ObjectiveChangeSentBack()]


def _made(objective: Objective, waiting: PendingApproval, context: Context) -> list[EventData]:
    """Return the pending changes as the agreement makes them today: none holds from an earlier day.

    Those of a key result that was dropped since are left out. Refused is what contradicts a baseline that was
    corrected since, a key result whose id another one has by now, and support for what leads back by now.
    """
    made: list[EventData] = []
    state, cycle = objective, context.cycle
    for event in waiting.events(_aggregate(objective)):
        data = event.data
        key_result = state.key_result(data.key_result) if isinstance(data, KeyResultEvent) else None
        if key_result is not None and key_result.status == "dropped":
            continue
        if isinstance(data, KeyResultAdded) and data.key_result in context.taken:
            raise key_result_exists(data.key_result, allowed=["send_back"])
        if isinstance(data, ObjectiveSupportsChanged):
            check_circle(objective, data.new, context, allowed=["send_back"])
        if isinstance(data, ObjectiveCycleChanged) and cycle is not None:
            cycle = cycle_of(state.model_copy(update={"cycle": data.new}), cycle, context)
            require_not_closed(cycle)
        if isinstance(data, MeasureChanged) and cycle is not None:
            since = max(data.effective_from, context.today)
            data = data.model_copy(update={"effective_from": since, "cycle_over": since > cycle.end})
        if isinstance(data, TargetChanged) and not data.backdated and cycle is not None:
            assert key_result is not None
            if is_over(state, cycle, context):
                raise Refused(
                    "change_too_late",
                    f"the cycle {cycle.id} is over since {cycle.end}: send the new target back",
                    f"사이클 {cycle.id}이(가) {cycle.end}에 이미 끝났습니다. 목표치 변경을 돌려보내십시오",
                    allowed=["send_back"],
                )
            day = max(data.effective_from, context.today)
            before = key_result.fact_on(day)
            changed: dict[str, object] = {"effective_from": day, "old": before.target}
            if isinstance(data, RangeChanged):
                changed["old_upper"] = before.upper
            upper = data.upper if isinstance(data, RangeChanged) else before.upper
            key_result.measure.revised("/target", target=data.new, upper=upper)
            data = data.model_copy(update=changed)
        if cycle is not None:
            data = flagged(data, state, cycle, context)
        state = evolve(state, event._replace(data=data))
        made.append(data)
    return made


def _check_party(parties: frozenset[str], context: Context) -> None:
    if context.actor not in parties:
        raise Refused(
            "not_a_party",
            "owner and reviewer agree on an MBO goal, nobody else",
            "MBO 목표에는 담당자와 합의 상대만 합의할 수 있습니다",
            kind="forbidden",
        )


def _aggregate(objective: Objective) -> Aggregate:
    return Aggregate("objective", objective.id)
