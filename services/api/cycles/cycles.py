"""Cycles (사이클): plan, open, close, reopen."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response
from pydantic import ConfigDict

from events.cycles.commands import AdoptPolicy, CloseCycle, OpenCycle, PlanCycle, ReopenCycle
from events.cycles.state import Cycle
from events.ids import Aggregate, Slug
from services.api.goals.relative_goals import resolve_new
from services.api.http.command_execution import Reason, Reasoned, Receipt, Writing, as_command
from services.api.http.conditional import OptionalIfMatch, find
from services.api.http.openapi_responses import CREATE, READ, STEP
from services.api.http.paging import Page, Paged, list_kind
from services.api.http.read_parameters import Known, KnownAt, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import CycleEditor, Reader
from services.api.http.services import Serving

router = subject_router("/v1/cycles", "cycles")

CycleId = Annotated[Slug, Path(examples=["2026-q1"])]


class NewCycle(PlanCycle):
    """A cycle to plan."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "2026-q1",
                    "name": "2026년 1분기",
                    "start": "2026-01-01",
                    "end": "2026-03-31",
                    "kind": "quarter",
                }
            ]
        }
    )

    id: Slug
    reason: Reason | None = None


class NewAdoption(AdoptPolicy):
    """Another version of a policy for the goals of the cycle."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"framework": "okr", "version": 1, "reason": "구간을 다시 합의했습니다"}]
        }
    )

    reason: Reason | None = None


class CycleOut(Cycle):
    """A cycle and its revision."""

    revision: int


class CycleRead(CycleOut, Known):
    """One cycle, now or as it was known then."""


@router.post("", status_code=201, summary="Plan a cycle", responses=CREATE)
async def plan(caller: CycleEditor, writing: Writing, body: NewCycle) -> Receipt:
    """Set a period that goals can belong to."""
    return await writing.create(caller, "cycle", PlanCycle, body, router.prefix)


@router.get("", summary="List cycles", responses=READ)
async def list_cycles(caller: Reader, viewing: Viewing, paged: Paged, known_at: KnownAt) -> Page[CycleOut]:
    """All cycles, by id."""
    async with viewing.context(caller, None, known_at, cursor=paged.cursor) as context:
        return await list_kind(context, "cycle", CycleOut, paged)


@router.get("/{cycle}", summary="Read a cycle", responses=READ)
async def read(
    caller: Reader, viewing: Viewing, response: Response, cycle: CycleId, known_at: KnownAt
) -> CycleRead:
    """One cycle."""
    async with viewing.context(caller, None, known_at) as context:
        found = await find(context, "cycle", cycle, response)
        return CycleRead(**dict(found.state), revision=found.revision, **context.known)


@router.post("/{cycle}/open", summary="Open a cycle", responses=STEP)
async def open_cycle(
    services: Serving,
    caller: CycleEditor,
    writing: Writing,
    cycle: CycleId,
    if_match: OptionalIfMatch,
    body: Reasoned | None = None,
) -> Receipt:
    """Begin to work in a planned cycle. Relative goals of its active objectives are resolved."""
    done = await writing.execute(caller, Aggregate("cycle", cycle), OpenCycle(), body=body, if_match=if_match)
    await resolve_new(services, writing, caller, done, cycle=cycle)
    return done


@router.post("/{cycle}/policies", summary="Adopt a policy for a cycle", responses=STEP)
async def adopt_policy(
    caller: CycleEditor,
    writing: Writing,
    cycle: CycleId,
    if_match: OptionalIfMatch,
    body: NewAdoption,
) -> Receipt:
    """Judge the goals of an open cycle by another version, the newest unless said; that takes a reason."""
    return await writing.execute(
        caller, Aggregate("cycle", cycle), as_command(body, AdoptPolicy), body=body, if_match=if_match
    )


@router.post("/{cycle}/close", summary="Close a cycle", responses=STEP)
async def close(
    caller: CycleEditor,
    writing: Writing,
    cycle: CycleId,
    if_match: OptionalIfMatch,
    body: Reasoned | None = None,
) -> Receipt:
    """Close (마감) an open cycle; before its last day is over that takes a reason."""
    return await writing.execute(
        caller, Aggregate("cycle", cycle), CloseCycle(), body=body, if_match=if_match
    )


@router.post("/{cycle}/reopen", summary="Reopen a cycle", responses=STEP)
async def reopen(
    caller: CycleEditor,
    writing: Writing,
    cycle: CycleId,
    if_match: OptionalIfMatch,
    body: Reasoned | None = None,
) -> Receipt:
    """Take a close back (마감 취소); that takes a reason."""
    return await writing.execute(
        caller, Aggregate("cycle", cycle), ReopenCycle(), body=body, if_match=if_match
    )
