"""The one function that every reading passes: validate, convert, drop what is known, append, answer.

Each chunk of items becomes at most one atomic batch on the ledger. While one chunk is being stored the next
one is judged. Small chunks of one workspace that wait at the same time share a batch, each with receipts of
its own. What a delivery means is decided with everything that is known of its reading (deduplication.py), and
the append is guarded with that knowledge: of two that send the same readings at once only one can be first.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, Self

from events.ids import Aggregate, ledger_subject
from events.ledger.events import RESTORES, LedgerRestored
from events.readings.identity import NEW, Revisions, Status, Version, judge
from projections.control import ActiveVersion
from services.intake.catalogue import Catalogue, Catalogues
from services.intake.deduplication import Contended, Decision, FarBehind, KnownReadings, Snapshot, Told
from services.intake.event_builder import EventBuilder, Source
from services.intake.items import CHUNK, TEXT_LENGTH, Item, read_items
from services.intake.known_from import Batch, Placed, known_from
from services.intake.metrics import ITEMS
from services.intake.receipts import Receipt
from services.intake.rejections import Rejected
from services.intake.request_limits import RequestLimits
from services.intake.validation import CATALOGUE_CODES, Candidate, Validator
from services.ledger import Entry, Ledger, LedgerUnavailable, LedgerUncertain
from services.ledger.positions import LedgerPosition
from services.postgres.views import Views, ViewsUnavailable
from services.runtime.grouping import Grouping
from services.runtime.settings import Settings
from services.runtime.tasks import end

TURN = 100
"""Items that are judged before other tasks get their turn."""


SMALL = 100
"""Candidates up to which a chunk shares a batch with others."""
GROUP_SECONDS = 5.0
"""How long a shared batch is tried again when others keep appending; then each chunk is tried by itself."""


class _Chunk(NamedTuple):
    """Items of one source that were judged, as far as they may be recorded."""

    source: Source
    candidates: list[Candidate]
    revisions: Revisions
    now: datetime
    snapshot: Snapshot | None
    """What the views know of the candidates; None if that was not looked up yet."""
    payloads: list[bytes | None]
    """Of each candidate the event that records it, if that was made in advance."""

    @property
    def readings(self) -> list[str]:
        """The identity of each candidate."""
        return [candidate.reading for candidate in self.candidates]


class _Outcome(NamedTuple):
    """What becomes of a candidate."""

    status: Status
    position: int
    """-1, -2, … is the position of an entry in the batch."""
    revision: int


class _Plan(NamedTuple):
    """What is to be appended for a group of chunks, and what will be answered then."""

    entries: list[Entry]
    told: list[Told]
    """What each entry says."""
    outcomes: list[list[_Outcome]]
    """Of each chunk's candidates."""
    in_force: set[str]
    """KPIs of candidates of which nothing is appended because they are in force already."""


