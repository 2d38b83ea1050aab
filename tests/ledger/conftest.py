"""One node or three, with a fresh workspace and a connection to its ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.ledger import Ledger
from services.ledger.provision import provision
from services.runtime.settings import Settings
from services.up.nats_server import NatsCluster
from tests.ledger.sites import settings_of
from tests.servers import TestNats


@pytest.fixture(params=["one node", "three nodes"])
async def site(request: pytest.FixtureRequest, workspace: str) -> Settings:
    """Settings of one node, then of three, with all streams and a workspace that no other test uses."""
    three = request.param == "three nodes"
    nats: TestNats | NatsCluster = request.getfixturevalue("nats_cluster" if three else "nats_server")
    settings = settings_of(nats, workspace)
    await provision(settings)
    return settings


@pytest.fixture
async def one_node(nats_server: TestNats, workspace: str) -> Settings:
    """Settings of one node, for what does not depend on their number."""
    settings = settings_of(nats_server, workspace)
    await provision(settings)
    return settings


@pytest.fixture
async def ledger(site: Settings) -> AsyncIterator[Ledger]:
    """A connection to one node, then to three."""
    async with await Ledger.connect(site) as connected:
        yield connected


@pytest.fixture
async def ledger_1(one_node: Settings) -> AsyncIterator[Ledger]:
    """A connection to one node."""
    async with await Ledger.connect(one_node) as connected:
        yield connected
