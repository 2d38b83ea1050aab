"""Many clients that send one reading at a time, beside /healthz, a bare app, and while others read."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import uvloop
from pydantic import SecretStr

from benchmarks import company, load
from benchmarks.client import Client
from benchmarks.load import Kind, Load
from benchmarks.measuring import Figure, Watch, milliseconds
from benchmarks.site import Site
from services.ledger.provision import create_workspace, provision
from services.runtime.settings import Settings
from services.up.nats_server import NatsServer, NatsUsers
from services.up.processes import free_port, port_is_free, wait_until
from tests.up import REPOSITORY

SECONDS = 10.0
"""Of each stretch; with one warm-up of a tenth before."""
READS = 500
"""Plain reads, one after the other."""
READERS = 5
"""Clients that read while 500 write."""
MOST_ACCEPTED, MOST_READ = 3000.0, 1000.0
"""Milliseconds that an accepted reading, and a read meanwhile, take at the most (p99)."""


def measure(site: Site, scale: float) -> list[Figure]:
    """The same clients for each of them, one stretch after the other."""
    seconds = max(1.0, SECONDS * min(1.0, scale))
    port = site.settings.api_port
    token = (site.data / "secrets" / "admin.token").read_text().strip()
    health = load.get("/healthz")
    read = load.get(f"/v1/key-results/{company.key_result_id(company.YEARS[-1], 2)}", token)
    single = _singles(token)

    def of(name: str, work: str, *kinds: Kind) -> tuple[Figure, list[Load]]:
        load.run(port, kinds, seconds / 10)
        watch = Watch(site.groups())
        with watch:
            found = load.run(port, kinds, seconds)
        return _figure(name, work, found[0], watch), found

    figures = [
        of("health_50", "/healthz, 50 clients", Kind(50, lambda _: health))[0],
        of("single_50", "single readings, 50 clients", Kind(50, single))[0],
        of("single_500", "single readings, 500 clients", Kind(500, single))[0],
    ]
    mixed, loads = of(
        "single_500_mixed",
        f"single readings, 500 clients, while {READERS} others read",
        Kind(500, single),
        Kind(READERS, lambda _: read),
    )
    figures += [
        mixed,
        _at_most("single_500_p99", "… an accepted one, p99", loads[0], MOST_ACCEPTED),
        _at_most("reads_meanwhile_p99", "… a read meanwhile, p99", loads[1], MOST_READ),
    ]
    with tempfile.TemporaryDirectory(prefix="goaltrail-bench-") as name, _bare_app(Path(name)) as bare:
        for name, work, request in (
            ("bare_nothing_50", "an ASGI app that does nothing, 50 clients", lambda _: health),
            ("bare_publishing_50", "an ASGI app that publishes each with an ack, 50 clients", single),
        ):
            watch = Watch({})
            load.run(bare, [Kind(50, request)], seconds / 10)
            with watch:
                found = load.run(bare, [Kind(50, request)], seconds)
            figures.append(_figure(name, work, found[0], watch))
    return [*figures, *_one_by_one(site.client(), round(READS * min(1.0, scale)))]


def _singles(token: str) -> Callable[[int], bytes]:
    """Readings of all KPIs that take a value, each one new."""
    kpis = [company.kpi_id(number) for number in range(company.KPIS) if company.kind_of(number)[0] != "ratio"]
    numbers = count()
    started = os.getpid()

    def request(_: int) -> bytes:
        number = next(numbers)
        body = (
            b'[{"kpi":"%b","source_id":"single-%d-%d","value":"%d","observed_at":"2025-12-30T09:00:00+09:00"}]'
        ) % (kpis[number % len(kpis)].encode(), started, number, number % 997)
        return load.post("/v1/readings?feed=singles", token, body)

    return request


def _figure(name: str, work: str, found: Load, watch: Watch) -> Figure:
    """Return the line of what the clients got; its note tells the answers that were refused."""
    refused = {status: number for status, number in found.statuses.items() if not 200 <= status < 400}
    note = ", ".join(f"{number} answers {status}" for status, number in sorted(refused.items()))
    return Figure(
        name,
        work,
        round(found.rate, 1),
        "/s",
        p50=milliseconds(found.accepted, 50),
        p99=milliseconds(found.accepted, 99),
        cpu=watch.cpu,
        memory=watch.memory,
        note=note,
    )


def _at_most(name: str, work: str, found: Load, most: float) -> Figure:
    high = milliseconds(found.accepted, 99)
    return Figure(name, work, high, "ms", f"≤ {most:,.0f} ms", high <= most)


def _one_by_one(client: Client, number: int) -> Iterator[Figure]:
    """A plain read and /healthz, in turns over one connection."""
    path = f"/v1/key-results/{company.key_result_id(company.YEARS[-1], 2)}"
    reads, healths = [], []
    for _ in range(number):
        reads.append(client.get(path).seconds)
        healths.append(client.get("/healthz").seconds)
    client.close()
    yield _times("health", "/healthz, one client", healths)
    yield _times("plain_read", "a key result, one client", reads)


def _times(name: str, work: str, seconds: Sequence[float]) -> Figure:
    middle, high = milliseconds(seconds, 50), milliseconds(seconds, 99)
    return Figure(name, work, high, "ms", p50=middle, p99=high)


@contextmanager
def _bare_app(directory: Path) -> Iterator[int]:
    """The bare app under the same HTTP server, with a nats-server of its own; its port."""
    users = NatsUsers.generate()
    with NatsServer(directory, users=users) as server:
        settings = Settings(
            nats_url=server.url,
            nats_user=users.api.user,
            nats_password=SecretStr(users.api.password),
            nats_provisioner_user=users.provisioner.user,
            nats_provisioner_password=SecretStr(users.provisioner.password),
            workspace="ledger",
        )
        uvloop.run(_provision(settings))
        port = free_port()
        options = ["--port", str(port), "--http", "httptools", "--loop", "uvloop", "--log-level", "warning"]
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "benchmarks.bare_app:app", *options],
            cwd=REPOSITORY,
            env=os.environ
            | {"BARE_NATS": server.url, "BARE_USER": users.api.user, "BARE_PASSWORD": users.api.password},
        )
        try:
            if not wait_until(lambda: not port_is_free(port), timeout=20):
                raise SystemExit("the bare app did not start")
            yield port
        finally:
            process.terminate()
            process.wait()


async def _provision(settings: Settings) -> None:
    await provision(settings)
    await create_workspace(settings, "bare", name="bare", zone=settings.zone)
