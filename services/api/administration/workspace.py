"""The workspace itself: its name and the time zones that say what a business day is."""

from __future__ import annotations

from fastapi import Response
from pydantic import ConfigDict

from events.ids import Aggregate
from events.workspace.commands import ChangeZone, SetDualControl
from events.workspace.state import Workspace
from services.api.http.command_execution import Reason, Receipt, Writing, as_command
from services.api.http.conditional import IfMatch, find
from services.api.http.openapi_responses import CHANGE, READ
from services.api.http.read_parameters import Known, KnownAt, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import Administrator, Reader

router = subject_router("/v1/workspace", "administration")


class ZoneChange(ChangeZone):
    """Another zone from a day on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"zone": "Europe/Berlin", "effective_from": "2027-01-01"}]}
    )

    reason: Reason | None = None


class DualControl(SetDualControl):
    """Whether becoming a lead, and a token for another person, take a second person."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"required": False, "reason": "시험 환경이라 필요하지 않습니다"}]}
    )

    reason: Reason | None = None


class WorkspaceRead(Workspace, Known):
    """The caller's workspace."""

    revision: int


@router.get("", summary="Read the workspace", responses=READ)
async def read(caller: Reader, viewing: Viewing, response: Response, known_at: KnownAt) -> WorkspaceRead:
    """The workspace that the token belongs to."""
    async with viewing.context(caller, None, known_at) as context:
        found = await find(context, "workspace", caller.workspace, response)
        return WorkspaceRead(**dict(found.state), revision=found.revision, **context.known)


@router.post("/zone", summary="Change the time zone", responses=CHANGE)
async def change_zone(
    caller: Administrator, writing: Writing, if_match: IfMatch, body: ZoneChange
) -> Receipt:
    """Count business days in another zone from a day to come on."""
    return await writing.execute(
        caller,
        Aggregate("workspace", caller.workspace),
        as_command(body, ChangeZone),
        body=body,
        if_match=if_match,
    )


@router.post("/dual-control", summary="Set whether a second person is needed", responses=CHANGE)
async def set_dual_control(
    caller: Administrator, writing: Writing, if_match: IfMatch, body: DualControl
) -> Receipt:
    """Turn dual control on at once; to turn it off takes a second administrator who asks for the same."""
    return await writing.execute(
        caller,
        Aggregate("workspace", caller.workspace),
        as_command(body, SetDualControl),
        body=body,
        if_match=if_match,
    )
