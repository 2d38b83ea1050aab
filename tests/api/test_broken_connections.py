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
from services.api.http.services import Services
from tests.api.conftest import Person, person
from tests.api.everything import READS, given_everything
from tests.api.given_writes import QUERIES, WRITES, operations
from tests.servers import TestDatabase

pytestmark = pytest.mark.usefixtures("projector")

MOST = 200
"""Statements of one request; a request that never ends would fail the test, not hang it."""
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
