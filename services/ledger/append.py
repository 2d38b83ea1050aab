"""Appending to a ledger: all entries or none, at most once, with guards against other writers.

One entry is one message (0.6 ms; as a batch of one it takes 3 ms), several are an atomic batch of JetStream.
Each try has an id of its own that is stored with it. When an answer is lost, that id is looked for before
anything is tried again, and the guards make a second storing impossible even if the lost try arrives late.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from services.ledger.client import ConnectionLost, LedgerClient, NoResponder, publication
from services.ledger.errors import (
    Conflict,
    DuplicateId,
    InvalidAppend,
    LedgerUnavailable,
    LedgerUncertain,
)
from services.ledger.stream_api import ANSWER_SECONDS, FullMessage, Patience, ServerRefused, StreamApi

MAX_ENTRIES = 1000
"""Limit of nats-server for an atomic batch."""

MAX_PAYLOAD = 256 * 1024
"""Bytes of one event."""

MAX_BYTES = 32 * 1024 * 1024
"""Bytes of all payloads of one append; the server buffers at most 128 MB of a stream before storing."""

_BATCHES = 8
"""Batches in flight per connection; the server allows 50 for a stream, from all processes."""

_FRAMES = 128
"""Messages written at a time: about 0.2 ms of work before other tasks get their turn."""

_MOVED_ON = frozenset({10071, 10164})
_DUPLICATE = 10201
_TEMPORARY = frozenset({10008, 10009, 10077, 10118, 10158, 10163, 10167, 10176, 10194, 10210})
"""No leader, a new leader, an id or a guard in process, too many batches or requests: try again."""

_APPEND_HEADER = "Goaltrail-Append"
"""Names the try on a single message, as Nats-Batch-Id does on those of a batch."""

_TOKENS = re.compile(r"[^\s.*>]+(\.[^\s.*>]+)+")


class Entry(NamedTuple):
    """A message to append. `msg_id` is refused when it was used on this ledger within two minutes."""

    subject: str
    payload: bytes
    msg_id: str | None = None


class Appended(NamedTuple):
    """The positions that the entries got, without a gap."""

    first: int
    last: int


class Appender:
    """Appends to the ledgers of one connection."""

    def __init__(self, client: LedgerClient, api: StreamApi, *, patience: float) -> None:
        """`patience`: seconds for trying again; must stay well under the two minutes of the message ids."""
        if patience > 60:
            raise ValueError("patience must be at most 60 seconds")
        self._client = client
        self._api = api
        self._patience = patience
        self._batches = asyncio.Semaphore(_BATCHES)

    async def append(self, workspace: str, entries: Sequence[Entry], expect: Mapping[str, int]) -> Appended:
        """Store all entries or none; see Ledger.append."""
        _check(workspace, entries, expect)
        append = _Append(self._client, self._api, workspace, entries, expect)
        if len(entries) == 1:
            return await append.run(Patience(self._patience))
        async with self._batches:
            return await append.run(Patience(self._patience))


class _Append:
    """One append, in as many tries as it takes."""

    def __init__(
        self,
        client: LedgerClient,
        api: StreamApi,
        workspace: str,
        entries: Sequence[Entry],
        expect: Mapping[str, int],
    ) -> None:
        self._client = client
        self._api = api
        self._workspace = workspace
        self._entries = entries
        self._expect = expect
        self._before = 0
        """Where to begin to look for an unguarded append."""
        self._lost: set[str] = set()
        """The tries whose commit was sent and not answered."""

    async def run(self, patience: Patience) -> Appended:
        """Store it; raises as Ledger.append says."""
        if not self._expect:
            await self._fence(patience)
        while True:
            code = 0
            try:
                answer = await self._publish(patience)
                if "error" not in answer and not answer.get("duplicate"):
                    last = int(answer["seq"])
                    return Appended(last - len(self._entries) + 1, last)
                error = answer.get("error", {"err_code": _DUPLICATE, "description": "duplicate message id"})
                code, problem = error["err_code"], error["description"]
            except ConnectionLost as lost:
                problem = str(lost)
            except NoResponder:
                problem = f"no server takes appends to the ledger of {self._workspace}"
                await self._api.head(self._workspace, patience)  # raises WorkspaceUnknown if that is why
            if self._lost:
                stored = await self._look(patience)
                if stored is not None:
                    return stored
            elif code in _MOVED_ON:
                raise Conflict(next(iter(self._expect)) if len(self._expect) == 1 else None)
            if code == _DUPLICATE:
                raise DuplicateId
            if code and code not in _TEMPORARY and code not in _MOVED_ON:
                raise ServerRefused(code, problem)
            if patience.over:
                kind = LedgerUncertain if self._lost else LedgerUnavailable
                raise kind(problem, storage_full=await self._client.storage_full())
            await patience.pause()

    async def _fence(self, patience: Patience) -> None:
        """Without a guard nothing would stop a lost try that arrives late, so a message id does."""
        self._before = await self._api.head(self._workspace, patience)
        first, *others = self._entries
        if first.msg_id is None:
            self._entries = [first._replace(msg_id=secrets.token_hex(8)), *others]

    async def _publish(self, patience: Patience) -> dict[str, Any]:
        """One try, once there is a connection. Raises ConnectionLost, NoResponder."""
        await self._client.wait_connected(patience.left)
        name = secrets.token_hex(8)
        blocks = _header_blocks(name, self._entries, self._expect)
        *others, final = self._entries
        chunk: list[bytes] = []
        for entry in others:
            chunk.append(publication(entry.subject.encode(), entry.payload, headers=next(blocks)))
            if len(chunk) == _FRAMES:
                await self._client.send(b"".join(chunk))
                chunk.clear()
        if chunk:
            await self._client.send(b"".join(chunk))
        waiting = await self._client.ask(final.subject, final.payload, headers=next(blocks))
        try:
            await waiting.wait(patience.limit(ANSWER_SECONDS))
        except ConnectionLost:
            self._lost.add(name)
            raise
        answer: dict[str, Any] = orjson.loads(waiting.messages[0][1])
        return answer

    async def _look(self, patience: Patience) -> Appended | None:
        """Return the positions of a lost try if it is stored, by the word of the stream's leader.

        Behind the position that a guard expects stands our own message, or one that proves that ours was
        refused. Raises Conflict then, and LedgerUncertain when the ledger can't be reached.
        """
        try:
            for subject, expected in self._expect.items():
                found = await self._api.next(self._workspace, subject, expected, patience)
                if found is not None:
                    if _try_of(found) not in self._lost:
                        raise Conflict(subject)
                    return await self._whole(found, patience)
            if not self._expect:
                subject, position = self._entries[0].subject, self._before
                while found := await self._api.next(self._workspace, subject, position, patience):
                    if _try_of(found) in self._lost:
                        return await self._whole(found, patience)
                    position = found.position
        except LedgerUnavailable as away:
            raise LedgerUncertain(str(away)) from None
        return None

    async def _whole(self, found: FullMessage, patience: Patience) -> Appended | None:
        """Return the positions of the batch that a message belongs to; None while its last message is not
        there.

        (A single server that crashed in the middle of a commit completes the batch when it starts.)
        """
        first = found.position - int(found.header("Nats-Batch-Sequence") or 1) + 1
        last = first + len(self._entries) - 1
        end = found if last == found.position else await self._api.at(self._workspace, last, patience)
        return Appended(first, last) if end is not None and _try_of(end) == _try_of(found) else None


def _check(workspace: str, entries: Sequence[Entry], expect: Mapping[str, int]) -> None:
    if not 1 <= len(entries) <= MAX_ENTRIES:
        raise InvalidAppend(f"an append has 1 to {MAX_ENTRIES} entries, not {len(entries)}")
    subjects = {entry.subject for entry in entries}
    for subject in subjects:
        if not subject.startswith(f"ledger.{workspace}.") or not _TOKENS.fullmatch(subject):
            raise InvalidAppend(f"{subject!r} is no subject of the ledger of {workspace}")
    if not subjects.issuperset(expect):
        missing = sorted(set(expect) - subjects)
        raise InvalidAppend(f"a guarded subject has no entry: {', '.join(missing)}")
    sizes = [len(entry.payload) for entry in entries]
    if max(sizes) > MAX_PAYLOAD:
        raise InvalidAppend(f"an event has {max(sizes)} bytes; at most {MAX_PAYLOAD} are allowed")
    if sum(sizes) > MAX_BYTES:
        raise InvalidAppend(f"an append has {sum(sizes)} bytes; at most {MAX_BYTES} are allowed")


def _header_blocks(name: str, entries: Sequence[Entry], expect: Mapping[str, int]) -> Iterator[bytes]:
    """Yield the headers of each entry.

    A guard stands on the first entry of its subject: a second one fails.
    """
    batch = len(entries) > 1
    start = f"NATS/1.0\r\n{'Nats-Batch-Id' if batch else _APPEND_HEADER}: {name}\r\n".encode()
    guards = dict(expect)
    final = len(entries)
    for number, (subject, _, msg_id) in enumerate(entries, 1):
        block = b"%bNats-Batch-Sequence: %d\r\n" % (start, number) if batch else start
        if guards and subject in guards:
            block += b"Nats-Expected-Last-Subject-Sequence: %d\r\n" % guards.pop(subject)
        if msg_id is not None:
            block += b"Nats-Msg-Id: %b\r\n" % msg_id.encode()
        if batch and number == final:
            block += b"Nats-Batch-Commit: 1\r\n"
        yield block + b"\r\n"


def _try_of(message: FullMessage) -> str | None:
    return message.header("Nats-Batch-Id") or message.header(_APPEND_HEADER)
