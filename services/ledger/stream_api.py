"""Requests to JetStream that only the leader of a stream answers, so that the answer is never stale.

A direct get may be answered by a replica that is behind. What decides something (the head, the last message
of a subject, whether an append was stored) is asked here instead; it costs reading one block of the
stream's file when that is not in the server's cache (a few ms).
"""

from __future__ import annotations

import asyncio
import base64
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson

from services.ledger.client import ConnectionLost, LedgerClient, NoResponder
from services.ledger.errors import LedgerError, LedgerUnavailable, WorkspaceUnknown
from services.ledger.messages import StoredMessage

ANSWER_SECONDS = 3.0
"""After this time an answer counts as lost. The server drops what it was asked while it had no leader."""

STREAM_NOT_FOUND = 10059
_CLOCK_SECONDS = 10.0
"""How long what a server said of its clock is used; meanwhile our own clock counts the seconds."""
_NO_MESSAGE = frozenset({10037, 10043})
_NOT_READY = frozenset({10005, 10008, 10009, 10118, 10194})
"""Nodes are still missing, or there is no leader: another try will do."""


class ServerRefused(LedgerError):
    """JetStream answered with an error that no other try would change."""

    def __init__(self, code: int, description: str) -> None:
        """`code` and `description` as in nats-server's errors.json."""
        super().__init__(f"NATS refuses: {description} ({code})")
        self.code = code


class FullMessage(NamedTuple):
    """A message with its own headers, as the leader has it."""

    position: int
    subject: str
    headers: bytes
    payload: bytes
    time: str
    """RFC 3339 with nanoseconds, UTC."""

    def header(self, name: str) -> str | None:
        """Return the value of one of the message's own headers."""
        start = self.headers.find(f"\r\n{name}: ".encode())
        if start < 0:
            return None
        start += len(name) + 4
        return self.headers[start : self.headers.index(b"\r\n", start)].decode()

    def stored(self) -> StoredMessage:
        """Return the message as reading the ledger gives it."""
        batch_end = self.header("Nats-Batch-Id") is None or self.header("Nats-Batch-Commit") is not None
        time = datetime.fromisoformat(self.time)
        return StoredMessage(self.position, self.subject, time, batch_end, self.payload)


def stream_name(workspace: str) -> str:
    """Return the stream that holds the ledger of a workspace."""
    return f"LEDGER_{workspace}"


class Patience:
    """Growing pauses between tries, up to a time limit."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: when to give up, from now."""
        self._deadline = time.monotonic() + seconds
        self._pauses: Iterator[float] = (min(0.5, 0.01 * 2**n) for n in range(1000))

    @property
    def left(self) -> float:
        """Seconds left; negative afterwards."""
        return self._deadline - time.monotonic()

    @property
    def over(self) -> bool:
        """Whether it is time to give up."""
        return self.left <= 0

    def limit(self, seconds: float) -> float:
        """`seconds`, or what is left if that is less; never nothing, so that a last look can succeed."""
        return max(0.25, min(seconds, self.left))

    async def pause(self) -> None:
        """Wait a little longer than the last time; at random, so that two writers don't stay in step."""
        await asyncio.sleep(next(self._pauses) * random.uniform(0.5, 1.0))


