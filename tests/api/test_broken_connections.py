"""A connection to PostgreSQL that breaks: an answer is right or 503, never that something is not there.

Every read and every write is repeated until its connection has been ended before each of its statements.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import asyncpg
import httpx
import pytest

from projections.driver import DriverConnection, Rows
from services.api.app import application
from services.api.http.services import Services
from tests.api.conftest import YEAR, Person, person
from tests.api.everything import (
    ABOUT,
    BY_SOURCE,
    ITEMS,
    KPI,
    MEASURE,
    PLAN,
    READING,
    READS,
    WHY,
    given_everything,
)
from tests.servers import TestDatabase

pytestmark = pytest.mark.usefixtures("projector")

MOST = 200
"""Statements of one request; a request that never ends would fail the test, not hang it."""
GOAL, KEY_RESULT = "/v1/objectives/{objective}", "/v1/key-results/{key_result}"
INITIATIVE, TALK = "/v1/initiatives/{initiative}", "/v1/conversations/{conversation}"
WRITES: dict[tuple[str, str], Any] = {
    ("POST", "/v1/cycles"): {
        "id": "next",
        "name": "2027",
        "start": "2027-01-01",
        "end": "2027-12-31",
        "kind": "year",
    },
    ("POST", "/v1/cycles/{cycle}/open"): WHY,
    ("POST", "/v1/cycles/{cycle}/policies"): {"framework": "okr", "version": 0} | WHY,
    ("POST", "/v1/org-units"): {"id": "more", "name_ko": "more", "level": "team", "parent": "company"},
    ("PATCH", "/v1/org-units/{unit}"): {"parent": "company"} | WHY,
    ("POST", "/v1/org-units/{unit}/key-results"): {
        "id": "direct",
        "title": "x",
        "cycle": YEAR,
        "measure": MEASURE,
    },
    ("POST", "/v1/people"): {"name": "Carla"},
    ("PATCH", "/v1/people/{person}"): {"name": "Doris"} | WHY,
    ("POST", "/v1/people/{person}/join"): {"org_unit": "company", "effective_from": "2026-01-01"},
    ("POST", "/v1/people/{person}/leave"): {"org_unit": "company", "until": "2026-04-30"} | WHY,
    ("POST", "/v1/people/{person}/approve-lead"): {"org_unit": "company"} | WHY,
    ("POST", "/v1/people/{person}/refuse-lead"): {"org_unit": "company"} | WHY,
    ("POST", "/v1/feeds"): {"id": "crm", "name": "CRM"},
    ("PATCH", "/v1/feeds/{feed}"): {"kpis": ["acv"]} | WHY,
    ("POST", "/v1/kpis"): KPI
    | {"id": "calls", "serves": "kr-acv", "serves_why": "x", "counter_metrics": ["acv"]},
    ("PATCH", "/v1/kpis/{kpi}"): {"org_unit": "sales", "serves": "growth", "serves_why": "x"} | WHY,
    ("POST", "/v1/kpis/{kpi}/targets"): PLAN | {"target": "61"},
    ("POST", "/v1/kpis/{kpi}/agree"): WHY,
    ("POST", "/v1/kpis/{kpi}/send-back"): WHY,
    ("POST", "/v1/objectives"): {
        "id": "more",
        "title": "More",
        "cycle": YEAR,
        "org_unit": "sales",
        "supports": ["kr-acv"],
        "takes_over": "kr-acv",
    },
    ("PATCH", GOAL): {"title": "x", "org_unit": "sales"} | WHY,
    ("POST", f"{GOAL}/key-results"): {"id": "second", "title": "x", "measure": MEASURE} | WHY,
    ("PUT", f"{GOAL}/weights"): {"weights": {"kr-acv": "2"}} | WHY,
    ("POST", f"{GOAL}/supports"): {"supports": ["retention"]} | WHY,
    ("POST", f"{GOAL}/propose"): WHY,
    ("POST", f"{GOAL}/agree"): WHY,
    ("POST", f"{GOAL}/send-back"): WHY,
    ("POST", f"{GOAL}/activate"): WHY,
    ("PATCH", KEY_RESULT): {"title": "x", "kpi": "acv"} | WHY,
    ("POST", f"{KEY_RESULT}/targets"): {"target": "90"} | WHY,
    ("POST", f"{KEY_RESULT}/resolve"): WHY,
    ("PUT", f"{KEY_RESULT}/trajectory"): {"trajectory": []} | WHY,
    ("POST", f"{KEY_RESULT}/check-ins"): {"confidence": 5},
    ("POST", "/v1/key-results/{key_result}/steps/{step}/done"): WHY,
    ("POST", "/v1/key-results/{key_result}/steps/{step}/reopen"): WHY,
    ("POST", "/v1/initiatives"): {"id": "more", "title": "x", "supports": ["kr-acv"]},
    ("PATCH", INITIATIVE): {"supports": ["kr-acv", "growth"], "org_unit": "sales"} | WHY,
    ("POST", f"{INITIATIVE}/start"): WHY,
    ("POST", f"{INITIATIVE}/finish"): WHY,
    ("POST", f"{INITIATIVE}/reopen"): WHY,
    ("POST", f"{INITIATIVE}/drop"): WHY,
    ("POST", "/v1/scorecards"): {"id": "more", "cycle": YEAR, "org_unit": "company", "items": ITEMS},
    ("PATCH", "/v1/scorecards/{scorecard}"): {"items": ITEMS} | WHY,
    ("POST", "/v1/conversations"): {"parties": ["boris"], "agenda": "x"} | ABOUT,
    ("POST", f"{TALK}/notes"): {"text": "x"},
    ("POST", f"{TALK}/actions"): {"text": "x"},
    ("POST", f"{TALK}/actions/{{action}}/finish"): {},
    ("POST", f"{TALK}/actions/{{action}}/reopen"): {},
    ("POST", f"{TALK}/narrow"): {"audience": "parties"},
    ("POST", f"{TALK}/reword"): {"text": "y", "words": "agenda"},
    ("POST", f"{TALK}/redact"): {"words": "agenda"},
    ("POST", "/v1/feedback"): {"to": "boris", "text": "x"} | ABOUT,
    ("POST", "/v1/feedback/{feedback}/reword"): {"text": "y"},
    ("POST", "/v1/feedback/{feedback}/redact"): {},
    ("POST", "/v1/recognitions"): {"to": ["boris"], "text": "x"} | ABOUT,
    ("POST", "/v1/recognitions/{recognition}/reword"): {"text": "y"},
    ("POST", "/v1/recognitions/{recognition}/redact"): {},
    ("POST", "/v1/readings"): [READING | {"source_id": "s"}],
    ("POST", "/v1/readings/corrections"): {"value": "72"} | WHY,
    ("POST", "/v1/readings/{reading}/corrections"): {"value": "73"} | WHY,
    ("POST", "/v1/readings/retractions"): WHY,
    ("POST", "/v1/readings/{reading}/retractions"): WHY,
    ("POST", "/v1/workspace/dual-control"): {"required": True} | WHY,
    ("POST", "/v1/workspace/zone"): {"zone": "Europe/Berlin", "effective_from": "2027-01-01"},
    # What ends something comes last.
    ("POST", f"{GOAL}/grade"): {"grade": "0.5"},
    ("POST", f"{GOAL}/close"): {"comment": "x"},
    ("POST", f"{GOAL}/reopen"): WHY,
    ("POST", f"{KEY_RESULT}/drop"): WHY,
    ("POST", f"{GOAL}/drop"): WHY,
    ("POST", "/v1/kpis/{kpi}/retire"): WHY,
    ("POST", "/v1/people/{person}/forget"): WHY,
    ("POST", "/v1/cycles/{cycle}/close"): WHY,
    ("POST", "/v1/cycles/{cycle}/reopen"): WHY,
}
"""What each write sends."""
QUERIES = {"/v1/readings": "?feed=erp"} | dict.fromkeys(
    ("/v1/readings/corrections", "/v1/readings/retractions"), BY_SOURCE
)
BESIDE = {
    ("POST", "/v1/policies/{framework}"),
    ("POST", "/v1/tokens"),
    ("DELETE", "/v1/tokens/{token_id}"),
    ("POST", "/v1/tokens/{token_id}/approve"),
}
"""Writes with tests of their own: a policy refers to nothing, and tokens are in no view."""


class Breaking:
    """Ends the connection of the views before one of the statements to come."""

    def __init__(
        self,
        services: Services,
        admin: asyncpg.Connection[asyncpg.Record],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self._admin = admin
        self._goals = services.goals
        self._left = 0
        execute = DriverConnection.execute

        async def breaking(connection: DriverConnection, *statement: Any) -> Rows:
            await self._before(connection)
            return await execute(connection, *statement)

        monkeypatch.setattr(DriverConnection, "execute", breaking)

    @property
    def happened(self) -> bool:
        """Whether the statement came."""
        return self._left == 0

    def at(self, statement: int) -> None:
        """Break before the statement with this number, from 1; 0 breaks nothing."""
        self._goals._objective_of.clear()  # what a process remembers hides what it would have to read
        self._left = statement

    async def _before(self, connection: DriverConnection) -> None:
        if self._left:
            self._left -= 1
            if not self._left:
                pid = connection._driver.get_server_pid()
                assert await self._admin.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)


@pytest.fixture
async def breaking(
    services: Services, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Breaking]:
    """Ends connections; whoever lost one may try again at once."""
    monkeypatch.setattr("services.postgres.views.AWAY_FOR", 0.0)
    admin = await asyncpg.connect(database.url(database.server.superuser))
    try:
        yield Breaking(services, admin, monkeypatch)
    finally:
        await admin.close()


@pytest.fixture
async def callers(anna: Person, http: httpx.AsyncClient, services: Services) -> list[Person]:
    """An editor whose sight is looked up, an owner, and an administrator."""
    boris = await person(http, services, "boris", "editor")
    return [boris, anna, await person(http, services, "root", "admin")]


def operations(*methods: str) -> set[tuple[str, str]]:
    """The operations of the API with these methods that need a token."""
    paths: dict[str, Any] = application().openapi()["paths"]
    return {
        (method.upper(), path)
        for path, found in paths.items()
        if path.startswith("/v1/")
        for method in found
        if method.upper() in methods
    }


def test_every_write_is_in_the_table() -> None:
    """Each operation is broken, or has tests of its own."""
    assert operations("POST", "PATCH", "PUT", "DELETE") == WRITES.keys() | BESIDE


@pytest.mark.faults
async def test_a_read_is_right_or_says_that_it_failed(
    anna: Person, callers: list[Person], breaking: Breaking
) -> None:
    """Whichever of its statements fails, the answer is that of an unbroken read, or 503."""
    ids = await given_everything(anna)
    broken = 0
    for _, template in sorted(operations("GET") - {("GET", "/v1/tokens")}):
        path = template.format(**ids) + READS.get(template, "")
        reader, right = await first_allowed(callers, anna.position, path)
        for statement in range(1, MOST):
            breaking.at(statement)
            answer = await reader.get(path)
            if not breaking.happened:
                break
            broken += 1
            assert answer.status_code == 503 or answer.json() == right.json(), (path, statement, answer.text)
        else:
            raise AssertionError(f"{path} has no end")
        breaking.at(0)
    assert broken > 2 * len(operations("GET"))


async def first_allowed(callers: list[Person], position: int, path: str) -> tuple[Person, httpx.Response]:
    """The first caller who may read something, and what they read."""
    for caller in callers:
        caller.position = position
        answer = await caller.get(path)
        if answer.status_code != 403:
            assert answer.status_code == 200, (path, answer.text)
            return caller, answer
    raise AssertionError(f"nobody may read {path}")


@pytest.mark.faults
async def test_a_write_never_says_that_something_is_not_there(
    anna: Person, callers: list[Person], breaking: Breaking
) -> None:
    """Whichever of its reads fails, the answer is one that unbroken tries get, or 503."""
    ids = await given_everything(anna)
    for (method, template), body in WRITES.items():
        path = template.format(**ids | ({"key_result": "launch"} if "{step}" in template else {}))
        for caller in callers:
            first = await send(callers, caller, method, path, body)
            if first.status_code != 403:
                break
        right = {told(first), told(await send(callers, caller, method, path, body))}
        for statement in range(1, MOST):
            answer = await send(callers, caller, method, path, body, partial(breaking.at, statement))
            if not breaking.happened:
                break
            assert answer.status_code == 503 or told(answer) in right, (method, path, statement, answer.text)
        else:
            raise AssertionError(f"{path} has no end")
        breaking.at(0)


async def send(
    callers: list[Person],
    caller: Person,
    method: str,
    path: str,
    body: Any,
    before: Callable[[], None] = lambda: None,
) -> httpx.Response:
    """Write with the revision that is there now."""
    caller.position = max(each.position for each in callers)
    read = await caller.get("/".join(path.split("/")[:4]))
    before()
    headers = {"If-Match": read.headers["ETag"]} if "ETag" in read.headers else {}
    return await caller.send(method, path + QUERIES.get(path, ""), body, headers)


def told(answer: httpx.Response) -> tuple[int, str | None]:
    """Status and code of an answer."""
    return answer.status_code, answer.json().get("code")
