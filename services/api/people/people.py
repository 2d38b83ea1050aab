"""People (구성원): who they are, and which units they belong to, when."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from events.commands import Command, Title
from events.ids import Aggregate, Slug
from events.people.commands import (
    ApproveLead,
    ChangeMail,
    JoinUnit,
    LeaveUnit,
    Mail,
    RefuseLead,
    RegisterPerson,
    RenamePerson,
)
from events.people.events import MemberRole
from events.people.state import LeadRequest, Person
from events.state import State
from events.text import Language
from projections.state import queries
from services.api.http.command_execution import Reason, Receipt, Writing, as_command
from services.api.http.conditional import IfMatch, find
from services.api.http.language import Lang
from services.api.http.openapi_responses import CHANGE, CREATE, READ, STEP
from services.api.http.paging import Page, Paged, page
from services.api.http.read_parameters import AsOf, KnownAt, Times, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import Administrator, Reader, StructureEditor
from services.api.http.services import Serving
from services.api.people.examples import PERSON_ID
from services.keys.keys import ERASED, Keys
from services.queries.paging import last_id
from services.queries.read_context import ReadContext
from services.queries.visibility import list_seen

router = subject_router("/v1/people", "people")

PersonId = Annotated[Slug, Path(examples=[PERSON_ID])]


class NewPerson(RegisterPerson):
    """Somebody to make known; the server chooses the id."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "김안나", "mail": "anna.kim@example.com"}]}
    )

    name: Title = Field(description="Stored encrypted.")
    mail: Mail | None = Field(None, description="Stored encrypted; two people may have the same.")
    reason: Reason | None = None


class PersonPatch(Command):
    """Fields to change; a field that is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "김안나", "reason": "표기를 바로잡습니다"}]}
    )

    name: Title | None = None
    mail: Mail | None = Field(None, description="null: no mail address any more.")
    reason: Reason | None = None


class NewMembership(JoinUnit):
    """A unit to belong to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"org_unit": "sales", "role": "lead", "effective_from": "2026-01-01"}]
        }
    )

    effective_from: date | None = Field(None, description="The first business day; default: today.")
    until: date | None = Field(None, description="The last business day, if it is known.")
    reason: Reason | None = None


class LeadAnswer(Command):
    """The unit whose lead somebody is to become."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"org_unit": "sales"}]})

    org_unit: Slug
    reason: Reason | None = None


class EndedMembership(LeaveUnit):
    """A membership to end."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"org_unit": "sales", "until": "2026-04-30", "reason": "제품팀으로 옮깁니다"}]
        }
    )

    until: date | None = Field(
        None,
        description="The last business day; default: today. The day before the first one takes it back.",
    )
    reason: Reason | None = None


class MembershipOut(BaseModel):
    """A person in a unit, from its first to its last business day."""

    org_unit: str
    role: MemberRole
    effective_from: date
    until: date | None = Field(description="null while it goes on.")


class PersonMembershipOut(MembershipOut):
    """A membership as it stands with its person."""

    in_force: bool = Field(description="It holds on the day shown.")


class PersonOut(BaseModel):
    """A person, opened for the reader."""

    id: str
    name: str | None = Field(description="`[erased]` (`[삭제됨]`) of somebody who was forgotten.")
    mail: str | None
    org_units: list[str] = Field(description="The units they belong to on the day shown.")
    memberships: list[PersonMembershipOut] = Field(description="All of them, by their first day.")
    lead_requests: list[LeadRequest] = Field(
        [], description="Units whose lead they become once another administrator has approved it."
    )
    forgotten: bool
    revision: int


class PersonRead(PersonOut, Times):
    """One person, as known now or then; `org_units` are those of the day shown."""


@router.post("", status_code=201, summary="Register a person", responses=CREATE)
async def register(caller: StructureEditor, writing: Writing, body: NewPerson) -> Receipt:
    """Make somebody known under a new id that says nothing of who they are."""
    return await writing.create(caller, "person", RegisterPerson, body, router.prefix)


