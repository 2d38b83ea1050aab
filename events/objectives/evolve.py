"""How events make the state of an objective."""

from datetime import date
from typing import Any

from events.envelope import Event
from events.objectives.agreement_events import (
    ObjectiveChangeAgreed,
    ObjectiveChangeAgreedFor,
    ObjectiveChangeProposed,
    ObjectiveChangeSentBack,
)
from events.objectives.events import (
    ObjectiveActivated,
    ObjectiveAgreed,
    ObjectiveClosed,
    ObjectiveCycleChanged,
    ObjectiveDrafted,
    ObjectiveDropped,
    ObjectiveGraded,
    ObjectiveOrgUnitChanged,
    ObjectiveOwnerChanged,
    ObjectiveProposed,
    ObjectiveReopened,
    ObjectiveReviewerChanged,
    ObjectiveRewardChanged,
    ObjectiveReworded,
    ObjectiveSentBack,
    ObjectiveSupportsChanged,
)
from events.objectives.key_result_events import (
    BaselineCorrected,
    CheckedIn,
    KeyResultAdded,
    KeyResultDropped,
    KeyResultEvent,
    KeyResultOwnerChanged,
    KeyResultReworded,
    KpiLinked,
    KpiUnlinked,
    MeasureChanged,
    RangeChanged,
    RelativeResolved,
    StepDone,
    StepReopened,
    TargetChanged,
    TrajectoryDeclared,
    WeightChanged,
)
from events.objectives.state import (
    MEASURED,
    CheckIn,
    Closing,
    EarlierCycle,
    EarlierMeasure,
    KeyResult,
    Objective,
    OwnGrade,
    StepFact,
    TargetFact,
)
from events.pending_approval import PendingApproval, with_more
from events.state import OutOfPlace, beginning, existing

AS_DRAFT: dict[str, Any] = {"status": "drafted", "proposed_by": None, "agreed_by": ()}
"""Nobody has put it forward any longer."""


def evolve(state: Objective | None, event: Event) -> Objective:
    """Return the state after an event. Raises OutOfPlace."""
    data = event.data
    if isinstance(data, ObjectiveDrafted):
        return Objective(id=beginning(state, event), **data.model_dump())
    before = existing(state, event)
    if isinstance(data, KeyResultAdded):
        added = (*before.key_results, _added(before, data, event))
        return before.model_copy(update={"key_results": added})
    if isinstance(data, KeyResultEvent):
        return _with_key_result(before, data.key_result, _key_result_change(before, data, event))
    return before.model_copy(update=_change(before, event))


def _change(before: Objective, event: Event) -> dict[str, Any]:
    match event.data:
        case ObjectiveReworded(new=title):
            return {"title": title}
        case ObjectiveProposed():
            return {"status": "proposed", "proposed_by": event.actor}
        case ObjectiveAgreed():
            agreed_by = (*before.agreed_by, event.actor)
            agreed = not before.still_to_agree - {event.actor}
            return {"status": "agreed" if agreed else "proposed", "agreed_by": agreed_by}
        case ObjectiveSentBack():
            return AS_DRAFT
        case ObjectiveActivated():
            return {"status": "active", "activated": True}
        case ObjectiveOwnerChanged(new=owner):
            return {"owner": owner}
        case ObjectiveOrgUnitChanged(new=org_unit):
            return {"org_unit": org_unit}
        case ObjectiveCycleChanged():
            return _moved(before, event, event.data)
        case ObjectiveSupportsChanged(new=supports):
            return {"supports": supports}
        case ObjectiveRewardChanged(new=reward):
            return {"reward": reward}
        case ObjectiveReviewerChanged(new=reviewer):
            return {"reviewer": reviewer}
        case ObjectiveChangeProposed(changes=changes):
            return {"waiting": with_more(before.waiting, event.actor, changes)}
        case ObjectiveChangeAgreed(takes_effect=takes_effect):
            if takes_effect or before.waiting is None:
                return {"waiting": None}
            return {"waiting": _agreed(before.waiting, event.data, event.actor)}
        case ObjectiveChangeSentBack():
            return {"waiting": None}
        case ObjectiveDropped():
            return {"status": "dropped", "waiting": None}
        case ObjectiveGraded():
            said = {**event.data.model_dump(), "edition": before.edition}
            grade = OwnGrade(**said, actor=event.actor, event_id=event.id)
            return {"status": "graded", "grades": (*before.grades, grade)}
        case ObjectiveClosed(comment=comment):
            closing = Closing(edition=before.edition, comment=comment, actor=event.actor, event_id=event.id)
            closings = (*before.closings, closing)
            # What nobody agreed to by then never took effect.
            return {"status": "closed", "closings": closings, "waiting": None}
        case ObjectiveReopened():
            status = {"status": "active"} if before.activated else AS_DRAFT
            return {**status, "edition": before.edition + 1}
        case _:
            return {}


def _agreed(waiting: PendingApproval, data: ObjectiveChangeAgreed, actor: str) -> PendingApproval:
    said: dict[str, object] = {"agreed_by": (*waiting.agreed_by, actor)}
    if isinstance(data, ObjectiveChangeAgreedFor):
        said["stood_in"] = {**waiting.stood_in, f"person:{data.person}": actor}
    return waiting.model_copy(update=said)


