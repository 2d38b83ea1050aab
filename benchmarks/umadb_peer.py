"""A second peer for the append: UmaDB, an event store whose server is in its wheel. It syncs, too."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import umadb

from benchmarks.measuring import Watch
from services.ledger import Entry
from services.up.processes import free_port, port_is_free, wait_until


@contextmanager
def running(directory: Path) -> Iterator[umadb.Client]:
    """Its server in a process of its own, and a client."""
    port = free_port()
    program = "import sys; from umadb.umadb_server_cli import main; sys.argv[0] = 'umadb'; main()"
    directory.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", program),
            *("--listen", f"127.0.0.1:{port}", "--db-path", str(directory / "uma.db")),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        if not wait_until(lambda: not port_is_free(port), timeout=20):
            raise SystemExit("UmaDB did not start")
        yield umadb.Client(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()


def append(client: umadb.Client, batches: Sequence[Sequence[Entry]], watch: Watch) -> list[float]:
    """Append the same payloads, tagged by their subject; the seconds that each batch took."""
    made = [
        [umadb.Event("reading.recorded", entry.payload, [entry.subject]) for entry in batch]
        for batch in batches
    ]
    times = []
    with watch:
        for events in made:
            started = time.perf_counter()
            client.append(events)
            times.append(time.perf_counter() - started)
    return times
