"""The declared trajectory (예상 경로) of a key result."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from events.commands import Command
from events.objectives.commands import DeclareTrajectory
from events.objectives.trajectory import Trajectory
from services.api.goals.key_results import KeyResultId, objective_of
from services.api.http.command_execution import Reason, Receipt, Writing, as_command
from services.api.http.conditional import IfMatch
from services.api.http.openapi_responses import CHANGE
from services.api.http.routes import subject_router
from services.api.http.security import GoalEditor
from services.api.http.services import Serving

router = subject_router("/v1/key-results", "goals")


class NewTrajectory(Command):
    """The values that are expected on some days."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "trajectory": [
                        {"day": "2026-01-31", "value": "52000000"},
                        {"day": "2026-02-28", "value": "60000000"},
                    ],
                    "reason": "2월 행사 뒤에 늘어날 것으로 봅니다",
                }
            ]
        }
    )

    trajectory: Trajectory = Field(description="Days of the cycle in order; empty takes it away.")
    reason: Reason | None = Field(None, description="Needed once the objective is active.")


@router.put("/{key_result}/trajectory", summary="Declare the trajectory", responses=CHANGE)
async def declare(
    services: Serving,
    caller: GoalEditor,
    writing: Writing,
    key_result: KeyResultId,
    if_match: IfMatch,
    body: NewTrajectory,
) -> Receipt:
    """Say which values are expected on the way; after the last day it leads to the target."""
    return await writing.execute(
        caller,
        await objective_of(services, caller, key_result),
        as_command(body, DeclareTrajectory, key_result=key_result),
        body=body,
        if_match=if_match,
        key_result=key_result,
    )
