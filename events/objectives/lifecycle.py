"""The life of an objective: which steps each status allows, and its end with its people's own grade."""

from events.context import Context
from events.cycles.state import Cycle
from events.errors import Refused
from events.objectives.agreement import (
    agree,
    agree_to_change,
    defer,
    require_agreement,
    require_parties,
    send_change_back,
)
from events.objectives.commands import (
    ActivateObjective,
    AgreeObjective,
    CloseObjective,
    DropObjective,
    GradeObjective,
    LifeCommand,
    ProposeObjective,
    ReopenObjective,
    SendBackObjective,
)
from events.objectives.events import (
    ObjectiveActivated,
    ObjectiveClosed,
    ObjectiveDropped,
    ObjectiveGraded,
    ObjectiveProposed,
    ObjectiveReopened,
    ObjectiveSentBack,
)
from events.objectives.goalposts import flagged, needs_agreement
from events.objectives.state import Objective, ObjectiveStatus
from events.objectives.substitutes import check_may_end
from events.registry import EventData

ALLOWED: dict[ObjectiveStatus, list[str]] = {
    "drafted": ["change", "propose", "activate", "drop"],
    "proposed": ["agree", "send_back", "drop"],
    "agreed": ["activate", "send_back", "drop"],
    # Also "agree" and "send_back" while a change waits: see `allowed_now`.
    "active": ["change", "check_in", "mark_step", "grade", "close", "drop"],
    "graded": ["close"],
    "closed": ["reopen"],
    "dropped": ["reopen"],
}
"""What may be done in each status: what a refusal answers as `allowed`."""

STATUS_KO: dict[ObjectiveStatus, str] = {
    "drafted": "초안",
    "proposed": "제안",
    "agreed": "합의",
    "active": "실행 중",
    "graded": "평가 완료",
    "closed": "마감",
    "dropped": "중단",
}


def allowed_now(objective: Objective) -> list[str]:
    """Return the steps that are allowed on an objective in its present status."""
    waits = ["agree", "send_back"] if objective.waiting is not None else []
    return [*ALLOWED[objective.status], *waits]


def check_status(objective: Objective, *needed: ObjectiveStatus) -> None:
    """Refuse a step that the objective's status does not allow."""
    if objective.status not in needed:
        raise Refused(
            f"objective_{objective.status}",
            f"the objective {objective.id} is {objective.status}",
            f"목표 {objective.id} 상태가 ‘{STATUS_KO[objective.status]}’입니다",
            allowed=allowed_now(objective),
        )


def step(command: LifeCommand, objective: Objective, cycle: Cycle, context: Context) -> list[EventData]:
    """Return the event of the next step of an objective's life.

    Refuses one that its status does not allow.
    """
    match command:
        case ProposeObjective():
            check_status(objective, "drafted")
            require_parties(objective)
            return [ObjectiveProposed()]
        case AgreeObjective():
            if objective.waiting is not None and objective.status == "active":
                return agree_to_change(objective, objective.waiting, context, allowed_now(objective))
            check_status(objective, "proposed")
            return agree(objective, context, ALLOWED[objective.status])
        case SendBackObjective():
            if objective.waiting is not None and objective.status == "active":
                return send_change_back(objective, objective.waiting, context)
            check_status(objective, "proposed", "agreed")
            context.require_reason()
            return [ObjectiveSentBack()]
        case ActivateObjective():
            if objective.status in ("drafted", "proposed"):
                require_agreement(objective, ALLOWED[objective.status])
            check_status(objective, "drafted", "agreed")
            return [ObjectiveActivated()]
        case GradeObjective(grade=grade, reflection=reflection):
            check_status(objective, "active")
            check_may_end(objective, context)
            return [ObjectiveGraded(grade=grade, reflection=reflection)]
        case CloseObjective(comment=comment):
            check_status(objective, "active", "graded")
            check_may_end(objective, context)
            return [ObjectiveClosed(comment=comment)]
        case DropObjective():
            check_status(objective, "drafted", "proposed", "agreed", "active")
            context.require_reason()
            if needs_agreement(objective):
                return defer([ObjectiveDropped()], objective, context)
            return [flagged(ObjectiveDropped(), objective, cycle, context)]
        case ReopenObjective():
            check_status(objective, "closed", "dropped")
            context.require_reason()
            return [flagged(ObjectiveReopened(), objective, cycle, context)]
