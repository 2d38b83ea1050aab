"""A goal that the caller may not see is, for a command of his, not there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from events.commands import Command
from events.errors import Refused
from events.objectives.commands import AddKeyResult, DraftObjective, EnsureContainer
from events.people.org_chart import OrgChart
from events.scorecards.commands import ChangeScorecard, DrawUpScorecard
from events.scorecards.state import Scorecard
from events.state import State
from events.visibility import parties_of, seen_by
from services.access.callers import Caller
from services.access.roles import Permission
from services.commands.state_loader import Knowledge


async def require_seen(
    knowledge: Knowledge,
    caller: Caller,
    state: State | None,
    commands: Sequence[Command],
    today: date,
) -> None:
    """Refuse commands on a goal that the caller does not see, as if it were not there.

    And a new scorecard that he would not see.
    """
    first = commands[0]
    if state is None and isinstance(first, DrawUpScorecard):
        await _require_sight_of_card(knowledge, caller, first, today)
    if await may_see(knowledge, caller, state, today):
        return
    if isinstance(first, DraftObjective) and state is not None:
        # The id is taken, but not said what may be done with it now: that tells how far it is.
        raise Refused(
            "objective_exists",
            f"there is an objective {state.id} already",
            f"목표 {state.id} 아이디가 이미 있습니다",
        )
    if isinstance(first, EnsureContainer | DrawUpScorecard):
        return  # its decider says that the id is taken
    if isinstance(first, ChangeScorecard):
        raise Refused(
            "scorecard_unknown", "there is no such scorecard", "없는 평가표입니다", kind="not_found"
        )
    id_ = getattr(first, "key_result", None)
    if id_ is not None and not isinstance(first, AddKeyResult):
        raise Refused(
            "not_found",
            f"There is no key result {id_!r}.",
            f"핵심 결과 {id_!r}이(가) 없습니다.",
            kind="not_found",
        )
    raise Refused("objective_unknown", "there is no such objective", "없는 목표입니다", kind="not_found")


async def _require_sight_of_card(
    knowledge: Knowledge, caller: Caller, command: DrawUpScorecard, today: date
) -> None:
    if await may_see(knowledge, caller, Scorecard(id="", **command.model_dump()), today):
        return
    raise Refused(
        "scorecard_of_others",
        "the scorecard of a person is drawn up by the person, those who lead them, and roles that see all",
        "구성원의 평가표는 본인, 그 조직의 리더, 모든 평가표를 보는 역할만 만들 수 있습니다",
        kind="forbidden",
        pointer="/person",
    )


async def may_see(knowledge: Knowledge, caller: Caller, state: State | None, today: date) -> bool:
    """Whether the caller sees an aggregate: everybody sees what concerns no few parties."""
    parties = parties_of(state)
    if parties is None or caller.may(Permission.READ_ALL_GOALS) or caller.actor in parties:
        return True
    chart = OrgChart(await knowledge.people(), await knowledge.org_units())
    return caller.actor in seen_by(parties, chart, today)
