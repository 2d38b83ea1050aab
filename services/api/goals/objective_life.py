"""The life of an objective: proposed, agreed, activated, graded, closed, dropped, reopened."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from events.commands import Command, Note
from events.ids import Aggregate
from events.objectives.commands import (
    ActivateObjective,
    AgreeObjective,
    CloseObjective,
    DropObjective,
    GradeObjective,
    ProposeObjective,
    ReopenObjective,
    SendBackObjective,
)
from services.api.goals.objectives import ObjectiveId
from services.api.goals.relative_goals import resolve_new
from services.api.http.command_execution import Reason, Reasoned, Receipt, Writing, as_command
from services.api.http.conditional import IfMatch
from services.api.http.openapi_responses import CHANGE
from services.api.http.routes import subject_router
from services.api.http.security import GoalEditor
from services.api.http.services import Serving
from services.api.http.transitions import add_step

router = subject_router("/v1/objectives", "goals")


class NewGrade(GradeObjective):
    """The owner's own grade, 0 to 1, and what was learnt."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"grade": "0.8", "reflection": "파트너 영업을 한 달 일찍 시작했어야 합니다"}]
        }
    )

    reflection: Note | None = Field(None, description="What was learnt; stored encrypted.")
    reason: Reason | None = None


class NewClosing(Command):
    """The end of an objective."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"comment": "2분기에는 유지율 목표로 이어 갑니다"}]}
    )

    comment: Note | None = Field(None, description="Stored encrypted; it stays when it is reopened.")
    reason: Reason | None = None


def _add_step(command: Command, name: str, summary: str, description: str) -> None:
    """Add a step that is asked for with nothing but, perhaps, a reason."""
    add_step(router, "objective", command, name, summary, description, example="growth")


_add_step(
    ProposeObjective(),
    "propose",
    "Propose an objective",
    "Put a draft forward for agreement; it changes no more until it is sent back.",
)
_add_step(
    AgreeObjective(),
    "agree",
    "Agree to an objective",
    "Say yes to a proposed objective, or to the changes that wait.",
)
_add_step(
    SendBackObjective(),
    "send_back",
    "Send an objective back",
    "Make a proposed or agreed objective a draft again, or refuse the changes that wait;"
    " that takes a reason.",
)


@router.post("/{objective}/activate", summary="Activate an objective", responses=CHANGE)
async def activate(
    services: Serving,
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: Reasoned | None = None,
) -> Receipt:
    """Begin with a draft or an agreed objective: from now on every change needs a reason.

    Its relative goals are resolved where their base is known.
    """
    done = await writing.execute(
        caller, Aggregate("objective", objective), ActivateObjective(), body=body, if_match=if_match
    )
    await resolve_new(services, writing, caller, done)
    return done


@router.post("/{objective}/grade", summary="Grade an objective", responses=CHANGE)
async def grade(
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: NewGrade,
) -> Receipt:
    """Say how well an active objective went; the grade stands beside the computed score."""
    return await writing.execute(
        caller,
        Aggregate("objective", objective),
        as_command(body, GradeObjective),
        body=body,
        if_match=if_match,
    )


@router.post("/{objective}/close", summary="Close an objective", responses=CHANGE)
async def close(
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: NewClosing | None = None,
) -> Receipt:
    """End an active or graded objective: nothing of it changes until it is reopened."""
    command = CloseObjective() if body is None else as_command(body, CloseObjective)
    return await writing.execute(
        caller, Aggregate("objective", objective), command, body=body, if_match=if_match
    )


_add_step(DropObjective(), "drop", "Drop an objective", "Pursue it no longer; that takes a reason.")
_add_step(
    ReopenObjective(),
    "reopen",
    "Reopen a closed or dropped objective",
    "Take a close or a drop back; that takes a reason. Grades and comments of before stay readable.",
)
