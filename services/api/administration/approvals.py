"""Pending approvals: changes that a second administrator has to confirm."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from events.people.state import Person
from projections.state import queries
from services.api.http.openapi_responses import READ
from services.api.http.read_parameters import Viewing
from services.api.http.routes import subject_router
from services.api.http.security import Administrator
from services.api.http.services import Serving
from services.runtime import clock

router = subject_router("/v1/approvals", "administration")


class Approval(BaseModel):
    """Something that somebody asked for, and that another administrator approves or refuses."""

    what: Literal["token", "lead", "dual_control_off"]
    requested_by: str
    id: str = Field(description="Of the token, the person or the workspace.")
    org_unit: str | None = Field(None, description="The unit whose lead the person is to become.")
    approve: str = Field(description="The path to POST to.")
    own: bool = Field(description="The caller asked for it: somebody else approves it.")


class Approvals(BaseModel):
    """All that waits in the workspace."""

    data: list[Approval]
    next_cursor: None = None
    position: int


@router.get("", summary="List what waits for a second person", responses=READ)
async def list_approvals(services: Serving, caller: Administrator, viewing: Viewing) -> Approvals:
    """Tokens for other persons, leads of units, and turning dual control off."""
    now = clock.now()
    found = [
        Approval(
            what="token",
            requested_by=record.created_by,
            id=record.id,
            approve=f"/v1/tokens/{record.id}/approve",
            own=record.created_by == caller.actor,
        )
        for record in services.access.list(caller.workspace)
        if record.state(now) == "pending"
    ]
    async with viewing.context(caller) as context:
        for version in await queries.latest_of_kind(context.connection, "person", context.position):
            if isinstance(version.state, Person):
                found += [
                    Approval(
                        what="lead",
                        requested_by=request.by,
                        id=version.state.id,
                        org_unit=request.org_unit,
                        approve=f"/v1/people/{version.state.id}/approve-lead",
                        own=request.by == caller.actor,
                    )
                    for request in version.state.lead_requests
                ]
        asked_by = context.workspace.dual_control_off_asked_by
    if asked_by is not None:
        off = Approval(
            what="dual_control_off",
            requested_by=asked_by,
            id=caller.workspace,
            approve="/v1/workspace/dual-control",
            own=asked_by == caller.actor,
        )
        found.append(off)
    return Approvals(data=found, position=context.position)
