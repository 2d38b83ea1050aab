"""Initiatives (실행과제): work done to move goals; it is shown beside scores and never part of one."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import ConfigDict, Field

from events.ids import Aggregate, Slug
from events.initiatives.commands import (
    DropInitiative,
    FinishInitiative,
    PlanInitiative,
    ReopenInitiative,
    ReplanInitiative,
    StartInitiative,
)
from events.initiatives.state import Initiative, InitiativeStatus
from projections.state.queries_attachments import attachments
from services.api.http.command_execution import Reason, Receipt, Writing, as_command
from services.api.http.conditional import IfMatch, find
from services.api.http.language import Lang
from services.api.http.openapi_responses import CHANGE, CREATE, READ
from services.api.http.paging import Page, Paged, page
from services.api.http.read_parameters import Known, KnownAt, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import GoalEditor, Reader
from services.api.http.services import Serving
from services.api.http.transitions import add_step
from services.queries.paging import after_cursor, last_id
from services.queries.person_names import name_people
from services.queries.visibility import GOAL_KINDS, list_seen, seen, seen_references

router = subject_router("/v1/initiatives", "initiatives")

InitiativeId = Annotated[Slug, Path(examples=["partner-portal"])]


class NewInitiative(PlanInitiative):
    """An initiative to plan; without an id it gets one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "partner-portal",
                    "title": "파트너 포털 공개",
                    "owner": "anna",
                    "due": "2026-02-27",
                    "supports": ["acv"],
                }
            ]
        }
    )

    id: Slug | None = None
    reason: Reason | None = None


class InitiativePatch(ReplanInitiative):
    """Fields to change; a field that is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"due": "2026-03-13", "reason": "결제 연동이 늦어졌습니다"}]}
    )

    reason: Reason | None = None


class InitiativeOut(Initiative):
    """An initiative and its revision."""

    model_config = ConfigDict(frozen=False)

    owner_name: str | None = Field(None, description="Of an owner who is a registered person.")
    revision: int


class InitiativeRead(InitiativeOut, Known):
    """One initiative, now or as it was known then."""


@router.post("", status_code=201, summary="Plan an initiative", responses=CREATE)
async def plan(caller: GoalEditor, writing: Writing, body: NewInitiative) -> Receipt:
    """Plan work for objectives and key results, or directly for a unit."""
    return await writing.create(caller, "initiative", PlanInitiative, body, router.prefix)


@router.get("", summary="List initiatives", responses=READ)
async def list_initiatives(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    paged: Paged,
    language: Lang,
    known_at: KnownAt,
    supports: Annotated[
        Slug | None, Query(description="An objective or key result.", examples=["acv"])
    ] = None,
    org_unit: Annotated[Slug | None, Query(examples=["sales"])] = None,
    owner: Annotated[Slug | None, Query(examples=["anna"])] = None,
    status: Annotated[InitiativeStatus | None, Query()] = None,
) -> Page[InitiativeOut]:
    """Initiatives by id, done and dropped ones too."""
    wanted = {"org_unit": org_unit, "owner": owner, "status": status}
    filters = {field: value for field, value in wanted.items() if value is not None}
    async with viewing.context(caller, None, known_at, cursor=paged.cursor) as context:
        if supports is None:
            chosen = await list_seen(context, "initiative", paged, holding=[filters])
        else:
            named = [f"{kind}/{supports}" for kind in GOAL_KINDS]
            goals = await seen_references(context, named)
            versions = await attachments(context.connection, "initiative", goals, context.position)
            fitting = [
                version
                for version in await seen(context, "initiative", versions)
                if all(getattr(version.state, field) == value for field, value in filters.items())
            ]
            chosen = after_cursor(fitting, paged)
        items = [InitiativeOut(**dict(version.state), revision=version.revision) for version in chosen]
        await name_people(services.keys, context, language, items)
        return page(items, paged, context.next_page(last_id(chosen, paged)))


@router.get("/{initiative}", summary="Read an initiative", responses=READ)
async def read(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    language: Lang,
    initiative: InitiativeId,
    known_at: KnownAt,
) -> InitiativeRead:
    """One initiative."""
    async with viewing.context(caller, None, known_at) as context:
        found = await find(context, "initiative", initiative, response)
        shown = InitiativeRead(**dict(found.state), revision=found.revision, **context.known)
        await name_people(services.keys, context, language, [shown])
        return shown


@router.patch("/{initiative}", summary="Change an initiative", responses=CHANGE)
async def change(
    caller: GoalEditor, writing: Writing, initiative: InitiativeId, if_match: IfMatch, body: InitiativePatch
) -> Receipt:
    """Give it another title, unit, owner, due date or other goals; that takes a reason."""
    return await writing.execute(
        caller,
        Aggregate("initiative", initiative),
        as_command(body, ReplanInitiative),
        body=body,
        if_match=if_match,
    )


for _command, _name, _summary, _description in (
    (StartInitiative(), "start", "Start an initiative", "Begin with the work."),
    (FinishInitiative(), "finish", "Finish an initiative", "Say that the work is done."),
    (DropInitiative(), "drop", "Drop an initiative", "Give the work up; that takes a reason."),
    (
        ReopenInitiative(),
        "reopen",
        "Reopen an initiative",
        "Go on with what was done or dropped; that takes a reason.",
    ),
):
    add_step(router, "initiative", _command, _name, _summary, _description, example="partner-portal")
