"""Readings while PostgreSQL or NATS is away or goes away: nothing is lost or taken twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import orjson
import pytest

from events.envelope import decode
from services.api.http.services import Services
from tests.api.conftest import Person
from tests.api.given_engines_away import nats_server, postgres, without_postgres
from tests.api.given_readings import define, erp, item, send
from tests.servers import TestNats, TestPostgres

__all__ = ["erp", "nats_server", "postgres", "without_postgres"]  # fixtures

pytestmark = [pytest.mark.own_database, pytest.mark.faults, pytest.mark.usefixtures("projector")]


async def until_answered(sender: Person, items: Sequence[object]) -> list[str]:
    """Send until it is answered; the statuses."""
    for _ in range(200):
        response = await send(sender, orjson.dumps(items))
        if response.status_code == 200:
            return [receipt["status"] for receipt in response.json()["receipts"]]
        assert response.status_code == 503, response.text
        assert int(response.headers["Retry-After"]) >= 1
        await asyncio.sleep(0.1)
    raise AssertionError(response.text)


async def readings_on(services: Services) -> list[str]:
    """The ids of all readings on the ledger."""
    ledger = services.ledger.read(services.settings.workspace, 0)
    events = [decode(message.payload) async for run in ledger for message in run]
    return [str(event.id) for event in events if event.name == "reading.recorded"]


async def test_without_postgresql(erp: Person, services: Services, without_postgres: TestPostgres) -> None:
    """Nobody knows which are new, so nothing is taken: 503. Afterwards it goes on."""
    assert await until_answered(erp, [item("a")]) == ["accepted"]
    without_postgres.server.kill()
    response = await send(erp, orjson.dumps([item("a"), item("b")]))
    assert (response.status_code, response.json()["code"]) == (503, "intake_unavailable")
    assert len(await readings_on(services)) == 1
    without_postgres.server.start()
    assert await until_answered(erp, [item("a"), item("b")]) == ["duplicate", "accepted"]


async def test_nats_goes_away_under_way(erp: Person, services: Services, nats_server: TestNats) -> None:
    """Killed again and again while much is sent: every reading is on the ledger exactly once."""
    batches = [[item(f"n{start + n}", n) for n in range(3000)] for start in range(0, 12_000, 3000)]

    async def disturb() -> None:
        for pause in (0.15, 0.4, 0.6):
            await asyncio.sleep(pause)
            await asyncio.to_thread(nats_server.server.kill)
            await asyncio.to_thread(nats_server.server.start)

    disturbing = asyncio.create_task(disturb())
    for batch in batches:
        assert set(await until_answered(erp, batch)) <= {"accepted", "duplicate"}
    await disturbing
    for batch in batches:
        assert set(await until_answered(erp, batch)) == {"duplicate"}
    ids = await readings_on(services)
    assert len(ids) == len(set(ids)) == 12_000


async def test_an_unknown_kpi_and_no_nats(erp: Person, anna: Person, nats_server: TestNats) -> None:
    """It is not said to be unknown while the ledger can't be asked."""
    nats_server.server.kill()
    response = await send(erp, json.dumps([item("a", kpi="new")]).encode())
    assert (response.status_code, response.json()["code"]) == (503, "intake_unavailable")
    nats_server.server.start()
    # Every connection is back by then, the projector's too.
    await asyncio.sleep(3)
    await define(anna, "new")
    assert await until_answered(erp, [item("a", kpi="new")]) == ["accepted"]