class Intake:
    """Takes readings for all workspaces. One for a process; any number of processes."""

    def __init__(self, ledger: Ledger, views: Views) -> None:
        """`views` should avoid sequential scans, see `connect`."""
        self._ledger = ledger
        self._now: Callable[[str], Awaitable[datetime]] = ledger.now
        self._views = views
        self.limits = RequestLimits()
        """Whoever calls `take` for a request asks here first."""
        self._catalogues = Catalogues(ledger)
        self._known: dict[str, KnownReadings] = {}
        self._groups: dict[str, Grouping[_Chunk, list[Receipt]]] = {}

    @classmethod
    def connect(cls, settings: Settings, ledger: Ledger) -> Self:
        """Intake with connections of its own to the views; `close` ends them."""
        # A plan that was made while the table was small must not go on scanning it.
        planner = {"jit": "off", "enable_seqscan": "off"}
        views = Views.connect(settings, name="goaltrail-intake", connect_timeout=2.0, planner=planner)
        return cls(ledger, views)

    async def close(self) -> None:
        """Close the connections to the views; the ledger stays open."""
        for groups in self._groups.values():
            await groups.close()
        await self._views.close()

    async def take(
        self, source: Source, chunks: AsyncIterable[list[Any]]
    ) -> AsyncGenerator[list[Receipt], None]:
        """Take chunks of at most CHUNK parsed items; yields the receipts of each one once it is on the disk.

        An item may be a Rejected already. What was answered is final; after an exception, sending everything
        again changes nothing that was stored. Raises WorkspaceUnknown, FarBehind, ViewsUnavailable,
        LedgerUnavailable, LedgerUncertain. Leave it with `aclosing` when you break off.
        """
        catalogue = await self.current_catalogue(source.workspace)
        storing: asyncio.Task[list[Receipt]] | None = None
        index = 0
        try:
            async for raw in chunks:
                catalogue, chunk, rejected = await self._judge(source, catalogue, raw, index)
                if storing is not None or len(chunk.candidates) > SMALL:
                    # While the one before is being stored; several small ones are looked up together.
                    chunk = await self._look_up(chunk)
                index += len(raw)
                stored = None if storing is None else await storing
                storing = asyncio.create_task(self._store(chunk, rejected))
                # It should be on its way to the server before the next chunk is judged.
                await asyncio.sleep(0)
                if stored is not None:
                    yield _counted(stored)
            if storing is not None:
                yield _counted(await storing)
        finally:
            if storing is not None:
                await end(storing)

    async def current_catalogue(self, workspace: str) -> Catalogue:
        """Return what readings are judged by now. Raises WorkspaceUnknown, LedgerUnavailable."""
        return await self._catalogues.current(workspace, self.epoch_of(workspace))

    async def stored_at(self, workspace: str, position: int) -> LedgerPosition:
        """Return a position of a workspace's ledger as clients hold it. Raises LedgerUnavailable."""
        # Only the ledger knows its epoch while it has no views.
        return LedgerPosition(position, self.epoch_of(workspace) or await self._ledger.epoch(workspace))

    async def known_from(self, workspace: str, placed: Iterable[Placed]) -> dict[int, datetime]:
        """Return by position from when on events are known; what can't be told now is left out."""
        return await known_from(self._ledger, self._views, workspace, placed)

    def epoch_of(self, workspace: str) -> int:
        """Return the epoch of a workspace's ledger as this process last saw it; 0 if it did not yet."""
        return self._views.epoch_seen(workspace)

    async def all_views(self) -> dict[tuple[str, str], ActiveVersion]:
        """Return the builds that reads use, by workspace and group. Raises ViewsUnavailable."""
        return await self._views.all_active()

    async def require_same_ledger(self, workspace: str) -> None:
        """Raise LedgerDiffers if the views of a workspace are of another ledger than there is."""
        await self._views.require_same_ledger(workspace)

    async def restores(self, workspace: str) -> list[LedgerRestored]:
        """Return when a workspace's ledger was restored. Raises WorkspaceUnknown, LedgerUnavailable."""
        events = await self._ledger.load(workspace, RESTORES)
        return [event.event.data for event in events if isinstance(event.event.data, LedgerRestored)]

    def known_readings(self, workspace: str) -> KnownReadings:
        """Return what this process knows of a workspace's readings."""
        known = self._known.get(workspace)
        if known is None:
            known = self._known[workspace] = KnownReadings(self._ledger, self._views, workspace)
        return known

    def _groups_of(self, workspace: str) -> Grouping[_Chunk, list[Receipt]]:
        groups = self._groups.get(workspace)
        if groups is None:
            groups = self._groups[workspace] = Grouping(
                partial(_append, self.known_readings(workspace)), _open_group, _OF_ALL
            )
        return groups

    async def _judge(
        self, source: Source, catalogue: Catalogue, raw: list[Any], index: int
    ) -> tuple[Catalogue, _Chunk, list[Receipt]]:
        """Validate and convert a chunk; receipts of what is rejected."""
        # Whether a reading is of the future must not depend on the machine that took it.
        now = await self._now(source.workspace)
        items: list[Item | Rejected] = []
        for turn in _turns(raw):
            items += read_items(turn)
            await asyncio.sleep(0)
        admission = Validator(catalogue, source.feed, now)
        results = await _admit(admission, items, index)
        if any(isinstance(result, Rejected) and result.code in CATALOGUE_CODES for result in results):
            # Perhaps the KPI was defined a moment ago: the ledger has the last word.
            newer = await self.current_catalogue(source.workspace)
            if newer is not catalogue:
                catalogue = newer
                admission = Validator(catalogue, source.feed, now)
                results = await _admit(admission, items, index)
        candidates = [result for result in results if isinstance(result, Candidate)]
        rejected = [
            Receipt(number, _source_id(raw[number - index]), None, "rejected", None, rejected=result)
            for number, result in enumerate(results, index)
            if isinstance(result, Rejected)
        ]
        payloads: list[bytes | None] = [None] * len(candidates)
        return catalogue, _Chunk(source, candidates, admission.revisions, now, None, payloads), rejected

    async def _look_up(self, chunk: _Chunk) -> _Chunk:
        """Ask the views in advance, and make the events of what they do not know."""
        kpis = {candidate.kpi for candidate in chunk.candidates}
        snapshot = await self.known_readings(chunk.source.workspace).look_up(chunk.readings, kpis)
        recording = EventBuilder(chunk.source, chunk.now)
        payloads: list[bytes | None] = []
        for some in _turns(chunk.candidates):
            payloads += [
                None if candidate.reading in snapshot.versions else recording.recorded(candidate)
                for candidate in some
            ]
            await asyncio.sleep(0)
        return chunk._replace(snapshot=snapshot, payloads=payloads)

    async def _store(self, chunk: _Chunk, rejected: list[Receipt]) -> list[Receipt]:
        """Append what is new of a chunk; the receipts of all of it, in order."""
        if not chunk.candidates:
            return rejected
        receipts = await self._groups_of(chunk.source.workspace).submit(chunk)
        return sorted([*receipts, *rejected]) if rejected else receipts


