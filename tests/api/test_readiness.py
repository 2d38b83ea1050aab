"""What /readyz tells beside the engines: failing tasks of every process, and writes that do not work."""

from __future__ import annotations

from typing import Any

import asyncpg
import httpx
import nats
import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig

from services.ledger import Ledger
from services.ledger.provision import Head, create_workspace, list_heads
from services.postgres.views import Views
from tests import running
from tests.api.conftest import SettingsFor, projecting, views_made
from tests.running import eventually
from tests.servers import TestNats

pytestmark = pytest.mark.own_database


async def operator(server: TestNats) -> Client:
    """A connection of somebody who may change streams."""
    return await nats.connect(server.url, user=server.provisioner.user, password=server.provisioner.password)


async def until_told(http: httpx.AsyncClient, error: str) -> dict[str, Any]:
    """Ask /readyz until it tells of this error in the projector."""

    async def look() -> dict[str, Any] | None:
        answer = await http.get("/readyz")
        told = answer.json()
        if {"process": "projector", "task": "worker", "error": error} not in told["failing"]:
            return None
        assert (answer.status_code, told["ready"]) == (503, False)
        return dict(told)

    return await eventually(look, seconds=60)


async def test_a_projector_that_can_not_go_on_is_told(
    http: httpx.AsyncClient, provisioned: SettingsFor, nats_server: TestNats
) -> None:
    """A position of a ledger is missing: it is logged, told to everybody, and tried again."""
    other = f"{provisioned('operator').workspace}-b"
    client = await operator(nats_server)
    js = client.jetstream()
    config = StreamConfig(name=f"LEDGER_{other}", subjects=[f"ledger.{other}.>"], allow_direct=True)
    await js.add_stream(config)
    for number in range(3):
        await js.publish(f"ledger.{other}.probe.{number}", b"{}")
    await js.delete_msg(f"LEDGER_{other}", 2)
    try:
        async with running.projecting(provisioned("projector"), only=[other]):
            told = await until_told(http, "LedgerGap")
            assert other not in str(told), "who has no token learns of no workspace"
    finally:
        await js.delete_stream(f"LEDGER_{other}")
        await client.close()


async def test_a_stream_that_takes_no_writes_is_told(
    http: httpx.AsyncClient, provisioned: SettingsFor, nats_server: TestNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NATS answers everything, only nothing can be stored."""
    monkeypatch.setattr("services.api.operations.health.PROBE_EVERY", 0.1)
    async with projecting(provisioned("projector")):
        assert (await http.get("/readyz")).json()["nats"] is True
        client = await operator(nats_server)
        js = client.jetstream()
        config = (await js.stream_info("PROBE")).config
        await js.delete_stream("PROBE")
        try:

            async def not_ready() -> bool:
                answer = await http.get("/readyz")
                return answer.status_code == 503 and answer.json()["nats"] is False

            await eventually(not_ready)
        finally:
            await js.add_stream(config)
            await client.close()


async def test_a_postgresql_that_takes_no_writes_is_told(
    http: httpx.AsyncClient,
    provisioned: SettingsFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It answers every question, only nothing can be written."""
    monkeypatch.setattr("services.api.operations.health.PROBE_EVERY", 0.1)
    connection = await asyncpg.connect(provisioned("operator").database_dsn)
    async with projecting(provisioned("projector")):
        assert (await http.get("/readyz")).json()["postgresql"] is True
        await connection.execute(
            "REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text, boolean) FROM PUBLIC"
        )

        async def not_ready() -> bool:
            answer = await http.get("/readyz")
            return answer.status_code == 503 and answer.json()["postgresql"] is False

        await eventually(not_ready)
        assert (await http.get("/v1/workspace")).status_code == 401, "it answers"
    await connection.close()


TROUBLES: dict[str, tuple[str, str]] = {
    "ledger_differs": (
        "UPDATE control.checkpoint SET differs = 'missing' WHERE workspace = $1",
        "ledger_differs",
    ),
    "damaged": ("UPDATE control.checkpoint SET damaged = 'a page' WHERE workspace = $1", "damaged"),
    "newer": ("UPDATE control.active_version SET version = 9999 WHERE workspace = $1", "newer"),
    "not built": ("DELETE FROM control.active_version WHERE workspace = $1", "built"),
}
"""What can be wrong with one workspace, and in what it is told."""


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_one_workspace_keeps_no_other_from_being_served(
    http: httpx.AsyncClient, provisioned: SettingsFor, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """It is told how many there are, and what it is; the process is not ready once no workspace works."""
    settings = provisioned("operator")
    first, other = settings.workspace, f"{settings.workspace}-b"
    await create_workspace(settings, other, name="Other", zone="Asia/Seoul")
    projector = provisioned("projector")
    async with running.projecting(projector, only=[first, other]), Views.connect(projector) as views:
        for workspace in (first, other):
            await views_made(views, workspace)

    async def heads(ledger: Ledger) -> dict[str, Head]:
        return {one: head for one, head in (await list_heads(ledger)).items() if one in (first, other)}

    monkeypatch.setattr("services.api.operations.health.list_heads", heads)  # the server has others
    sql, told_in = TROUBLES[trouble]
    connection = await asyncpg.connect(settings.database_dsn)
    for broken, workspaces in ((0, []), (1, [other]), (2, [first])):
        for workspace in workspaces:
            await connection.execute(sql, workspace)

        async def told() -> dict[str, Any] | None:
            answer = await http.get("/readyz")
            told = answer.json()
            as_it_is = (answer.status_code == 200) is told["ready"] is (broken < 2)  # noqa: B023 - asked in this turn only
            return told if as_it_is and not told["failing"] else None

        found = await eventually(told)
        assert (found["workspaces"], found["workspaces_not_ready"]) == (2, broken)
        wrong = told_in != "built"
        assert any(group[told_in] is wrong for group in found["groups"]) is (broken > 0)
        assert first not in str(found), "who has no token learns of no workspace"
        metrics = (await http.get("/metrics")).text
        assert f"goaltrail_workspaces_not_ready {float(broken)}" in metrics
    await connection.close()