def _moved(before: Objective, event: Event, data: ObjectiveCycleChanged) -> dict[str, Any]:
    earlier = EarlierCycle(cycle=data.old, until=event.business_day or event.time.date())
    moved: dict[str, Any] = {"cycle": data.new, "earlier_cycles": (*before.earlier_cycles, earlier)}
    if not before.activated:
        # Nothing was agreed yet: the target is that of the new cycle.
        moved["key_results"] = tuple(_begun(key_result, data.starts) for key_result in before.key_results)
    return moved


def _begun(key_result: KeyResult, day: date) -> KeyResult:
    """Return a draft's key result as its cycle begins on another day; nothing of it is resolved any more."""
    if any(fact.base is not None for fact in key_result.targets):
        measure = key_result.measure.model_copy(update={"target": None, "baseline": None})
        fact = TargetFact(target=None, effective_from=day)
        return key_result.model_copy(update={"measure": measure, "targets": (fact,)})
    fact = key_result.targets[-1].model_copy(update={"effective_from": day})
    return key_result.model_copy(update={"targets": (fact,)})


def _added(before: Objective, data: KeyResultAdded, event: Event) -> KeyResult:
    if before.key_result(data.key_result) is not None:
        raise OutOfPlace(f"key result {data.key_result} is added twice")
    return KeyResult(
        id=data.key_result,
        title=data.title,
        measure=data.measure,
        targets=(
            TargetFact(
                target=data.measure.target,
                effective_from=data.effective_from,
                upper=data.measure.upper,
                event_id=event.id,
            ),
        ),
        kpi=data.kpi,
        owner=data.owner,
        weight=data.weight,
        trajectory=data.trajectory,
    )


def _key_result_change(objective: Objective, data: KeyResultEvent, event: Event) -> dict[str, Any]:
    key_result = objective.key_result(data.key_result)
    if key_result is None:
        raise OutOfPlace(f"{event.type} comes before key result {data.key_result} was added")
    match data:
        case KeyResultReworded(new=title):
            return {"title": title}
        case TargetChanged(new=target, effective_from=day):
            held = key_result.fact_on(day)
            upper = data.upper if isinstance(data, RangeChanged) else held.upper
            fact = TargetFact(
                target=target, effective_from=day, upper=upper, base=held.base, event_id=event.id
            )
            # Until the objective is active there is no target that could have moved.
            earlier = key_result.targets if objective.activated else ()
            measure = key_result.measure.model_copy(update={"target": target, "upper": upper})
            return {"measure": measure, "targets": (*earlier, fact)}
        case MeasureChanged():
            return _measured_otherwise(objective, key_result, data, event)
        case RelativeResolved(new=target, effective_from=day, base=base):
            fact = TargetFact(target=target, effective_from=day, base=base, event_id=event.id)
            kept = tuple(
                fact
                for fact in key_result.targets
                if objective.activated or (fact.base is not None and fact.effective_from != day)
            )
            measure = key_result.measure.model_copy(update={"target": target, "baseline": base.value})
            return {"measure": measure, "targets": (*kept, fact)}
        case BaselineCorrected(new=baseline):
            return {"measure": key_result.measure.model_copy(update={"baseline": baseline})}
        case WeightChanged(new=weight):
            return {"weight": weight}
        case KpiLinked(new=kpi):
            return {"kpi": kpi}
        case TrajectoryDeclared(new=trajectory):
            return {"trajectory": trajectory}
        case KpiUnlinked():
            return {"kpi": None}
        case KeyResultOwnerChanged(new=owner):
            return {"owner": owner}
        case CheckedIn():
            report = data.model_dump(exclude={"key_result", "backdated"})
            check_in = CheckIn(actor=event.actor, event_id=event.id, **report)
            return {"check_ins": (*key_result.check_ins, check_in)}
        case StepDone(step=step, day=day) | StepReopened(step=step, day=day):
            step_fact = StepFact(step=step, done=isinstance(data, StepDone), day=day)
            return {"step_facts": (*key_result.step_facts, step_fact)}
        case KeyResultDropped():
            return {"status": "dropped"}
        case _:
            return {}


def _measured_otherwise(
    objective: Objective, key_result: KeyResult, data: MeasureChanged, event: Event
) -> dict[str, Any]:
    earlier = key_result.earlier_measures
    if objective.activated:
        had = {name: getattr(key_result, name) for name in MEASURED}
        judges = objective.cycle if data.cycle_over else None
        earlier = (*earlier, EarlierMeasure(**had, until=data.effective_from, judges=judges))
    fact = TargetFact(
        target=data.new.target,
        effective_from=data.effective_from,
        upper=data.new.upper,
        event_id=event.id,
    )
    steps = {step.id for step in data.new.steps or ()}
    changed: dict[str, Any] = {
        "measure": data.new,
        "targets": (fact,),
        "kpi": data.kpi,
        "trajectory": (),
        "step_facts": tuple(done for done in key_result.step_facts if done.step in steps),
        "earlier_measures": earlier,
    }
    if not data.new.valued_like(key_result.measure):
        changed["reported_before"] = len(key_result.check_ins)
    return changed


def _with_key_result(objective: Objective, id_: str, change: dict[str, Any]) -> Objective:
    return objective.model_copy(
        update={
            "key_results": tuple(
                key_result.model_copy(update=change) if key_result.id == id_ else key_result
                for key_result in objective.key_results
            )
        }
    )
