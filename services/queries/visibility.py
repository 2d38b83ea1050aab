"""What a caller sees of goals: the one place that every read of them goes through.

Who sees an MBO goal follows from what holds now, also where the past is read: from its parties of now and
their line of today. Whoever does not see it is answered as if it were not there, nor what is only about it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from events.ids import Aggregate
from events.initiatives.state import Initiative
from events.kpis.state import Kpi
from events.objectives.state import Objective
from events.scorecards.state import Scorecard
from events.state import State
from events.visibility import goals_behind, parties_of, seen_by
from projections.state import queries, queries_goals
from projections.state.queries_attachments import attachments
from services.access.roles import Permission
from services.queries.org_chart import load_org_chart
from services.queries.read_context import ReadContext


async def seen_objectives(then: ReadContext) -> list[queries.Version]:
    """All objectives that the caller sees, as known then, by id, as they were on the day shown."""
    versions = await seen(then, await queries.latest_of_kind(then.connection, "objective", then.position))
    return [on_day(then, version) for version in versions]


def on_day(then: ReadContext, version: queries.Version) -> queries.Version:
    """An objective with the cycle and the measures it had on the day shown; anything else as it is."""
    if isinstance(version.state, Objective):
        return version._replace(state=version.state.as_on(then.as_of))
    return version


async def seen(then: ReadContext, versions: Sequence[queries.Version]) -> list[queries.Version]:
    """Those of some objectives, initiatives or scorecards that the caller sees."""
    hidden = await hidden_aggregates(then)
    if not hidden:
        return list(versions)
    return [version for version in versions if _aggregate(_state(version)) not in hidden]


async def sees(then: ReadContext, version: queries.Version) -> bool:
    """Whether the caller sees one aggregate."""
    if isinstance(version.state, Objective):
        return await sees_objective(then, version.state.id)
    return not isinstance(version.state, Initiative | Scorecard) or bool(await seen(then, [version]))


async def sees_objective(then: ReadContext, id_: str) -> bool:
    """Whether the caller sees one objective, as it is now."""
    if then.caller.may(Permission.READ_ALL_GOALS):
        return True
    found = await queries.latest(then.connection, "objective", id_, then.view.position)
    return found is None or not await _unseen(then, [_state(found)])


async def with_purpose_seen(then: ReadContext, kpis: Sequence[Kpi]) -> list[Kpi]:
    """Some KPIs; one that serves a goal which the caller does not see, without that and why."""
    served = {kpi.serves for kpi in kpis if kpi.serves is not None}
    if not served or then.caller.may(Permission.READ_ALL_GOALS):
        return list(kpis)
    objectives = await queries_goals.objectives_of(then.connection, served)
    asked = [Aggregate("objective", id_) for id_ in sorted(set(objectives.values()))]
    found = await queries.latest_of(then.connection, asked, then.view.position)
    unseen = {state.id for state in await _unseen(then, [_state(each) for each in found.values()])}
    nothing = {"serves": None, "serves_why": None}
    return [
        kpi.model_copy(update=nothing) if objectives.get(kpi.serves or "") in unseen else kpi for kpi in kpis
    ]


async def partly_seen(then: ReadContext, people: Collection[str]) -> frozenset[str]:
    """Those of some people of whose MBO goals the caller may not see all, nor their scorecard."""
    if then.caller.may(Permission.READ_ALL_GOALS):
        return frozenset()
    cards = [Scorecard(id=person, cycle="", person=person, items=()) for person in sorted(people)]
    return frozenset(card.id for card in await _unseen(then, cards))


async def hidden_aggregates(then: ReadContext) -> frozenset[Aggregate]:
    """All that the caller does not see: others' MBO goals with what is only for them, and scorecards."""
    if then.caller.may(Permission.READ_ALL_GOALS):
        return frozenset()
    at = then.view.position
    cards = await queries.latest_of_kind(then.connection, "scorecard", at)
    unseen = await _unseen(then, [*await queries_goals.mbo_goals(then.connection, at), *map(_state, cards)])
    goals = [state for state in unseen if isinstance(state, Objective)]
    ids = {goal.id for goal in goals} | {each.id for goal in goals for each in goal.key_results}
    about = [f"objective/{goal.id}" for goal in goals]
    about += [f"key_result/{each.id}" for goal in goals for each in goal.key_results]
    work = await attachments(then.connection, "initiative", about, at)
    return frozenset(map(_aggregate, unseen)) | {
        _aggregate(version.state)
        for version in work
        if isinstance(version.state, Initiative) and ids.issuperset(goals_behind(version.state))
    }


async def _unseen(then: ReadContext, states: Sequence[State]) -> list[State]:
    """Those of some goals and scorecards that the caller does not see."""
    actor = then.caller.actor
    others = [
        (state, parties)
        for state in states
        if (parties := parties_of(state)) is not None and actor not in parties
    ]
    if not others:
        return []
    chart = await load_org_chart(then.connection, then.view.position)
    today, _zone = then.workspace.business_day(datetime.now(UTC))
    return [state for state, parties in others if actor not in seen_by(parties, chart, today)]


def _state(version: queries.Version) -> State:
    assert isinstance(version.state, State)
    return version.state


_KINDS: dict[type[State], str] = {
    Objective: "objective",
    Initiative: "initiative",
    Scorecard: "scorecard",
}


def _aggregate(state: State) -> Aggregate:
    return Aggregate(_KINDS[type(state)], state.id)
