"""The period of an objective: it may be moved to another cycle, and keeps its history."""

from datetime import date

from events.context import Context
from events.cycles.decider import require_not_closed
from events.cycles.state import Cycle
from events.errors import Refused
from events.objectives.commands import ChangeObjectiveCycle
from events.objectives.events import ObjectiveCycleChanged
from events.objectives.key_result_events import TrajectoryDeclared
from events.objectives.state import Objective
from events.registry import EventData


def change_cycle(command: ChangeObjectiveCycle, objective: Objective, context: Context) -> list[EventData]:
    """Return the events that move an objective to another cycle, which is open or planned.

    Declared points that lie outside of it are given up, which is on record as any other declaration.
    """
    if command.cycle == objective.cycle:
        return []
    cycle = context.new_cycle
    if cycle is None or cycle.id != command.cycle:
        raise Refused(
            "cycle_unknown", "there is no such cycle", "없는 사이클입니다", kind="invalid", pointer="/cycle"
        )
    require_not_closed(cycle)
    _check_targets(objective, cycle)
    moved = ObjectiveCycleChanged(old=objective.cycle, new=cycle.id, starts=cycle.start)
    changes: list[EventData] = [moved]
    for key_result in objective.active_key_results:
        kept = tuple(point for point in key_result.trajectory if cycle.start <= point.day <= cycle.end)
        if kept != key_result.trajectory:
            declared = TrajectoryDeclared(key_result=key_result.id, old=key_result.trajectory, new=kept)
            changes.append(declared)
    return changes


def cycle_of(objective: Objective, cycle: Cycle, context: Context) -> Cycle:
    """Return the cycle that an objective would have with the pending changes; `cycle` is the one it has."""
    moved_to = context.new_cycle
    return moved_to if moved_to is not None and moved_to.id == objective.cycle else cycle


def _check_targets(objective: Objective, cycle: Cycle) -> None:
    """Refuse a cycle that ends before a target begins that was set since the objective is active.

    The first target of another measure is one of these: a cycle before it never had that measure.
    """
    later: list[tuple[date, str]] = []
    for active in objective.active_key_results:
        key_result = active.as_measured_on(date.max, cycle.id)
        since_active = key_result.targets if key_result.earlier_measures else key_result.targets[1:]
        later += [
            (fact.effective_from, key_result.id)
            for fact in since_active
            if fact.base is None and fact.effective_from > cycle.end
        ]
    if later:
        day, id_ = max(later)
        raise Refused(
            "target_after_cycle",
            f"the key result {id_} has a target from {day} on, after the end of the cycle {cycle.id}",
            f"핵심 결과 {id_}에는 사이클 {cycle.id}이(가) 끝난 뒤인 {day}부터 적용되는 목표치가 있습니다",
            pointer="/cycle",
        )
