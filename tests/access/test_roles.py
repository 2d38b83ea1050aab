"""Roles: the table in code and the one in the documentation are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.access.roles import PERMISSIONS, ROLES, Permission, Role, permits

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "roles.md"

ROWS = {
    "read goals": Permission.READ,
    "read MBO goals": Permission.READ_ALL_GOALS,
    "read the audit": Permission.READ_TRAIL,
    "see in the audit trail that": Permission.WITNESS,
    "hold conversations": Permission.TALK,
    "change objectives": Permission.CHANGE_GOALS,
    "draw up and change scorecards": Permission.CHANGE_SCORECARDS,
    "change org units": Permission.CHANGE_STRUCTURE,
    "plan, open": Permission.CHANGE_CYCLES,
    "set policies": Permission.CHANGE_POLICIES,
    "register and change feeds": Permission.CHANGE_FEEDS,
    "send readings": Permission.SEND_READINGS,
    "correct and retract": Permission.CORRECT_READINGS,
    "tokens": Permission.ADMINISTER,
}


def test_documentation_shows_the_table_of_the_code() -> None:
    """Each cell of docs/reference/roles.md says what `permits` says."""
    permissions, _, _sight = PAGE.read_text(encoding="utf-8").partition("\n## Who sees what\n")
    table = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in permissions.splitlines()
        if line.startswith("|")
    ]
    header, rows = table[0][1:], table[2:]
    assert tuple(header) == ROLES
    assert len(rows) == len(Permission) == len(ROWS)
    for what, *cells in rows:
        [permission] = [found for beginning, found in ROWS.items() if what.startswith(beginning)]
        for role, cell in zip(ROLES, cells, strict=True):
            assert permits(role, permission) == bool(cell), f"{role} and {permission.value}"


@pytest.mark.parametrize("role", ROLES)
def test_only_administrators_administer(role: Role) -> None:
    """Tokens are made by administrators and nobody else."""
    assert permits(role, Permission.ADMINISTER) == (role == "admin")


def test_feed_does_nothing_but_send() -> None:
    """A feed's token that leaks shows no goal and no reading of others."""
    assert PERMISSIONS["feed"] == {Permission.SEND_READINGS, Permission.CORRECT_READINGS}


def test_readers_change_nothing() -> None:
    """Auditors can't cause an event; viewers talk to each other, and no goal changes by that."""
    reading = {Permission.READ, Permission.READ_ALL_GOALS, Permission.READ_TRAIL, Permission.WITNESS}
    assert PERMISSIONS["auditor"] == reading
    assert PERMISSIONS["viewer"] == {Permission.READ, Permission.TALK}
