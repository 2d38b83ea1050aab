"""Relative goals: their base is looked up in the views, and frozen by a command."""

from __future__ import annotations

import structlog
from fastapi import Response

from events.errors import Refused
from events.ids import Aggregate
from events.objectives.commands import ResolveRelative
from events.objectives.state import KeyResult, Objective
from events.relative import PeriodBase
from projections.state import queries, queries_goals
from services.access.callers import Caller
from services.api.goals.key_results import KeyResultId, find_key_result, objective_of
from services.api.http.command_execution import Reasoned, Receipt, Writer, Writing
from services.api.http.conditional import OptionalIfMatch
from services.api.http.openapi_responses import STEP
from services.api.http.read_parameters import Viewing
from services.api.http.routes import subject_router
from services.api.http.security import GoalEditor
from services.api.http.services import Services, Serving
from services.commands.errors import TooContended
from services.commands.relative_goals import bases_of, first_bases, waiting
from services.postgres.views import NotThereYet, ViewsUnavailable
from services.queries.read_context import WAIT, ReadContext, ViewReader

log = structlog.get_logger(__name__)

router = subject_router("/v1/key-results", "goals")


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
    async with viewing.context(caller) as context:
        objective, state, _revision = await find_key_result(context, key_result, response)
        bases = await bases_of(context.connection, context.position, context.as_of, objective, state)
    return await writing.execute(
        caller,
        objective_id,
        ResolveRelative(key_result=key_result, bases=bases),
        body=body,
        if_match=if_match,
        key_result=key_result,
    )


async def resolve_new(
    services: Services, writing: Writer, caller: Caller, done: Receipt, *, cycle: str | None = None
) -> None:
    """After a step: resolve what is not resolved yet of its objective, or of all active ones of a cycle.

    What can't be resolved now stays as it is and says so when it is read: the step is done in any case.
    """
    try:
        await services.views.wait(caller.workspace, done.position, timeout=WAIT)
        async with ViewReader(services.views).context(caller) as context:
            pending = [
                (objective.id, ResolveRelative(key_result=key_result.id, bases=bases))
                for objective, key_result in waiting(await _objectives(context, done.id, cycle))
                if (bases := await _first_bases(context, objective, key_result))
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


async def _first_bases(
    context: ReadContext, objective: Objective, key_result: KeyResult
) -> tuple[PeriodBase, ...]:
    known = await bases_of(context.connection, context.position, context.as_of, objective, key_result)
    return first_bases(key_result, known)


async def _objectives(context: ReadContext, id_: str, cycle: str | None) -> list[Objective]:
    """Return those of a cycle with relative goals; without a cycle the objective with the id."""
    if cycle is None:
        row = await queries.latest(context.connection, "objective", id_, context.position)
        return [row.state] if row is not None and isinstance(row.state, Objective) else []
    found = await queries_goals.with_relative_goals(context.connection, context.position)
    return [objective for objective in found if objective.cycle == cycle]
