"""Org units (조직): the tree of units."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict

from events.commands import Command, Title
from events.ids import Aggregate, Slug
from events.org_units.commands import ArchiveOrgUnit, CreateOrgUnit, MoveOrgUnit, RenameOrgUnit
from events.org_units.state import OrgUnit
from services.api.answers import CHANGE, CREATE, READ
from services.api.paging import Page, Paged
from services.api.positions import Known, KnownAt, Viewing
from services.api.requests import ExactRoute, IfMatch
from services.api.security import Reader, StructureEditor
from services.api.versions import find, list_kind
from services.api.writing import Reason, Receipt, Writing, as_command

router = APIRouter(prefix="/v1/org-units", tags=["org units"], route_class=ExactRoute)

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
    """What is to be another; what is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"parent": "growth-division", "reason": "조직 개편"}]}
    )

    name_ko: Title | None = None
    name_en: Title | None = None
    parent: Slug | None = None
    """null makes it a root."""
    archived: Literal[True] | None = None
    """true ends the unit; it can't be taken back."""
    reason: Reason | None = None


class OrgUnitOut(OrgUnit):
    """A unit and its revision."""

    revision: int


class OrgUnitRead(OrgUnitOut, Known):
    """One unit, now or as it was known then."""


@router.post("", status_code=201, summary="Create an org unit", responses=CREATE)
async def create(caller: StructureEditor, writing: Writing, body: NewOrgUnit) -> Receipt:
    """Begin a unit below a parent, or a root."""
    return await writing.execute(
        caller,
        Aggregate("org_unit", body.id),
        as_command(body, CreateOrgUnit),
        body=body,
        location=f"{router.prefix}/{body.id}",
    )


@router.get("", summary="List org units", responses=READ)
async def list_units(caller: Reader, viewing: Viewing, paged: Paged, known_at: KnownAt) -> Page[OrgUnitOut]:
    """All units by id, archived ones too; `parent` makes the tree."""
    async with viewing.then(caller, None, known_at, cursor=paged.cursor) as then:
        return await list_kind(then, "org_unit", OrgUnitOut, paged)


@router.get("/{unit}", summary="Read an org unit", responses=READ)
async def read(
    caller: Reader, viewing: Viewing, response: Response, unit: UnitId, known_at: KnownAt
) -> OrgUnitRead:
    """One unit."""
    async with viewing.then(caller, None, known_at) as then:
        found = await find(then, "org_unit", unit, response)
        return OrgUnitRead(**dict(found.state), revision=found.revision, **then.known)


@router.patch("/{unit}", summary="Change an org unit", responses=CHANGE)
async def change(
    caller: StructureEditor, writing: Writing, unit: UnitId, if_match: IfMatch, body: OrgUnitPatch
) -> Receipt:
    """Rename, move or archive a unit."""
    commands: list[Command] = []
    if body.name_ko is not None or body.name_en is not None:
        commands.append(as_command(body, RenameOrgUnit))
    if "parent" in body.model_fields_set:
        commands.append(MoveOrgUnit(parent=body.parent))
    if body.archived:
        commands.append(ArchiveOrgUnit())
    return await writing.execute(caller, Aggregate("org_unit", unit), *commands, body=body, if_match=if_match)
