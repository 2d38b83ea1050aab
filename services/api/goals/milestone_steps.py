"""Steps (단계) of a milestone: marked as done, and reopened."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Path
from pydantic import ConfigDict, Field

from events.commands import Command
from events.ids import Slug
from events.objectives.commands import MarkStepDone, ReopenStep
from services.api.goals.key_results import KeyResultId, objective_of
from services.api.http.command_execution import Reason, Receipt, Writing
from services.api.http.openapi_responses import STEP
from services.api.http.routes import subject_router
from services.api.http.security import GoalEditor
from services.api.http.services import Serving

router = subject_router("/v1/key-results", "goals")

StepId = Annotated[Slug, Path(examples=["pilot"])]


class StepMark(Command):
    """Since when a step is done, or is not done after all."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"day": "2026-02-20", "reason": "시범 운영에서 오류가 나왔습니다"}]}
    )

    day: date | None = Field(
        None, description="A business day of the cycle; default today. Needed once that is over."
    )
    reason: Reason | None = Field(None, description="Needed to reopen a step.")


def _add_mark(command: type[MarkStepDone | ReopenStep], name: str, summary: str, description: str) -> None:
    """A report on one step. It changes nothing of the goal, so it needs no If-Match."""

    async def mark(
        services: Serving,
        caller: GoalEditor,
        writing: Writing,
        key_result: KeyResultId,
        step: StepId,
        body: StepMark | None = None,
    ) -> Receipt:
        day = None if body is None else body.day
        return await writing.execute(
            caller,
            await objective_of(services, caller, key_result),
            command(key_result=key_result, step=step, day=day),
            body=body,
            key_result=key_result,
        )

    router.add_api_route(
        f"/{{key_result}}/steps/{{step}}/{name}",
        mark,
        methods=["POST"],
        name=f"step_{name}",
        summary=summary,
        description=description,
        responses=STEP,
    )


_add_mark(
    MarkStepDone,
    "done",
    "Mark a step as done",
    "The step counts from the day on. It changes nothing of the goal, so it needs no If-Match.",
)
_add_mark(
    ReopenStep,
    "reopen",
    "Reopen a step",
    "The step is not done after all, from the day on; that takes a reason.",
)
