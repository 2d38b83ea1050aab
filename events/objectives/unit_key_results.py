"""Key results directly on a unit: in each cycle one objective of nobody's wording holds them."""

from events.context import Context
from events.errors import Refused
from events.objectives.commands import (
    ChangeObjectiveCycle,
    ChangeObjectiveOrgUnit,
    EnsureContainer,
    ObjectiveCommand,
    RewordObjective,
)
from events.objectives.events import DIRECT_TITLE, ObjectiveDrafted
from events.objectives.lifecycle import ALLOWED
from events.objectives.state import Objective
from events.org_units.decider import require_org_unit
from events.registry import EventData


def ensure_container(command: EnsureContainer, state: Objective | None, context: Context) -> list[EventData]:
    """Return the event that begins the container, none if it exists. It is a draft until it is activated."""
    if context.org_unit is None:
        raise Refused("org_unit_unknown", "there is no such org unit", "없는 조직입니다", kind="not_found")
    require_org_unit(context, pointer="/org_unit")
    if state is not None:
        return []
    return [
        ObjectiveDrafted(
            title=DIRECT_TITLE,
            cycle=command.cycle,
            org_unit=command.org_unit,
            ambition="stretch",
            direct=True,
        )
    ]


def check_own_words(command: ObjectiveCommand, objective: Objective) -> None:
    """Refuse to reword what has no words of its own, and to take a unit's direct key results from it.

    They hang on the unit in one cycle: another one has a holder of its own.
    """
    if objective.direct and isinstance(
        command, RewordObjective | ChangeObjectiveOrgUnit | ChangeObjectiveCycle
    ):
        raise Refused(
            "objective_direct",
            f"{objective.id} only holds the direct key results of the unit {objective.org_unit}",
            f"{objective.id}은(는) 조직 {objective.org_unit}의 직속 핵심 결과를 담을 뿐입니다",
            allowed=ALLOWED[objective.status],
        )
