"""Who acts for the parties of an MBO goal: in the place of one who left, and at its end."""

from events.context import Context
from events.errors import Refused
from events.objectives.state import Objective

RUNS_THE_WORKSPACE = ("admin", "owner")
"""Roles that see every goal and may change it."""


def stands_in_for(objective: Objective, context: Context) -> frozenset[str]:
    """Return the parties who left and for whom the caller may agree: as one of their line, or by role.

    Never the other party: a goal is agreed on by two.
    """
    if context.actor in objective.parties:
        return frozenset()
    by_role = context.role in RUNS_THE_WORKSPACE
    return frozenset(party for party, line in context.gone.items() if by_role or context.actor in line)


def check_may_end(objective: Objective, context: Context) -> None:
    """Refuse to grade or close an MBO goal for anybody but its parties, their line, and by role."""
    if objective.framework != "mbo" or context.role in RUNS_THE_WORKSPACE:
        return
    if context.actor not in objective.parties | context.line:
        raise Refused(
            "goal_of_others",
            "owner, reviewer, their line, and admin or owner of the workspace end an MBO goal, nobody else",
            "MBO 목표는 담당자, 합의 상대, 그 조직의 리더, 워크스페이스 관리자만 평가하고 마감할 수 있습니다",
            kind="forbidden",
        )