_OF_ALL = (ViewsUnavailable, FarBehind, LedgerUnavailable, LedgerUncertain)
"""Errors that each chunk of a group would meet by itself."""


def _open_group() -> Callable[[_Chunk], bool]:
    """Return which chunks may share a batch: only small ones do, and a batch has its limit."""
    room = CHUNK

    def joins(chunk: _Chunk) -> bool:
        nonlocal room
        size = len(chunk.candidates)
        if size > SMALL and room == CHUNK:
            room = 0  # a big one is first, and stays alone
        if size > min(SMALL, room):
            return False
        room -= size
        return True

    return joins


async def _append(known: KnownReadings, chunks: list[_Chunk]) -> list[list[Receipt]]:
    """Append what is new of some chunks as one batch; the receipts of each."""
    kpis = {candidate.kpi for chunk in chunks for candidate in chunk.candidates}
    ids = list(dict.fromkeys(reading for chunk in chunks for reading in chunk.readings))
    snapshot = chunks[0].snapshot if len(chunks) == 1 else None

    async def decide() -> Decision[list[list[Receipt]]]:
        nonlocal snapshot
        looked_up = await known.catch_up(kpis, ids, snapshot or await known.look_up(ids, kpis))
        snapshot = None  # the next look is a new one
        plan = _plan(chunks, known.find(set(ids), looked_up))
        return Decision(plan.entries, plan.told, partial(_receipts, chunks, plan), plan.in_force)

    if len(chunks) == 1:
        return await known.append(decide)
    try:
        return await known.append(decide, seconds=GROUP_SECONDS)
    except Contended as contended:
        raise _Refused from contended


