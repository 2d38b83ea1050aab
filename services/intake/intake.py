"""The one function that every reading passes: validate, convert, drop what is known, append, answer.

Each chunk of items becomes at most one atomic batch on the ledger. While one chunk is being stored the next
one is judged. What a delivery means is decided with everything that is known of its reading (known.py), and
the append is guarded with that knowledge: of two that send the same readings at once only one can be first.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import create_async_engine

from events.envelope import Event, encode
from events.ids import Aggregate, dispute_id, ledger_subject, revision_id
from events.readings.events import ReadingContent, ReadingCorrected, ReadingDisputed, ReadingRecorded
from events.readings.identity import Verdict, Version, judge
from events.registry import event_type
from services.intake.admission import CATALOGUE_CODES, Admission, Candidate
from services.intake.catalogue import Catalogue, Catalogues
from services.intake.items import Item, read_items
from services.intake.known import KnownReadings, Snapshot
from services.intake.receipts import Receipt
from services.intake.rejections import Rejected
from services.ledger import Conflict, Entry, Ledger, LedgerUnavailable
from services.runtime.settings import Settings
from services.views import Views

CHUNK = 1000
"""Items that are judged, stored and answered together: an atomic batch has at most so many events."""

CONTENDED_SECONDS = 20.0
"""How long a chunk is tried again when others keep appending to the same KPIs."""


@dataclass(frozen=True, slots=True)
class Source:
    """Who sends, and for which feed; the feed is part of the readings' identity."""

    workspace: str
    feed: str
    actor: str
    correlation_id: str | None = None


class _Chunk(NamedTuple):
    """Items that were judged: those that may be recorded, and receipts for those that may not."""

    candidates: list[Candidate]
    rejected: list[Receipt]
    revisions: bool
    snapshot: Snapshot
    payloads: list[bytes | None]
    """Of each candidate that nothing was known of: the event that records it."""
    now: datetime


class _Plan(NamedTuple):
    """What is to be appended for a chunk, and what will be answered then."""

    entries: list[Entry]
    told: list[tuple[str, UUID, Version]]
    """What each entry says: KPI, reading and version, whose position is its place in the batch."""
    verdicts: list[Verdict]
    """Of each candidate; a negative position -n is that of the n-th entry."""


