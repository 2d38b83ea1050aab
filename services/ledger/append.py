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


class _Look(NamedTuple):
    """What the ledger says about tries whose answers were lost."""

    stored: Appended | None = None
    overtaken: str | None = None
    """A guarded subject on which somebody else was first."""


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
        if len(entries) == 1:
            return await self._append(workspace, entries, expect)
        async with self._batches:
            return await self._append(workspace, entries, expect)

    async def _append(self, workspace: str, entries: Sequence[Entry], expect: Mapping[str, int]) -> Appended:
        patience = Patience(self._patience)
        lost: set[str] = set()
        before = 0
        if not expect:
            # Without a guard nothing would stop a lost try that arrives late, so a message id does; and the
            # search for the lost try starts where the ledger ends now.
            before = await self._api.head(workspace, patience)
            if entries[0].msg_id is None:
                entries = [entries[0]._replace(msg_id=secrets.token_hex(8)), *entries[1:]]
        while True:
            name = secrets.token_hex(8)
            duplicate = False
            try:
                answer = await self._publish(name, entries, expect, patience)
                error = answer.get("error")
                if error is None and not answer.get("duplicate"):
                    last = int(answer["seq"])
                    return Appended(last - len(entries) + 1, last)
                code = error["err_code"] if error else _DUPLICATE
                problem = error["description"] if error else "duplicate message id"
                duplicate = code == _DUPLICATE
                if not lost and duplicate:
                    raise DuplicateId
                if not lost and code in _MOVED_ON:
                    raise Conflict(next(iter(expect)) if len(expect) == 1 else None)
                if code not in _TEMPORARY and code not in _MOVED_ON and not duplicate:
                    raise ServerRefused(code, problem)
            except ConnectionLost as gone:
                problem = str(gone)
                lost.add(name)
            except NoResponder:
                problem = f"no server takes appends to the ledger of {workspace}"
                await self._api.head(workspace, patience)  # raises WorkspaceUnknown if that is why
            if lost:
                look = await self._look(workspace, entries, expect, lost, before, patience)
                if look.stored:
                    return look.stored
                if look.overtaken:
                    raise Conflict(look.overtaken)
                if duplicate:
                    raise DuplicateId
            if patience.over:
                raise LedgerUncertain(problem) if lost else LedgerUnavailable(problem)
            await patience.pause()

    async def _publish(
        self, name: str, entries: Sequence[Entry], expect: Mapping[str, int], patience: Patience
    ) -> dict[str, Any]:
        """One try. Raises ConnectionLost, NoResponder, LedgerUnavailable (when nothing was sent)."""
        while not self._client.is_connected:
            if patience.over:
                raise LedgerUnavailable("not connected to NATS")
            await patience.pause()
        blocks = _header_blocks(name, entries, expect)
        final = entries[-1]
        chunk: list[bytes] = []
        for entry in entries[:-1]:
            chunk.append(publication(entry.subject.encode(), entry.payload, headers=next(blocks)))
            if len(chunk) == _FRAMES:
                await self._client.send(b"".join(chunk))
                chunk.clear()
        if chunk:
            await self._client.send(b"".join(chunk))
        waiting = await self._client.ask(final.subject, final.payload, headers=next(blocks))
        await waiting.wait(patience.limit(ANSWER_SECONDS))
        answer: dict[str, Any] = orjson.loads(waiting.messages[0][1])
        return answer

    async def _look(
        self,
        workspace: str,
        entries: Sequence[Entry],
        expect: Mapping[str, int],
        lost: set[str],
        before: int,
        patience: Patience,
    ) -> _Look:
        """Whether one of the lost tries is on the ledger, by the word of the stream's leader.

        A guard makes the message after the expected one either ours or the proof that ours was refused.
        Raises LedgerUncertain when the ledger can't be reached.
        """
        try:
            for subject, expected in expect.items():
                found = await self._api.next(workspace, subject, expected, patience)
                if found is None:
                    continue
                if _try_of(found) not in lost:
                    return _Look(overtaken=subject)
                return _Look(stored=await self._whole(workspace, found, len(entries), patience))
            if not expect:
                position = before
                while found := await self._api.next(workspace, entries[0].subject, position, patience):
                    if _try_of(found) in lost:
                        return _Look(stored=await self._whole(workspace, found, len(entries), patience))
                    position = found.position
        except LedgerUnavailable as away:
            raise LedgerUncertain(str(away)) from None
        return _Look()

    async def _whole(
        self, workspace: str, found: FullMessage, count: int, patience: Patience
    ) -> Appended | None:
        """The positions of the batch that a message belongs to; None while its last message is not there.

        (A server alone completes a batch that a crash cut before it answers anybody.)
        """
        first = found.position - int(found.header("Nats-Batch-Sequence") or 1) + 1
        last = first + count - 1
        end = found if last == found.position else await self._api.at(workspace, last, patience)
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
    """The headers of each entry. A guard stands on the first entry of its subject: a second one fails."""
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
