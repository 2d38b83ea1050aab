"""What commands used stays in the server's cache: it is read again and again for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from services.ledger import Ledger, cache_warmer
from services.ledger.provision import provision
from services.runtime.settings import Settings
from services.up.nats_server import NatsServer
from tests.ledger.sites import entries, provisioner, settings_of
from tests.servers import TestNats


@pytest.fixture
async def one_node(tmp_path: Path, nats_server: TestNats, workspace: str) -> AsyncIterator[Settings]:
    """A node of its own: nobody else may ask it anything while requests are counted."""
    with NatsServer(tmp_path / "nats", users=nats_server.users) as server:
        settings = settings_of(server, workspace)
        await provision(settings)
        yield settings


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_warmer, "_EVERY_SECONDS", 0.02)


async def requests_during(settings: Settings, seconds: float) -> int:
    """How many requests the server's JetStream API answered, besides our own question."""
    async with provisioner(settings) as client:

        async def total() -> int:
            answer = await client.request("$JS.API.INFO", timeout=5)
            return int(orjson.loads(answer.data)["api"]["total"])

        before = await total()
        await asyncio.sleep(seconds)
        return await total() - before - 1


async def test_what_a_command_used_is_kept_warm_until_the_end(one_node: Settings, workspace: str) -> None:
    """An append of a few entries starts it, closing the ledger ends it."""
    async with await Ledger.connect(one_node) as ledger:
        assert await requests_during(one_node, 0.2) == 0
        await ledger.append(workspace, entries(workspace, "x"), {f"ledger.{workspace}.kpi.sales": 0})
        assert await requests_during(one_node, 0.5) >= 6
    assert await requests_during(one_node, 0.2) == 0


async def test_bulk_appends_are_no_commands(one_node: Settings, workspace: str) -> None:
    """An import keeps its own blocks in use."""
    async with await Ledger.connect(one_node) as ledger:
        await ledger.append(workspace, entries(workspace, *["x"] * 50), {f"ledger.{workspace}.kpi.sales": 0})
        assert await requests_during(one_node, 0.2) == 0


async def test_it_goes_on_after_nats_was_away(
    one_node: Settings, workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that fails does not end it; an hour without commands does."""
    async with await Ledger.connect(one_node) as ledger:
        await ledger.append(workspace, entries(workspace, "x"), {f"ledger.{workspace}.kpi.sales": 0})
        await ledger.client.force_reconnect()
        await asyncio.sleep(0.5)
        assert await requests_during(one_node, 0.5) >= 6
        monkeypatch.setattr(cache_warmer, "_FOR_SECONDS", 0.0)
        await asyncio.sleep(0.2)
        assert await requests_during(one_node, 0.2) == 0
