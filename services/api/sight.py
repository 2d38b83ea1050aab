"""What a caller sees of goals: the one place that every read of them goes through.

Who sees an MBO goal follows from what holds now, also where the past is read: from its parties of now and
their line of today. Whoever does not see it is answered as if it were not there, nor what is only about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from events.ids import Aggregate
from events.initiatives.state import Initiative
from events.objectives.state import Objective
from events.objectives.visibility import parties_of, seen_by
from projections.state import queries, queries_goals
from projections.state.queries_attachments import attachments
from services.access.roles import Permission
from services.api.positions import Then
from services.people.chart import load_org_chart


async def seen_objectives(then: Then) -> list[queries.Version]:
    """All objectives that the caller sees, as known then, by id."""
    return await seen(then, await queries.latest_of_kind(then.connection, "objective", then.position))


async def seen(then: Then, versions: Sequence[queries.Version]) -> list[queries.Version]:
    """Those of some objectives or initiatives that the caller sees."""
    hidden = await hidden_aggregates(then)
    if not hidden:
        return list(versions)
    return [version for version in versions if _aggregate(version) not in hidden]


async def sees(then: Then, version: queries.Version) -> bool:
    """Whether the caller sees one aggregate."""
    if isinstance(version.state, Objective):
        return await sees_objective(then, version.state.id)
    return not isinstance(version.state, Initiative) or bool(await seen(then, [version]))


async def sees_objective(then: Then, id_: str) -> bool:
    """Whether the caller sees one objective, as it is now."""
    if then.caller.may(Permission.READ_ALL_GOALS):
        return True
    found = await queries.latest(then.connection, "objective", id_, then.view.position)
    if found is None or not isinstance(found.state, Objective) or found.state.framework != "mbo":
        return True
    return not await _unseen(then, [found.state])


async def hidden_aggregates(then: Then) -> frozenset[Aggregate]:
    """All that the caller does not see: MBO goals of others, and initiatives for nothing but those."""
    if then.caller.may(Permission.READ_ALL_GOALS):
        return frozenset()
    goals = await _unseen(then, await queries_goals.mbo_goals(then.connection, then.view.position))
    if not goals:
        return frozenset()
    ids = {goal.id for goal in goals} | {each.id for goal in goals for each in goal.key_results}
    about = [f"objective/{goal.id}" for goal in goals]
    about += [f"key_result/{each.id}" for goal in goals for each in goal.key_results]
    work = await attachments(then.connection, "initiative", about, then.view.position)
    return frozenset(Aggregate("objective", goal.id) for goal in goals) | {
        _aggregate(version)
        for version in work
        if isinstance(version.state, Initiative) and ids.issuperset(version.state.supports)
    }


async def _unseen(then: Then, goals: Sequence[Objective]) -> list[Objective]:
    """Those of some MBO goals that the caller does not see."""
    actor = then.caller.actor
    others = [goal for goal in goals if actor not in parties_of(goal)]
    if not others:
        return []
    chart = await load_org_chart(then.connection, then.view.position)
    today, _zone = then.workspace.business_day(datetime.now(UTC))
    return [goal for goal in others if actor not in seen_by(goal, chart, today)]


def _aggregate(version: queries.Version) -> Aggregate:
    assert isinstance(version.state, Objective | Initiative)
    kind = "initiative" if isinstance(version.state, Initiative) else "objective"
    return Aggregate(kind, version.state.id)
