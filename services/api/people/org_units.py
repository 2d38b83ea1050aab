"""Org units (조직): the tree of units."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from fastapi import Path, Response
from pydantic import ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from events.commands import Command, Title
from events.ids import Aggregate, Slug
from events.org_units.commands import ArchiveOrgUnit, CreateOrgUnit, MoveOrgUnit, RenameOrgUnit
from events.org_units.state import OrgUnit
from services.api.http.command_execution import Reason, Receipt, Writing, as_command
from services.api.http.conditional import IfMatch, find
from services.api.http.openapi_responses import CHANGE, CREATE, READ
from services.api.http.paging import Page, Paged, list_kind
from services.api.http.read_parameters import AsOf, KnownAt, Times, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import Reader, StructureEditor

router = subject_router("/v1/org-units", "org units")

UnitId = Annotated[Slug, Path(examples=["sales"])]


class NewOrgUnit(CreateOrgUnit):
    """A unit to create."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "sales",
                    "name_ko": "영업팀",
                    "name_en": "Sales team",
                    "level": "team",
                    "parent": "company",
                }
            ]
        }
    )

    id: Slug
    reason: Reason | None = None


class OrgUnitPatch(Command):
    """Fields to change; a field that is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"parent": "growth-division", "effective_from": "2026-05-01", "reason": "조직 개편"}]
        }
    )

    name_ko: Title | None = None
    name_en: Title | None = None
    parent: Slug | None = None
    """null makes it a root."""
    effective_from: date | None = None
    """The first business day below the new parent; default: today."""
    archived: Literal[True] | None = None
    """true ends the unit; it can't be taken back."""
    reason: Reason | None = None

    @model_validator(mode="after")
    def _a_day_belongs_to_a_move(self) -> Self:
        if self.effective_from is not None and "parent" not in self.model_fields_set:
            raise PydanticCustomError(
                "effective_without_parent",
                "{en}",
                {"en": "effective_from needs a parent", "ko": "effective_from은 parent와 함께 쓰십시오"},
            )
        return self


class OrgUnitOut(OrgUnit):
    """A unit and its revision; `parent` is the one on the day shown."""

    revision: int


class OrgUnitRead(OrgUnitOut, Times):
    """One unit, now or then, as it is known now or was known then."""


@router.post("", status_code=201, summary="Create an org unit", responses=CREATE)
async def create(caller: StructureEditor, writing: Writing, body: NewOrgUnit) -> Receipt:
    """Begin a unit below a parent, or a root."""
    return await writing.create(caller, "org_unit", CreateOrgUnit, body, router.prefix)


@router.get("", summary="List org units", responses=READ)
async def list_units(
    caller: Reader, viewing: Viewing, paged: Paged, as_of: AsOf, known_at: KnownAt
) -> Page[OrgUnitOut]:
    """All units by id, archived ones too; `parent` makes the tree of the day shown."""
    async with viewing.context(caller, as_of, known_at, cursor=paged.cursor) as context:
        listed = await list_kind(context, "org_unit", OrgUnitOut, paged)
    parents = [{"parent": unit.parent_on(context.as_of)} for unit in listed.data]
    units = [unit.model_copy(update=parent) for unit, parent in zip(listed.data, parents, strict=True)]
    return listed.model_copy(update={"data": units, "as_of": context.as_of})


@router.get("/{unit}", summary="Read an org unit", responses=READ)
async def read(
    caller: Reader, viewing: Viewing, response: Response, unit: UnitId, as_of: AsOf, known_at: KnownAt
) -> OrgUnitRead:
    """One unit, with where it belonged and when."""
    async with viewing.context(caller, as_of, known_at) as context:
        found = await find(context, "org_unit", unit, response)
        state = found.state
        assert isinstance(state, OrgUnit)
        fields = dict(state) | {"parent": state.parent_on(context.as_of)}
        return OrgUnitRead(**fields, revision=found.revision, **context.times)


@router.patch("/{unit}", summary="Change an org unit", responses=CHANGE)
async def change(
    caller: StructureEditor, writing: Writing, unit: UnitId, if_match: IfMatch, body: OrgUnitPatch
) -> Receipt:
    """Rename, move or archive a unit."""
    commands: list[Command] = []
    if body.name_ko is not None or body.name_en is not None:
        commands.append(as_command(body, RenameOrgUnit))
    if "parent" in body.model_fields_set:
        commands.append(MoveOrgUnit(parent=body.parent, effective_from=body.effective_from))
    if body.archived:
        commands.append(ArchiveOrgUnit())
    return await writing.execute(caller, Aggregate("org_unit", unit), *commands, body=body, if_match=if_match)
