"""Clients that go away, or read slowly, while they are answered: no traceback, and nobody is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import orjson
import pytest
import structlog
from starlette.types import Message

from services.api.app import create_app
from services.api.http.services import Services
from tests.api.asgi import post_scope
from tests.api.conftest import Person
from tests.api.given_readings import erp, item

__all__ = ["erp"]  # a fixture

pytestmark = pytest.mark.usefixtures("projector")

MANY = b"\n".join(orjson.dumps(item(f"r{number}")) for number in range(3000))
"""So many that they are answered in several pieces."""
NDJSON, JSON = "application/x-ndjson", "application/json"
CLOSED = "unable to perform operation on <TCPTransport closed=True reading=False>; the handler is closed"

Receive = Callable[[], Awaitable[Message]]


async def ask(
    services: Services,
    caller: Person,
    receive: Receive,
    send: Callable[[Message], Awaitable[None]],
    *,
    path: str = "/v1/readings",
    media_type: str = NDJSON,
) -> list[dict[str, object]]:
    """Let the application answer a POST; return what is logged."""
    scope = post_scope(path, {"Content-Type": media_type} | caller.headers)
    with structlog.testing.capture_logs() as lines:
        await create_app(services)(scope, receive, send)
    # Records that other tests of this process put there by hand are told whenever somebody starts.
    return [dict(line) for line in lines if not line["event"].endswith("_unreadable")]


def body(content: bytes, then: Receive) -> Receive:
    """A body in one piece, and what comes after it."""
    parts = iter([{"type": "http.request", "body": content, "more_body": False}])

    async def receive() -> Message:
        return next(parts, None) or await then()

    return receive


async def waiting() -> Message:
    """The client says nothing more."""
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("error", [ConnectionResetError(), RuntimeError(CLOSED)], ids=["reset", "closed"])
@pytest.mark.parametrize("first", [0, 1, 2], ids=["head", "first piece", "second piece"])
async def test_who_goes_away_while_answered_is_one_plain_line(
    services: Services, erp: Person, error: Exception, first: int
) -> None:
    """The server cannot send any more, from the head or a piece of the answer on."""
    sent = 0

    async def send(_message: Message) -> None:
        nonlocal sent
        sent += 1
        if sent > first:
            raise error

    lines = await ask(services, erp, body(MANY, waiting), send)
    assert {line["log_level"] for line in lines} <= {"info"}, lines
    assert [line["event"] for line in lines] == ["the client went away before it had the answer", "request"]


async def test_what_else_fails_while_sending_is_a_fault_of_ours(services: Services, erp: Person) -> None:
    """It is logged with its traceback."""

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise RuntimeError("Response content longer than Content-Length")

    lines = await ask(services, erp, body(MANY, waiting), send)
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["request failed"]


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/v1/readings", NDJSON), ("/v1/readings", JSON), ("/v1/readings/retractions", JSON)],
)
async def test_who_goes_away_while_sending_is_no_error(
    services: Services, erp: Person, path: str, media_type: str
) -> None:
    """Half a body, and then nothing more will come."""
    messages = iter([{"type": "http.request", "body": MANY[:5000], "more_body": True}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    async def send(_message: Message) -> None:
        pass

    lines = await ask(services, erp, receive, send, path=path, media_type=media_type)
    assert {line["log_level"] for line in lines} <= {"info"}, lines


async def test_who_reads_slowly_gets_the_whole_answer(
    services: Services, erp: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a body has to come in time: the answer may take longer."""
    monkeypatch.setattr("services.api.http.body_limit.BYTES_PER_SECOND", 1e12)
    settings = services.settings.model_copy(update={"api_body_seconds": 0.5})
    sent: list[Message] = []

    async def send(message: Message) -> None:
        await asyncio.sleep(0.3)
        sent.append(message)

    lines = await ask(replace(services, settings=settings), erp, body(MANY, waiting), send)
    assert {line["log_level"] for line in lines} == {"info"}, lines
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert len(sent) > 3
