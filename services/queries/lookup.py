"""Answers made of aggregates as they were known at a position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from fastapi import Response
from pydantic import BaseModel

from events.state import State
from projections.state import queries
from services.api.http.exact_json import etag
from services.api.http.paging import Page, Paging, page
from services.api.http.problems import not_found
from services.queries.read_context import Then
from services.queries.visibility import on_day, sees

KOREAN = {
    "org_unit": "조직",
    "cycle": "사이클",
    "policy": "산정 기준",
    "objective": "목표",
    "key_result": "핵심 결과",
    "initiative": "실행과제",
    "scorecard": "평가표",
    "conversation": "대화",
    "feedback": "피드백",
    "recognition": "인정",
    "kpi": "KPI",
    "feed": "연동",
    "person": "구성원",
    "workspace": "워크스페이스",
}

Item = TypeVar("Item", bound=BaseModel)


async def find(then: Then, kind: str, id_: str, response: Response) -> queries.Version:
    """One aggregate; its revision becomes the ETag. Raises 404."""
    found = await queries.latest(then.connection, kind, id_, then.position)
    return await shown(then, kind, id_, found, response)


async def shown(
    then: Then, kind: str, id_: str, found: queries.Version | None, response: Response
) -> queries.Version:
    """One aggregate that was looked up; its revision becomes the ETag. Raises 404."""
    if found is None or not await sees(then, found):
        raise not_found(kind.replace("_", " "), KOREAN[kind], id_)
    response.headers["ETag"] = etag(found.revision)
    return on_day(then, found)


async def list_kind(then: Then, kind: str, model: type[Item], paging: Paging) -> Page[Item]:
    """A page of all aggregates of a kind, by id. `model` has the state's fields and `revision`."""
    versions = await queries.latest_of_kind(then.connection, kind, then.position)
    chosen = after_cursor(versions, paging)
    items = [model(**dict(version.state), revision=version.revision) for version in chosen]
    return page(items, paging, then.next_page(last_id(chosen, paging)))


def after_cursor(versions: Sequence[queries.Version], paging: Paging) -> list[queries.Version]:
    """The versions of the page that is asked for, by id, and one more if there are more."""
    after = str(paging.cursor.after[0]) if paging.cursor is not None and paging.cursor.after else ""
    rest = sorted((version for version in versions if id_of(version) > after), key=id_of)
    return rest[: paging.limit + 1]


def last_id(chosen: Sequence[queries.Version], paging: Paging) -> str:
    """The id at the end of the page."""
    return id_of(chosen[: paging.limit][-1]) if chosen else ""


def id_of(version: queries.Version) -> str:
    """The aggregate's id."""
    assert isinstance(version.state, State)
    return version.state.id
