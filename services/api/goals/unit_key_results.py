"""Key results directly on an org unit, without an objective of anybody's wording."""

from __future__ import annotations

from pydantic import ConfigDict

from events.ids import Aggregate, Slug, direct_key_results_id
from events.objectives.commands import AddKeyResult, EnsureContainer
from services.api.goals.objectives import NewKeyResult
from services.api.http.command_execution import Receipt, Writing, as_command
from services.api.http.openapi_responses import problems
from services.api.http.routes import subject_router
from services.api.http.security import GoalEditor
from services.api.people.org_units import UnitId

router = subject_router("/v1/org-units", "goals")


class NewDirectKeyResult(NewKeyResult):
    """A key result of a unit in a cycle; without an id it gets one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "leads-a",
                    "cycle": "2026-q1",
                    "title": "A권역 산업단지 신규 리드 10건 이상 발굴",
                    "measure": {"kind": "at_least", "target": "10", "unit": "count"},
                    "owner": "anna",
                }
            ]
        }
    )

    cycle: Slug


@router.post(
    "/{unit}/key-results",
    status_code=201,
    summary="Add a key result directly to a unit",
    responses=problems(400, 401, 403, 404, 409, 413, 422, 503),
)
async def add(caller: GoalEditor, writing: Writing, unit: UnitId, body: NewDirectKeyResult) -> Receipt:
    """Add a key result that belongs to no objective.

    In each cycle one objective of the unit, with `direct`, holds all of them; the first one begins it. It
    lives as any objective: activate it to begin to check in.
    """
    id_ = body.id or writing.new_id(caller)
    return await writing.execute(
        caller,
        Aggregate("objective", direct_key_results_id(caller.workspace, unit, body.cycle)),
        EnsureContainer(cycle=body.cycle, org_unit=unit),
        as_command(body, AddKeyResult, key_result=id_),
        body=body,
        id_=id_,
        location=f"/v1/key-results/{id_}",
    )
