"""The rules of a cycle: planned → open ⇄ closed."""

from collections.abc import Iterable
from datetime import date, timedelta

from events.context import Context
from events.cycles.commands import AdoptPolicy, CloseCycle, OpenCycle, PlanCycle, ReopenCycle
from events.cycles.events import CycleClosed, CycleOpened, CyclePlanned, CyclePolicyAdopted, CycleReopened
from events.cycles.state import Cycle, CycleStatus
from events.envelope import Event
from events.errors import Refused
from events.policies.rules import PolicyVersions
from events.registry import EventData
from events.state import beginning, existing

CycleCommand = PlanCycle | OpenCycle | AdoptPolicy | CloseCycle | ReopenCycle

LONGEST_DAYS = 1100
"""Three years: longer is a slip of the pen."""

ALLOWED: dict[CycleStatus, list[str]] = {
    "planned": ["open"],
    "open": ["adopt_policy", "close"],
    "closed": ["reopen"],
}

STATUS_KO = {"planned": "계획", "open": "운영 중", "closed": "마감"}


def decide(command: CycleCommand, state: Cycle | None, context: Context) -> list[EventData]:
    """Return the events that follow from a command, or refuse it."""
    context.check_reason()
    if isinstance(command, PlanCycle):
        return _plan(command, state)
    if state is None:
        raise Refused("cycle_unknown", "there is no such cycle", "없는 사이클입니다", kind="not_found")
    match command:
        case OpenCycle():
            _check_status(state, "planned")
            return [_opened(state, context)]
        case AdoptPolicy():
            require_not_closed(state)
            _check_status(state, "open")
            return _adopt(command, state, context)
        case CloseCycle():
            _check_status(state, "open")
            if context.today <= state.end:
                context.require_reason()
            return [CycleClosed()]
        case ReopenCycle():
            _check_status(state, "closed")
            context.require_reason()
            return [CycleReopened()]


def _plan(command: PlanCycle, state: Cycle | None) -> list[EventData]:
    if state is not None:
        raise Refused(
            "cycle_exists",
            f"there is a cycle {state.id} already",
            f"사이클 {state.id} 아이디가 이미 있습니다",
            allowed=ALLOWED[state.status],
        )
    days = (command.end - command.start).days + 1
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(
            "cycle_dates",
            f"a cycle ends on or after its first day and lasts at most {LONGEST_DAYS} days",
            f"사이클은 시작일 이후에 끝나고 최대 {LONGEST_DAYS}일입니다",
            kind="invalid",
            pointer="/end",
        )
    return [CyclePlanned(**command.model_dump())]


def _opened(state: Cycle, context: Context) -> CycleOpened:
    """Return the event that pins the newest policies; those of its last day judged a cycle that is over."""
    newest = context.policies.versions_on(date.max)
    over = context.today > state.end and newest != context.policies.versions_on(state.end)
    return CycleOpened(policies=newest, backdated=over)


def _adopt(command: AdoptPolicy, state: Cycle, context: Context) -> list[EventData]:
    newest = context.policies.newest(command.framework).version
    version = newest if command.version is None else command.version
    if version > newest:
        raise Refused(
            "policy_version_unknown",
            f"the newest version of the policy {command.framework} is {newest}",
            f"산정 기준 {command.framework}의 최신판은 {newest}판입니다",
            kind="invalid",
            pointer="/version",
        )
    old = (state.policies or PolicyVersions()).of(command.framework)
    if version == old:
        return []
    context.require_reason()
    over = context.today > state.end
    return [CyclePolicyAdopted(framework=command.framework, old=old, new=version, backdated=over)]


def _check_status(cycle: Cycle, needed: CycleStatus) -> None:
    if cycle.status != needed:
        raise Refused(
            f"cycle_not_{needed}",
            f"the cycle {cycle.id} is {cycle.status}, not {needed}",
            f"사이클 {cycle.id} 상태가 ‘{STATUS_KO[needed]}’이(가) 아니라 ‘{STATUS_KO[cycle.status]}’입니다",
            allowed=ALLOWED[cycle.status],
        )


def require_not_closed(cycle: Cycle) -> None:
    """Refuse to change a goal of a closed cycle."""
    if cycle.status == "closed":
        raise Refused(
            "cycle_closed",
            f"the cycle {cycle.id} is closed, so its goals change no more",
            f"사이클 {cycle.id} 마감 후에는 목표를 바꿀 수 없습니다",
            allowed=["reopen_cycle"],
        )


def require_days_not_closed(
    cycles: Iterable[Cycle], first: date, last: date | None, today: date, *, pointer: str
) -> None:
    """Refuse to change what holds from a day to a day, both included, if that touches a closed cycle.

    Without a last day it holds on. A cycle that was closed before it began on `today` has no figures.
    """
    touched = [
        cycle
        for cycle in cycles
        if cycle.status == "closed"
        and cycle.start <= today
        and first <= cycle.end
        and (last is None or cycle.start <= last)
    ]
    if touched:
        latest = max(touched, key=lambda cycle: (cycle.end, cycle.id))
        earliest = latest.end + timedelta(days=1)
        raise Refused(
            "cycle_closed",
            f"the cycle {latest.id} is closed, so its figures change no more: the earliest day is {earliest}",
            f"사이클 {latest.id} 마감 후에는 그 수치를 바꿀 수 없습니다. {earliest}부터 정할 수 있습니다",
            allowed=["reopen_cycle"],
            pointer=pointer,
        )


def evolve(state: Cycle | None, event: Event) -> Cycle:
    """Return the state after an event. Raises OutOfPlace."""
    match event.data:
        case CyclePlanned() as planned:
            return Cycle(id=beginning(state, event), status="planned", **planned.model_dump())
        case CycleOpened(policies=pins):
            return existing(state, event).model_copy(update={"status": "open", "policies": pins})
        case CyclePolicyAdopted(framework=framework, new=version):
            before = existing(state, event)
            pins = (before.policies or PolicyVersions()).model_copy(update={framework: version})
            return before.model_copy(update={"policies": pins})
        case CycleReopened():
            return existing(state, event).model_copy(update={"status": "open"})
        case CycleClosed():
            return existing(state, event).model_copy(update={"status": "closed"})
        case _:
            return existing(state, event)
