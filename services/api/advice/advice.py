"""Advice (조언) on goals and KPIs: worked out from what is known, stored nowhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import Query

from events.cycles.state import Cycle
from events.ids import Slug
from events.kpis.events import KpiTargetSet
from events.kpis.state import Kpi
from events.objectives.events import ObjectiveActivated
from events.objectives.key_result_events import MeasureChanged, RangeChanged, TargetChanged
from events.objectives.state import Objective
from events.org_units.state import OrgUnit
from events.registry import EventData
from events.text import Language
from events.workspace.state import Workspace
from projections.advice.advise import advise, asked_about
from projections.advice.facts import Facts, KpiTargetMove, Scope, TargetMove
from projections.advice.goals import late_from
from projections.audit import queries as audit
from projections.audit.references import reference
from projections.scoring.pace import Pace
from projections.state import queries
from services.api.advice.schemas import AdviceOut, advice_out
from services.api.http.language import Lang
from services.api.http.openapi_responses import READ
from services.api.http.paging import MAX_LIMIT, Page, PagedByNumber, page_from
from services.api.http.read_parameters import AsOf, KnownAt, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import Reader
from services.api.http.services import Serving
from services.keys.keys import Keys
from services.postgres.views import View
from services.queries.lookup import NotFound
from services.queries.objective_scores import ObjectiveScores
from services.queries.person_names import names_of
from services.queries.read_context import ReadContext
from services.queries.visibility import partly_seen, seen_objectives

router = subject_router("/v1/advice", "goals")


@router.get("", summary="List advice", responses=READ)
async def list_advice(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    paged: PagedByNumber,
    language: Lang,
    as_of: AsOf,
    known_at: KnownAt,
    unit: Annotated[
        Slug | None, Query(description="Only this org unit and those below it.", examples=["sales"])
    ] = None,
    objective: Annotated[
        Slug | None, Query(description="Only this objective and its key results.", examples=["growth"])
    ] = None,
    cycle: Annotated[
        Slug | None,
        Query(description="Only this cycle; default: those that are not closed.", examples=["2026-q1"]),
    ] = None,
) -> Page[AdviceOut]:
    """What to look at again in units, people, objectives with key results and KPIs, in this order, by id."""
    async with viewing.context(caller, as_of, known_at, cursor=paged.cursor) as context:
        facts = await _facts(context, services.keys, language)
        scope = _scope(facts, unit=unit, objective=objective, cycle=cycle)
    moving = [one.id for one in facts.objectives if asked_about(one, scope)]
    watched = [one.id for one in facts.kpis if objective is None and not one.retired]
    if moving or watched:
        async with viewing.trail(caller, context.position) as trail:
            made = await _moves(trail, context.workspace, moving, context.position)
            on_kpis = await _kpi_moves(trail, context.workspace, watched, context.position)
        async with viewing.again(context) as still:
            moves = [move._replace(pace=await _pace(still, facts, entry, move)) for entry, move in made]
        facts = replace(facts, moves=moves, kpi_moves=on_kpis)
    return page_from([advice_out(piece) for piece in advise(facts, scope)], paged, context.next_page)


async def _facts(context: ReadContext, keys: Keys, language: Language) -> Facts:
    """Return all goals and KPIs as known then; the moves of targets are in another view."""
    states = {
        kind: [
            version.state
            for version in await queries.latest_of_kind(context.connection, kind, context.position)
        ]
        for kind in ("cycle", "org_unit", "kpi")
    }
    objectives = [version.state for version in await seen_objectives(context)]
    mbo = [one for one in objectives if isinstance(one, Objective) and one.framework == "mbo"]
    owners = {goal.owner for goal in mbo if goal.owner is not None}
    return Facts(
        as_of=context.as_of,
        cycles={state.id: state for state in states["cycle"] if isinstance(state, Cycle)},
        units={state.id: state for state in states["org_unit"] if isinstance(state, OrgUnit)},
        objectives=[state for state in objectives if isinstance(state, Objective)],
        kpis=[state for state in states["kpi"] if isinstance(state, Kpi)],
        names=await names_of(
            context.connection, keys, context.workspace.id, owners, context.position, language
        ),
        partly_seen=await partly_seen(context, owners),
    )


def _scope(facts: Facts, *, unit: str | None, objective: str | None, cycle: str | None) -> Scope:
    """Return what is asked about. Raises 404 for what there is not."""
    asked = next((one for one in facts.objectives if one.id == objective), None)
    if objective is not None and asked is None:
        raise NotFound("objective", objective)
    if cycle is not None and cycle not in facts.cycles:
        raise NotFound("cycle", cycle)
    if unit is not None and unit not in facts.units:
        raise NotFound("org_unit", unit)
    if cycle is not None:
        cycles = frozenset({cycle})
    elif asked is not None:
        cycles = frozenset({asked.cycle})
    else:
        cycles = frozenset(id_ for id_, one in facts.cycles.items() if one.status != "closed")
    return Scope(cycles, None if unit is None else _below(unit, facts), objective)


def _below(unit: str, facts: Facts) -> frozenset[str]:
    """Return a unit and all below it on the day shown."""
    found = {unit}
    while more := {one.id for one in facts.units.values() if one.parent_on(facts.as_of) in found} - found:
        found |= more
    return frozenset(found)


async def _moves(
    trail: View, workspace: Workspace, objectives: Collection[str], position: int
) -> list[tuple[audit.TrailEntry, TargetMove]]:
    """Return every change of a target that was agreed, with the business day on which it was recorded.

    What changes in a draft, before its objective is active, moves nothing.
    """
    moves: list[tuple[audit.TrailEntry, TargetMove]] = []
    agreed: set[str] = set()
    about = [reference("objective", id_) for id_ in objectives]
    for entry in await _entries(trail, workspace, about, _MOVING, position):
        event = entry.event
        if isinstance(event.data, ObjectiveActivated):
            agreed.add(event.aggregate.id)
        move = _move(event.data, workspace.business_day(entry.recorded_at)[0])
        if move is not None and event.aggregate.id in agreed:
            moves.append((entry, move))
    return moves


_MOVING = (
    "objective.activated",
    "key_result.target_changed",
    "key_result.range_changed",
    "key_result.measure_changed",
)


def _move(change: EventData, day: date) -> TargetMove | None:
    match change:
        case RangeChanged(key_result=id_, old=old, new=new, old_upper=was, upper=upper):
            return TargetMove(id_, day, old, new, old_upper=was, upper=upper)
        case TargetChanged(key_result=id_, old=old, new=new):
            return TargetMove(id_, day, old, new)
        case MeasureChanged(key_result=id_, old=before, new=after):
            if before.target is None or after.target is None:
                return None
            units = before.unit, after.unit
            return TargetMove(id_, day, before.target, after.target, before.upper, after.upper, units=units)
        case _:
            return None


async def _kpi_moves(
    trail: View, workspace: Workspace, kpis: Collection[str], position: int
) -> list[KpiTargetMove]:
    """Return every target of some KPIs that took the place of another one."""
    moves = []
    about = [reference("kpi", id_) for id_ in kpis]
    for entry in await _entries(trail, workspace, about, ("kpi.target_set",), position):
        change = entry.event.data
        if isinstance(change, KpiTargetSet) and change.old is not None:
            day, _zone = workspace.business_day(entry.recorded_at)
            moves.append(KpiTargetMove(entry.event.aggregate.id, day, change.old, change.new))
    return moves


async def _entries(
    trail: View, workspace: Workspace, about: Sequence[str], names: tuple[str, ...], position: int
) -> list[audit.TrailEntry]:
    """Return all that the trail has of some types of events on some things, up to a position."""
    found: list[audit.TrailEntry] = []
    while about:
        entries = await audit.trail_of(
            trail.connection,
            workspace.id,
            about,
            known=position,
            after=found[-1].position if found else 0,
            name=names,
            limit=MAX_LIMIT,
        )
        found += entries
        if len(entries) < MAX_LIMIT:
            break
    return found


async def _pace(context: ReadContext, facts: Facts, entry: audit.TrailEntry, move: TargetMove) -> Pace | None:
    """Return the pace of a key result when its target was moved, by what was known just before.

    None where nobody asks for it: of what was not active, and in the last fifth of the cycle.
    """
    before = replace(context, as_of=move.recorded_on, known_at=entry.recorded_at, position=entry.position - 1)
    version = await queries.latest(before.connection, "objective", entry.event.aggregate.id, before.position)
    objective = None if version is None else version.state
    if not isinstance(objective, Objective) or objective.status != "active":
        return None
    cycle, key_result = facts.cycles.get(objective.cycle), objective.key_result(move.key_result)
    if cycle is None or move.recorded_on >= late_from(cycle) or key_result is None:
        return None
    alone = objective.model_copy(update={"key_results": (key_result,)})
    return (await ObjectiveScores.of_scores(before, [alone])).pace(alone, key_result)
