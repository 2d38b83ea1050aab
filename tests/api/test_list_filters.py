"""Filters by an id, one rule for all lists: what nothing matches is an empty page, whatever the reason.

An id that is nobody's and one of something that the caller may not see are answered alike, letter by letter.
Only where an answer is worked out for the thing that is named, as in a path, it is 404: no advice on a unit
that there is not would read as if all were well.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import httpx
import pytest

from services.api.app import application
from services.api.http.services import Services
from tests.api.conftest import YEAR, Person, person
from tests.api.everything import given_everything

pytestmark = pytest.mark.usefixtures("projector")


class Filter(NamedTuple):
    """What is asked of a list."""

    known: str
    """A value that something matches."""
    unknown: str = "nowhere"
    hidden: str | None = None
    """One of what carla may not see, and something that she sees refers to."""


ABOUT = Filter("key_result/kr-acv", "key_result/nowhere", "key_result/kept")
FILTERS: dict[tuple[str, str], Filter] = {
    ("/v1/audit", "about"): Filter("kr-acv", hidden="kept"),
    ("/v1/audit", "actor"): Filter("person:anna", "person:nobody"),
    ("/v1/audit/recordings", "kpi"): Filter("acv"),
    ("/v1/conversations", "about"): ABOUT,
    ("/v1/feedback", "about"): ABOUT,
    ("/v1/initiatives", "org_unit"): Filter("sales"),
    ("/v1/initiatives", "owner"): Filter("anna"),
    ("/v1/initiatives", "supports"): Filter("kr-acv", hidden="kept"),
    ("/v1/objectives", "cycle"): Filter(YEAR),
    ("/v1/objectives", "org_unit"): Filter("sales"),
    ("/v1/objectives", "owner"): Filter("anna", hidden="boris"),
    ("/v1/people", "org_unit"): Filter("sales"),
    ("/v1/readings", "feed"): Filter("erp"),
    ("/v1/readings", "kpi"): Filter("acv"),
    ("/v1/readings", "source_id"): Filter("r"),
    ("/v1/recognitions", "about"): ABOUT,
    ("/v1/scorecards", "cycle"): Filter(YEAR),
    ("/v1/scorecards", "org_unit"): Filter("sales"),
    ("/v1/scorecards", "person"): Filter("anna", hidden="boris"),
}
SUBJECTS: dict[tuple[str, str], Filter] = {
    ("/v1/advice", "cycle"): Filter(YEAR),
    ("/v1/advice", "objective"): Filter("growth", hidden="retention"),
    ("/v1/advice", "unit"): Filter("sales"),
    ("/v1/alignment", "cycle"): Filter(YEAR),
}
"""Not of a list of what is stored: what the answer is about."""
NO_IDS = frozenset(
    {
        "as_of",
        "below",
        "bucket",
        "cursor",
        "from",
        "known_at",
        "limit",
        "order",
        "status",
        "to",
        "type",
        "versions",
    }
)


def test_every_filter_is_in_the_tables() -> None:
    """Each parameter of a read that is no time, page or choice."""
    paths: dict[str, Any] = application().openapi()["paths"]
    found = {
        (path, parameter["name"])
        for path, operations in paths.items()
        if path.startswith("/v1/")
        for parameter in operations.get("get", {}).get("parameters", [])
        if parameter["in"] == "query"
    }
    assert {one for one in found if one[1] not in NO_IDS} == FILTERS.keys() | SUBJECTS.keys()


async def test_what_nothing_matches_is_an_empty_page(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """Also for somebody who may not see what is named, though what they see refers to it."""
    ids = await given_everything(anna)
    carla = await person(http, services, "carla", "editor")
    auditor = await person(http, services, "audrey", "auditor")
    hidden = {"about": "key_result/kept"}
    boris = await person(http, services, "boris", "editor")
    boris.position = anna.position
    both = {"title": "Both", "supports": ["kr-acv", "kept"], "owner": "anna", "org_unit": "sales"}
    await anna.created("/v1/initiatives", both)
    objective = {"title": "More", "cycle": YEAR, "owner": "anna", "org_unit": "sales", "supports": ["kept"]}
    await anna.created("/v1/objectives", objective)
    items = [{"kind": "kpi", "id": "acv", "weight": "100"}]
    for whose in ("anna", "boris"):
        await anna.created("/v1/scorecards", {"cycle": YEAR, "person": whose, "items": items})
    await anna.created("/v1/conversations", {"parties": ["carla"], "agenda": "x"} | hidden)
    await anna.created("/v1/feedback", {"to": "carla", "text": "x"} | hidden)
    await anna.created("/v1/recognitions", {"to": ["carla"], "text": "x"} | hidden)
    for who in (carla, auditor, boris):
        who.position = anna.position
    assert ids["objective"] == "growth"

    for (path, name), asked in FILTERS.items():
        full = await rows(path, name, asked.known, anna, auditor)
        assert full, (path, name)
        for who in (anna, carla, auditor):
            nothing = await read(who, path, name, asked.unknown)
            if nothing.status_code == 403:
                continue
            assert nothing.status_code == 200, (path, name, nothing.text)
            assert nothing.json()["data"] == [], (path, name)
            assert nothing.json()["next_cursor"] is None
        if asked.hidden is not None:
            unseen, nobodys = [
                await read(carla, path, name, value) for value in (asked.hidden, asked.unknown)
            ]
            assert unseen.text == nobodys.text, (path, name, unseen.text)
    for (path, name), asked in SUBJECTS.items():
        assert (await read(anna, path, name, asked.known)).status_code == 200
        unseen, nobodys = [
            await read(carla, path, name, value) for value in (asked.hidden or asked.unknown, asked.unknown)
        ]
        assert (nobodys.status_code, nobodys.json()["code"]) == (404, "not_found"), (path, name)
        assert unseen.text.replace(asked.hidden or asked.unknown, asked.unknown) == nobodys.text


async def rows(path: str, name: str, value: str, *callers: Person) -> list[Any]:
    """What the first caller gets who may read it."""
    for caller in callers:
        answer = await read(caller, path, name, value)
        if answer.status_code != 403:
            assert answer.status_code == 200, (path, name, answer.text)
            found: list[Any] = answer.json()["data"]
            return found
    raise AssertionError(f"nobody may read {path}")


async def read(caller: Person, path: str, name: str, value: str) -> httpx.Response:
    """A list with one filter, once the views have everything."""
    headers = caller.headers | {"Goaltrail-Min-Position": str(caller.position)}
    return await caller.http.get(path, params={name: value}, headers=headers)
