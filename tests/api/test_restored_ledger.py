"""What clients hold of the time before a ledger was restored is refused; what was lost can be sent again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy.schema import DropSchema

from projections.control import set_aside
from services.access.first import ensure_admin_token
from services.api.app import create_app
from services.api.http.services import Services
from services.api.main import connected
from services.keys.keys import Keys
from tests.api.conftest import Person, given_goal, person
from tests.api.given_readings import define, item, send
from tests.lost_ledgers import Place, accepted, keys, place
from tests.running import eventually, projecting
from tests.servers import TestDatabase, make_settings

__all__ = ["keys", "place"]  # fixtures

pytestmark = pytest.mark.own_database


@pytest.fixture
async def api(place: Place, database: TestDatabase, tmp_path: Path) -> AsyncIterator[Services]:
    """An API at the place, and a projector."""
    await ensure_admin_token(place.operator)
    settings = make_settings(
        place.nats, database, workspace=place.workspace, data=tmp_path / "data", role="api"
    )
    async with projecting(place.settings), connected(settings) as services:
        await place.visible(1)
        yield services


@pytest.mark.faults
async def test_what_is_of_an_old_epoch_is_refused_and_what_was_lost_is_taken_again(
    place: Place, keys: Keys, api: Services, tmp_path: Path
) -> None:
    """Through one process that lived all the time, and remembers the ledger that was lost."""
    transport = httpx.ASGITransport(create_app(api), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as http:
        anna = await person(http, api, "anna", "owner")
        await define(anna, "sales")
        await define(anna, "other")
        erp = await person(http, api, "feed:erp", "feed")
        etag = await given_goal(anna)
        change = {"target": "90", "reason": "won a tender"}
        targets = "/v1/key-results/kr-acv/targets"
        assert (await anna.post(targets, change, If_Match=etag, Idempotency_Key="kept")).status_code == 201
        assert await statuses(erp, "kept") == ["accepted"]
        await place.visible(max(anna.position, erp.position))
        page = await anna.read("/v1/kpis", limit=1)
        await place.copy_to(tmp_path / "copy")

        await reconnected(api)
        lost = await anna.post(
            "/v1/objectives", {"id": "lost", "title": "Lost", "cycle": "2026"}, Idempotency_Key="lost"
        )
        assert lost.status_code == 201
        assert await statuses(erp, "lost", "kept") == ["accepted", "duplicate"]
        await place.visible(max(anna.position, erp.position))
        old = lost.headers["Goaltrail-Position"]
        etag = await anna.etag("/v1/objectives/growth")
        assert "@" not in etag + old

        await place.restore(tmp_path / "copy")
        await place.set_aside()
        await reconnected(api)
        refused = [
            await http.get("/v1/kpis", headers=anna.headers),
            await anna.post("/v1/objectives", {"id": "new", "title": "New", "cycle": "2026"}),
            await send(erp, orjson.dumps([item("lost")])),
        ]
        assert [(one.status_code, one.json()["code"]) for one in refused] == [(503, "ledger_differs")] * 3

        await accepted(place, keys)
        await place.visible(1)
        read = await http.get("/v1/objectives/growth", headers=anna.headers)
        assert read.status_code == 200
        new_etag, position = read.headers["ETag"], read.headers["Goaltrail-Position"]
        assert new_etag.endswith('@2"')
        assert position.endswith("@2")
        assert (await http.get("/v1/objectives/lost", headers=anna.headers)).status_code == 404

        other = {"target": "95", "reason": "and another one"}
        for answer in (
            await http.get("/v1/kpis", headers=anna.headers | {"Goaltrail-Min-Position": old}),
            await http.get("/v1/kpis", headers=anna.headers, params={"cursor": page["next_cursor"]}),
            await post(anna, targets, other, {"If-Match": etag}),
            await post(
                anna,
                "/v1/objectives",
                {"id": "lost", "title": "Lost", "cycle": "2026"},
                {"Idempotency-Key": "lost"},
            ),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "ledger_restored"), answer.text

        # What stands before the cut is answered as before; what is of this epoch works.
        again = await post(anna, targets, change, {"If-Match": new_etag, "Idempotency-Key": "kept"})
        assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (201, "true")
        changed = await post(anna, targets, other, {"If-Match": new_etag})
        assert changed.status_code == 201, changed.text
        wanted = {"Goaltrail-Min-Position": changed.headers["Goaltrail-Position"]}
        page = (await http.get("/v1/kpis", headers=anna.headers | wanted, params={"limit": 1})).json()
        rest = await http.get("/v1/kpis", headers=anna.headers, params={"cursor": page["next_cursor"]})
        assert rest.status_code == 200, rest.text

        async def taken() -> Any:
            # The first one may be told to come again: this process has to forget first.
            response = await raw_send(erp, "lost", "kept")
            return response.json() if response.status_code == 200 else None

        async with place.engine.begin() as connection:
            ((_, schema),) = await set_aside(connection, place.workspace, "state")
            await connection.execute(DropSchema(schema, cascade=True))
        unit = {"id": "team", "name_ko": "Team", "level": "team"}
        drafted = await post(anna, "/v1/org-units", unit, {"Idempotency-Key": "once more"})
        assert drafted.status_code == 201, drafted.text

        receipts = (await eventually(taken))["receipts"]
        assert [one["status"] for one in receipts] == ["accepted", "duplicate"]


async def statuses(erp: Person, *ids: str) -> list[str]:
    """Send readings; return what became of each."""
    response = await raw_send(erp, *ids)
    assert response.status_code == 200, response.text
    return [one["status"] for one in response.json()["receipts"]]


async def raw_send(erp: Person, *ids: str) -> httpx.Response:
    """Send readings, whatever the answer is."""
    headers = erp.headers | {"Content-Type": "application/json"}
    body = orjson.dumps([item(id_) for id_ in ids])
    return await erp.http.post("/v1/readings", content=body, headers=headers)


async def post(who: Person, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    """Send a write with these headers and no others."""
    return await who.http.post(path, json=body, headers=who.headers | headers)


async def reconnected(api: Services) -> None:
    """Wait until the API has its connection again."""

    async def connected_again() -> bool:
        return api.ledger.connected

    await eventually(connected_again)
