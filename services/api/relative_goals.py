"""Relative goals: their base is looked up in the views, and frozen by a command."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Response

from events.cycles.state import Cycle
from events.errors import Refused
from events.ids import Aggregate
from events.kpis.state import Kpi
from events.objectives.commands import ResolveRelative
from events.objectives.state import KeyResult, Objective
from events.relative import FrozenBase, PeriodBase
from projections.scoring.formulas import written
from projections.scoring.relative import base_days, base_periods, base_value
from projections.state import queries
from projections.state.queries_readings import positions_of
from services.access.callers import Caller
from services.api.answers import STEP
from services.api.key_results import KeyResultId, find_key_result, objective_of
from services.api.positions import WAIT, Reading, Then, Viewing
from services.api.requests import ExactRoute, OptionalIfMatch
from services.api.security import GoalEditor
from services.api.services import Services, Serving
from services.api.writing import Reasoned, Receipt, Writer, Writing
from services.goals.errors import TooContended
from services.views import NotThereYet, ViewsUnavailable

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/v1/key-results", tags=["goals"], route_class=ExactRoute)


@router.post("/{key_result}/resolve", summary="Resolve a relative goal", responses=STEP)
async def resolve(
    services: Serving,
    caller: GoalEditor,
    writing: Writing,
    viewing: Viewing,
    response: Response,
    key_result: KeyResultId,
    if_match: OptionalIfMatch,
    body: Reasoned | None = None,
) -> Receipt:
    """Freeze baseline and target from what the base period came to.

    Activating the objective and opening its cycle do so, too, where the base is known by then. What is
    resolved is resolved again where the base was corrected since; that takes a reason.
    """
    objective_id = await objective_of(services, caller, key_result)
    async with viewing.then(caller) as then:
        objective, state, _revision = await find_key_result(then, key_result, response)
        bases = await bases_of(then, objective, state)
    return await writing.execute(
        caller,
        objective_id,
        ResolveRelative(key_result=key_result, bases=bases),
        body=body,
        if_match=if_match,
        id_=key_result,
    )


async def resolve_new(
    services: Services, writing: Writer, caller: Caller, done: Receipt, *, cycle: str | None = None
) -> None:
    """After a step: resolve what is not resolved yet of its objective, or of all active ones of a cycle.

    What can't be resolved now stays as it is and says so when it is read: the step is done in any case.
    """
    try:
        await services.views.wait(caller.workspace, done.position, group="state", timeout=WAIT)
        async with Reading(services, Response(), None).then(caller) as then:
            pending = [
                (objective.id, ResolveRelative(key_result=key_result.id, bases=bases))
                for objective in await _active(then, None if cycle is not None else done.id, cycle)
                for key_result in objective.active_key_results
                if _is_unresolved(key_result)
                if (bases := _positive(await bases_of(then, objective, key_result)))
            ]
    except (ViewsUnavailable, NotThereYet) as error:
        log.warning("relative goals stay unresolved", step=done.id, error=str(error))
        return
    for objective_id, command in pending:
        # One that cannot be resolved keeps no other from it.
        try:
            await writing.follow_up(caller, Aggregate("objective", objective_id), command)
        except (Refused, TooContended) as error:
            log.warning("a relative goal stays unresolved", key_result=command.key_result, error=str(error))


async def bases_of(then: Then, objective: Objective, key_result: KeyResult) -> tuple[PeriodBase, ...]:
    """The bases of a relative goal whose periods are over and have a value, as known at the position."""
    relative = key_result.measure.relative
    if relative is None or relative.of == "baseline" or key_result.kpi is None:
        return ()
    wanted = [Aggregate("cycle", objective.cycle), Aggregate("kpi", key_result.kpi)]
    found = await queries.latest_of(then.connection, wanted, then.position)
    cycle, kpi = (found[each].state if each in found else None for each in wanted)
    if not isinstance(cycle, Cycle) or not isinstance(kpi, Kpi):
        return ()
    bases = []
    for period in base_periods(relative, kpi, cycle, then.as_of):
        first, last = base_days(key_result.measure, kpi, period)
        days = await queries.days_of(then.connection, kpi.id, first, last, then.position)
        base = base_value(key_result.measure, kpi, days, period)
        if base is None:
            continue
        stand = await positions_of(then.connection, kpi.id, first, last, then.position)
        frozen = FrozenBase(
            value=written(base.value),
            start=period.start,
            end=period.end,
            readings=base.readings,
            first_position=stand[0],
            last_position=stand[1],
            known_position=then.position,
            course=base.course,
        )
        bases.append(PeriodBase(effective_from=period.effective_from, base=frozen))
    return tuple(bases)


async def _active(then: Then, id_: str | None, cycle: str | None) -> list[Objective]:
    """The objective with an id, or all of a cycle, if they are active."""
    if id_ is not None:
        row = await queries.latest(then.connection, "objective", id_, then.position)
        rows = [] if row is None else [row]
    else:
        rows = await queries.latest_of_kind(then.connection, "objective", then.position)
    states = [row.state for row in rows]
    return [
        state
        for state in states
        if isinstance(state, Objective) and state.status == "active" and cycle in (None, state.cycle)
    ]


def _is_unresolved(key_result: KeyResult) -> bool:
    relative = key_result.measure.relative
    if relative is None:
        return False
    return relative.resolve == "each_period" or key_result.targets[-1].target is None


def _positive(bases: tuple[PeriodBase, ...]) -> tuple[PeriodBase, ...]:
    return tuple(base for base in bases if base.base.value > 0)
