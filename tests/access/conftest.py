"""A provisioned workspace on the real NATS server, and connections to it. None of this needs PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.access.access import Access
from services.ledger import Ledger
from services.runtime.settings import Settings
from tests.nats_only import provisioned_settings
from tests.servers import TestNats


@pytest.fixture
async def provisioned(nats_server: TestNats, workspace: str, tmp_path: Path) -> Settings:
    """Operator's settings of a workspace whose streams exist."""
    return await provisioned_settings(nats_server, workspace, tmp_path / "data")


@pytest.fixture
async def ledger(provisioned: Settings) -> AsyncIterator[Ledger]:
    """A connection as the application."""
    async with await Ledger.connect(provisioned) as connected:
        yield connected


@pytest.fixture
async def access(ledger: Ledger) -> AsyncIterator[Access]:
    """The tokens as one API process sees them."""
    started = await Access.start(ledger)
    yield started
    await started.close()


@pytest.fixture
async def other_access(provisioned: Settings) -> AsyncIterator[Access]:
    """The tokens as a second API process sees them, over a connection of its own."""
    async with await Ledger.connect(provisioned) as connected:
        started = await Access.start(connected)
        yield started
        await started.close()
