"""The life of an objective: proposed, agreed, activated, graded, closed, dropped, reopened."""

from __future__ import annotations

from fastapi import APIRouter
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
from services.api.answers import CHANGE
from services.api.objectives import ObjectiveId
from services.api.requests import ExactRoute, IfMatch
from services.api.security import GoalEditor
from services.api.writing import Reason, Reasoned, Receipt, Writing, as_command

router = APIRouter(prefix="/v1/objectives", tags=["goals"], route_class=ExactRoute)


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


@router.post("/{objective}/propose", summary="Propose an objective", responses=CHANGE)
async def propose(
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: Reasoned | None = None,
) -> Receipt:
    """Put a draft forward for agreement; it changes no more until it is sent back."""
    return await writing.execute(
        caller, Aggregate("objective", objective), ProposeObjective(), body=body, if_match=if_match
    )


@router.post("/{objective}/agree", summary="Agree to an objective", responses=CHANGE)
async def agree(
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: Reasoned | None = None,
) -> Receipt:
    """Say yes to a proposed objective."""
    return await writing.execute(
        caller, Aggregate("objective", objective), AgreeObjective(), body=body, if_match=if_match
    )


@router.post("/{objective}/send-back", summary="Send an objective back", responses=CHANGE)
async def send_back(
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: Reasoned | None = None,
) -> Receipt:
    """Make a proposed or agreed objective a draft again; that takes a reason."""
    return await writing.execute(
        caller, Aggregate("objective", objective), SendBackObjective(), body=body, if_match=if_match
    )


@router.post("/{objective}/activate", summary="Activate an objective", responses=CHANGE)
async def activate(
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: Reasoned | None = None,
) -> Receipt:
    """Begin with a draft or an agreed objective: from now on every change needs a reason."""
    return await writing.execute(
        caller, Aggregate("objective", objective), ActivateObjective(), body=body, if_match=if_match
    )


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


@router.post("/{objective}/drop", summary="Drop an objective", responses=CHANGE)
async def drop(
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: Reasoned | None = None,
) -> Receipt:
    """Pursue it no longer; that takes a reason."""
    return await writing.execute(
        caller, Aggregate("objective", objective), DropObjective(), body=body, if_match=if_match
    )


@router.post("/{objective}/reopen", summary="Reopen a closed or dropped objective", responses=CHANGE)
async def reopen(
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: Reasoned | None = None,
) -> Receipt:
    """Take a close or a drop back; that takes a reason. Grades and comments of before stay readable."""
    return await writing.execute(
        caller, Aggregate("objective", objective), ReopenObjective(), body=body, if_match=if_match
    )
