"""The life of an objective: which steps each status allows, and its end with the owner's own grade."""

from events.context import Context
from events.errors import Refused
from events.objectives.commands import (
    ActivateObjective,
    CloseObjective,
    DropObjective,
    GradeObjective,
    LifeCommand,
    ReopenObjective,
)
from events.objectives.events import (
    ObjectiveActivated,
    ObjectiveClosed,
    ObjectiveDropped,
    ObjectiveGraded,
    ObjectiveReopened,
)
from events.objectives.state import Objective, ObjectiveStatus
from events.registry import EventData

ALLOWED: dict[ObjectiveStatus, list[str]] = {
    "drafted": ["change", "activate", "drop"],
    "active": ["change", "check_in", "grade", "close", "drop"],
    "graded": ["close"],
    "closed": ["reopen"],
    "dropped": ["reopen"],
}
"""What may be done in each status: what a refusal answers as `allowed`."""

STATUS_KO: dict[ObjectiveStatus, str] = {
    "drafted": "초안",
    "active": "실행 중",
    "graded": "평가 완료",
    "closed": "마감",
    "dropped": "중단",
}


def check_status(objective: Objective, *needed: ObjectiveStatus) -> None:
    """Refuse a step that the objective's status does not allow."""
    if objective.status not in needed:
        raise Refused(
            f"objective_{objective.status}",
            f"the objective {objective.id} is {objective.status}",
            f"목표 {objective.id} 상태가 ‘{STATUS_KO[objective.status]}’입니다",
            allowed=ALLOWED[objective.status],
        )


def step(command: LifeCommand, objective: Objective, context: Context) -> list[EventData]:
    """The next step of an objective's life, or Refused."""
    match command:
        case ActivateObjective():
            check_status(objective, "drafted")
            return [ObjectiveActivated()]
        case GradeObjective(grade=grade, reflection=reflection):
            check_status(objective, "active")
            return [ObjectiveGraded(grade=grade, reflection=reflection)]
        case CloseObjective(comment=comment):
            check_status(objective, "active", "graded")
            return [ObjectiveClosed(comment=comment)]
        case DropObjective():
            check_status(objective, "drafted", "active")
            context.require_reason()
            return [ObjectiveDropped()]
        case ReopenObjective():
            check_status(objective, "closed", "dropped")
            context.require_reason()
            return [ObjectiveReopened()]
