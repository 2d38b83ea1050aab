"""Advice on what a command just wrote: only on that, and only from what the command knew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from events.cycles.state import Cycle
from events.kpis.state import Kpi
from events.objectives.state import KeyResult, Objective
from events.org_units.state import OrgUnit
from events.state import State
from projections.advice.codes import Advice
from projections.advice.facts import KpiTargetMove, TargetMove
from projections.advice.goals import on_key_result, on_moves, on_objective
from projections.advice.kpis import on_kpi, on_kpi_moves

_OVER = frozenset({"graded", "closed", "dropped"})
"""Statuses of objectives that nothing is advised on any longer."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a command made of its aggregate."""

    before: State | None
    after: State | None
    recorded_on: date
    """The business day on which it was recorded."""
    cycle: Cycle | None = None
    """Of an objective."""
    cycles: tuple[Cycle, ...] = ()
    """All there are, where a KPI's target was set."""
    unit: OrgUnit | None = None
    """Of a KPI."""
    retired: frozenset[str] = frozenset()
    """Counter-metrics of a KPI that nobody watches any longer."""


def on_written(written: Written) -> list[Advice]:
    """Return advice on the objective, key results or KPI that changed; none on reports and the rest.

    What only shows beside others (how many there are in a unit, whether all are lagging) is not looked at.
    """
    match written.before, written.after:
        case (Objective() | None) as before, Objective() as after:
            return list(_on_goal(before, after, written))
        case (Kpi() | None) as before, Kpi() as after:
            return list(_on_kpi(before, after, written))
        case _:
            return []


def _on_goal(before: Objective | None, after: Objective, written: Written) -> Iterator[Advice]:
    if after.status in _OVER:
        return
    if before is None or _whole(before) != _whole(after):
        yield from on_objective(after)
    for key_result in after.active_key_results:
        known = None if before is None else before.key_result(key_result.id)
        if known is None:
            yield from on_key_result(after, key_result)
        elif _definition(known) != _definition(key_result):
            yield from on_key_result(after, key_result)
            cycles = {} if written.cycle is None else {written.cycle.id: written.cycle}
            yield from on_moves(after, key_result, cycles, _moves(known, key_result, written))


def _whole(objective: Objective) -> Objective:
    """Return an objective without what its key results say."""
    names = tuple(key_result.id for key_result in objective.active_key_results)
    return objective.model_copy(update={"key_results": names})


def _definition(key_result: KeyResult) -> KeyResult:
    """Return a key result without what was reported on it."""
    return key_result.model_copy(update={"check_ins": (), "step_facts": ()})


def _moves(before: KeyResult, after: KeyResult, written: Written) -> list[TargetMove]:
    """Return the later targets of an objective that had been active: in a draft they replace the first."""
    moves: list[TargetMove] = []
    if len(before.earlier_measures) < len(after.earlier_measures):
        return _measured_otherwise(before, after, written.recorded_on)
    for fact in after.targets[len(before.targets) :]:
        old = before.fact_on(fact.effective_from)
        if old.target is None or fact.target is None:
            continue
        moves.append(
            TargetMove(
                after.id, written.recorded_on, old.target, fact.target, old_upper=old.upper, upper=fact.upper
            )
        )
    return moves


def _measured_otherwise(before: KeyResult, after: KeyResult, recorded_on: date) -> list[TargetMove]:
    old, new = before.fact_on(after.measured_since), after.targets[-1]
    if old.target is None or new.target is None:
        return []
    units = before.measure.unit, after.measure.unit
    return [TargetMove(after.id, recorded_on, old.target, new.target, old.upper, new.upper, units=units)]


def _on_kpi(before: Kpi | None, after: Kpi, written: Written) -> Iterator[Advice]:
    if after.retired or before == after:
        return
    day = written.recorded_on
    if before is not None and before.targets != after.targets:
        day = after.targets[-1].effective_from
    # A new KPI is no key result's measure yet; of another one nobody here knows.
    yield from on_kpi(after, written.unit, day, in_goal=before is not None, retired=written.retired)
    asked = {cycle.id for cycle in written.cycles}
    yield from on_kpi_moves(after, written.cycles, _kpi_moves(before, after, written), asked=asked)


def _kpi_moves(before: Kpi | None, after: Kpi, written: Written) -> Iterator[KpiTargetMove]:
    known = before.targets if before is not None else ()
    for n, new in enumerate(after.targets[len(known) :], len(known)):
        old = after.model_copy(update={"targets": after.targets[:n]}).target_on(new.effective_from)
        if old is not None:
            yield KpiTargetMove(after.id, written.recorded_on, old, new)
