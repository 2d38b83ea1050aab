"""Tokens while NATS is away and after it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.access.access import Access
from services.ledger import Ledger, LedgerUnavailable
from tests.nats_only import eventually, provisioned_settings
from tests.servers import TestNats


@pytest.fixture
def own_nats(tmp_path: Path) -> Iterator[TestNats]:
    """A NATS server that this test may kill."""
    nats = TestNats(tmp_path / "nats")
    with nats.server:
        yield nats


async def test_known_tokens_work_while_nats_is_away(own_nats: TestNats, tmp_path: Path) -> None:
    """Known tokens go on, new ones are a clear error, and after its return a missed revocation counts."""
    settings = await provisioned_settings(own_nats, "main", tmp_path / "data")
    async with await Ledger.connect(settings, patience=0.5) as ledger:
        access = await Access.start(ledger)
        kept = (await access.issue("main", "person:anna", "viewer")).token
        lost = await access.issue("main", "person:bora", "viewer")
        assert kept is not None
        assert lost.token is not None

        own_nats.server.kill()
        await asyncio.sleep(0.2)
        assert access.caller(kept) is not None
        with pytest.raises(LedgerUnavailable):
            await access.issue("main", "person:chan", "viewer")

        own_nats.server.start()
        async with await Ledger.connect(settings) as other:
            elsewhere = await Access.start(other)
            await elsewhere.revoke("main", lost.record.id)
            await elsewhere.close()
        token = lost.token
        await eventually(lambda: access.caller(token) is None, seconds=8.0)
        assert access.caller(kept) is not None
        assert (await access.issue("main", "person:chan", "viewer")).token is not None
        await access.close()
