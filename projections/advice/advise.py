"""Give all advice on goals and KPIs, in an order to read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from events.cycles.state import Cycle
from events.kpis.state import Kpi
from events.objectives.state import Objective
from events.org_units.state import OrgUnit
from events.text import Text
from projections.advice.codes import OBJECTIVES_PER_UNIT, Advice, Item, advice
from projections.advice.facts import Facts, KpiTargetMove, Scope, TargetMove
from projections.advice.goals import on_key_result, on_moves, on_objective
from projections.advice.kpis import on_kpi, on_kpi_moves, on_kpis_of
from projections.advice.mbo import on_mbo_goal, on_mbo_goals_of_each


def advise(facts: Facts, scope: Scope) -> list[Advice]:
    """Return advice on units, then people, objectives with their key results, and KPIs; each kind by id.

    What is dropped, retired or archived gets none. With an objective in the scope there is only its own.
    """
    objectives = sorted(
        (objective for objective in facts.objectives if objective.status != "dropped"),
        key=lambda objective: objective.id,
    )
    on_goals = list(_on_goals(facts, scope, objectives))
    if scope.objective is not None:
        return on_goals
    kpis = sorted((kpi for kpi in facts.kpis if not kpi.retired), key=lambda kpi: kpi.id)
    in_goals = _measures_of(facts, objectives)
    retired = {kpi.id for kpi in facts.kpis if kpi.retired}
    dropped = _dropped(facts)
    kpi_moves: defaultdict[str, list[KpiTargetMove]] = defaultdict(list)
    for move in facts.kpi_moves:
        kpi_moves[move.kpi].append(move)
    on_kpis: list[Advice] = []
    for kpi in kpis:
        if scope.units is None or kpi.org_unit in scope.units:
            unit = facts.units.get(kpi.org_unit or "")
            in_goal = kpi.id in in_goals
            on_kpis += on_kpi(kpi, unit, facts.as_of, in_goal=in_goal, retired=retired, dropped=dropped)
            on_kpis += on_kpi_moves(kpi, facts.cycles.values(), kpi_moves[kpi.id], asked=scope.cycles)
    mbo_goals = [one for one in objectives if one.framework == "mbo" and asked_about(one, scope)]
    known = [one for one in mbo_goals if one.owner not in facts.partly_seen]
    on_people = on_mbo_goals_of_each(known, facts.names)
    return [*_on_units(facts, scope, objectives, kpis), *on_people, *on_goals, *on_kpis]


def _measures_of(facts: Facts, objectives: list[Objective]) -> frozenset[str | None]:
    """Return the KPIs that measure key results of the day's cycles."""
    running = {id_ for id_, cycle in facts.cycles.items() if cycle.start <= facts.as_of <= cycle.end}
    return frozenset(
        key_result.kpi
        for objective in objectives
        if objective.cycle in running
        for key_result in objective.active_key_results
    )


def _dropped(facts: Facts) -> set[str]:
    """Return the objectives that were dropped, with their key results, and dropped key results of others."""
    whole = {one.id for one in facts.objectives if one.status == "dropped"}
    return whole | {
        key_result.id
        for one in facts.objectives
        for key_result in one.key_results
        if one.id in whole or key_result.status == "dropped"
    }


def _on_units(facts: Facts, scope: Scope, objectives: list[Objective], kpis: list[Kpi]) -> Iterator[Advice]:
    watched: defaultdict[str | None, list[Kpi]] = defaultdict(list)
    for kpi in kpis:
        watched[kpi.org_unit].append(kpi)
    for unit in sorted(facts.units.values(), key=lambda unit: unit.id):
        if unit.archived or (scope.units is not None and unit.id not in scope.units):
            continue
        own = [each for each in objectives if each.org_unit == unit.id and _is_okr(each)]
        for id_ in sorted(scope.cycles & facts.cycles.keys()):
            yield from _on_objectives_of(unit, facts.cycles[id_], own, facts, watches=bool(watched[unit.id]))
        yield from on_kpis_of(unit, watched[unit.id])


def _on_objectives_of(
    unit: OrgUnit, cycle: Cycle, own: list[Objective], facts: Facts, *, watches: bool
) -> Iterator[Advice]:
    """Yield advice on how many objectives a unit has in a cycle."""
    item = Item("org_unit", unit.id, Text(unit.name_ko, unit.name_en), cycle.id)
    count = sum(objective.cycle == cycle.id for objective in own)
    if count > OBJECTIVES_PER_UNIT:
        yield advice("too_many_objectives", item, count=count, limit=OBJECTIVES_PER_UNIT)
    # A unit whose objectives are the quarter's needs none of its own in the year.
    elsewhere = (facts.cycles.get(objective.cycle) for objective in own)
    busy = any(other is not None and _share_days(cycle, other) for other in elsewhere)
    if watches and cycle.status == "open" and not busy:
        yield advice("no_objective", item, limit=OBJECTIVES_PER_UNIT)


def _is_okr(objective: Objective) -> bool:
    """Return whether it is an objective of an OKR in somebody's words."""
    return objective.framework == "okr" and not objective.direct


def _share_days(one: Cycle, other: Cycle) -> bool:
    return one.start <= other.end and other.start <= one.end


def _on_goals(facts: Facts, scope: Scope, objectives: list[Objective]) -> Iterator[Advice]:
    moves: defaultdict[str, list[TargetMove]] = defaultdict(list)
    for move in facts.moves:
        moves[move.key_result].append(move)
    for objective in objectives:
        if not asked_about(objective, scope):
            continue
        yield from on_objective(objective)
        yield from on_mbo_goal(objective, facts.cycles.get(objective.cycle))
        for key_result in objective.active_key_results:
            yield from on_key_result(objective, key_result)
            yield from on_moves(objective, key_result, facts.cycles, moves[key_result.id])


def asked_about(objective: Objective, scope: Scope) -> bool:
    """Return whether an objective and its key results are in the scope."""
    return (
        objective.cycle in scope.cycles
        and (scope.units is None or objective.org_unit in scope.units)
        and scope.objective in (None, objective.id)
    )
