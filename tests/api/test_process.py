"""The API as a process of its own: it starts, finishes what it began, and says why when it can't start."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator

import httpx

from services.access.access import Access
from services.ledger import Ledger
from tests.api.conftest import SettingsFor
from tests.api.given_process import api, until_up


async def test_it_finishes_what_it_began(provisioned: SettingsFor) -> None:
    """A request under way when SIGTERM comes is answered; then the process ends with 0."""
    settings = provisioned("api")
    async with await Ledger.connect(settings) as ledger:
        access = await Access.start(ledger)
        issued = await access.issue(settings.workspace, "person:anna", "owner")
        await access.close()
    async with api(settings) as (process, address):
        await until_up(address)
        headers = {"Authorization": f"Bearer {issued.token}", "Content-Type": "application/json"}

        async def slowly() -> AsyncIterator[bytes]:
            yield b'{"id": "c", "name": "C", "start": "2026-01-01",'
            await asyncio.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.3)
            yield b'"end": "2026-01-31", "kind": "month"}'

        async with httpx.AsyncClient(base_url=address, timeout=20) as http:
            misspelt = await http.get("/v1/cycles?hush=hush", headers=headers)
            answer = await http.post("/v1/cycles", content=slowly(), headers=headers)
        assert misspelt.status_code == 422
        assert answer.status_code == 201, answer.text
        _out, err = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0, err.decode()
    log = err.decode()
    assert '"path":"/v1/cycles"' in log
    assert "hush" not in log
    assert str(issued.token) not in log


async def test_it_says_why_it_cant_start(provisioned: SettingsFor) -> None:
    """One line, no traceback, exit code 1."""
    async with api(provisioned("api"), GOALTRAIL_MASTER_KEY="") as (process, _address):
        _out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1, err.decode()
    assert "GOALTRAIL_MASTER_KEY" in err.decode().strip().splitlines()[-1]
    assert "Traceback" not in err.decode()