class _Refused(Exception):
    """A batch that was shared; its chunks are tried one by one."""


def _turns(chunk: list[Any]) -> Iterator[list[Any]]:
    """Yield a chunk in parts that take about a millisecond, between which an append gets on."""
    for start in range(0, len(chunk), TURN):
        yield chunk[start : start + TURN]


async def _admit(
    admission: Validator, items: list[Item | Rejected], index: int
) -> list[Candidate | Rejected]:
    results: list[Candidate | Rejected] = []
    for turn in _turns(items):
        for item in turn:
            if isinstance(item, Rejected):
                results.append(item)
                continue
            try:
                results.append(admission.admit(index + len(results), item))
            except Rejected as rejected:
                results.append(rejected)
        await asyncio.sleep(0)
    return results


def _plan(chunks: list[_Chunk], found: dict[str, list[Version]]) -> _Plan:
    """Decide about each candidate, knowing what the ones before it in the batch will be."""
    plan = _Plan([], [], [], set())
    repeated = _repeated([reading for chunk in chunks for reading in chunk.readings])
    for chunk in chunks:
        plan.outcomes.append([])
        _plan_chunk(plan, chunk, found, repeated)
    return plan


def _plan_chunk(plan: _Plan, chunk: _Chunk, found: dict[str, list[Version]], repeated: set[str]) -> None:
    source = chunk.source
    recording = EventBuilder(source, chunk.now)
    outcomes = plan.outcomes[-1]
    subjects = {
        kpi: ledger_subject(source.workspace, Aggregate("reading", kpi))
        for kpi in {candidate.kpi for candidate in chunk.candidates}
    }
    for candidate, payload in zip(chunk.candidates, chunk.payloads, strict=True):
        _, _, kpi, reading, content, source_version, data, of_period = candidate
        versions = found.get(reading, ())
        status, position, revision, kind = (
            judge(versions, content, source_version, revisions=chunk.revisions, of_period=of_period)
            if versions
            else NEW
        )
        if kind is not None:
            position = -len(plan.entries) - 1
            if kind != "recorded" or payload is None:
                payload = recording.event(kind, candidate, revision)
            plan.entries.append(Entry(subjects[kpi], payload))
            ahead = data["observed_at"] > chunk.now
            plan.told.append(Told(kpi, reading, kind, revision, content, source_version, ahead))
            if reading in repeated:
                version = Version(position, kind, revision, content, source_version, ahead)
                found[reading] = [*versions, version]
        else:
            plan.in_force.add(kpi)
        assert position is not None
        outcomes.append(_Outcome(status, position, revision))


def _repeated(readings: Sequence[str]) -> set[str]:
    """Return the readings that come more than once."""
    seen: set[str] = set()
    if len(set(readings)) == len(readings):
        return seen
    return {reading for reading in readings if reading in seen or seen.add(reading)}  # type: ignore[func-returns-value]


def _receipts(chunks: list[_Chunk], plan: _Plan, first: int, batch: Batch | None) -> list[list[Receipt]]:
    return [
        [
            Receipt(
                candidate.place,
                candidate.source_id,
                candidate.reading,
                status,
                position if position > 0 else first - position - 1,
                revision,
                batch=batch if position < 0 else None,
            )
            for candidate, (status, position, revision) in zip(chunk.candidates, outcomes, strict=True)
        ]
        for chunk, outcomes in zip(chunks, plan.outcomes, strict=True)
    ]


def _counted(receipts: list[Receipt]) -> list[Receipt]:
    for status, number in Counter(receipt.status for receipt in receipts).items():
        ITEMS[status].inc(number)
    return receipts


def _source_id(raw: Any) -> str | None:
    """Return the source id of a rejected item, if there is one that can be repeated."""
    if not isinstance(raw, dict):
        return None
    found = raw.get("source_id")
    if not isinstance(found, str):
        return None
    return found[:TEXT_LENGTH]
