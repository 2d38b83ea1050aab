"""A provisioned workspace on the real NATS server, and connections to it. None of this needs PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.access.access import Access
from services.ledger import Ledger
from services.ledger.provision import provision
from services.runtime.settings import Settings
from tests.servers import TestNats


@pytest.fixture
async def provisioned(nats_server: TestNats, workspace: str, tmp_path: Path) -> Settings:
    """Operator's settings of a workspace whose streams exist."""
    settings = Settings(
        nats_url=nats_server.url,
        nats_user=nats_server.app.user,
        nats_password=SecretStr(nats_server.app.password),
        nats_provisioner_user=nats_server.provisioner.user,
        nats_provisioner_password=SecretStr(nats_server.provisioner.password),
        workspace=workspace,
        data=tmp_path / "data",
    )
    await provision(settings)
    return settings


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
