"""Goal commands over a real ledger; where the views should be nobody listens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.access.callers import Caller
from services.commands.handler import Goals
from services.keys.keys import Keys
from services.ledger import Ledger
from services.postgres.locks import Locks
from services.postgres.views import Views
from services.runtime.settings import Settings
from tests.nats_only import provisioned_settings
from tests.servers import MASTER_KEY, TestNats


@pytest.fixture
async def provisioned(nats_server: TestNats, workspace: str, tmp_path: Path) -> Settings:
    """Operator's settings of a workspace whose streams exist; there is no PostgreSQL."""
    settings = await provisioned_settings(nats_server, workspace, tmp_path / "data")
    return settings.model_copy(
        update={
            "database_url": SecretStr("postgresql://nobody@127.0.0.1:1/none"),
            "master_key": SecretStr(MASTER_KEY),
        }
    )


@pytest.fixture
async def ledger(provisioned: Settings) -> AsyncIterator[Ledger]:
    """A connection as the application."""
    async with await Ledger.connect(provisioned) as connected:
        yield connected


@pytest.fixture
async def goals(provisioned: Settings, ledger: Ledger) -> AsyncIterator[Goals]:
    """The handler as one API process has it, while PostgreSQL is away."""
    async for made in handler(provisioned, ledger):
        yield made


@pytest.fixture
async def other_goals(provisioned: Settings) -> AsyncIterator[Goals]:
    """The handler of a second API process, over a connection of its own."""
    async with await Ledger.connect(provisioned) as connected:
        async for made in handler(provisioned, connected):
            yield made


async def handler(settings: Settings, ledger: Ledger, locks: Locks | None = None) -> AsyncIterator[Goals]:
    """A handler with its keys and views."""
    keys = await Keys.start(ledger, settings.load_master_key())
    async with Views.connect(settings) as views:
        yield Goals(ledger, views, keys, locks=locks)
    await keys.close()


@pytest.fixture
def anna(workspace: str) -> Caller:
    """An editor."""
    return Caller(workspace, "person:anna", "editor", None, "t1", None)


@pytest.fixture
def boris(workspace: str) -> Caller:
    """Another editor."""
    return Caller(workspace, "person:boris", "editor", None, "t2", None)
