"""This machine: settings, disk, the modes of private files, and whether the API answers."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx

from services.doctor.finding import Finding, clock_difference
from services.runtime.settings import Settings, SettingsError

GIB = 1024**3
DISK_WARN, DISK_FAIL = 5 * GIB, GIB
"""Free bytes below which the ledger will soon have no room."""


def examine_machine(settings: Settings) -> Iterator[Finding]:
    """Yield everything that can be seen without a server."""
    yield _master_key(settings)
    if (settings.data / "lock").exists():
        yield _disk(settings.data)
        yield _modes(settings.data)


async def examine_api(settings: Settings) -> AsyncIterator[Finding]:
    """Yield whether the API is ready, and whether its clock is right."""
    check, url = "api.ready", settings.api_base_url
    try:
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
            answer = await client.get(f"{url}/readyz")
    except httpx.HTTPError:
        yield Finding.warn(
            check, f"nothing answers at {url}", "start it with `make up`, or set GOALTRAIL_API_URL"
        )
        return
    if answer.status_code == 200:
        yield Finding.ok(check, f"the API at {url} is ready")
    else:
        yield Finding.warn(
            check, f"the API at {url} is not ready ({answer.status_code})", f"see {url}/readyz"
        )
    with suppress(ValueError, LookupError, TypeError):  # something else answers, or a version before this one
        ahead = answer.json()["clock_ahead_seconds"]
        if ahead is not None:
            yield clock_difference("api.clock", "NATS", timedelta(seconds=ahead), ours="that of the API")


def _master_key(settings: Settings) -> Finding:
    try:
        settings.load_master_key()
    except SettingsError as error:
        return Finding.fail("keys.master", f"no master key: {error}", "put the file with the master key back")
    return Finding.ok("keys.master", "the master key can be read")


def _disk(data: Path) -> Finding:
    usage = shutil.disk_usage(data)
    text = f"{usage.free / GIB:.1f} GiB of {usage.total / GIB:.0f} GiB are free at {data}"
    cure = "make room: writes are refused when the disk is full"
    if usage.free < DISK_FAIL:
        return Finding.fail("machine.disk", text, cure)
    return (
        Finding.warn("machine.disk", text, cure)
        if usage.free < DISK_WARN
        else Finding.ok("machine.disk", text)
    )


def _modes(data: Path) -> Finding:
    """Directories are 0700, secrets and settings 0600: nobody else may even read them."""
    private = [data, data / "secrets", data / "run"]
    private += [path for folder in private[1:] if folder.is_dir() for path in folder.iterdir()]
    open_ones = [path for path in private if path.exists() and path.stat().st_mode & 0o077]
    if not open_ones:
        return Finding.ok("machine.modes", f"nobody else can read the secrets in {data}")
    names = ", ".join(str(path) for path in open_ones[:5])
    return Finding.fail("machine.modes", f"others may read {names}", f"chmod go= {names.replace(',', '')}")
