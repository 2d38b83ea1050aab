"""What a caller sees of goals, and of what people say: the one place that every read of them goes through.

Who sees something follows from what holds now, also where the past is read: from its parties of now and their
line of today. Whoever does not see it is answered as if it were not there, nor what is only about it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from events.ids import Aggregate
from events.initiatives.state import Initiative
from events.kpis.definition import WITHOUT_PURPOSE
from events.kpis.state import Kpi
from events.objectives.state import Objective
from events.people.org_chart import OrgChart
from events.people.state import Person
from events.state import State
from events.talk.said import Said
from events.visibility import Viewer, viewer_of
from projections.state import queries, queries_visibility
from projections.state.queries_visibility import SAID
from services.access.roles import Permission
from services.queries.org_chart import load_org_chart
from services.queries.paging import Paging, id_of
from services.queries.read_context import ReadContext

GOALS = ("objective", "initiative", "scorecard")
"""The kinds of aggregates of which a role may see all."""
GOAL_KINDS = ("objective", "key_result")
"""The kinds in references to goals."""
_PERSON = "person:"


async def viewer(context: ReadContext, kinds: Collection[str]) -> Viewer:
    """Return the caller as one who looks at aggregates of some kinds today."""
    sees_all_goals = context.caller.may(Permission.READ_ALL_GOALS)
    actor = context.caller.actor
    restricted = SAID if sees_all_goals else (*GOALS, *SAID)
    if not actor.startswith(_PERSON) or not any(kind in restricted for kind in kinds):
        return Viewer(actor, frozenset(), frozenset(), sees_all_goals)
    if context.viewer is None:
        today = context.today  # not `as_of`: that is a day which the caller chose
        chart = OrgChart((), ())
        # Most people lead nobody: theirs is the only record that has to be read.
        own = await queries.latest(
            context.connection, "person", actor.removeprefix(_PERSON), context.view.position
        )
        person = None if own is None else own.state
        if isinstance(person, Person) and any(each.role == "lead" for each in person.memberships_on(today)):
            chart = await load_org_chart(context.connection, context.view.position)
        context.viewer = viewer_of(actor, chart, today, sees_all_goals=sees_all_goals)
    return context.viewer


async def list_seen(
    context: ReadContext,
    kind: str,
    paging: Paging,
    *,
    holding: Sequence[Mapping[str, Any]] = ({},),
    fits: Callable[[State], bool] = lambda _state: True,
) -> list[queries.Version]:
    """Return a page of the aggregates of a kind that the caller sees, by id, and one more if there are more.

    Each state holds one of the parts in `holding`, which PostgreSQL looks for, and fits as it was on the day.
    """
    looking = await viewer(context, [kind])
    after = "" if paging.cursor is None else str(paging.cursor.after[0])
    chosen: list[queries.Version] = []
    while True:
        found = await queries_visibility.page_of_kind(
            context.connection,
            kind,
            looking,
            position=context.position,
            now=context.view.position,
            after=after,
            limit=paging.limit + 1,
            holding=holding,
        )
        shown = await without_hidden_goals(context, [on_day(context, version) for version in found])
        chosen += [version for version in shown if fits(_state(version))]
        if len(found) <= paging.limit or len(chosen) > paging.limit:
            return chosen[: paging.limit + 1]
        after = id_of(found[-1])


async def seen_objectives(
    context: ReadContext, *, holding: Sequence[Mapping[str, Any]] = ({},)
) -> list[queries.Version]:
    """Return all objectives that the caller sees, as known then, by id, as they were on the day shown."""
    found = await queries_visibility.page_of_kind(
        context.connection,
        "objective",
        await viewer(context, GOALS),
        position=context.position,
        now=context.view.position,
        after="",
        limit=_ALL,
        holding=holding,
    )
    return await without_hidden_goals(context, [on_day(context, version) for version in found])


_ALL = 2**31


def on_day(context: ReadContext, version: queries.Version) -> queries.Version:
    """Return an objective with the cycle and the measures it had on the day shown, and a KPI as it counted;
    anything else as it is.
    """
    if isinstance(version.state, Objective | Kpi):
        return version._replace(state=version.state.as_on(context.as_of))
    return version


async def seen(context: ReadContext, kind: str, versions: Sequence[queries.Version]) -> list[queries.Version]:
    """Return those of some aggregates of a kind that the caller sees."""
    hidden = await hidden_among(context, [Aggregate(kind, id_of(version)) for version in versions])
    found = [version for version in versions if Aggregate(kind, id_of(version)) not in hidden]
    return await without_hidden_goals(context, found)


async def sees(context: ReadContext, kind: str, id_: str) -> bool:
    """Return whether the caller sees one aggregate."""
    return not await hidden_among(context, [Aggregate(kind, id_)])


async def without_hidden_goals(
    context: ReadContext, versions: Sequence[queries.Version]
) -> list[queries.Version]:
    """Return some aggregates without the goals in them that the caller does not see: not even their ids."""
    named = {goal for version in versions for goal in _goals_in(version.state)}
    hidden = await hidden_goals(context, named) if named else frozenset()
    return [
        version._replace(state=_without(version.state, hidden)) if hidden else version for version in versions
    ]


def _goals_in(state: object) -> tuple[str, ...]:
    match state:
        case Objective(supports=supports, takes_over=taken):
            return supports if taken is None else (*supports, taken)
        case Initiative(supports=supports):
            return supports
        case Said(about=str() as about):
            return tuple(_goals_of([about]).values())
    return ()


def _without(state: Any, hidden: frozenset[str]) -> Any:
    """Return an objective, an initiative or what was said without some of the goals in it; anything else as
    it is.
    """
    update: dict[str, Any] = {}
    if isinstance(state, Objective | Initiative):
        update["supports"] = tuple(goal for goal in state.supports if goal not in hidden)
    if isinstance(state, Objective) and state.takes_over in hidden:
        update["takes_over"] = None
    if isinstance(state, Said) and state.about is not None and hidden.intersection(_goals_in(state)):
        update["about"] = None
    return state.model_copy(update=update) if update else state


async def with_purpose_seen(context: ReadContext, kpis: Sequence[Kpi]) -> list[Kpi]:
    """Return some KPIs; one that serves a goal which the caller does not see, without that and why."""
    served = {kpi.serves for kpi in kpis if kpi.serves is not None}
    if not served:
        return list(kpis)
    hidden = await hidden_goals(context, served)
    return [kpi.model_copy(update=WITHOUT_PURPOSE) if kpi.serves in hidden else kpi for kpi in kpis]


async def partly_seen(context: ReadContext, people: Collection[str]) -> frozenset[str]:
    """Return those of some people of whose MBO goals the caller may not see all, nor their scorecard."""
    looking = await viewer(context, GOALS)
    if looking.sees_all_goals:
        return frozenset()
    return frozenset(people) - looking.led - {looking.actor.removeprefix(_PERSON)}


async def hidden_aggregates(context: ReadContext, kinds: Collection[str] = GOALS) -> frozenset[Aggregate]:
    """Return all that the caller does not see: others' MBO goals, what is only for them, and scorecards."""
    looking = await viewer(context, kinds)
    if looking.sees_all_goals:
        kinds = [kind for kind in kinds if kind in SAID]
    if not kinds:
        return frozenset()
    return await queries_visibility.hidden(context.connection, looking, context.view.position, kinds)


