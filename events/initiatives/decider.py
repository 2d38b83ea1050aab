"""The rules of an initiative: planned → doing → done, or dropped; no change where a cycle is closed."""

from events.context import Context
from events.cycles.decider import require_not_closed
from events.envelope import Event
from events.errors import Refused
from events.initiatives.commands import (
    DropInitiative,
    FinishInitiative,
    InitiativeStepCommand,
    PlanInitiative,
    ReopenInitiative,
    ReplanInitiative,
    StartInitiative,
)
from events.initiatives.events import (
    InitiativeDropped,
    InitiativeFinished,
    InitiativePlanned,
    InitiativeReopened,
    InitiativeReplanned,
    InitiativeStarted,
)
from events.initiatives.plan import InitiativePlan
from events.initiatives.state import Initiative, InitiativeStatus
from events.org_units.decider import require_org_unit
from events.registry import EventData
from events.state import beginning, existing

InitiativeCommand = PlanInitiative | ReplanInitiative | InitiativeStepCommand

ALLOWED: dict[InitiativeStatus, list[str]] = {
    "planned": ["change", "start", "finish", "drop"],
    "doing": ["change", "finish", "drop"],
    "done": ["reopen"],
    "dropped": ["reopen"],
}
"""What may be done in each status: what a refusal answers as `allowed`."""

STATUS_KO: dict[InitiativeStatus, str] = {
    "planned": "계획",
    "doing": "진행 중",
    "done": "완료",
    "dropped": "중단",
}

CLEARABLE = frozenset({"org_unit", "owner", "due"})
"""Parts of a plan that may be empty."""


def decide(command: InitiativeCommand, state: Initiative | None, context: Context) -> list[EventData]:
    """Return the events that follow from a command, or refuse it. What is so already makes no event.

    Nothing of it changes while the cycle of one of its goals is closed, and it joins no goal of such a cycle.
    """
    context.check_reason()
    context.check_people()
    if isinstance(command, PlanInitiative):
        return _plan(command, state, context)
    if state is None:
        raise Refused(
            "initiative_unknown", "there is no such initiative", "없는 실행과제입니다", kind="not_found"
        )
    for cycle in context.supported_cycles:
        require_not_closed(cycle)
    if isinstance(command, ReplanInitiative):
        return _replan(command, state, context)
    return [_step(command, state, context)]


def _plan(command: PlanInitiative, state: Initiative | None, context: Context) -> list[EventData]:
    if state is not None:
        raise Refused(
            "initiative_exists",
            f"there is an initiative {state.id} already",
            f"실행과제 {state.id} 아이디가 이미 있습니다",
            allowed=ALLOWED[state.status],
        )
    plan = InitiativePlan(**command.model_dump())
    _check(plan, context)
    if plan.org_unit is not None:
        require_org_unit(context, pointer="/org_unit")
    for cycle in context.supported_cycles:
        require_not_closed(cycle)
    return [InitiativePlanned(**plan.model_dump())]


def _replan(command: ReplanInitiative, state: Initiative, context: Context) -> list[EventData]:
    _check_status(state, "planned", "doing")
    said = {
        field: getattr(command, field)
        for field in command.model_fields_set
        if field in CLEARABLE or getattr(command, field) is not None
    }
    old = state.plan
    if command.supports is not None:
        said["supports"] = context.with_unseen(command.supports, old.supports)
    new = old.model_copy(update=said)
    if new == old:
        return []
    context.require_reason()
    _check(new, context)
    if new.org_unit is not None and new.org_unit != old.org_unit:
        require_org_unit(context, pointer="/org_unit")
    return [InitiativeReplanned(old=old, new=new)]


def _step(command: InitiativeStepCommand, state: Initiative, context: Context) -> EventData:
    said = {"title": state.title, "supports": state.supports}
    match command:
        case StartInitiative():
            _check_status(state, "planned")
            return InitiativeStarted(**said)
        case FinishInitiative():
            _check_status(state, "planned", "doing")
            return InitiativeFinished(**said)
        case DropInitiative():
            _check_status(state, "planned", "doing")
            context.require_reason()
            return InitiativeDropped(**said)
        case ReopenInitiative():
            _check_status(state, "done", "dropped")
            context.require_reason()
            return InitiativeReopened(**said)


def _check(plan: InitiativePlan, context: Context) -> None:
    if context.unknown:
        missing = ", ".join(sorted(context.unknown))
        raise Refused(
            "supports_unknown",
            f"there is no objective or key result {missing} to support",
            f"지원할 목표나 핵심 결과가 없습니다: {missing}",
            kind="invalid",
            pointer="/supports",
        )
    if not plan.supports and plan.org_unit is None:
        raise Refused(
            "initiative_for_nothing",
            "an initiative supports an objective or key result, or belongs to a unit",
            "실행과제에는 지원하는 목표·핵심 결과나 조직이 있어야 합니다",
            kind="invalid",
            pointer="/supports",
        )


def _check_status(state: Initiative, *needed: InitiativeStatus) -> None:
    if state.status not in needed:
        raise Refused(
            f"initiative_{state.status}",
            f"the initiative {state.id} is {state.status}",
            f"실행과제 {state.id} 상태가 ‘{STATUS_KO[state.status]}’입니다",
            allowed=ALLOWED[state.status],
        )


def evolve(state: Initiative | None, event: Event) -> Initiative:
    """Return the state after an event. Raises OutOfPlace."""
    match event.data:
        case InitiativePlanned() as planned:
            return Initiative(id=beginning(state, event), **planned.model_dump())
        case InitiativeReplanned(new=plan):
            return existing(state, event).model_copy(update=dict(plan))
        case InitiativeStarted():
            return existing(state, event).model_copy(update={"status": "doing", "started": True})
        case InitiativeFinished():
            return existing(state, event).model_copy(update={"status": "done"})
        case InitiativeDropped():
            return existing(state, event).model_copy(update={"status": "dropped"})
        case InitiativeReopened():
            before = existing(state, event)
            return before.model_copy(update={"status": "doing" if before.started else "planned"})
        case _:
            return existing(state, event)
