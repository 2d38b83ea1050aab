"""The running system that is measured: a real `goaltrail up` in a directory of its own, with the company."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import orjson
import psutil

from benchmarks import company
from benchmarks.client import Client, UnexpectedAnswer
from benchmarks.company import Body, Reading
from services.postgres.views import NotThereYet, Views
from services.runtime.settings import Settings, load_settings
from services.up.processes import free_port
from tests.up import Running

CONNECTIONS = 2
"""Requests with bulk readings that are under way at a time."""
BODY = 10_000
"""Readings in a request."""
JSON = "application/json"
NDJSON = "application/x-ndjson"
GROUPS = ("nats-server", "postgres", "api", "projector")
"""The processes that take part, by the names of their pid files."""


class Sent(NamedTuple):
    """What came of sending readings."""

    readings: int
    position: int
    """The last one of a receipt."""
    requests: list[float]
    """Seconds that each request took."""


class Site:
    """`goaltrail up` with the company on it. Everything is measured on workspace `main`."""

    def __init__(self, directory: Path) -> None:
        self._running = Running(directory / "data", free_port())
        self.data = self._running.data
        self.settings = Settings()
        self.readings = 0
        """How many readings of the company are on the ledger."""

    def __enter__(self) -> Self:
        try:
            self._running.wait_ready()
            self.settings = load_settings("operator", data=self.data)
            client = self.client()
            self.wait_visible(company.found(client))
            client.close()
        except BaseException:
            self._running.stop(signal.SIGTERM)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.stop(signal.SIGTERM)

    def client(self) -> Client:
        """A new connection as the administrator."""
        token = (self.data / "secrets" / "admin.token").read_text().strip()
        return Client("127.0.0.1", self._running.port, token)

    def groups(self) -> dict[str, int]:
        """The processes that take part: name and pid."""
        pids = {name: self._running.pid(name) for name in GROUPS}
        return {name: pid for name, pid in pids.items() if pid is not None}

    def next_readings(self, count: int) -> list[Reading]:
        """The company's next readings; they must be sent."""
        first, self.readings = self.readings, self.readings + count
        return list(company.readings(first, count))

    def next_bodies(self, count: int, *, lines: bool = False) -> list[Body]:
        """The same as request bodies of full size."""
        some = self.next_readings(count)
        return [company.body_of(some[start : start + BODY], lines=lines) for start in range(0, count, BODY)]

    def send(self, bodies: Sequence[Body], media_type: str = JSON) -> Sent:
        """Send readings over a few connections. Raises UnexpectedAnswer unless all of them are accepted."""
        clients = [self.client() for _ in range(CONNECTIONS)]
        waiting = iter(bodies)
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            parts = list(threads.map(lambda client: _send_some(client, waiting, media_type), clients))
        for client in clients:
            client.close()
        return Sent(
            sum(part.readings for part in parts),
            max(part.position for part in parts),
            [seconds for part in parts for seconds in part.requests],
        )

    def grow(self, readings: int) -> None:
        """Make sure that so many of the company's readings are on the ledger and in the views."""
        while self.readings < readings:
            sent = self.send(self.next_bodies(min(100_000, readings - self.readings)))
            self.wait_visible(sent.position)

    def wait_visible(self, position: int) -> None:
        """Return when all views show a position."""
        asyncio.run(self._wait_visible(position))

    async def _wait_visible(self, position: int) -> None:
        async with Views.connect(self.settings, name="goaltrail-benchmark") as views:
            for group in ("state", "audit"):
                await _shown(views, self.settings.workspace, group, position)

    @contextmanager
    def without_projector(self) -> Iterator[None]:
        """Let the projector stand still; afterwards it catches up."""
        pid = self.groups()["projector"]
        psutil.Process(pid).suspend()
        try:
            yield
        finally:
            psutil.Process(pid).resume()


async def _shown(views: Views, workspace: str, group: str, position: int) -> None:
    while True:
        try:
            return await views.wait(workspace, position, group=group)
        except NotThereYet:
            continue


def _send_some(client: Client, waiting: Iterator[Body], media_type: str) -> Sent:
    readings, position, requests = 0, 0, []
    for body in waiting:
        answer = client.send("/v1/readings", body.content, media_type)
        summary = _summary(answer.body, media_type)
        if summary["counts"]["accepted"] != body.readings:
            raise UnexpectedAnswer(f"not all of {body.readings} readings were accepted: {summary['counts']}")
        readings, position = readings + body.readings, max(position, summary["position"])
        requests.append(answer.seconds)
    return Sent(readings, position, requests)


def _summary(body: bytes, media_type: str) -> dict[str, Any]:
    """Counts and position; to NDJSON they stand in the last line."""
    text = body if media_type == JSON else body.rstrip().rpartition(b"\n")[2]
    summary: dict[str, Any] = orjson.loads(text)
    return summary
