"""Relative goals: which ones wait for a target, and what the views know of the bases that it follows from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from events.cycles.state import Cycle
from events.ids import Aggregate
from events.kpis.commands import StatedKpiTarget
from events.kpis.state import Kpi
from events.measures import Window
from events.objectives.state import KeyResult, Objective
from events.relative import FrozenBase, FrozenValue, PeriodBase
from projections.driver import Connection
from projections.scoring.formulas import written
from projections.scoring.relative import (
    WHOLE,
    BasePeriod,
    BaseValue,
    base_days,
    base_periods,
    base_value,
    kpi_base_period,
)
from projections.state import queries
from projections.state.queries_readings import positions_of


def waiting(objectives: Sequence[Objective]) -> list[tuple[Objective, KeyResult]]:
    """Return the relative goals of active objectives that lack a target, or get one for each period."""
    return [
        (objective, key_result)
        for objective in objectives
        if objective.status == "active"
        for key_result in objective.active_key_results
        if _waits(key_result)
    ]


async def bases_of(
    connection: Connection, position: int, as_of: date, objective: Objective, key_result: KeyResult
) -> tuple[PeriodBase, ...]:
    """Return the bases of a relative goal whose periods are over and have a value, as known at a position.

    None in a closed cycle, where nothing is resolved any more.
    """
    relative = key_result.measure.relative
    if relative is None or relative.of == "baseline" or key_result.kpi is None:
        return ()
    wanted = [Aggregate("cycle", objective.cycle), Aggregate("kpi", key_result.kpi)]
    found = await queries.latest_of(connection, wanted, position)
    cycle, kpi = (found[each].state if each in found else None for each in wanted)
    if not isinstance(cycle, Cycle) or cycle.status == "closed" or not isinstance(kpi, Kpi):
        return ()
    window = key_result.measure.window_for(kpi.aggregation)
    bases = []
    for period in base_periods(relative, kpi, cycle, as_of):
        base = await _frozen(connection, position, window, kpi, period)
        if base is not None:
            bases.append(PeriodBase(effective_from=period.effective_from, base=base))
    return tuple(bases)


async def kpi_base_of(
    connection: Connection, position: int, today: date, id_: str, stated: StatedKpiTarget
) -> FrozenValue | None:
    """Return the base of a KPI's relative target as known at the position.

    None if its period is not over or has no value.
    """
    relative = stated.relative
    found = await queries.latest(connection, "kpi", id_, position)
    kpi = None if found is None else found.state
    if relative is None or relative.of == "baseline" or not isinstance(kpi, Kpi):
        return None
    period = kpi_base_period(relative, kpi, stated.effective_from or today, today)
    if period is None:
        return None
    base = await _frozen(connection, position, WHOLE, kpi, period)
    return None if base is None else FrozenValue(**base.model_dump(exclude={"course"}))


async def kpi_bases_now(
    connection: Connection, position: int, kpi: Kpi
) -> dict[FrozenValue, BaseValue | None]:
    """Return what the bases of a KPI's targets come to, as known at the position."""
    bases = {target.base for target in kpi.targets if target.base is not None}
    if not bases:
        return {}
    stretches = [base_days(WHOLE, kpi, base) for base in bases]
    first, last = min(start for start, _ in stretches), max(end for _, end in stretches)
    days = await queries.days_of(connection, kpi.id, first, last, position)
    return {base: base_value(WHOLE, kpi, days, base) for base in bases}


def first_bases(key_result: KeyResult, bases: Sequence[PeriodBase]) -> tuple[PeriodBase, ...]:
    """Return the bases that a target may follow from and none follows from yet.

    Another base for a period that has its target, since it was corrected, is for people to adopt.
    """
    resolved = {fact.effective_from for fact in key_result.targets if fact.base is not None}
    return tuple(found for found in bases if found.base.value > 0 and found.effective_from not in resolved)


def _waits(key_result: KeyResult) -> bool:
    relative = key_result.measure.relative
    if relative is None:
        return False
    return relative.resolve == "each_period" or key_result.targets[-1].target is None


async def _frozen(
    connection: Connection, position: int, window: Window, kpi: Kpi, period: BasePeriod
) -> FrozenBase | None:
    """Return a base period frozen with its value; None without a value."""
    first, last = base_days(window, kpi, period)
    days = await queries.days_of(connection, kpi.id, first, last, position)
    base = base_value(window, kpi, days, period)
    if base is None:
        return None
    stand = await positions_of(connection, kpi.id, first, last, position)
    return FrozenBase(
        value=written(base.value),
        start=period.start,
        end=period.end,
        readings=base.readings,
        first_position=stand[0],
        last_position=stand[1],
        known_position=position,
        course=base.course,
    )
