"""What tests of process and their neighbours start from."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from services.runtime.settings import Settings
from services.up.processes import free_port

PROGRAM = """
import sys
from services.api.main import run
from services.runtime.logging import configure_logging
from services.runtime.settings import load_settings
settings = load_settings("api")
configure_logging(settings, "api")
run(settings)
"""


def environment(settings: Settings) -> dict[str, str]:
    """The settings as the process is told them."""
    return {
        "PATH": os.environ["PATH"],
        "GOALTRAIL_NATS_URL": settings.nats_url,
        "GOALTRAIL_NATS_USER": settings.nats_user,
        "GOALTRAIL_NATS_PASSWORD": settings.nats_password.get_secret_value(),
        "GOALTRAIL_DATABASE_URL": settings.database_url.get_secret_value(),
        "GOALTRAIL_MASTER_KEY": settings.master_key.get_secret_value() if settings.master_key else "",
        "GOALTRAIL_DATA": str(settings.data),
        "GOALTRAIL_API_PORT": str(free_port()),
    }


@asynccontextmanager
async def api(settings: Settings, **changed: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The process and its address."""
    told = environment(settings) | changed
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, env=told, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process, f"http://127.0.0.1:{told['GOALTRAIL_API_PORT']}"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until_up(address: str) -> None:
    """Wait until it answers."""
    async with httpx.AsyncClient(base_url=address) as http:
        for _ in range(400):
            try:
                assert (await http.get("/healthz")).status_code == 200
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
    raise AssertionError("it did not start")
