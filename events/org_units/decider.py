"""The rules of the tree of org units: a tree it stays, and nothing hangs on what ended."""

from events.context import Context
from events.envelope import Event
from events.errors import Refused
from events.org_units.commands import ArchiveOrgUnit, CreateOrgUnit, MoveOrgUnit, RenameOrgUnit
from events.org_units.events import OrgUnitArchived, OrgUnitCreated, OrgUnitMoved, OrgUnitRenamed
from events.org_units.state import OrgUnit, Placement
from events.registry import EventData
from events.state import beginning, existing
from events.text import counted

OrgUnitCommand = CreateOrgUnit | RenameOrgUnit | MoveOrgUnit | ArchiveOrgUnit


def decide(command: OrgUnitCommand, state: OrgUnit | None, context: Context) -> list[EventData]:
    """Return the events that follow from a command, or refuse it. What is so already makes no event."""
    context.check_reason()
    if isinstance(command, CreateOrgUnit):
        return _create(command, state, context)
    if state is None:
        raise Refused("org_unit_unknown", "there is no such org unit", "없는 조직입니다", kind="not_found")
    if state.archived:
        raise Refused(
            "org_unit_archived",
            f"the org unit {state.id} is archived",
            f"조직 {state.id} 운영이 이미 끝났습니다",
        )
    match command:
        case RenameOrgUnit():
            return _rename(command, state)
        case MoveOrgUnit():
            return _move(command, state, context)
        case ArchiveOrgUnit():
            return _archive(context)


def _create(command: CreateOrgUnit, state: OrgUnit | None, context: Context) -> list[EventData]:
    if state is not None:
        raise Refused(
            "org_unit_exists",
            f"there is an org unit {state.id} already",
            f"조직 {state.id} 아이디가 이미 있습니다",
        )
    _check_parent(command.parent, context)
    return [
        OrgUnitCreated(
            name_ko=command.name_ko,
            name_en=command.name_en or command.name_ko,
            level=command.level,
            parent=command.parent,
        )
    ]


def _rename(command: RenameOrgUnit, state: OrgUnit) -> list[EventData]:
    new_ko = command.name_ko or state.name_ko
    new_en = command.name_en or state.name_en
    if (new_ko, new_en) == (state.name_ko, state.name_en):
        return []
    return [OrgUnitRenamed(old_ko=state.name_ko, new_ko=new_ko, old_en=state.name_en, new_en=new_en)]


def _move(command: MoveOrgUnit, state: OrgUnit, context: Context) -> list[EventData]:
    day = command.effective_from or context.today
    if state.parents_from(day) == {command.parent}:
        return []
    _check_parent(command.parent, context)
    if command.parent == state.id or command.parent in context.below:
        raise Refused(
            "org_unit_below_itself",
            "a unit cannot be moved under itself or a unit below it",
            "조직을 자기 자신이나 하위 조직 아래로 옮길 수 없습니다",
            pointer="/parent",
        )
    last = state.placements[-1].effective_from if state.placements else None
    if last is not None and day < last:
        raise Refused(
            "org_unit_moved_later",
            f"the unit moves on {last} already: a move is on that day or later",
            f"{last}에 이미 소속이 바뀌었습니다. 그날이나 그 뒤 날짜를 쓰십시오",
            kind="invalid",
            pointer="/effective_from",
        )
    return [OrgUnitMoved(old=state.parent, new=command.parent, effective_from=day)]


def _archive(context: Context) -> list[EventData]:
    if context.below:
        raise Refused(
            "org_unit_has_units",
            f"move or archive what is below it first: {counted(len(context.below), 'unit')}",
            f"하위 조직 {len(context.below)}개가 남아 있습니다. 먼저 옮기거나 운영을 끝내십시오",
            allowed=["rename", "move"],
        )
    return [OrgUnitArchived()]


def _check_parent(parent: str | None, context: Context) -> None:
    if parent is not None:
        require_org_unit(context, pointer="/parent")


def require_org_unit(context: Context, *, pointer: str) -> None:
    """Refuse a command that names an org unit that does not exist or is archived."""
    if context.org_unit is None:
        raise Refused(
            "org_unit_unknown",
            "there is no such org unit",
            "없는 조직입니다",
            kind="invalid",
            pointer=pointer,
        )
    if context.org_unit.archived:
        raise Refused(
            "org_unit_archived",
            f"the org unit {context.org_unit.id} is archived",
            f"조직 {context.org_unit.id} 운영이 이미 끝났습니다",
            pointer=pointer,
        )


def evolve(state: OrgUnit | None, event: Event) -> OrgUnit:
    """Return the state after an event. Raises OutOfPlace."""
    match event.data:
        case OrgUnitCreated() as created:
            first = Placement(parent=created.parent, effective_from=None)
            return OrgUnit(id=beginning(state, event), placements=(first,), **created.model_dump())
        case OrgUnitRenamed() as renamed:
            names = {"name_ko": renamed.new_ko, "name_en": renamed.new_en}
            return existing(state, event).model_copy(update=names)
        case OrgUnitMoved() as moved:
            unit = existing(state, event)
            day = moved.effective_from or event.business_day or event.time.date()
            placement = Placement(parent=moved.new, effective_from=day)
            return unit.model_copy(update={"parent": moved.new, "placements": (*unit.placements, placement)})
        case OrgUnitArchived():
            return existing(state, event).model_copy(update={"archived": True})
        case _:
            return existing(state, event)