@router.get("", summary="List people", responses=READ)
async def list_people(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    paged: Paged,
    language: Lang,
    as_of: AsOf,
    known_at: KnownAt,
    org_unit: Annotated[
        Slug | None, Query(description="Only members of this unit on the day shown.", examples=["sales"])
    ] = None,
) -> Page[PersonOut]:
    """All people by id, those who left and those who were forgotten too."""
    async with viewing.context(caller, as_of, known_at, cursor=paged.cursor) as context:
        chosen = await list_seen(
            context,
            "person",
            paged,
            holding=[{} if org_unit is None else {"memberships": [{"org_unit": org_unit}]}],
            fits=lambda state: _belongs(state, org_unit, context.as_of),
        )
    shown = [await _shown(services.keys, context, version, language) for version in chosen]
    return page(shown, paged, context.next_page(last_id(chosen, paged)))


@router.get("/{person}", summary="Read a person", responses=READ)
async def read(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    language: Lang,
    person: PersonId,
    as_of: AsOf,
    known_at: KnownAt,
) -> PersonRead:
    """One person, with where they belong and belonged."""
    async with viewing.context(caller, as_of, known_at) as context:
        found = await find(context, "person", person, response)
    shown = await _shown(services.keys, context, found, language)
    return PersonRead(**dict(shown), **context.times)


@router.patch("/{person}", summary="Change a person", responses=CHANGE)
async def change(
    caller: StructureEditor, writing: Writing, person: PersonId, if_match: IfMatch, body: PersonPatch
) -> Receipt:
    """Give another name or mail address; that takes a reason."""
    commands: list[Command] = []
    if body.name is not None:
        commands.append(RenamePerson(name=body.name))
    if "mail" in body.model_fields_set:
        commands.append(ChangeMail(mail=body.mail))
    return await writing.execute(caller, Aggregate("person", person), *commands, body=body, if_match=if_match)


@router.post("/{person}/join", status_code=201, summary="Join a unit", responses=STEP)
async def join(caller: StructureEditor, writing: Writing, person: PersonId, body: NewMembership) -> Receipt:
    """Make a person a member or the lead of a unit, besides all others they belong to.

    Where the workspace has dual control, a lead is one once another administrator has approved it.
    """
    return await writing.execute(caller, Aggregate("person", person), as_command(body, JoinUnit), body=body)


@router.post("/{person}/approve-lead", summary="Approve the lead of a unit", responses=STEP)
async def approve_lead(
    caller: Administrator, writing: Writing, person: PersonId, body: LeadAnswer
) -> Receipt:
    """Say yes to somebody's becoming the lead of a unit; never by who asked for it."""
    return await writing.execute(
        caller, Aggregate("person", person), as_command(body, ApproveLead), body=body
    )


@router.post("/{person}/refuse-lead", summary="Refuse the lead of a unit", responses=STEP)
async def refuse_lead(
    caller: StructureEditor, writing: Writing, person: PersonId, body: LeadAnswer
) -> Receipt:
    """Say no to somebody's becoming the lead of a unit, or withdraw what one asked for."""
    return await writing.execute(caller, Aggregate("person", person), as_command(body, RefuseLead), body=body)


@router.post("/{person}/leave", summary="Leave a unit", responses=STEP)
async def leave(
    caller: StructureEditor, writing: Writing, person: PersonId, body: EndedMembership
) -> Receipt:
    """End a person's membership of a unit; it stays in its past."""
    return await writing.execute(caller, Aggregate("person", person), as_command(body, LeaveUnit), body=body)


def _belongs(state: State, org_unit: str | None, day: date) -> bool:
    assert isinstance(state, Person)
    return org_unit is None or any(each.org_unit == org_unit for each in state.memberships_on(day))


async def _shown(keys: Keys, context: ReadContext, version: queries.Version, language: Language) -> PersonOut:
    person = version.state
    assert isinstance(person, Person)

    async def opened(text: str | None) -> str | None:
        # What is on record of somebody who was put back after the ledger was restored is only that they are
        # forgotten: no name, and no mail. They read as all the others do.
        if person.forgotten:
            return ERASED.told(language)
        return None if text is None else await keys.open_text(context.workspace.id, text, language)

    return PersonOut(
        id=person.id,
        name=await opened(person.name),
        mail=await opened(person.mail),
        org_units=[membership.org_unit for membership in person.memberships_on(context.as_of)],
        memberships=[
            PersonMembershipOut(**membership.model_dump(), in_force=membership.holds_on(context.as_of))
            for membership in person.memberships
        ],
        lead_requests=list(person.lead_requests),
        forgotten=person.forgotten,
        revision=version.revision,
    )
