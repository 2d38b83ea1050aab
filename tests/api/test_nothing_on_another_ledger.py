"""While a ledger waits for a person to accept it, nothing is appended to it: all writes of the API."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from events.policies.defaults import DEFAULTS
from projections.control import checkpoint
from projections.groups import GROUPS
from services.api.app import create_app
from services.api.http.services import Services
from services.projector.builds import projector_engine
from services.projector.waiving import NotPoison, waive
from tests.api.conftest import Person, SettingsFor, person, projecting
from tests.api.everything import given_everything
from tests.api.given_writes import QUERIES, WRITES, operations

pytestmark = pytest.mark.own_system

TOKENS: dict[tuple[str, str], Any] = {
    ("POST", "/v1/tokens"): {"actor": "person:emil", "role": "viewer"},
    ("POST", "/v1/tokens/{token_id}/approve"): None,
    ("DELETE", "/v1/tokens/{token_id}"): None,
}
POLICY: dict[tuple[str, str], Any] = {
    ("POST", "/v1/policies/{framework}"): {
        "rules": DEFAULTS["okr"].model_dump(mode="json"),
        "reason": "because",
    },
}


@pytest.mark.parametrize("compared", ["all groups", "audit"])
async def test_no_write_appends_to_a_ledger_that_is_not_accepted(
    services: Services, provisioned: SettingsFor, monkeypatch: pytest.MonkeyPatch, compared: str
) -> None:
    """Each answers 503 `ledger_differs`, and the ledger, the tokens and what waits stay as they are.

    Where only the views of one group knew more, a command may be refused for what it is first.
    """
    monkeypatch.setattr("services.postgres.views.SAME_LEDGER_FOR", 0.0)
    writes = WRITES | TOKENS | POLICY
    assert writes.keys() == operations("POST", "PATCH", "PUT", "DELETE")
    workspace = services.settings.workspace
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as http:
        anna = await person(http, services, "anna", "owner")
        callers = [anna, await person(http, services, "root", "admin")]
        callers.append(await person(http, services, "boris", "editor"))
        async with projecting(provisioned("projector")):
            ids = await given_everything(anna)
            asked = await services.access.issue(workspace, "person:carla", "viewer", pending=True)
            await services.views.wait(workspace, asked.position)
        ids |= {"token_id": asked.record.id, "framework": "okr"}
        await set_aside(provisioned)

        head, tokens = await services.ledger.head(workspace), services.access.list(workspace)
        for (method, template), body in writes.items():
            path = template.format(**ids | ({"key_result": "launch"} if "{step}" in template else {}))
            answers = [await write(caller, method, path, body) for caller in callers]
            told = {(answer.status_code, answer.json()["code"]) for answer in answers}
            told.discard((403, "role_not_allowed"))
            if compared == "all groups":
                assert told == {(503, "ledger_differs")}, (method, template, told)
        assert await services.ledger.head(workspace) == head
        assert services.access.list(workspace) == tokens
        for path, body in (("/v1/people", {"name": "Dora"}), ("/v1/tokens", TOKENS["POST", "/v1/tokens"])):
            answer = await callers[1].post(path, body)
            assert (answer.status_code, answer.json()["code"]) == (503, "ledger_differs")


async def write(caller: Person, method: str, path: str, body: Any) -> httpx.Response:
    """Write with some revision, whatever it is."""
    headers = caller.headers | {"If-Match": '"1"'}
    return await caller.http.request(method, path + QUERIES.get(path, ""), json=body, headers=headers)


async def test_it_is_remembered_while_postgresql_is_away(
    services: Services, provisioned: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has seen that the ledger is another one takes no command on it when views do not answer."""
    monkeypatch.setattr("services.postgres.views.SAME_LEDGER_FOR", 0.0)
    workspace = services.settings.workspace
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as http:
        root = await person(http, services, "root", "admin")
        async with projecting(provisioned("projector")):
            pass
        await set_aside(provisioned)
        cycle = WRITES["POST", "/v1/cycles"]
        assert (await root.post("/v1/cycles", cycle)).json()["code"] == "ledger_differs"
        head = await services.ledger.head(workspace)
        services.views._away_until = float("inf")
        for path, body in (("/v1/cycles", cycle), ("/v1/tokens", TOKENS["POST", "/v1/tokens"])):
            answer = await root.post(path, body)
            assert (answer.status_code, answer.json()["code"]) == (503, "ledger_differs")
        assert await services.ledger.head(workspace) == head


async def test_no_position_is_waived_on_it(services: Services, provisioned: SettingsFor) -> None:
    """What an operator decides goes on the ledger as well."""
    async with projecting(provisioned("projector")):
        pass
    await set_aside(provisioned)
    engine = projector_engine(provisioned("projector"), pool_size=1)
    try:
        with pytest.raises(NotPoison, match="before it is accepted"):
            await waive(
                engine, services.ledger, services.keys, services.settings.workspace, 1, "can't be read"
            )
    finally:
        await engine.dispose()


async def set_aside(provisioned: SettingsFor, groups: Collection[str] = tuple(GROUPS)) -> None:
    """Set views aside, as a worker does that finds another ledger."""
    settings = provisioned("projector")
    engine = projector_engine(settings, pool_size=1)
    async with engine.begin() as connection:
        await connection.execute(
            update(checkpoint)
            .where(checkpoint.c.workspace == settings.workspace, checkpoint.c.grp.in_(groups))
            .values(differs="shorter")
        )
    await engine.dispose()
