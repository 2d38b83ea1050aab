"""The rules of the tree of org units."""

from datetime import date

import pytest
from pydantic import ValidationError

from events.org_units.commands import ArchiveOrgUnit, CreateOrgUnit, MoveOrgUnit, RenameOrgUnit
from events.org_units.events import OrgUnitArchived, OrgUnitCreated, OrgUnitMoved, OrgUnitRenamed
from tests.events.given import SALES_TEAM, TODAY, given

CREATED = OrgUnitCreated(name_ko="제품팀", name_en="Product", level="team", parent="sales")
UNIT = given("org_unit", CREATED)
ARCHIVED = UNIT.and_then(OrgUnitArchived())


def test_a_unit_begins_below_a_parent() -> None:
    command = CreateOrgUnit(name_ko="제품팀", name_en="Product", level="team", parent="sales")
    state = given("org_unit").when(command).then(CREATED)
    assert (state.parent, state.archived) == ("sales", False)


def test_one_name_serves_for_both_languages() -> None:
    given("org_unit").when(CreateOrgUnit(name_ko="전사", level="company"), org_unit=None).then(
        OrgUnitCreated(name_ko="전사", name_en="전사", level="company")
    )


def test_a_parent_exists_and_goes_on() -> None:
    command = CreateOrgUnit(name_ko="파트", level="part", parent="nowhere")
    given("org_unit").when(command, org_unit=None).refused("org_unit_unknown", "invalid", "/parent")
    ended = SALES_TEAM.model_copy(update={"archived": True})
    given("org_unit").when(command, org_unit=ended).refused("org_unit_archived")


def test_a_unit_begins_once() -> None:
    UNIT.when(CreateOrgUnit(name_ko="제품팀", level="team")).refused("org_unit_exists")


def test_renaming_keeps_the_name_that_is_left_out() -> None:
    state = UNIT.when(RenameOrgUnit(name_ko="제품개발팀")).then(
        OrgUnitRenamed(old_ko="제품팀", new_ko="제품개발팀", old_en="Product", new_en="Product")
    )
    assert (state.name_ko, state.name_en) == ("제품개발팀", "Product")
    UNIT.when(RenameOrgUnit(name_en="Product")).then()


def test_a_unit_moves_or_becomes_a_root() -> None:
    state = UNIT.when(MoveOrgUnit(parent=None), org_unit=None).then(
        OrgUnitMoved(old="sales", new=None, effective_from=TODAY)
    )
    assert state.parent is None
    UNIT.when(MoveOrgUnit(parent="sales")).then()


def test_before_a_move_a_unit_belongs_where_it_was() -> None:
    """A team that moves in May belongs to the old place in April, also when the move is told in June."""
    may = date(2026, 5, 1)
    state = UNIT.when(MoveOrgUnit(parent="growth", effective_from=may)).then(
        OrgUnitMoved(old="sales", new="growth", effective_from=may)
    )
    assert [state.parent_on(day) for day in (date(2020, 1, 1), date(2026, 4, 30), may)] == [
        "sales",
        "sales",
        "growth",
    ]
    again = UNIT.and_then(OrgUnitMoved(old="sales", new="growth", effective_from=may))
    early = MoveOrgUnit(parent="sales", effective_from=date(2026, 4, 30))
    again.when(early).refused("org_unit_moved_later", "invalid", "/effective_from")


def test_a_move_to_where_a_unit_will_be_is_not_so_already_before_that_day() -> None:
    """An answer without an event says that the unit is there from the asked day on."""
    may = date(2026, 5, 1)
    moves = UNIT.and_then(OrgUnitMoved(old="sales", new="growth", effective_from=may))
    moves.when(MoveOrgUnit(parent="growth", effective_from=may)).then()
    for early in (
        MoveOrgUnit(parent="growth", effective_from=date(2026, 4, 30)),
        MoveOrgUnit(parent="growth"),
    ):
        moves.when(early).refused("org_unit_moved_later", "invalid", "/effective_from")


def test_a_move_without_a_day_counts_from_the_day_of_its_event() -> None:
    """As moves were recorded before they had a day of their own."""
    moved = UNIT.and_then(OrgUnitMoved(old="sales", new="growth")).when(MoveOrgUnit(parent="growth")).then()
    assert moved.parent_on(date(2020, 1, 1)) == "sales"
    assert moved.parent_on(date(2100, 1, 1)) == "growth"


@pytest.mark.parametrize("parent", ["it", "child", "grandchild"])
def test_a_unit_does_not_move_below_itself(parent: str) -> None:
    target = SALES_TEAM.model_copy(update={"id": parent})
    below = frozenset({"child", "grandchild"})
    UNIT.when(MoveOrgUnit(parent=parent), org_unit=target, below=below).refused("org_unit_below_itself")


def test_a_unit_with_units_below_is_not_archived() -> None:
    UNIT.when(ArchiveOrgUnit(), below=frozenset({"child"})).refused("org_unit_has_units")
    assert UNIT.when(ArchiveOrgUnit()).then(OrgUnitArchived()).archived


@pytest.mark.parametrize("command", [RenameOrgUnit(name_ko="새"), MoveOrgUnit(parent=None), ArchiveOrgUnit()])
def test_an_archived_unit_changes_no_more(
    command: RenameOrgUnit | MoveOrgUnit | ArchiveOrgUnit,
) -> None:
    ARCHIVED.when(command).refused("org_unit_archived")
    given("org_unit").when(command).refused("org_unit_unknown", "not_found")


@pytest.mark.parametrize("name", ["", "   ", "x" * 501, "a\0b", "a\x1bb"])
def test_a_name_is_a_line_of_text(name: str) -> None:
    with pytest.raises(ValidationError):
        CreateOrgUnit(name_ko=name, level="team")