async def hidden_among(context: ReadContext, aggregates: Collection[Aggregate]) -> frozenset[Aggregate]:
    """Return those of some aggregates that the caller does not see."""
    restricted = SAID if context.caller.may(Permission.READ_ALL_GOALS) else (*GOALS, *SAID)
    asked = [aggregate for aggregate in aggregates if aggregate.kind in restricted]
    if not asked:
        return frozenset()
    looking, now = await viewer(context, restricted), context.view.position
    return await queries_visibility.hidden_among(context.connection, looking, now, asked)


async def hidden_goals(context: ReadContext, ids: Collection[str]) -> frozenset[str]:
    """Return those of some ids of objectives and key results that the caller does not see."""
    looking, now = await viewer(context, GOALS), context.view.position
    return await queries_visibility.hidden_goals(context.connection, looking, now, ids)


async def seen_references(context: ReadContext, references: Sequence[str]) -> list[str]:
    """Return references (`<kind>/<id>`) without those to goals that the caller does not see.

    A list that is filtered by a reference takes them from here. Else something that the caller sees would
    tell that it refers to what they do not see.
    """
    hidden = await hidden_references(context, references)
    return [one for one in references if one not in hidden]


async def hidden_references(context: ReadContext, references: Collection[str]) -> frozenset[str]:
    """Return those of some references that are to goals which the caller does not see."""
    goals = _goals_of(references)
    hidden = await hidden_goals(context, set(goals.values())) if goals else frozenset()
    return frozenset(one for one, id_ in goals.items() if id_ in hidden)


def _goals_of(references: Collection[str]) -> dict[str, str]:
    """Return the ids of the goals among what is referred to, by reference."""
    parts = {one: one.partition("/") for one in references}
    return {one: id_ for one, (kind, _, id_) in parts.items() if kind in GOAL_KINDS}


def _state(version: queries.Version) -> State:
    assert isinstance(version.state, State)
    return version.state
