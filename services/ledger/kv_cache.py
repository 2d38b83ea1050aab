"""A small stream held in memory: the last message of each subject, as tokens and keys are kept.

A process loads the stream at its start and then follows it: a nudge says that something changed, and a slow
tick covers lost nudges. What is there is decided by the leader's count of messages, so that a replica that is
behind can't hide a change or a deletion. While NATS is away, what is in memory stays.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import orjson
import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from services.ledger.client import ConnectionLost, LedgerClient, NoResponder, publication
from services.ledger.errors import Conflict, LedgerError, LedgerUnavailable
from services.ledger.messages import stored_message
from services.ledger.stream_api import ANSWER_SECONDS, Patience, ServerRefused, StreamApi
from services.runtime.background import Background
from services.runtime.waking import woken

log = structlog.get_logger(__name__)

TICK_SECONDS = 2.0
"""How long a change whose nudge was lost may stay unseen."""
PATIENCE_SECONDS = 5.0
"""How long a request waits for a connection and a leader."""

_BATCH = 1000
_NO_MESSAGE = 10037
_WRONG_LAST = frozenset({10071, 10164})
"""The guard failed: on one node, and on several."""


class Held(NamedTuple):
    """The last message of a subject."""

    position: int
    payload: bytes


class _State(NamedTuple):
    """What the leader says of the stream; two equal ones mean that nothing happened in between."""

    created: str
    messages: int
    last: int


class Latest:
    """The last message of each subject `<prefix>.<key>` of a stream that keeps one message per subject."""

    def __init__(
        self,
        client: LedgerClient,
        *,
        stream: str,
        prefix: str,
        changed: Callable[[Latest], None],
        tick: float = TICK_SECONDS,
    ) -> None:
        """`changed` is called after every change of `messages`."""
        self.messages: dict[str, Held] = {}
        """By key. Replaced as a whole when something changed, so a reader never sees half of it."""
        self.checked_at = 0.0
        """When the leader last confirmed `messages` (time.monotonic)."""
        self._client = client
        self._api = StreamApi(client, patience=PATIENCE_SECONDS)
        self._stream = stream
        self._prefix = f"{prefix}."
        self._nudge = f"nudge.stream.{stream}"
        self._changed = changed
        self._tick = tick
        self._state = _State("", 0, 0)
        self._refreshing = asyncio.Lock()
        self._woken = asyncio.Event()
        self._subscription: Subscription | None = None
        self._watching: Background | None = None

    async def start(self) -> Self:
        """Load everything, then follow. Raises LedgerUnavailable, ServerRefused without the stream."""
        self._client.on_reconnect(self._wake)
        self._subscription = await self._client.subscribe(self._nudge, cb=self._on_nudge)
        await self.refresh()
        self._watching = Background("watch", self._watch, stream=self._stream)
        return self

    async def close(self) -> None:
        """Stop following; the connection stays open."""
        if self._watching is not None:
            await self._watching.stop()
        if self._subscription is not None and self._client.is_connected:
            await self._subscription.unsubscribe()

    @property
    def connected(self) -> bool:
        """Whether NATS can be asked right now."""
        return self._client.is_connected

    async def put(self, key: str, payload: bytes, *, expected: int) -> int:
        """Store a value if the subject's last position is still `expected` (0: none). Returns its position.

        A lost answer is no risk: the guard lets a second try through only where the first one was not stored.
        Raises Conflict, LedgerUnavailable.
        """
        subject = self._prefix + key
        guard = f"NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: {expected}\r\n\r\n".encode()
        patience = Patience(PATIENCE_SECONDS)
        while True:
            try:
                answer = await self._client.ask(subject, payload, headers=guard)
                await answer.wait(patience.limit(ANSWER_SECONDS))
                ack: dict[str, Any] = orjson.loads(answer.messages[0][1])
                error = ack.get("error")
                if error is None:
                    position = int(ack["seq"])
                    break
                if error["err_code"] in _WRONG_LAST:
                    last = await self._last(subject)
                    if last is not None and last.payload == payload:
                        position = last.position
                        break
                    if (last.position if last else 0) != expected:
                        await self.refresh()
                        raise Conflict(subject)
                    # On several nodes: somebody else's write was under way, and may yet come to nothing.
                problem = str(error["description"])
            except ConnectionLost as lost:
                problem = str(lost)
            except NoResponder:
                problem = "JetStream does not answer"
            if patience.over:
                raise LedgerUnavailable(problem, storage_full=await self._client.storage_full())
            await patience.pause()
        await self._tell()
        return position

    async def erase(self, key: str) -> bool:
        """Delete the value of a key and overwrite its bytes on the disk. False if there was none.

        Raises LedgerUnavailable.
        """
        subject = self._prefix + key
        found = False
        while (last := await self._last(subject)) is not None:
            found = True
            request = orjson.dumps({"seq": last.position, "no_erase": False})
            try:
                await self._api.request(f"STREAM.MSG.DELETE.{self._stream}", request)
            except ServerRefused:
                # Gone already when an answer was lost and the request repeated; else it is a real refusal.
                if await self._last(subject) == last:
                    raise
        await self._tell()
        return found

    async def refresh(self) -> None:
        """Bring `messages` up to date with the leader. Raises LedgerUnavailable."""
        async with self._refreshing:
            patience = Patience(PATIENCE_SECONDS)
            while not await self._load():
                # Changed while it was read, or a replica is behind.
                if patience.over:
                    raise LedgerUnavailable(f"{self._stream} does not come to rest")
                await patience.pause()
            self.checked_at = time.monotonic()

    async def _load(self) -> bool:
        """Read what is new; all, if something was deleted. False if that did not give a whole picture."""
        state = await self._ask_state()
        if state == self._state:
            return True
        held = dict(self.messages) if state.created == self._state.created else {}
        if held:
            await self._read(held, self._state.last)
        if len(held) != state.messages:
            held = {}
            await self._read(held, 0)
        if len(held) != state.messages or await self._ask_state() != state:
            return False
        self.messages, self._state = held, state
        self._changed(self)
        return True

    async def _read(self, held: dict[str, Held], after: int) -> None:
        """Add the messages after a position: in bulk from any replica, then what only the leader has."""
        while True:
            query = orjson.dumps({"seq": after + 1, "batch": _BATCH, "next_by_subj": ">"})
            try:
                answer = await self._client.ask(f"jetstream.DIRECT.GET.{self._stream}", query, many=True)
                await answer.wait(ANSWER_SECONDS)
            except (ConnectionLost, NoResponder):
                break  # the leader is asked below, with patience
            if not answer.messages:
                break
            for headers, payload in answer.messages:
                message = stored_message(headers, payload)
                held[message.subject.removeprefix(self._prefix)] = Held(message.position, message.payload)
                after = message.position
        while (more := await self._get({"seq": after + 1, "next_by_subj": ">"})) is not None:
            subject, found = more
            held[subject.removeprefix(self._prefix)] = found
            after = found.position

    async def _last(self, subject: str) -> Held | None:
        found = await self._get({"last_by_subj": subject})
        return found[1] if found else None

    async def _get(self, query: dict[str, object]) -> tuple[str, Held] | None:
        """Return a message as the leader has it; None if there is none."""
        try:
            answer = await self._api.request(f"STREAM.MSG.GET.{self._stream}", orjson.dumps(query))
        except ServerRefused as refused:
            if refused.code == _NO_MESSAGE:
                return None
            raise
        message = answer["message"]
        return message["subject"], Held(message["seq"], base64.b64decode(message.get("data", "")))

    async def _ask_state(self) -> _State:
        answer = await self._api.request(f"STREAM.INFO.{self._stream}", b"")
        state = answer["state"]
        return _State(answer["created"], int(state["messages"]), int(state["last_seq"]))

    async def _tell(self) -> None:
        """See the change here at once, and let the others look."""
        with contextlib.suppress(LedgerUnavailable):  # it is stored; the tick shows it here later
            await self.refresh()
        with contextlib.suppress(ConnectionLost):  # their tick makes up for a lost nudge
            await self._client.send(publication(self._nudge.encode(), b""))

    async def _on_nudge(self, _message: Msg) -> None:
        self._woken.set()

    async def _wake(self) -> None:
        self._woken.set()

    async def _watch(self) -> None:
        while True:
            await woken(self._woken, self._tick)
            self._woken.clear()
            try:
                await self.refresh()
            except LedgerUnavailable:
                continue  # the connection says so in the log, once
            except LedgerError as error:
                log.warning("stream_not_followed", stream=self._stream, error=str(error))
