"""Who belongs to an org unit (조직), now or then."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from services.api.http.conditional import find
from services.api.http.language import Lang
from services.api.http.openapi_responses import READ
from services.api.http.paging import Page, PagedByNumber, page_from
from services.api.http.read_parameters import AsOf, KnownAt, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import Reader
from services.api.http.services import Serving
from services.api.people.org_units import UnitId
from services.api.people.people import MembershipOut
from services.queries.org_chart import load_org_chart

router = subject_router("/v1/org-units", "people")


class MemberOut(MembershipOut):
    """A person in a unit."""

    person: str
    name: str | None = Field(description="`[erased]` (`[삭제됨]`) of somebody who was forgotten.")


@router.get("/{unit}/members", summary="List the members of a unit", responses=READ)
async def members(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    paged: PagedByNumber,
    language: Lang,
    unit: UnitId,
    as_of: AsOf,
    known_at: KnownAt,
    below: Annotated[
        bool, Query(description="With the members of all units that were below it on the day shown.")
    ] = False,
) -> Page[MemberOut]:
    """Who belonged to a unit on the day shown, leads first; somebody in two units stands there twice."""
    async with viewing.context(caller, as_of, known_at, cursor=paged.cursor) as context:
        await find(context, "org_unit", unit, response)
        chart = await load_org_chart(context.connection, context.position)
    units = sorted(chart.and_below(unit, context.as_of)) if below else [unit]
    found = chart.members_of(units, context.as_of)
    # The unit itself first, then those below it by id.
    found.sort(
        key=lambda member: (
            member.membership.org_unit != unit,
            member.membership.org_unit,
            member.membership.role,
            member.person.id,
        )
    )
    shown = [
        MemberOut(person=member.person.id, name=member.person.name, **member.membership.model_dump())
        for member in found
    ]
    listed = page_from(shown, paged, context.next_page)
    for member in listed.data:
        if member.name is not None:
            member.name = await services.keys.open_text(caller.workspace, member.name, language)
    return listed
