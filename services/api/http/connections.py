"""What a connection may cost before there is a request: bytes of a head, seconds, and how many there are.

uvicorn's protocol on httptools has no limit for any of these (docs/adr/0027), so this is a subclass of it. It
looks at what comes in before the parser does, and once a second at every connection.
"""

from __future__ import annotations

import asyncio
import collections
import time
from typing import Any

from prometheus_client import Counter
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from services.api.http.gate import network_of, too_many
from services.api.http.problems import Problem
from services.api.http.request_log import ON_EVERY_ANSWER
from services.runtime.settings import Settings

REFUSED = Counter(
    "goaltrail_http_connections_refused_total",
    "Connections that ended before there was a request: too slow, too large, too many, no HTTP.",
    ["status"],
)

HEAD_BYTES = 32 * 1024
"""Bytes of a request's line and headers, and of whatever else is no body."""
LEFT_OVER_SECONDS = 10.0
"""How long a client may go on sending a body after it has been answered: some read only then."""
LINGER_SECONDS = 2.0
"""How long what comes is thrown away after a refusal: a client that is still sending when the connection
closes sees a reset instead of the answer."""
RETRY_AFTER = 5.0
"""Seconds after which there may be room for a connection."""


def protocol_of(settings: Settings) -> type[LimitedProtocol]:
    """Return the protocol of a server with these limits; it counts its own connections."""
    namespace = {"settings": settings, "by_address": collections.Counter[str]()}
    return type("LimitedProtocol", (LimitedProtocol,), namespace)


class LimitedProtocol(HttpToolsProtocol):
    """One connection. `tick` is called about once a second."""

    settings: Settings
    by_address: collections.Counter[str]
    """Connections of each address; shared by all of a server."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._address = ""
        self._in_head = False
        """The head of a request began and did not end."""
        self._waited_since: float | None = None
        """Since when a head, or the rest of a body that nobody reads, is waited for."""
        self._unused = 0
        """Bytes that came since the parser made something of them."""
        self._head = 0
        self._refused_at: float | None = None
        self._unread: tuple[int, float] | None = None
        """How much of the answer waits for the client to read it, and since when."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = network_of(self.client[0]) if self.client else ""
        self.by_address[self._address] += 1
        self._waited_since = time.monotonic()
        most, most_of_one = self.settings.api_connections, self.settings.api_connections_per_address
        if (most and len(self.connections) > most) or (
            most_of_one and self.by_address[self._address] > most_of_one
        ):
            self._refuse(too_many(RETRY_AFTER))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.by_address[self._address] -= 1
        if not self.by_address[self._address]:
            del self.by_address[self._address]

    def data_received(self, data: bytes) -> None:
        if self._refused_at is not None or self.transport.is_closing():
            return
        self._unused += len(data)
        if self._waited_since is None and not self._in_message():
            self._waited_since = time.monotonic()  # the first byte of the next request
        super().data_received(data)
        if max(self._head, self._unused) > HEAD_BYTES:
            # Headers, also such as come behind a body, or one or the extension of a chunk that does not end.
            self._refuse(_head_too_large())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._head = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        if self._head <= HEAD_BYTES:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._waited_since = None
        self._unused = 0
        if self._head > HEAD_BYTES:
            self._refuse(_head_too_large())
        elif self._refused_at is None:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unused = 0
        if self.cycle is not None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._unused = 0
        self._waited_since = None
        if self.cycle is not None:
            super().on_message_complete()
            self.cycle.more_body = False

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Answer what is no HTTP."""
        self._refuse(Problem(400, "invalid_http", "This is no HTTP request.", "HTTP 요청이 아닙니다."))

    def tick(self, now: float) -> None:
        """Close the connection if it has been waited for too long."""
        if self.transport is None or self.transport.is_closing():
            return
        if self._refused_at is not None:
            if now - self._refused_at > LINGER_SECONDS:
                self.transport.close()
            return
        if self.flow.write_paused:
            waiting = self.transport.get_write_buffer_size()
            if self._unread is None or self._unread[0] != waiting:
                self._unread = waiting, now
            elif now - self._unread[1] > self.settings.api_body_seconds:
                self.transport.abort()
            return
        self._unread = None
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            return  # the application waits for the body and says when it has had enough
        if self._waited_since is None and self._in_message():
            self._waited_since = now
        seconds = (
            LEFT_OVER_SECONDS if cycle is not None and cycle.more_body else self.settings.api_head_seconds
        )
        if self._waited_since is None or now - self._waited_since <= seconds:
            return
        if self._in_head or self._unused:
            self._refuse(_too_slow())
        else:
            self.transport.close()

    def _in_message(self) -> bool:
        return self._in_head or (self.cycle is not None and self.cycle.more_body)

    def _count(self, size: int) -> None:
        self._head += size
        self._unused = 0

    def _refuse(self, problem: Problem) -> None:
        """Answer with a problem and let the connection end, unless an answer is under way."""
        if self._refused_at is not None or self.transport.is_closing():
            return
        self._refused_at = time.monotonic()
        REFUSED.labels(str(problem.status_code)).inc()
        self._unset_keepalive_if_required()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.abort()
                return
        language = next((value for name, value in self.headers or () if name == b"accept-language"), b"")
        answer = problem.response(language.decode("latin-1"))
        headers = {**answer.headers, **ON_EVERY_ANSWER, "connection": "close"}
        lines = [f"{name}: {value}\r\n".encode("latin-1") for name, value in headers.items()]
        body = bytes(answer.body)
        self.transport.write(b"".join([STATUS_LINE[problem.status_code], *lines, b"\r\n", body]))
        if self.transport.can_write_eof():
            self.transport.write_eof()


def _head_too_large() -> Problem:
    size = HEAD_BYTES // 1024
    return Problem(
        431,
        "head_too_large",
        f"The line and headers of a request have at most {size} KiB.",
        f"요청 줄과 헤더는 최대 {size} KiB입니다.",
    )


def _too_slow() -> Problem:
    return Problem(
        408,
        "request_too_slow",
        "The request did not come in time; send it again.",
        "요청이 제때 도착하지 않았습니다. 다시 보내십시오.",
    )
