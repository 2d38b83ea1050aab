"""For tests that need the real NATS server and no PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from services.ledger.provision import provision
from services.runtime.settings import Settings
from tests.servers import TestNats


async def provisioned_settings(nats: TestNats, workspace: str, data: Path) -> Settings:
    """Settings of the application and the provisioner, for a workspace whose streams exist."""
    settings = Settings(
        nats_url=nats.url,
        nats_user=nats.app.user,
        nats_password=SecretStr(nats.app.password),
        nats_provisioner_user=nats.provisioner.user,
        nats_provisioner_password=SecretStr(nats.provisioner.password),
        workspace=workspace,
        data=data,
    )
    await provision(settings)
    return settings


async def eventually(condition: Callable[[], bool], seconds: float = 3.0) -> float:
    """Wait until it holds; returns how long that took, in seconds."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "it did not happen in time"
        await asyncio.sleep(0.002)
    return time.monotonic() - started
