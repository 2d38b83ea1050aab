"""Rebuilding the views of group `state` from the whole ledger, with the command that operators use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

from benchmarks.measuring import Figure, Watch, rate
from benchmarks.site import Site
from tests.up import REPOSITORY

READINGS = 1_000_000
MOST_MEMORY = 250.0
"""Megabytes."""


def measure(site: Site, scale: float) -> list[Figure]:
    """`goaltrail rebuild state` as a process of its own, from its start to its end."""
    site.grow(round(READINGS * scale))
    rebuild = subprocess.Popen(
        [sys.executable, "-m", "services.cli.main", "rebuild", "state", "--json"],
        cwd=REPOSITORY,
        env=os.environ | {"GOALTRAIL_DATA": str(site.data)},
        stdout=subprocess.PIPE,
        text=True,
    )
    watch = Watch({**site.groups(), "rebuild": rebuild.pid})
    before = _of_ended_children()
    with watch:
        output, _ = rebuild.communicate()
    watch.cpu["rebuild"] = round(_of_ended_children() - before, 2)
    if rebuild.returncode:
        raise SystemExit(f"goaltrail rebuild ended with exit code {rebuild.returncode}")
    (document,) = json.loads(output)["data"]
    figure = rate("rebuild", "rebuild of group state", document["events"], watch)
    peak = watch.memory["rebuild"]
    return [
        replace(figure, note=f"{document['events']:,} events; {document['rate']:,} /s without start-up"),
        Figure(
            "rebuild_memory",
            "… memory of the rebuilding process",
            peak,
            "MB",
            f"≤ {MOST_MEMORY:.0f} MB",
            peak <= MOST_MEMORY,
        ),
    ]


def _of_ended_children() -> float:
    """CPU seconds of the processes that we started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system
