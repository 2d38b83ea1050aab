"""Which readings are on the ledger of a workspace: exact, without a time window.

PostgreSQL knows all of them up to its checkpoint. What came after that is the *tail*, held in memory: what
this process appended itself, and what others appended to the same KPIs, read from the ledger when needed. For
each KPI the tail is complete up to the last message on its subject that we know of, and that position guards
every append: if somebody else was faster, the ledger refuses and nothing was stored. `append` is the one loop
in which that is tried again, for what sources send as for what people correct.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence, Set
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

import structlog

from events.envelope import UndecodableEvent
from events.ids import Aggregate, ledger_subject
from events.readings.events import (
    ReadingConfirmed,
    ReadingCorrected,
    ReadingDisputed,
    ReadingRecorded,
    ReadingRetracted,
)
from events.readings.identity import Kind, Version
from projections.state.queries_readings import on_record
from services.intake.catalogue import CATALOGUE_KINDS
from services.intake.known_from import Batch
from services.ledger import Conflict, Entry, Ledger, LedgerUnavailable, StoredMessage, recorded
from services.postgres.damage import RowsLost
from services.postgres.views import NotBuilt, Views

log = structlog.get_logger(__name__)

FARTHEST_BEHIND = 300_000
"""Positions that the views may be behind before readings are refused for a while: the tail is in memory."""
RETRY_AFTER = 5.0
"""Seconds in which views that are that far behind catch up noticeably."""

CONTENDED_SECONDS = 20.0
"""How long an append is tried again when others keep appending to the same KPIs."""

T = TypeVar("T")

COUNTING: Set[Kind] = frozenset({"recorded", "corrected", "retracted"})
"""What a view tells of each reading that it has taken in."""

_COLD_LOOKS = 32
"""KPIs whose last message is asked for at the same time."""


class FarBehind(Exception):
    """The views are too far behind the ledger to know which readings are on it."""

    def __init__(self, behind: int) -> None:
        super().__init__(f"the views are {behind} positions behind the ledger")
        self.retry_after = RETRY_AFTER


class Contended(LedgerUnavailable):
    """Others kept appending to the same KPIs: nothing was stored."""


class Snapshot(NamedTuple):
    """What PostgreSQL knew of some readings, by id, when it stood at a position."""

    position: int
    versions: Mapping[str, list[Version]]
    poison: frozenset[int] = frozenset()
    """Positions of readings that no table has, because a fold could not take them."""
    epoch: int = 0
    """Of the ledger; 0 while there are no views."""
    recorded_at: datetime | None = None
    """When the event at the position was recorded."""
    looked_for: frozenset[str] = frozenset()
    """Readings that PostgreSQL must know, and does."""


class Told(NamedTuple):
    """What an event says about a reading, once it is on the ledger."""

    kpi: str
    reading: str
    kind: Kind
    revision: int
    content: str
    source_version: int | None
    ahead: bool = False
    """It came before the time that it is of."""


class Decision(NamedTuple, Generic[T]):
    """What is to be appended, given everything that is known now."""

    entries: Sequence[Entry]
    told: Sequence[Told]
    """What each entry says."""
    answer: Callable[[int, Batch | None], T]
    """What is answered, given the position of the first entry and the batch (0 and None without entries)."""
    relied_on: Set[str] = frozenset()
    """KPIs of which something is said to be in force already: nothing newer may stand on their subjects."""


@dataclass(slots=True)
class _Subject:
    """What is known of one KPI's readings after PostgreSQL: all between two positions."""

    after: int
    """The tail has everything after this position …"""
    last: int
    """… up to this one, the last message on the subject that we know of; 0 for none."""
    reading: str | None = None
    """What that message tells of; None if nobody can tell."""
    doubtful: bool = False
    """Somebody else was faster: look at the ledger before the next append."""


