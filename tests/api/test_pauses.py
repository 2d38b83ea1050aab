"""Hostile bodies: while they come in, nobody else waits; what they are answered is small."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson
import pytest
from starlette.types import ASGIApp, Message

from services.api.app import application, create_app
from services.api.http.services import Services
from tests.api.asgi import post_scope
from tests.api.conftest import Person, person
from tests.api.given_readings import erp
from tests.api.given_readings import item as reading

__all__ = ["erp"]  # a fixture

pytestmark = pytest.mark.own_system

LONGEST = 0.05
"""Seconds for which nothing else on the loop gets its turn."""
TRIES = 3
"""A machine may be busy with something else for once; what always takes long is ours."""
MEGABYTES = 5
LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer that is no list of receipts."""

NDJSON, JSON = "application/x-ndjson", "application/json"
EVENTS = "application/cloudevents-batch+json"


def filled(start: bytes, repeated: bytes, end: bytes, size: int) -> bytes:
    """A body of about `size` bytes."""
    return start + repeated * ((size - len(start) - len(end)) // len(repeated)) + end


def unknown_fields(size: int) -> bytes:
    """Many short members."""
    return b"{" + b",".join(b'"%x":0' % number for number in range(size // 8)) + b"}"


WHOLE, SMALL = MEGABYTES * 1024 * 1024, 250_000
GOOD = orjson.dumps(reading("a"))
HALF = orjson.dumps(reading("b", dimensions={str(number): 1 for number in range(40)}))
READINGS: dict[str, tuple[str, bytes]] = {
    "one item of objects": (JSON, filled(b'[{"kpi":[', b"{},", b"{}]}]", WHOLE)),
    "one item of lists": (JSON, filled(b"[[", b"[],", b"[]]]", WHOLE)),
    "one item of texts": (JSON, filled(b'[{"kpi":[', b'"",', b'""]}]', WHOLE)),
    "one text": (JSON, filled(b'[{"kpi":"', b"x", b'"}]', WHOLE)),
    "one text of quotes": (JSON, filled(b'[{"kpi":"', b'\\"', b'"}]', WHOLE)),
    "one number": (JSON, filled(b"[", b"9", b"]", WHOLE)),
    "brackets": (JSON, filled(b"", b"[", b"", WHOLE)),
    "blanks": (JSON, filled(b"[", b" ", b"]", WHOLE)),
    "items of 60 KB": (JSON, filled(b"[", unknown_fields(60_000) + b",", b"1]", WHOLE)),
    "texts of 60 KB": (JSON, filled(b"[", b'{"kpi":"' + b"x" * 60_000 + b'"},', b"1]", WHOLE)),
    "100,000 small ones": (JSON, b"[" + b",".join([b"{}"] * 100_000) + b"]"),
    "items that are nearly good": (JSON, b"[" + b",".join([HALF] * 8000) + b"]"),
    "one line": (NDJSON, filled(b'{"kpi":[', b"{},", b"{}]}", WHOLE)),
    "lines of 60 KB": (NDJSON, filled(b"", unknown_fields(60_000) + b"\n", b"1", WHOLE)),
    "empty lines": (NDJSON, filled(b"1", b"\n", b"1", WHOLE)),
    "an event of objects": (EVENTS, filled(b'[{"specversion":"1.0","data":[', b"{},", b"{}]}]", WHOLE)),
}
COMMANDS: dict[str, bytes] = {
    "unknown fields": unknown_fields(SMALL),
    "objects": filled(b'{"id":[', b"{},", b"{}]}", SMALL),
    "texts": filled(b'{"id":[', b'"",', b'""]}', SMALL),
    "numbers": filled(b'{"id":[', b"1,", b"1]}", SMALL),
    "quotes": filled(b'{"id":"', b'\\"', b'"}', SMALL),
    "escapes and half a character": filled(b'{"id":"\\ud800', b"\\n", b'"}', SMALL),
    "a text that does not end": filled(b'{"id":"', b'\\"', b"", SMALL),
    "a long name": filled(b'{"', b"x", b'":1}', SMALL),
    "as many as are read": unknown_fields(4990 * 8),
}


async def longest_pause(work: Callable[[], Awaitable[Any]]) -> float:
    """The longest time for which the thread of the loop gave nobody else a turn while work goes on.

    Measured as time of the processor, so that other processes of a busy machine do not count.
    """
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.002)
            longest = max(longest, time.thread_time() - before)

    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)
    try:
        await work()
        await asyncio.sleep(0.01)  # the last pause ends with a beat
    finally:
        beating.cancel()
    return longest


async def ask(app: ASGIApp, caller: Person, path: str, media_type: str, body: bytes) -> tuple[int, int]:
    """Send a body in pieces, as a server hands them on; status and size of the answer."""
    about = {"Content-Type": media_type, "Content-Length": str(len(body))}
    scope = post_scope(path, about | caller.headers)
    at, status, size = 0, 0, 0

    async def receive() -> Message:
        nonlocal at
        await asyncio.sleep(0)
        piece = body[at : at + 64 * 1024]
        at += len(piece)
        return {"type": "http.request", "body": piece, "more_body": at < len(body)}

    async def send(message: Message) -> None:
        nonlocal status, size
        status = message.get("status", status)
        size += len(message.get("body", b""))

    await app(scope, receive, send)
    return status, size


@pytest.mark.usefixtures("projector")
@pytest.mark.parametrize("name", READINGS)
async def test_readings_that_cost_keep_nobody_waiting(erp: Person, app: ASGIApp, name: str) -> None:
    """No pause of the loop is longer than 50 ms, whatever comes."""
    media_type, body = READINGS[name]
    pauses = []
    for _ in range(TRIES):
        answers: list[tuple[int, int]] = []

        async def send() -> None:
            answers.append(await ask(app, erp, "/v1/readings", media_type, body))  # noqa: B023

        pauses.append(await longest_pause(send))
        assert answers[0][0] in (200, 400, 413, 422), answers
        if pauses[-1] <= LONGEST:
            break
    assert min(pauses) <= LONGEST, pauses


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_body_that_costs_keeps_nobody_waiting(
    anna: Person, services: Services, app: ASGIApp, name: str
) -> None:
    """No pause longer than 50 ms, and an answer that is smaller than what was sent."""
    root = await person(anna.http, services, "root", "admin")
    pauses = []
    for _ in range(TRIES):
        answers: list[tuple[int, int]] = []

        async def send() -> None:
            answers.append(await ask(app, root, "/v1/tokens", JSON, COMMANDS[name]))  # noqa: B023

        pauses.append(await longest_pause(send))
        assert answers[0][0] in (400, 413, 422), answers
        assert answers[0][1] < LARGEST_ANSWER
        if pauses[-1] <= LONGEST:
            break
    assert min(pauses) <= LONGEST, pauses


async def test_documents_keep_nobody_waiting(services: Services) -> None:
    """The documents about the API are large; they are made once, beside the loop."""
    application.cache_clear()
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        for path in ("/healthz", "/openapi.json", "/asyncapi"):

            async def read() -> None:
                assert (await http.get(path)).status_code == 200  # noqa: B023

            pauses: list[float] = []
            for _ in range(5):  # a busy machine makes pauses of its own
                application.cache_clear()
                pauses.append(await longest_pause(read))
                if pauses[-1] <= LONGEST:
                    break
            assert min(pauses) <= LONGEST, (path, pauses)
