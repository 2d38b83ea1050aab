"""Visibility for commands: what the caller may not see is, for a command of theirs, not there.

The rule is events/visibility.py, as for reads; this looks up what it asks for.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

from events.commands import Command
from events.context import Context
from events.errors import Refused
from events.people.org_chart import OrgChart
from events.registry import EventData
from events.state import State
from events.talk.said import Said
from events.visibility import restriction_of, viewer_of
from services.access.callers import Caller
from services.access.roles import Permission
from services.commands.state_loader import StateLoader


class Decide(Protocol):
    """The decider of a kind of aggregate."""

    def __call__(self, command: Command, state: State | None, context: Context, /) -> list[EventData]: ...


async def may_see(knowledge: StateLoader, caller: Caller, state: object, today: date) -> bool:
    """Return whether the caller sees an aggregate as it is now."""
    restriction = restriction_of(state)
    if restriction is None or caller.actor in restriction.parties:
        return True
    chart = OrgChart((), ())
    if restriction.line_of:
        chart = OrgChart(await knowledge.people(), await knowledge.org_units())
    all_goals = caller.may(Permission.READ_ALL_GOALS)
    viewer = viewer_of(caller.actor, chart, today, sees_all_goals=all_goals)
    if viewer.fits(restriction, said=isinstance(state, Said)):
        return True
    found = await knowledge.objectives_of(restriction.goals)
    for objective in sorted(set(found.values())):
        if await may_see(knowledge, caller, await knowledge.state("objective", objective), today):
            return True
    return bool(restriction.goals) and not found


def refusal_of_unseen(
    decide: Decide, command: Command, state: State | None, context: Context, key_result: str | None
) -> Refused:
    """Return how a command on what the caller does not see is refused: as if it were not there.

    Its decider says so, and of a command that begins something that the id is taken; not what may be done
    with what has it, which would tell how far that is. `key_result` is the id by which it was named.
    """
    if key_result is not None:
        return Refused(
            "not_found",
            f"There is no key result {key_result!r}.",
            f"아이디가 {key_result!r}인 핵심 결과가 없습니다.",
            kind="not_found",
        )
    for known in (None, state):
        try:
            decide(command, known, context)
        except Refused as refused:
            if known is state or refused.kind == "not_found":
                refused.allowed = []
                return refused
    raise AssertionError(f"{type(command).__name__} is neither refused without an aggregate nor with one")


async def require_sight_of_new(
    knowledge: StateLoader, caller: Caller, state: State | None, command: Command, today: date
) -> None:
    """Refuse to begin what only those may begin who would see it."""
    begins = command.begins_in_sight
    if state is not None or begins is None:
        return
    if await may_see(knowledge, caller, begins(id="", **command.model_dump()), today):
        return
    raise Refused(
        "scorecard_of_others",
        "the scorecard of a person is drawn up by the person, those who lead them, and roles that see all",
        "구성원의 평가표는 본인, 그 조직의 리더, 모든 평가표를 보는 역할만 만들 수 있습니다",
        kind="forbidden",
        pointer="/person",
    )
