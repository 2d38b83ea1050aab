"""The rules of a workspace."""

from datetime import date

from events.context import Context
from events.envelope import Event
from events.errors import Refused
from events.registry import EventData
from events.state import beginning, existing
from events.workspace.commands import ChangeZone, CreateWorkspace
from events.workspace.events import WorkspaceCreated, WorkspaceZoneChanged
from events.workspace.state import Workspace
from events.zones import is_zone


def decide(
    command: CreateWorkspace | ChangeZone, state: Workspace | None, context: Context
) -> list[EventData]:
    """Return the events that follow from a command, or refuse it."""
    context.check_reason()
    match command:
        case CreateWorkspace():
            return _create(command, state)
        case ChangeZone():
            return _change_zone(command, state, context)


def _create(command: CreateWorkspace, state: Workspace | None) -> list[EventData]:
    if state is not None:
        raise Refused(
            "workspace_exists",
            f"there is a workspace {state.id} already",
            f"워크스페이스 {state.id} 아이디가 이미 있습니다",
        )
    check_zone(command.zone)
    return [WorkspaceCreated(name=command.name, zone=command.zone, default_language=command.default_language)]


def _change_zone(command: ChangeZone, state: Workspace | None, context: Context) -> list[EventData]:
    if state is None:
        raise Refused(
            "workspace_unknown", "there is no such workspace", "없는 워크스페이스입니다", kind="not_found"
        )
    check_zone(command.zone)
    old, since = state.zones[-1]
    if command.zone == old:
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
        case WorkspaceZoneChanged() as changed:
            before = existing(state, event)
            return before.model_copy(update={"zones": (*before.zones, (changed.new, changed.effective_from))})
        case _:
            return existing(state, event)