class KnownReadings:
    """The readings of one workspace. `catch_up` and `find` are called while something is decided."""

    def __init__(self, ledger: Ledger, views: Views, workspace: str) -> None:
        self._lock = asyncio.Lock()
        self._ledger = ledger
        self._views = views
        self._workspace = workspace
        self._catalogue = [f"ledger.{workspace}.{kind}." for kind in CATALOGUE_KINDS]
        """What readings are judged by."""
        self._subjects: dict[str, _Subject] = {}
        self._tail: dict[str, list[Version]] = {}
        self._order: deque[tuple[int, list[str]]] = deque()
        """Last position and ids of what was added to the tail at a time."""
        self._pruned = 0
        self._head = 0
        self._poison: set[int] = set()
        self._untold: dict[str, list[Version]] = {}
        """What poison positions say: PostgreSQL will never know it."""
        self._epoch = 0
        """Of the ledger that all of this is known of."""
        self._recorded_at: datetime | None = None
        """When the last event was recorded that PostgreSQL had at the last look."""

    async def append(
        self, decide: Callable[[], Awaitable[Decision[T]]], *, seconds: float = CONTENDED_SECONDS
    ) -> T:
        """Decide and append, guarded with what is known; decide again while others are faster.

        Nobody else of this process appends readings in between. Raises what `decide` raises, and Contended,
        LedgerUnavailable, LedgerUncertain.
        """
        until = time.monotonic() + seconds
        async with self._lock:
            while True:
                entries, told, answer, relied_on = await decide()
                kpis = {one.kpi for one in told}
                try:
                    # An append is guarded; where there is none, only a look tells that nobody was faster.
                    await self._check_newest(relied_on - kpis)
                    if not entries:
                        return answer(0, None)
                    appended = await self._ledger.append(
                        self._workspace, entries, self._guards(kpis), looked_at=self._catalogue
                    )
                except BaseException as error:
                    # Somebody was faster, or nobody knows what became of it: look before the next try.
                    for kpi in kpis | relied_on:
                        self._subjects[kpi].doubtful = True
                    if not isinstance(error, Conflict):
                        raise
                    if time.monotonic() > until:
                        raise Contended("others keep appending to the same KPIs") from None
                    await asyncio.sleep(random.uniform(0, 0.01))
                    continue
                self._note(told, appended.first)
                batch = Batch(self._ledger, self._workspace, appended.last, self._recorded_at)
                return answer(appended.first, batch)

    async def look_up(self, ids: Sequence[str], kpis: Collection[str]) -> Snapshot:
        """Return what PostgreSQL knows of some readings, which are of some KPIs.

        What each KPI's subject ended with is looked up, too: who lost rows would take what is known for new.
        Raises ViewsUnavailable, LedgerUnavailable.
        """
        ends = self._ends_of(kpis)
        try:
            async with self._views.open(self._workspace, purpose="write") as view:
                found = await on_record(view.connection, self._workspace, [*ids, *(ends.keys() - set(ids))])
                if self._epoch in (0, view.epoch):
                    await self._require_known(ends, view.position, *found)
                return Snapshot(view.position, *found, view.epoch, view.recorded_at, frozenset(ends))
        except NotBuilt:
            return Snapshot(0, {})

    def _ends_of(self, kpis: Collection[str]) -> dict[str, int]:
        """Return the reading with which what is known of each KPI ends, and where it does."""
        subjects = [self._subjects[kpi] for kpi in kpis if kpi in self._subjects]
        return {subject.reading: subject.last for subject in subjects if subject.reading is not None}

    async def _require_known(
        self,
        ends: Mapping[str, int],
        position: int,
        versions: Mapping[str, list[Version]],
        poison: frozenset[int],
    ) -> None:
        """Raise RowsLost if PostgreSQL does not know a reading that is on the ledger up to its position."""
        unknown = {
            reading
            for reading, last in ends.items()
            if last <= position and not any(one.kind in COUNTING for one in versions.get(reading, ()))
        }
        if unknown:
            await self._read_poison(poison)
            unknown -= self._untold.keys()
        if unknown:
            raise RowsLost(f"{len(unknown)} reading(s) on the ledger are unknown to the views")

    async def catch_up(self, kpis: Collection[str], ids: Sequence[str], snapshot: Snapshot) -> Snapshot:
        """Make snapshot and tail together know all readings of some KPIs.

        Answers the snapshot, or a newer one where it is too old. Raises FarBehind, ViewsUnavailable,
        LedgerUnavailable.
        """
        self._require_same_ledger(snapshot)
        if self._too_old(kpis, snapshot):
            snapshot = await self.look_up(ids, kpis)
            self._require_same_ledger(snapshot)
            if self._too_old(kpis, snapshot):
                # Not we were slow: PostgreSQL went back to an earlier position, as after a restore.
                self._forget()
        self._check_distance(self._head, snapshot)
        await self._read_poison(snapshot.poison)
        unknown = [kpi for kpi in kpis if kpi not in self._subjects or self._subjects[kpi].doubtful]
        if unknown:
            looks = asyncio.Semaphore(_COLD_LOOKS)
            results = await asyncio.gather(
                *(self._read_subject(kpi, snapshot, looks) for kpi in unknown), return_exceptions=True
            )
            for result in results:
                if result is not None:
                    raise result
            ends = self._ends_of(kpis)
            if any(
                last <= snapshot.position
                for reading, last in ends.items()
                if reading not in snapshot.looked_for
            ):
                return await self.catch_up(kpis, ids, await self.look_up(ids, kpis))
        self._prune(snapshot.position)
        self._recorded_at = snapshot.recorded_at
        return snapshot

    def find(self, ids: Collection[str], snapshot: Snapshot) -> dict[str, list[Version]]:
        """Return everything known of those that are known, oldest first; after `catch_up`."""
        found = {id_: list(versions) for id_, versions in snapshot.versions.items()}
        for id_ in self._tail.keys() & ids:
            stored = found.setdefault(id_, [])
            # What PostgreSQL has it has complete.
            position = snapshot.position if stored else 0
            stored += [version for version in self._tail[id_] if version.position > position]
        for id_ in self._untold.keys() & ids:
            found[id_] = sorted([*self._untold[id_], *found.get(id_, ())])
        return found

    def _guards(self, kpis: Collection[str]) -> dict[str, int]:
        """Return what an append to some KPIs expects of the ledger."""
        return {self._subject_of(kpi): self._subjects[kpi].last for kpi in kpis}

    def _note(self, told: Sequence[Told], first: int) -> None:
        """Take in a batch that was appended, from its first position on."""
        position = first - 1
        for position, one in enumerate(told, first):
            subject = self._subjects[one.kpi]
            subject.last, subject.reading = position, one.reading
            self._add(one.reading, _version(one, position))
        self._order.append((position, [one.reading for one in told]))
        self._head = max(self._head, position)

    def _too_old(self, kpis: Collection[str], snapshot: Snapshot) -> bool:
        return snapshot.position < self._pruned or any(
            kpi in self._subjects and snapshot.position < self._subjects[kpi].after for kpi in kpis
        )

    async def _read_subject(self, kpi: str, snapshot: Snapshot, looks: asyncio.Semaphore) -> None:
        """Learn what is on a KPI's subject after what is known of it."""
        subject = self._subject_of(kpi)
        async with looks:
            found = await self._ledger.last(self._workspace, subject)
            last = 0 if found is None else found.position
            self._check_distance(last, snapshot)
            known = self._subjects.get(kpi)
            if known is None or known.last < snapshot.position:
                # PostgreSQL has everything up to there, so nothing before has to be read.
                known = _Subject(after=snapshot.position, last=last)
                start = snapshot.position
            else:
                start = known.last
            newest = found
            if last > start:
                async for messages in self._ledger.read(self._workspace, start, subject=subject):
                    newest = messages[-1]
                    last = newest.position
                    self._take_in(messages)
            told = None if newest is None else _told(newest)
            known.last, known.reading, known.doubtful = last, None if told is None else told.reading, False
            self._subjects[kpi] = known

    async def _check_newest(self, kpis: Set[str]) -> None:
        """Raise Conflict if there is something newer about a KPI than is known."""
        looks = asyncio.Semaphore(_COLD_LOOKS)

        async def check(kpi: str) -> None:
            subject = self._subject_of(kpi)
            async with looks:
                found = await self._ledger.last(self._workspace, subject)
            if found is not None and found.position != self._subjects[kpi].last:
                raise Conflict(subject)

        for result in await asyncio.gather(*map(check, kpis), return_exceptions=True):
            if result is not None:
                raise result

    async def _read_poison(self, positions: Set[int]) -> None:
        for position in sorted(positions - self._poison):
            batches = self._ledger.read(self._workspace, position - 1, batch=1)
            async with aclosing(batches):
                async for messages in batches:
                    told = _told(messages[0])
                    if told is not None and position not in self._poison:
                        self._untold.setdefault(told.reading, []).append(_version(told, position))
                    break
            self._poison.add(position)

    def _take_in(self, messages: Sequence[StoredMessage]) -> None:
        readings = []
        for message in messages:
            told = _told(message)
            if told is not None:
                self._add(told.reading, _version(told, message.position))
                readings.append(told.reading)
        self._order.append((messages[-1].position, readings))
        self._head = max(self._head, messages[-1].position)

    def _add(self, reading: str, version: Version) -> None:
        versions = self._tail.get(reading)
        if versions is None:
            self._tail[reading] = [version]
        else:
            versions.append(version)

    def _prune(self, position: int) -> None:
        """Drop what PostgreSQL knows by itself."""
        while self._order and self._order[0][0] <= position:
            for reading in self._order.popleft()[1]:
                versions = self._tail.pop(reading, None)
                if versions is not None and versions[-1].position > position:
                    self._tail[reading] = [later for later in versions if later.position > position]
        self._pruned = max(self._pruned, position)

    def _forget(self) -> None:
        self._subjects.clear()
        self._tail.clear()
        self._order.clear()
        self._pruned = 0

    def _require_same_ledger(self, snapshot: Snapshot) -> None:
        """Forget what was known of the ledger before it was restored. Raises LedgerUnavailable then.

        What was judged until now was judged by that ledger's catalogue, so all of it is to be tried again.
        """
        before, self._epoch = self._epoch, snapshot.epoch or self._epoch
        if before and before != self._epoch:
            self._forget()
            self._head = 0
            self._poison.clear()
            self._untold.clear()
            raise LedgerUnavailable(f"the ledger of {self._workspace} was restored", retry_after=1)

    def _check_distance(self, head: int, snapshot: Snapshot) -> None:
        if head - snapshot.position > FARTHEST_BEHIND:
            raise FarBehind(head - snapshot.position)

    def _subject_of(self, kpi: str) -> str:
        return ledger_subject(self._workspace, Aggregate("reading", kpi))


def _told(message: StoredMessage) -> Told | None:
    """Return what a message says about a reading; None if it is no event about one."""
    try:
        event, at = recorded(message).event, message.recorded_at
    except UndecodableEvent as error:
        log.warning("event stepped over", position=message.position, error=str(error))
        return None
    data = event.data
    match data:
        case ReadingRecorded():
            ahead, reading = data.observed_at > at, str(event.id)
            return Told(data.kpi, reading, "recorded", 0, data.content, data.source_version, ahead)
        case ReadingCorrected():
            reading, revision, ahead = str(data.reading), data.revision, data.observed_at > at
            return Told(data.kpi, reading, "corrected", revision, data.content, data.source_version, ahead)
        case ReadingRetracted():
            return Told(data.kpi, str(data.reading), "retracted", data.revision, "", None)
        case ReadingDisputed():
            return Told(data.kpi, str(data.reading), "disputed", 0, data.content, data.source_version)
        case ReadingConfirmed():
            return Told(data.kpi, str(data.reading), "confirmed", 0, data.content, data.source_version)
        case _:
            return None


def _version(told: Told, position: int) -> Version:
    _, _, kind, revision, content, source_version, ahead = told
    return Version(position, kind, revision, content, source_version, ahead)
