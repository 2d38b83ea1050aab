"""The rules of the tree of org units."""

import pytest
from pydantic import ValidationError

from events.org_units.commands import ArchiveOrgUnit, CreateOrgUnit, MoveOrgUnit, RenameOrgUnit
from events.org_units.events import OrgUnitArchived, OrgUnitCreated, OrgUnitMoved, OrgUnitRenamed
from tests.events.given import SALES_TEAM, given

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
    state = UNIT.when(MoveOrgUnit(parent=None), org_unit=None).then(OrgUnitMoved(old="sales", new=None))
    assert state.parent is None
    UNIT.when(MoveOrgUnit(parent="sales")).then()


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
