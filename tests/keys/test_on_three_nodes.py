"""Tokens and keys on a cluster of three nodes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.access.access import Access
from services.keys.keys import Keys
from services.ledger import Ledger
from services.ledger.provision import provision
from services.runtime.settings import Settings
from services.up.nats_server import NatsCluster
from tests.keys.given_keys import MASTER, REASON, retraction
from tests.nats_only import eventually


@pytest.fixture
async def cluster_settings(nats_cluster: NatsCluster, workspace: str, tmp_path: Path) -> Settings:
    """Settings of a workspace on three nodes."""
    settings = Settings(
        nats_url=nats_cluster.urls,
        nats_user=nats_cluster.users.api.user,
        nats_password=SecretStr(nats_cluster.users.api.password),
        nats_provisioner_user=nats_cluster.users.provisioner.user,
        nats_provisioner_password=SecretStr(nats_cluster.users.provisioner.password),
        replicas=3,
        workspace=workspace,
        data=tmp_path / "data",
    )
    await provision(settings)
    return settings


@pytest.fixture
async def ledgers(cluster_settings: Settings) -> AsyncIterator[list[Ledger]]:
    """Connections to different nodes."""
    nodes = cluster_settings.nats_url.split(",")
    opened = [await Ledger.connect(cluster_settings.model_copy(update={"nats_url": node})) for node in nodes]
    yield opened
    for ledger in opened:
        await ledger.close()


async def test_tokens_and_keys_agree_on_every_node(ledgers: list[Ledger], workspace: str) -> None:
    """Issued, revoked, sealed at once, destroyed: every process sees the same, on any node."""
    accesses = [await Access.start(ledger) for ledger in ledgers]
    issued = [await access.issue(workspace, f"person:p{n}", "viewer") for n, access in enumerate(accesses)]
    for made in issued:
        token = made.token
        assert token is not None
        for access in accesses:
            await eventually(lambda a=access, t=token: a.caller(t) is not None)  # type: ignore[misc]
    await accesses[1].revoke(workspace, issued[0].record.id)
    for access in accesses:
        await eventually(lambda a=access: a.caller(issued[0].token or "") is None)  # type: ignore[misc]

    keys = [await Keys.start(ledger, MASTER) for ledger in ledgers]
    sealed = await asyncio.gather(
        *(side.seal_event(retraction(workspace)) for side in keys for _ in range(3))
    )
    for event in sealed:
        for side in keys:
            assert (await side.open_event(event)).reason == REASON
    assert await keys[2].destroy(workspace, "person:anna")
    for side in keys:
        await eventually(lambda s=side: f"{workspace}.person.anna" not in s._latest.messages)  # type: ignore[misc]
        assert await side.open_text(workspace, sealed[0].reason or "") == "[erased]"

    for access in accesses:
        await access.close()
    for side in keys:
        await side.close()
