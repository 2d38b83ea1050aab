"""Where the ledger is in a test, and small things to write and read there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
from nats.aio.client import Client
from pydantic import SecretStr

from services.ledger import Entry, Ledger, StoredMessage
from services.runtime.settings import Settings
from services.up.nats_server import NatsCluster, NatsServer
from tests.servers import TestNats


def settings_of(
    nats: TestNats | NatsServer | NatsCluster, workspace: str, *, url: str | None = None
) -> Settings:
    """What an operator would be told about these servers; `url` instead of theirs goes through a proxy."""
    three = isinstance(nats, NatsCluster)
    return Settings(
        nats_url=url or (nats.urls if isinstance(nats, NatsCluster) else nats.url),
        nats_user=nats.users.api.user,
        nats_password=SecretStr(nats.users.api.password),
        nats_provisioner_user=nats.users.provisioner.user,
        nats_provisioner_password=SecretStr(nats.users.provisioner.password),
        replicas=3 if three else 1,
        workspace=workspace,
    )


def entries(workspace: str, *texts: str, subject: str = "kpi.sales") -> list[Entry]:
    """One entry on the subject for each text."""
    return [Entry(f"ledger.{workspace}.{subject}", text.encode()) for text in texts]


async def messages(
    ledger: Ledger, workspace: str, after: int = 1, *, batch: int = 2000, subject: str | None = None
) -> list[StoredMessage]:
    """What stands on the ledger, by default without the first event, `workspace.created`.

    On three nodes a replica may be behind, so it is read until the head is there.
    """
    head = await ledger.head(workspace)
    found: list[StoredMessage] = []
    while True:
        start = found[-1].position if found else after
        async for part in ledger.read(workspace, start, batch=batch, subject=subject):
            found += part
        if subject or start >= head or (found and found[-1].position >= head):
            return found


async def texts(ledger: Ledger, workspace: str) -> list[str]:
    """The payloads on the ledger after `workspace.created`."""
    return [message.payload.decode() for message in await messages(ledger, workspace)]


@asynccontextmanager
async def provisioner(settings: Settings) -> AsyncIterator[Client]:
    """A plain nats-py connection of the user who may do everything."""
    password = settings.nats_provisioner_password
    assert password is not None
    client = await nats.connect(
        settings.nats_servers,
        user=settings.nats_provisioner_user,
        password=password.get_secret_value(),
    )
    try:
        yield client
    finally:
        await client.close()
