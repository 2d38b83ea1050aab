"""`python -m benchmarks`: measure, print a table, write JSON. What is measured are the real processes."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from benchmarks import append, bulk, latency, peer, rebuilding, report, small_writes
from benchmarks.measuring import Figure
from benchmarks.ratios import ratios
from benchmarks.site import Site
from services.runtime.garbage import collect_rarely
from services.runtime.logging import configure_logging
from services.runtime.settings import Settings

RESULTS = Path(__file__).parent / "results" / "latest.json"

ON_SITE: dict[str, Callable[[Site, float], list[Figure]]] = {
    "peer": peer.measure,
    "bulk": bulk.measure,
    "latency": latency.measure,
    "small": small_writes.measure,
    "rebuild": rebuilding.measure,
}
"""What is measured on a running system, in this order: the ledger grows on the way."""


def main() -> int:
    """Exit code 0 when every target is met."""
    options = _options()
    # What was started is stopped, however we are asked to end.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    configure_logging(Settings(log_level="error"), "benchmarks")
    collect_rarely()  # as the services do, whose code runs here in part
    console = Console(width=None if sys.stdout.isatty() else 180)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="goaltrail-bench-") as name, ExitStack() as stack:
        directory = Path(name)
        if "append" in options.only:
            figures += _told(console, append.measure(directory, options.scale))
        wanted = [name for name in ON_SITE if name in options.only]
        if wanted:
            console.print("goaltrail up, and a company on it …")
            site = stack.enter_context(Site(directory))
        for name in wanted:
            figures += _told(console, ON_SITE[name](site, options.scale))
    figures += list(ratios(figures))
    console.print(report.table(figures, options.scale))
    found = report.document(figures, options.scale)
    _write(console, options.json, json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    if options.markdown is not None:
        _write(console, options.markdown, report.page(figures, options.scale))
    return int(any(figure.met is False for figure in figures))


def _told(console: Console, figures: list[Figure]) -> list[Figure]:
    """Say what was measured at once: all of it takes many minutes."""
    for figure in figures:
        console.print(f"{figure.work}: {figure.measured}", highlight=False)
    return figures


def _options() -> argparse.Namespace:
    names = ["append", *ON_SITE]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full sizes, such as 0.1")
    parser.add_argument("--only", action="append", choices=names, help="measure this; may be repeated")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where to write the figures")
    parser.add_argument("--markdown", type=Path, help="where to write them as a page")
    options = parser.parse_args()
    options.only = options.only or names
    return options


def _write(console: Console, path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    console.print(f"Written to {path}")


if __name__ == "__main__":
    sys.exit(main())
