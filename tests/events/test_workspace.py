"""The rules of a workspace, and of its business days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from events.workspace.commands import ChangeZone, CreateWorkspace
from events.workspace.events import WorkspaceCreated, WorkspaceZoneChanged
from events.workspace.state import Workspace
from tests.events.given import TODAY, given, state_after

CREATED = WorkspaceCreated(name="아크메", zone="Asia/Seoul", default_language="ko")
TOMORROW = TODAY + timedelta(days=1)
CHANGED = WorkspaceZoneChanged(old="Asia/Seoul", new="Europe/Berlin", effective_from=TOMORROW)


def test_a_workspace_begins_in_a_zone() -> None:
    """Its first zone holds since ever."""
    state = given("workspace").when(CreateWorkspace(name="아크메", zone="Asia/Seoul")).then(CREATED)
    assert state.zone_on(date(1990, 1, 1)) == "Asia/Seoul"


def test_a_workspace_begins_once() -> None:
    given("workspace", CREATED).when(CreateWorkspace(name="B", zone="UTC")).refused("workspace_exists")


@pytest.mark.parametrize("zone", ["", "Seoul", "Asia/Atlantis", "../../etc/passwd", "/etc/localtime", "Asia"])
def test_a_zone_is_an_iana_name(zone: str) -> None:
    given("workspace").when(CreateWorkspace(name="B", zone=zone)).refused("zone_unknown", "invalid", "/zone")
    command = ChangeZone(zone=zone, effective_from=TOMORROW)
    given("workspace", CREATED).when(command).refused("zone_unknown", "invalid", "/zone")


def test_a_zone_changes_from_a_day_to_come() -> None:
    """Days that began have stamped readings: they are settled."""
    command = ChangeZone(zone="Europe/Berlin", effective_from=TOMORROW)
    state = given("workspace", CREATED).when(command).then(CHANGED)
    assert (state.zone_on(TODAY), state.zone_on(TOMORROW)) == ("Asia/Seoul", "Europe/Berlin")
    too_early = ChangeZone(zone="Europe/Berlin", effective_from=TODAY)
    given("workspace", CREATED).when(too_early).refused("zone_change_in_the_past", "invalid")


def test_zone_changes_come_one_after_the_other() -> None:
    command = ChangeZone(zone="UTC", effective_from=TOMORROW)
    given("workspace", CREATED, CHANGED).when(command).refused("zone_change_in_the_past", "invalid")


def test_the_same_zone_is_no_change() -> None:
    given("workspace", CREATED).when(ChangeZone(zone="Asia/Seoul", effective_from=TODAY)).then()
    changed = given("workspace", CREATED, CHANGED)
    changed.when(ChangeZone(zone="Europe/Berlin", effective_from=TOMORROW)).then()
    # Until tomorrow it is another one, so that answer would not be true.
    early = ChangeZone(zone="Europe/Berlin", effective_from=TODAY)
    changed.when(early).refused("zone_change_in_the_past", "invalid", "/effective_from")


def test_what_does_not_exist_has_no_zone() -> None:
    command = ChangeZone(zone="UTC", effective_from=TOMORROW)
    given("workspace").when(command).refused("workspace_unknown", "not_found")


def test_the_business_day_follows_the_zone_of_its_day() -> None:
    """Around a change of zone every instant has one business day."""
    workspace: Workspace = state_after("workspace", CREATED, CHANGED)
    last_of_seoul = datetime(2025, 2, 10, 14, 59, tzinfo=UTC)
    assert workspace.business_day(last_of_seoul) == (date(2025, 2, 10), "Asia/Seoul")
    # Past midnight in Seoul, not yet in Berlin: the new zone's first day has not begun.
    assert workspace.business_day(last_of_seoul + timedelta(minutes=2)) == (date(2025, 2, 11), "Asia/Seoul")
    first_of_berlin = datetime(2025, 2, 10, 23, 0, tzinfo=UTC)
    assert workspace.business_day(first_of_berlin) == (date(2025, 2, 11), "Europe/Berlin")
