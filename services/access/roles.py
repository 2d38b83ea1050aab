"""What each role may do: one table, shown to people in docs/reference/roles.md."""

from __future__ import annotations

from enum import StrEnum
from typing import get_args

from events.access.events import Role

__all__ = ["PERMISSIONS", "ROLES", "Permission", "Role", "permits"]

ROLES: tuple[Role, ...] = get_args(Role)


class Permission(StrEnum):
    """One kind of thing that a caller may do."""

    READ = "read"
    """Goals, KPIs, trends, readings and score histories, now or then."""
    READ_ALL_GOALS = "read_all_goals"
    """MBO goals and scorecards of others, too; everybody reads their own and those of whom they lead."""
    READ_TRAIL = "read_trail"
    """The audit trail: who did what, when and why."""
    WITNESS = "witness"
    """See in the audit trail that people talked to each other, who and when; never what was said."""
    TALK = "talk"
    """Hold conversations, give feedback and recognition."""
    CHANGE_GOALS = "change_goals"
    """Objectives, key results, initiatives, KPIs and their targets; check-ins."""
    CHANGE_SCORECARDS = "change_scorecards"
    """Draw up and change scorecards; of people only of those whose scorecard one sees."""
    CHANGE_STRUCTURE = "change_structure"
    """Org units, people and who belongs where."""
    CHANGE_CYCLES = "change_cycles"
    """Plan, open and close cycles."""
    CHANGE_POLICIES = "change_policies"
    """Set the rules by which goals are graded."""
    CHANGE_FEEDS = "change_feeds"
    """Register feeds and change what is declared of them."""
    SEND_READINGS = "send_readings"
    """Send readings; a feed only its own."""
    CORRECT_READINGS = "correct_readings"
    """Correct and retract readings; a feed only its own."""
    ADMINISTER = "administer"
    """Tokens, and the workspace's name and zone."""


_P = Permission

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    "admin": frozenset(Permission),
    "owner": frozenset(Permission) - {_P.ADMINISTER, _P.WITNESS},
    "editor": frozenset(
        {
            _P.READ,
            _P.READ_TRAIL,
            _P.TALK,
            _P.CHANGE_GOALS,
            _P.CHANGE_SCORECARDS,
            _P.SEND_READINGS,
            _P.CORRECT_READINGS,
        }
    ),
    "viewer": frozenset({_P.READ, _P.TALK}),
    "auditor": frozenset({_P.READ, _P.READ_ALL_GOALS, _P.READ_TRAIL, _P.WITNESS}),
    "hr": frozenset({_P.READ, _P.READ_ALL_GOALS, _P.TALK, _P.CHANGE_SCORECARDS, _P.CHANGE_STRUCTURE}),
    "feed": frozenset({_P.SEND_READINGS, _P.CORRECT_READINGS}),
}


def permits(role: Role, permission: Permission) -> bool:
    """Return whether the role includes the permission."""
    return permission in PERMISSIONS[role]