class Intake:
    """Takes readings for all workspaces. One for a process; any number of processes."""

    def __init__(
        self, ledger: Ledger, views: Views, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`views` should avoid sequential scans, see `connect`."""
        self._ledger = ledger
        self._views = views
        self._now = now
        self._catalogues = Catalogues(ledger)
        self._known: dict[str, KnownReadings] = {}

    @classmethod
    def connect(cls, settings: Settings, ledger: Ledger) -> Self:
        """Intake with connections of its own to the views; `close` ends them."""
        engine = create_async_engine(
            settings.sqlalchemy_url,
            pool_size=5,
            max_overflow=5,
            pool_timeout=2.0,
            connect_args={
                "timeout": 2.0,
                "command_timeout": 10.0,
                "server_settings": {
                    "application_name": "goaltrail-intake",
                    "jit": "off",
                    # A plan that was made while the table was small must not go on scanning it.
                    "enable_seqscan": "off",
                },
            },
        )
        return cls(ledger, Views(engine))

    async def close(self) -> None:
        """Close the connections to the views; the ledger stays open."""
        await self._views.close()

    async def take(self, source: Source, chunks: AsyncIterable[list[Any]]) -> AsyncIterator[list[Receipt]]:
        """Take chunks of at most CHUNK parsed items; yields the receipts of each one once it is on the disk.

        An item may be a Rejected already. What was answered is final; after an exception, sending everything
        again changes nothing that was stored. Raises WorkspaceUnknown, FarBehind, ViewsUnavailable,
        LedgerUnavailable, LedgerUncertain. Leave it with `aclosing` when you break off.
        """
        catalogue = await self._catalogues.current(source.workspace)
        known = self._known_readings(source.workspace)
        storing: asyncio.Task[list[Receipt]] | None = None
        index = 0
        try:
            async for raw in chunks:
                catalogue, chunk = await self._judge(source, catalogue, known, raw, index)
                index += len(raw)
                if storing is not None:
                    yield await storing
                storing = asyncio.create_task(self._store(source, known, chunk))
            if storing is not None:
                yield await storing
        finally:
            if storing is not None and not storing.done():
                storing.cancel()
                await asyncio.gather(storing, return_exceptions=True)

    async def current_catalogue(self, workspace: str) -> Catalogue:
        """What readings are judged by now. Raises WorkspaceUnknown, LedgerUnavailable."""
        return await self._catalogues.current(workspace)

    def _known_readings(self, workspace: str) -> KnownReadings:
        known = self._known.get(workspace)
        if known is None:
            known = self._known[workspace] = KnownReadings(self._ledger, self._views, workspace)
        return known

    async def _judge(
        self, source: Source, catalogue: Catalogue, known: KnownReadings, raw: list[Any], index: int
    ) -> tuple[Catalogue, _Chunk]:
        """Validate and convert a chunk, and look up what is known of it."""
        now = self._now()
        items = read_items(raw)
        admission = Admission(catalogue, source.feed, now)
        results = _admit(admission, items, index)
        if any(isinstance(result, Rejected) and result.code in CATALOGUE_CODES for result in results):
            # Perhaps the KPI was defined a moment ago: the ledger has the last word.
            newer = await self._catalogues.current(source.workspace)
            if newer is not catalogue:
                catalogue = newer
                admission = Admission(catalogue, source.feed, now)
                results = _admit(admission, items, index)
        candidates = [result for result in results if isinstance(result, Candidate)]
        rejected = [
            Receipt(number, _source_id(raw[number - index]), None, "rejected", None, rejected=result)
            for number, result in enumerate(results, index)
            if isinstance(result, Rejected)
        ]
        snapshot = Snapshot(0, {})
        if candidates:
            snapshot = await known.look_up([candidate.reading for candidate in candidates])
        payloads = [
            None if candidate.reading in snapshot.versions else encode(_recorded(source, candidate, now))
            for candidate in candidates
        ]
        return catalogue, _Chunk(candidates, rejected, admission.revisions, snapshot, payloads, now)

    async def _store(self, source: Source, known: KnownReadings, chunk: _Chunk) -> list[Receipt]:
        """Append what is new of a chunk; the receipts of all of it, in order."""
        receipts = chunk.rejected
        if chunk.candidates:
            receipts = receipts + await self._store_candidates(source, known, chunk)
            if chunk.rejected:
                receipts.sort()
        return receipts

    async def _store_candidates(self, source: Source, known: KnownReadings, chunk: _Chunk) -> list[Receipt]:
        kpis = {candidate.kpi for candidate in chunk.candidates}
        ids = [candidate.reading for candidate in chunk.candidates]
        snapshot = chunk.snapshot
        until = time.monotonic() + CONTENDED_SECONDS
        async with known.lock:
            while True:
                snapshot = await known.catch_up(kpis, ids, snapshot)
                plan = _plan(source, known, chunk, snapshot)
                if not plan.entries:
                    return _receipts(chunk, plan, 0)
                written = {kpi for kpi, _, _ in plan.told}
                try:
                    appended = await self._ledger.append(
                        source.workspace, plan.entries, known.guards(written)
                    )
                except BaseException as error:
                    # Somebody was faster, or nobody knows what became of it: look before the next try.
                    known.doubt(written)
                    if not isinstance(error, Conflict):
                        raise
                    if time.monotonic() > until:
                        raise LedgerUnavailable("others keep appending to the same KPIs") from None
                    await asyncio.sleep(random.uniform(0, 0.01))
                    snapshot = await known.look_up(ids)
                    continue
                for position, (kpi, id_, version) in enumerate(plan.told, appended.first):
                    known.note(kpi, id_, version._replace(position=position))
                return _receipts(chunk, plan, appended.first)


def _admit(admission: Admission, items: Sequence[Item | Rejected], index: int) -> list[Candidate | Rejected]:
    results: list[Candidate | Rejected] = []
    for number, item in enumerate(items, index):
        if isinstance(item, Rejected):
            results.append(item)
            continue
        try:
            results.append(admission.admit(number, item))
        except Rejected as rejected:
            results.append(rejected)
    return results


def _plan(source: Source, known: KnownReadings, chunk: _Chunk, snapshot: Snapshot) -> _Plan:
    """Decide about each candidate, knowing what the ones before it in the batch will be."""
    plan = _Plan([], [], [])
    batch: dict[UUID, list[Version]] = {}
    subjects = {
        candidate.kpi: ledger_subject(source.workspace, Aggregate("reading", candidate.kpi))
        for candidate in chunk.candidates
    }
    for candidate, payload in zip(chunk.candidates, chunk.payloads, strict=True):
        id_ = candidate.reading
        before = batch.get(id_)
        versions = known.versions(id_, snapshot) if before is None else before
        verdict = judge(versions, candidate.content, candidate.source_version, revisions=chunk.revisions)
        if verdict.position is None:
            event, version = _event(source, candidate, verdict, chunk.now, payload)
            version = version._replace(position=-len(plan.entries) - 1)
            plan.entries.append(Entry(subjects[candidate.kpi], event))
            plan.told.append((candidate.kpi, id_, version))
            batch[id_] = [*versions, version]
            verdict = verdict._replace(position=version.position)
        plan.verdicts.append(verdict)
    return plan


def _receipts(chunk: _Chunk, plan: _Plan, first: int) -> list[Receipt]:
    receipts = []
    for candidate, verdict in zip(chunk.candidates, plan.verdicts, strict=True):
        position = verdict.position
        assert position is not None
        if position < 0:
            position = first - position - 1
        receipts.append(
            Receipt(
                candidate.place,
                candidate.source_id,
                candidate.reading,
                verdict.status,
                position,
                verdict.revision,
            )
        )
    return receipts


def _event(
    source: Source, candidate: Candidate, verdict: Verdict, now: datetime, payload: bytes | None
) -> tuple[bytes, Version]:
    """The event that follows from a verdict, and what it will say; its position is not known yet."""
    content, source_version = candidate.content, candidate.source_version
    if verdict.status == "conflict":
        disputed = ReadingDisputed(**candidate.fields, reading=candidate.reading)
        event = _envelope(source, candidate, dispute_id(candidate.reading, content), disputed, now)
        return encode(event), Version(0, "disputed", 0, content, source_version)
    revision = verdict.revision
    if revision == 0:
        recorded = encode(_recorded(source, candidate, now)) if payload is None else payload
        return recorded, Version(0, "recorded", 0, content, source_version)
    corrected = ReadingCorrected(**candidate.fields, reading=candidate.reading, revision=revision)
    event = _envelope(source, candidate, revision_id(candidate.reading, revision), corrected, now)
    return encode(event), Version(0, "corrected", revision, content, source_version)


def _recorded(source: Source, candidate: Candidate, now: datetime) -> Event:
    return _envelope(source, candidate, candidate.reading, ReadingRecorded(**candidate.fields), now)


def _envelope(source: Source, candidate: Candidate, id_: UUID, data: ReadingContent, now: datetime) -> Event:
    return Event(
        id=id_,
        type=event_type(data),
        workspace=source.workspace,
        aggregate=Aggregate("reading", candidate.kpi),
        time=now,
        actor=source.actor,
        data=data,
        correlation_id=source.correlation_id,
    )


def _source_id(raw: Any) -> str | None:
    """The source id of a rejected item, if there is one that can be repeated."""
    if not isinstance(raw, dict):
        return None
    found = raw.get("source_id")
    if not isinstance(found, str):
        return None
    return found[:200].encode(errors="replace").decode()
