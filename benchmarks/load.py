"""Many clients at once that cost next to nothing: keep-alive connections that send ready-made bytes.

An HTTP library would take as much of the machine as the API that is measured.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import uvloop


class Load(NamedTuple):
    """Answers that a number of clients got in a stretch of time, with their latencies."""

    seconds: float
    statuses: Counter[int]
    accepted: list[float]
    """Seconds that each answered request took (statuses below 400)."""

    @property
    def rate(self) -> float:
        """Answered requests a second."""
        return len(self.accepted) / self.seconds


class Kind(NamedTuple):
    """One sort of client."""

    clients: int
    request: Callable[[int], bytes]
    """The whole n-th request; n counts over all clients of this sort."""


def get(path: str, token: str | None = None) -> bytes:
    """A whole request that reads."""
    return _request("GET", path, token, b"")


def post(path: str, token: str | None, body: bytes) -> bytes:
    """A whole request that sends JSON."""
    return _request("POST", path, token, body)


def _request(method: str, path: str, token: str | None, body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: goaltrail"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def run(port: int, kinds: Sequence[Kind], seconds: float) -> list[Load]:
    """Let all clients send one request after the other for some time; what each sort of them got."""
    return uvloop.run(_run(port, kinds, seconds))


async def _run(port: int, kinds: Sequence[Kind], seconds: float) -> list[Load]:
    loop = asyncio.get_running_loop()
    sorts = [_Sort(kind) for kind in kinds]
    clients = [
        (await loop.create_connection(lambda sort=sort: _Client(sort), "127.0.0.1", port))[1]  # type: ignore[misc]
        for sort in sorts
        for _ in range(sort.kind.clients)
    ]
    started = time.perf_counter()
    for client in clients:
        client.begin()
    await asyncio.sleep(seconds)
    for sort in sorts:
        sort.over = True
    ended = time.perf_counter()
    await asyncio.wait([client.done for client in clients], timeout=60)
    return [Load(ended - started, sort.statuses, sort.accepted) for sort in sorts]


class _Sort:
    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.sent = 0
        self.over = False
        self.statuses: Counter[int] = Counter()
        self.accepted: list[float] = []


class _Client(asyncio.Protocol):
    """Sends the next request when the answer to the last one is whole."""

    def __init__(self, sort: _Sort) -> None:
        self._sort = sort
        self._received = b""
        self._started = 0.0
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def begin(self) -> None:
        assert self._transport is not None
        number, self._sort.sent = self._sort.sent, self._sort.sent + 1
        self._started = time.perf_counter()
        self._transport.write(self._sort.kind.request(number))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not _is_whole(self._received):
            return
        status = int(self._received[9:12])
        self._received = b""
        if self._sort.over:
            self._end()
            return
        self._sort.statuses[status] += 1
        if status < 400:
            self._sort.accepted.append(time.perf_counter() - self._started)
            self.begin()
        else:  # as a client does that is asked to come again later
            asyncio.get_running_loop().call_later(1.0, self._again)

    def _again(self) -> None:
        if self._sort.over:
            self._end()
        else:
            self.begin()

    def _end(self) -> None:
        assert self._transport is not None
        self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self._sort.over:
            self._sort.statuses[0] += 1
        if not self.done.done():
            self.done.set_result(None)


def _is_whole(received: bytes) -> bool:
    """Whether a whole answer is here, by its length or by its last chunk."""
    head, blank, body = received.partition(b"\r\n\r\n")
    if not blank:
        return False
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at >= 0:
        return len(body) >= int(lower[at + 15 :].split(b"\r\n", 1)[0])
    return body.endswith(b"0\r\n\r\n")