class StreamApi:
    """The few requests of the JetStream API that reading and appending need."""

    def __init__(self, client: LedgerClient, *, patience: float) -> None:
        """`patience`: seconds to wait for a connection and a leader."""
        self._client = client
        self._patience = patience
        self._clocks: dict[str, tuple[datetime, float]] = {}
        """What the server of a ledger last said of the time, and when it was asked (monotonic)."""

    async def head(self, workspace: str, patience: Patience | None = None) -> int:
        """Return the last position of a ledger, 0 when it is empty.

        Raises WorkspaceUnknown, LedgerUnavailable.
        """
        asked = time.monotonic()
        with _known(workspace):
            answer = await self.request(f"STREAM.INFO.{stream_name(workspace)}", b"", patience)
        self._clocks[workspace] = datetime.fromisoformat(answer["ts"]), asked
        return int(answer["state"]["last_seq"])

    async def now(self, workspace: str) -> datetime:
        """Return the time by the clock of a ledger's server; too late by at most what asking it took.

        Raises WorkspaceUnknown, LedgerUnavailable.
        """
        known = self._clocks.get(workspace)
        if known is None or time.monotonic() - known[1] > _CLOCK_SECONDS:
            if known is not None:
                # One asks; others go on with what is known meanwhile.
                self._clocks[workspace] = _passed(known), time.monotonic()
            await self.head(workspace)
            known = self._clocks[workspace]
        return _passed(known)

    async def info(self, workspace: str) -> dict[str, Any]:
        """Return what the leader says of a ledger's stream. Raises WorkspaceUnknown, LedgerUnavailable."""
        with _known(workspace):
            return await self.request(f"STREAM.INFO.{stream_name(workspace)}", b"")

    async def last(
        self, workspace: str, subject: str, patience: Patience | None = None
    ) -> FullMessage | None:
        """Return the last message on a subject. Raises WorkspaceUnknown, LedgerUnavailable."""
        return await self._get(workspace, {"last_by_subj": subject}, patience)

    async def next(
        self, workspace: str, subject: str, after: int, patience: Patience | None = None
    ) -> FullMessage | None:
        """Return the first message on a subject after a position.

        Raises WorkspaceUnknown, LedgerUnavailable.
        """
        return await self._get(workspace, {"seq": after + 1, "next_by_subj": subject}, patience)

    async def at(self, workspace: str, position: int, patience: Patience | None = None) -> FullMessage | None:
        """Return the message at a position. Raises WorkspaceUnknown, LedgerUnavailable."""
        return await self._get(workspace, {"seq": position}, patience)

    async def request(self, name: str, payload: bytes, patience: Patience | None = None) -> dict[str, Any]:
        """Return an answer of `jetstream.<name>`. Waits for a connection and a leader.

        Raises ServerRefused, LedgerUnavailable.
        """
        patience = patience or Patience(self._patience)
        while True:
            try:
                waiting = await self._client.ask(f"jetstream.{name}", payload)
                await waiting.wait(patience.limit(ANSWER_SECONDS))
                answer: dict[str, Any] = orjson.loads(waiting.messages[0][1])
                error = answer.get("error")
                if error is None:
                    return answer
                if error["err_code"] not in _NOT_READY:
                    raise ServerRefused(error["err_code"], error["description"])
                problem = error["description"]
            except ConnectionLost as lost:
                problem = str(lost)
                await self._client.wait_connected(patience.left)
            except NoResponder:
                problem = "JetStream does not answer"
            if patience.over:
                raise LedgerUnavailable(problem)
            await patience.pause()

    async def store(self, subject: str, payload: bytes) -> int:
        """Store a message, without a guard, and return its position. Raises LedgerUnavailable."""
        patience = Patience(self._patience)
        while True:
            try:
                waiting = await self._client.ask(subject, payload)
                await waiting.wait(patience.limit(ANSWER_SECONDS))
                answer: dict[str, Any] = orjson.loads(waiting.messages[0][1])
                if "error" not in answer:
                    return int(answer["seq"])
                problem = str(answer["error"]["description"])
            except ConnectionLost as lost:
                problem = str(lost)
            except NoResponder:
                problem = "JetStream does not answer"
            if patience.over:
                raise LedgerUnavailable(problem)
            await patience.pause()

    async def get(
        self, stream: str, query: dict[str, object], patience: Patience | None = None
    ) -> FullMessage | None:
        """One message of any stream, as its leader has it. Raises ServerRefused, LedgerUnavailable."""
        try:
            answer = await self.request(f"STREAM.MSG.GET.{stream}", orjson.dumps(query), patience)
        except ServerRefused as refused:
            if refused.code in _NO_MESSAGE:
                return None
            raise
        message = answer["message"]
        return FullMessage(
            message["seq"],
            message["subject"],
            base64.b64decode(message.get("hdrs", "")),
            base64.b64decode(message.get("data", "")),
            message["time"],
        )

    async def _get(
        self, workspace: str, query: dict[str, object], patience: Patience | None
    ) -> FullMessage | None:
        with _known(workspace):
            return await self.get(stream_name(workspace), query, patience)


def _passed(known: tuple[datetime, float]) -> datetime:
    """Return the time now by a clock that told its time at a moment (monotonic)."""
    told, asked = known
    return told + timedelta(seconds=time.monotonic() - asked)


@contextmanager
def _known(workspace: str) -> Iterator[None]:
    """Say which workspace is missing when its stream is."""
    try:
        yield
    except ServerRefused as refused:
        if refused.code == STREAM_NOT_FOUND:
            raise WorkspaceUnknown(workspace) from None
        raise
