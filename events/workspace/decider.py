"""The rules of a workspace."""

from datetime import date

from events.context import Context
from events.envelope import Event
from events.errors import Refused, own_request
from events.registry import EventData
from events.state import beginning, existing
from events.workspace.commands import ChangeZone, CreateWorkspace, SetDualControl
from events.workspace.events import (
    DualControlOffRequested,
    DualControlSet,
    WorkspaceCreated,
    WorkspaceZoneChanged,
)
from events.workspace.state import Workspace
from events.zones import is_zone


def decide(
    command: CreateWorkspace | ChangeZone | SetDualControl, state: Workspace | None, context: Context
) -> list[EventData]:
    """Return the events that follow from a command, or refuse it."""
    context.check_reason()
    match command:
        case CreateWorkspace():
            return _create(command, state)
        case ChangeZone():
            return _change_zone(command, state, context)
        case SetDualControl():
            return _set_dual_control(command, state, context)


def _create(command: CreateWorkspace, state: Workspace | None) -> list[EventData]:
    if state is not None:
        raise Refused(
            "workspace_exists",
            f"there is a workspace {state.id} already",
            f"워크스페이스 {state.id} 아이디가 이미 있습니다",
        )
    check_zone(command.zone)
    return [WorkspaceCreated(name=command.name, zone=command.zone, default_language=command.default_language)]


def _set_dual_control(command: SetDualControl, state: Workspace | None, context: Context) -> list[EventData]:
    """Turn it on at once; turn it off, while it is in force, when a second administrator asks for it."""
    asked_by = None if state is None else state.dual_control_off_asked_by
    if state is None or (command.required == state.dual_control and asked_by is None):
        return []
    if command.required or not context.dual_control:
        return [DualControlSet(required=command.required)]
    if asked_by is None:
        context.require_reason()
        return [DualControlOffRequested()]
    if asked_by == context.actor:
        raise own_request()
    return [DualControlSet(required=False)]


def _change_zone(command: ChangeZone, state: Workspace | None, context: Context) -> list[EventData]:
    if state is None:
        raise Refused(
            "workspace_unknown", "there is no such workspace", "없는 워크스페이스입니다", kind="not_found"
        )
    check_zone(command.zone)
    old, since = state.zones[-1]
    if state.zones_from(command.effective_from) == {command.zone}:
        return []
    # Readings carry the business day they got when they came in, so days that began are settled.
    if command.effective_from <= max(context.today, since):
        raise Refused(
            "zone_change_in_the_past",
            f"a zone can change from {max(context.today, since)} plus one day at the earliest",
            f"시간대는 {max(context.today, since)} 다음 날부터 바꿀 수 있습니다",
            kind="invalid",
            pointer="/effective_from",
        )
    return [WorkspaceZoneChanged(old=old, new=command.zone, effective_from=command.effective_from)]


def check_zone(zone: str) -> None:
    """Refuse what is no IANA time zone; the field of the command is `zone`."""
    if not is_zone(zone):
        raise Refused(
            "zone_unknown",
            f"{zone!r} is no IANA time zone such as Asia/Seoul",
            f"{zone!r} 시간대가 없습니다. Asia/Seoul 같은 IANA 이름을 쓰십시오",
            kind="invalid",
            pointer="/zone",
        )


def evolve(state: Workspace | None, event: Event) -> Workspace:
    """Return the state after an event. Raises OutOfPlace."""
    match event.data:
        case WorkspaceCreated() as created:
            return Workspace(
                id=beginning(state, event),
                name=created.name,
                default_language=created.default_language,
                zones=((created.zone, date.min),),
            )
        case DualControlOffRequested():
            return existing(state, event).model_copy(update={"dual_control_off_asked_by": event.actor})
        case DualControlSet(required=required):
            said = {"dual_control": required, "dual_control_off_asked_by": None}
            return existing(state, event).model_copy(update=said)
        case WorkspaceZoneChanged() as changed:
            before = existing(state, event)
            return before.model_copy(update={"zones": (*before.zones, (changed.new, changed.effective_from))})
        case _:
            return existing(state, event)
