"""Reading a ledger: by direct batch get, gap-free, the next batch fetched while the caller works on one.

There is no consumer and no ack: the caller's position is the only cursor.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

import orjson

from services.ledger.client import Answer, ConnectionLost, LedgerClient, NoResponder
from services.ledger.errors import LedgerGap, LedgerUnavailable
from services.ledger.messages import StoredMessage, stored_message
from services.ledger.stream_api import Patience, StreamApi, stream_name

BATCH = 2000
"""Messages of one fetch; of 350 bytes each that is 1 MB."""

_FETCH_BYTES = 8 * 1024 * 1024
"""A fetch ends before its number of messages when they are large; two are in memory at a time."""

_FETCH_SECONDS = 10.0
"""A cold fetch reads a block of 8 MB for each few messages of a rare subject: up to 0.6 s was measured."""


class Reader:
    """Reads the ledgers of one connection."""

    def __init__(self, client: LedgerClient, api: StreamApi, *, patience: float) -> None:
        """`patience`: seconds to wait for a connection, a leader or a replica that is behind."""
        self._client = client
        self._api = api
        self._patience = patience

    async def read(
        self, workspace: str, after: int, *, batch: int = BATCH, subject: str | None = None
    ) -> AsyncGenerator[list[StoredMessage], None]:
        """Yield the messages after a position, in order, up to the head of the ledger; then it ends.

        Without `subject` no position is left out. Any replica may answer, so on three nodes it may end a
        moment before the head. With `subject` (which may hold wildcards) only its messages come, and at least
        all that the stream's leader had when the reading began: fit to decide on.

        Raises LedgerGap, WorkspaceUnknown, LedgerUnavailable.
        """
        until = 0
        if subject is not None:
            last = await self._api.last(workspace, subject)
            if last is None or last.position <= after:
                return
            until = last.position
        fetch = _Fetch(self._client, workspace, batch, subject)
        position = after
        patience = Patience(self._patience)
        try:
            while True:
                messages, pending = await fetch.take(position, patience)
                if not messages and position < until:
                    # A replica that is behind answered; another one, or this one later, has it.
                    if patience.over:
                        raise LedgerUnavailable(f"no replica of {workspace} has position {until}")
                    await patience.pause()
                    continue
                if not messages:
                    await self._check_end(workspace, position)
                    return
                if subject is None:
                    _check_whole(workspace, position, messages)
                position = messages[-1].position
                more = pending > 0 or position < until
                if more:
                    await fetch.start(position)
                yield messages
                if not more:
                    return
                patience = Patience(self._patience)
        finally:
            fetch.stop()

    async def _check_end(self, workspace: str, position: int) -> None:
        """A ledger that ends before a position that was read is another or a restored one."""
        if position:
            head = await self._api.head(workspace)
            if head < position:
                raise LedgerGap(workspace, position, head)


class _Fetch:
    """One batch get after the other, of which one may be under way."""

    def __init__(self, client: LedgerClient, workspace: str, batch: int, subject: str | None) -> None:
        self._client = client
        self._workspace = workspace
        self._subject = f"jetstream.DIRECT.GET.{stream_name(workspace)}"
        self._query: dict[str, object] = {"batch": batch, "max_bytes": _FETCH_BYTES}
        if subject is not None:
            self._query["next_by_subj"] = subject
        self._answer: Answer | None = None

    async def start(self, after: int) -> None:
        """Ask for the messages after a position, without waiting for them."""
        self.stop()
        query = orjson.dumps({"seq": after + 1, **self._query})
        try:
            self._answer = await self._client.ask(self._subject, query, many=True)
        except ConnectionLost:
            self._answer = None  # `take` asks again

    async def take(self, after: int, patience: Patience) -> tuple[list[StoredMessage], int]:
        """Return the messages that were asked for, and how many more there are. Raises LedgerUnavailable."""
        while True:
            if self._answer is None:
                await self.start(after)
            problem = "not connected to NATS"
            if self._answer is not None:
                answer, self._answer = self._answer, None
                try:
                    status = await answer.wait(_FETCH_SECONDS)
                    messages = [stored_message(*message) for message in answer.messages]
                    return messages, _pending(status)
                except ConnectionLost as lost:
                    problem = str(lost)
                except NoResponder:
                    problem = f"no server has the ledger of {self._workspace}"
            await self._client.wait_connected(patience.left)
            if patience.over:
                raise LedgerUnavailable(problem)
            await patience.pause()

    def stop(self) -> None:
        """Drop what is under way."""
        if self._answer is not None:
            self._answer.forget()
            self._answer = None


def _check_whole(workspace: str, after: int, messages: list[StoredMessage]) -> None:
    """Positions are dense, so first and last tell; only when they don't fit is the hole looked for."""
    if messages[0].position == after + 1 and messages[-1].position == after + len(messages):
        return
    for message in messages:
        if message.position != after + 1:
            raise LedgerGap(workspace, after, message.position)
        after = message.position


def _pending(status: bytes) -> int:
    """Return how many messages there are beyond a batch; `NATS/1.0 404` (none at all) has no such header."""
    name = b"\r\nNats-Num-Pending: "
    start = status.find(name)
    return int(status[start + len(name) : status.index(b"\r\n", start + 2)]) if start >= 0 else 0
