"""`goaltrail intake` and `goaltrail worker` as processes: healthy, and gone without a trace when told so."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from services.ledger.provision import provision
from services.runtime.settings import Role, Settings
from services.up.processes import free_port
from tests.servers import TestNats

READY_SECONDS = 30


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[TestNats]:
    """A NATS server that a test may kill."""
    nats = TestNats(tmp_path / "nats")
    with nats.server:
        yield nats


@pytest.mark.parametrize(("command", "role"), [("intake", "intake"), ("worker", "projector")])
async def test_it_stops_cleanly_while_nats_is_away(
    nats_server: TestNats,
    operator_settings: Settings,
    settings_for: Callable[[Role], Settings],
    command: str,
    role: Role,
) -> None:
    """It is healthy while it waits for NATS, and SIGTERM ends it with exit code 0 and no traceback."""
    await provision(operator_settings)
    settings = settings_for(role)
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli.main", command),
        env={
            "PATH": os.environ["PATH"],
            "GOALTRAIL_NATS_URL": settings.nats_url,
            "GOALTRAIL_NATS_USER": settings.nats_user,
            "GOALTRAIL_NATS_PASSWORD": settings.nats_password.get_secret_value(),
            "GOALTRAIL_DATABASE_URL": settings.database_url.get_secret_value(),
            "GOALTRAIL_DATA": str(settings.data),
            "GOALTRAIL_METRICS_PORT": str(port),
        },
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            await _healthy(http)
            assert "goaltrail" in (await http.get("/metrics")).text
            nats_server.server.kill()
            await asyncio.sleep(0.5)
            await _healthy(http)
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 10)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert b"Traceback" not in errors, errors.decode()
    assert process.returncode in (0, -signal.SIGTERM)


async def _healthy(http: httpx.AsyncClient) -> None:
    for _ in range(READY_SECONDS * 10):
        try:
            if (await http.get("/healthz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("not healthy")
