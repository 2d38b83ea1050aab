"""The connection to NATS: nats-py with a short path for what counts at 50,000 messages a second."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import UnexpectedEOF
from nats.protocol.parser import AWAITING_CONTROL_LINE, Parser

from services.ledger.errors import LedgerUnavailable
from services.runtime.nats_health import closed_by_full_disk
from services.runtime.nats_reconnecting import end_reconnecting
from services.runtime.settings import nats_inbox

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0
"""How long the first connection may take; afterwards it is tried for ever."""

_PENDING_BYTES = 64 * 1024 * 1024
"""Above every batch in flight: nats-py waits in a way that swallows a cancellation when this is reached."""

Headers = bytes
"""The raw header block of a message: `NATS/1.0`, perhaps a status, then lines; empty when there is none."""


class ConnectionLost(Exception):
    """The connection broke, or no answer came in time: what was asked for may or may not have happened."""


class NotConnected(ConnectionLost):
    """There is no connection: nothing was sent."""


class NoResponder(Exception):
    """Nobody listens where the request went: JetStream has no leader for it, or there is no such stream."""


class Answer:
    """What comes back for one request: one message, or many up to one with a status line."""

    __slots__ = ("_client", "_done", "_many", "_subject", "messages")

    def __init__(self, client: LedgerClient, subject: bytes, *, many: bool) -> None:
        self._client = client
        self._subject = subject
        self._many = many
        self._done: asyncio.Future[Headers] = asyncio.get_running_loop().create_future()
        self.messages: list[tuple[Headers, bytes]] = []

    def take(self, headers: Headers | None, data: bytes) -> None:
        """Called for each message; must not raise, or nats-py stops reading."""
        if self._many and not (headers and headers.startswith(b"NATS/1.0 ")):
            self.messages.append((headers or b"", data))
        elif not self._done.done():
            if not self._many:
                self.messages.append((headers or b"", data))
            self._done.set_result(headers or b"")

    def fail(self, error: Exception) -> None:
        """Fail all who wait: the connection is gone."""
        if not self._done.done():
            self._done.set_exception(error)

    async def wait(self, timeout: float) -> Headers:
        """Return the headers of the last message. Raises ConnectionLost, NoResponder."""
        try:
            async with asyncio.timeout(timeout):
                headers = await self._done
        except TimeoutError:
            raise ConnectionLost(f"no answer in {timeout:g} s") from None
        finally:
            self.forget()
        if headers.startswith(b"NATS/1.0 503"):
            raise NoResponder
        return headers

    def forget(self) -> None:
        """Stop waiting; what still comes is dropped."""
        self._client.forget(self._subject)
        if self._done.done() and not self._done.cancelled():
            self._done.exception()  # looked at, so that asyncio does not complain
        else:
            self._done.cancel()


_FRAME = b"HMSG "
"""How a message with headers begins in the protocol of NATS."""


class _AnswersFirst(Parser):
    """nats-py's parser, except that the answers we wait for are cut out of what was read at once.

    nats-py matches each frame with regular expressions, moves the rest of its buffer and awaits a coroutine.
    """

    def __init__(self, client: LedgerClient) -> None:
        super().__init__(client)
        self._client = client
        self._cut = b""

    def reset(self) -> None:
        """A new connection: what was cut off will never be completed."""
        super().reset()
        self._cut = b""

    async def parse(self, data: bytes = b"") -> None:
        """Take what was read: whole answers first, anything else as nats-py does."""
        if self.state == AWAITING_CONTROL_LINE:
            data = self._cut + data if self._cut else data
            rest, is_answer = self._client.take_answers(data)
            self._cut, data = (data[rest:], b"") if is_answer else (b"", data[rest:])
        if data:
            await super().parse(data)
        if self.buf and self.state == AWAITING_CONTROL_LINE:
            self._cut = bytes(self.buf)
            self.buf.clear()


class LedgerClient(Client):
    """A nats-py client whose answers and batch gets skip nats-py's path for each message.

    That path costs 21 us a message, mostly for parsing headers with the e-mail parser; ours costs 3 us with
    parsing. It uses `_ps`, `_process_msg`, `_send_command`, `_flush_pending` and `_error_cb` of nats-py 2.x:
    tests/ledger/test_client.py notices when they change.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ps = _AnswersFirst(self)
        self._inbox = b"nothing is asked for yet"
        self._inbox_sid = -1
        self._waiting: dict[bytes, Answer] = {}
        self._asked = 0
        self._open = False
        self._monitors: Sequence[str] = ()
        self._problem = ""
        self._connected = asyncio.Event()
        self._reconnected: list[Callable[[], Awaitable[None]]] = []

    async def open(
        self,
        servers: list[str],
        *,
        user: str,
        password: str,
        name: str,
        timeout: float = CONNECT_SECONDS,
        monitors: Sequence[str] = (),
    ) -> None:
        """Connect within `timeout` seconds, then reconnect for ever. Raises LedgerUnavailable."""
        self._monitors = monitors
        try:
            async with asyncio.timeout(timeout):
                await self.connect(
                    servers,
                    user=user,
                    password=password,
                    name=name,
                    inbox_prefix=nats_inbox(user),
                    error_cb=self._on_error,
                    disconnected_cb=self._on_disconnect,
                    reconnected_cb=self._on_reconnect,
                    closed_cb=self._on_close,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.25,  # type: ignore[arg-type] # it is only slept
                    connect_timeout=2,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    pending_size=_PENDING_BYTES,
                )
        except (TimeoutError, OSError, NatsError) as error:
            await self.close()
            problem = self._problem or _reason(error)
            raise LedgerUnavailable(f"can't reach NATS at {', '.join(servers)}: {problem}") from None
        self._open = True
        self._connected.set()
        self._inbox = self.new_inbox().encode()
        subscription = await self.subscribe(self._inbox.decode() + ".*", cb=_ignore)
        self._inbox_sid = subscription._id

    async def ask(
        self, subject: str, payload: bytes, *, headers: Headers = b"", many: bool = False
    ) -> Answer:
        """Send a request; `many` for those that are answered by messages up to one with a status line.

        The answer is awaited by `Answer.wait`, so that it may be under way while the caller works.
        Raises NotConnected.
        """
        if not self.is_connected:
            raise NotConnected("not connected to NATS")
        self._asked += 1
        inbox = b"%b.%d" % (self._inbox, self._asked)
        answer = self._waiting[inbox] = Answer(self, inbox, many=many)
        self._queue(publication(subject.encode(), payload, headers=headers, reply=inbox))
        await self._flush_pending()
        return answer

    async def send(self, frames: bytes) -> None:
        """Put ready-made protocol frames on the wire, and let other tasks run.

        Raises NotConnected.
        """
        if not self.is_connected:
            raise NotConnected("not connected to NATS")
        self._queue(frames)
        await self._flush_pending()
        await asyncio.sleep(0)

    def take_answers(self, data: bytes) -> tuple[int, bool]:
        """Hand on the answers with headers that `data` begins with, up to anything else.

        Answers where it stopped, and whether an answer stands there that is not complete yet.
        """
        at = 0
        while data.startswith(_FRAME, at):
            line_end = data.find(b"\r\n", at)
            frame = data[at + len(_FRAME) : line_end].split(b" ")
            if line_end < 0 or len(frame) != 4 or not frame[0].startswith(self._inbox):
                return at, False
            subject, _sid, header_size, size = frame
            start = line_end + 2
            middle, end = start + int(header_size), start + int(size)
            if len(data) < end + 2:
                return at, True
            answer = self._waiting.get(subject)
            if answer is not None:
                answer.take(data[start:middle], data[middle:end])
            at = end + 2
        return at, False

    async def storage_full(self) -> bool:
        """Return whether a server takes no writes because its disk is, or was, full.

        False where nobody was told the servers' monitoring addresses.
        """
        for url in self._monitors:
            if await asyncio.to_thread(closed_by_full_disk, url) is not None:
                return True
        return False

    async def wait_connected(self, timeout: float) -> None:
        """Wait for a connection, at most `timeout` seconds; whether it came shows with the next try."""
        if self._connected.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, timeout)):
                await self._connected.wait()

    def forget(self, inbox: bytes) -> None:
        """Drop the answer that is expected there."""
        self._waiting.pop(inbox, None)

    def on_reconnect(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Call this after each reconnect: messages may have been missed."""
        self._reconnected.append(callback)

    def _queue(self, frames: bytes) -> None:
        self._pending.append(frames)
        self._pending_data_size += len(frames)

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None
    ) -> None:
        if sid != self._inbox_sid:
            await super()._process_msg(sid, subject, reply, data, headers)  # type: ignore[arg-type]
            return
        answer = self._waiting.get(subject)
        if answer is not None:
            answer.take(headers, data)

    async def _on_error(self, error: Exception) -> None:
        # The server refuses a user and closes, which now and then is seen before its words are.
        if not (isinstance(error, ConnectionResetError) and "Authorization" in self._problem):
            self._problem = _reason(error)
        # Of a broken connection and of every failed try to connect again nats-py tells here as well; one line
        # at the start and one at the end are enough.
        if self._open and not self.is_reconnecting and not isinstance(error, (OSError, UnexpectedEOF)):
            log.warning("nats_error", error=self._problem)

    async def _on_disconnect(self) -> None:
        if not self.is_closed:
            log.warning("nats_disconnected")
        self._connected.clear()
        self._fail_waiting()

    async def _on_reconnect(self) -> None:
        log.info("nats_reconnected", server=_location(self))
        self._connected.set()
        for callback in self._reconnected:
            await callback()

    async def _on_close(self) -> None:
        self._fail_waiting()
        if self._open:
            # Only the server does this for good, by refusing the user: the process needs its new password.
            log.error("nats_closed", error=self._problem)

    async def close(self) -> None:
        """Close the connection; what is waited for fails with ConnectionLost."""
        self._open = False
        await super().close()
        await end_reconnecting(self)

    def _fail_waiting(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.fail(ConnectionLost("the connection to NATS broke"))


def publication(subject: bytes, payload: bytes, *, headers: Headers = b"", reply: bytes = b"") -> bytes:
    """Return the protocol frame of one message; `headers` is a whole block with its empty line."""
    target = b"%b %b" % (subject, reply) if reply else subject
    if not headers:
        return b"PUB %b %d\r\n%b\r\n" % (target, len(payload), payload)
    size = len(headers)
    return b"HPUB %b %d %d\r\n%b%b\r\n" % (target, size, size + len(payload), headers, payload)


async def _ignore(_message: Msg) -> None:
    """Messages of the inbox never get here: `_process_msg` takes them."""


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _location(client: Any) -> str:
    url = client.connected_url
    return f"{url.hostname}:{url.port}" if url else ""
