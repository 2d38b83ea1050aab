"""Measure what very many workspaces cost while nothing happens: `python -m benchmarks.idle 300`.

Prints the CPU that each process takes while idle, in percent of a core, and how long a start takes until the
projector follows every workspace; the same for one workspace.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

import psutil
import structlog

from services.ledger import Ledger
from services.ledger.client import publication
from services.ledger.provision import create_workspace, list_workspaces
from services.postgres.views import Views
from services.runtime.settings import Settings, load_settings
from services.up.processes import free_port
from tests.running import eventually
from tests.up import Running

SETTLE, IDLE = 90.0, 60.0
"""Seconds before and while the CPU is measured."""
PROCESSES = ("nats-server", "postgres", "api", "intake", "projector")


def measure(workspaces: int) -> None:
    """Measure an installation with a number of workspaces, and print what came of it."""
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "data"
        with Running(data, free_port()) as running:
            settings = load_settings("operator", data=data)
            asyncio.run(_make(settings, workspaces))
            time.sleep(SETTLE)
            before = _cpu(running)
            time.sleep(IDLE)
            used = {name: (seconds - before[name]) / IDLE for name, seconds in _cpu(running).items()}
            shares = ", ".join(f"{name} {share:.1%}" for name, share in used.items())
            print(f"{workspaces} workspaces, idle: {sum(used.values()):.1%} of a core ({shares})", flush=True)
            family = running.family()
        psutil.wait_procs(family)
        began = time.monotonic()
        with Running(data, free_port()) as running:
            ready = time.monotonic() - began
            settings = load_settings("operator", data=data)
            followed = asyncio.run(_appended_and_seen(settings)) - began
        print(f"{workspaces} workspaces, start: ready in {ready:.1f} s, all followed in {followed:.1f} s")


async def _make(settings: Settings, workspaces: int) -> None:
    for number in range(1, workspaces):
        await create_workspace(settings, f"w{number:04}", name=f"w{number}", zone="UTC")
    async with Views.connect(settings) as views:

        async def all_built() -> bool:
            return len(await views.all_active()) == 2 * workspaces

        await eventually(all_built, seconds=300)


async def _appended_and_seen(settings: Settings) -> float:
    """When the views of every workspace showed an event that was appended after the start."""
    async with await Ledger.connect(settings) as ledger, Views.connect(settings) as views:
        names = await list_workspaces(ledger)
        builds = await views.all_active()
        for name in names:
            # No event at all: the views step over it, and show its position.
            await ledger.client.send(publication(f"ledger.{name}.kpi.x".encode(), b"no event"))

        async def all_seen() -> bool:
            now = await views.all_active()
            return all(now[key].position > build.position for key, build in builds.items())

        await eventually(all_seen, seconds=300)
        return time.monotonic()


def _cpu(running: Running) -> dict[str, float]:
    """Seconds of CPU that each process has taken, with its children."""
    found = {}
    for name in PROCESSES:
        pid = running.pid(name)
        if pid is None:
            continue
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        found[name] = sum(sum(process.cpu_times()[:2]) for process in family)
    return found


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    for count in (1, int(sys.argv[1]) if len(sys.argv) > 1 else 300):
        measure(count)
