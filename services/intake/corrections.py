"""Correcting (정정) and retracting (취소) a reading by a person: the old value stays on record.

Unlike what a source sends, a correction says that it is one, so it may bring back content that was replaced.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from events.decimals import Number
from events.envelope import Event, RecordedEvent, UndecodableEvent, encode
from events.ids import Aggregate, event_id, ledger_subject, revision_id
from events.readings.events import (
    ReadingContent,
    ReadingCorrected,
    ReadingRecorded,
    ReadingRetracted,
)
from events.readings.identity import Version
from events.registry import EventData, event_type
from projections.state.queries_readings import kpi_of
from services.intake.deduplication import Decision, Told
from services.intake.intake import Intake
from services.intake.items import Dimensions, Item, Text
from services.intake.known_from import Batch
from services.intake.validation import Candidate, Validator
from services.ledger import Entry, Ledger, recorded
from services.postgres.views import NotBuilt, Views

Seal = Callable[[Event], Awaitable[Event]]
"""Encrypts the personal text of an event."""

CATCH_UP_SECONDS = 5.0
"""How long a reading that nobody knows may still come into the views."""


class ReadingUnknown(Exception):
    """There is no such reading."""


class OtherFeed(Exception):
    """The reading belongs to another feed than the one that asks."""


class OtherRequest(Exception):
    """The Idempotency-Key belongs to another request."""


class Correction(BaseModel):
    """What a reading is from now on; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    value: Number | None = None
    numerator: Number | None = None
    denominator: Number | None = None
    observed_at: Text | None = Field(None, description="When it was so. Moves the reading to another day.")
    period: Text | None = Field(None, description="Instead of `observed_at`, as when it was sent.")
    unit: Text | None = Field(None, description="If given, it must be the KPI's.")
    dimensions: Dimensions | None = None


class Order(NamedTuple):
    """Who corrects or retracts which reading, and why."""

    workspace: str
    reading: str
    actor: str
    reason: str
    kpi: str | None = None
    """If the caller knows it."""
    feed: str | None = None
    """If given, the reading must be this feed's."""
    key: str | None = None
    """The Idempotency-Key."""
    body_hash: str = ""
    correlation_id: str | None = None


class Answer(NamedTuple):
    """What is on record now, the same for the first try and every retry with the same key."""

    reading: str
    event_id: UUID
    position: int
    revision: int
    changed: bool
    """False if it was so already, and nothing was appended."""
    replayed: bool = False
    batch: Batch | None = None
    """With what it was stored, if that was just now."""


class _InForce(NamedTuple):
    """A reading as it counts now."""

    event: RecordedEvent
    """What the last version says."""
    content: ReadingContent
    """The last value; of a retracted reading the one before."""
    revision: int

    @property
    def retracted(self) -> bool:
        return isinstance(self.event.event.data, ReadingRetracted)


class Corrections:
    """Carries out corrections and retractions. One for a process, beside its intake."""

    def __init__(self, intake: Intake, ledger: Ledger, views: Views, seal: Seal) -> None:
        self._intake = intake
        self._ledger = ledger
        self._views = views
        self._seal = seal

    async def correct(self, order: Order, correction: Correction) -> Answer:
        """Give a reading other content. Raises as `retract` does, and Rejected."""
        catalogue = await self._intake.current_catalogue(order.workspace)

        def event(in_force: _InForce, now: datetime) -> EventData | None:
            admission = Validator(catalogue, in_force.content.feed, now, correcting=True)
            candidate = _corrected(admission, in_force.content, correction)
            if not in_force.retracted and _same(candidate, in_force.content):
                return None
            reading = UUID(order.reading)
            return ReadingCorrected(**candidate.data, reading=reading, revision=in_force.revision + 1)

        return await self._carry_out(order, event)

    async def retract(self, order: Order) -> Answer:
        """Let a reading count no longer.

        Raises ReadingUnknown, OtherFeed, OtherRequest, FarBehind, NotThereYet, ViewsUnavailable,
        LedgerUnavailable, LedgerUncertain.
        """

        def event(in_force: _InForce, _now: datetime) -> EventData | None:
            if in_force.retracted:
                return None
            reading, revision = UUID(order.reading), in_force.revision + 1
            return ReadingRetracted(kpi=in_force.content.kpi, reading=reading, revision=revision)

        return await self._carry_out(order, event)

    async def _carry_out(
        self, order: Order, decide: Callable[[_InForce, datetime], EventData | None]
    ) -> Answer:
        known = self._intake.known_readings(order.workspace)
        kpi = order.kpi or await self._kpi(order)

        async def decide_now() -> Decision[Answer]:
            looked_up = await known.look_up([order.reading], [kpi])
            snapshot = await known.catch_up([kpi], [order.reading], looked_up)
            versions = known.find({order.reading}, snapshot).get(order.reading, [])
            events = [
                await self._at(order, version)
                for version in versions
                if version.kind in ("recorded", "corrected", "retracted")
            ]
            in_force = _in_force([event for event in events if event is not None])
            if in_force is None:
                # Perhaps another process took it a moment ago: then something newer is on the subject.
                return Decision([], [], partial(_refuse_unknown, order.reading), {kpi})
            if order.feed is not None and in_force.content.feed != order.feed:
                raise OtherFeed(in_force.content.feed)
            earlier = _earlier(order, events)
            if earlier is not None:
                return Decision([], [], lambda *_: earlier)
            now = await self._ledger.now(order.workspace)  # as intake does
            data = decide(in_force, now)
            if data is None:
                last = in_force.event
                as_it_was = Answer(order.reading, last.event.id, last.position, in_force.revision, False)
                return Decision([], [], lambda *_: as_it_was, {kpi})
            revision = in_force.revision + 1
            event = _event(order, kpi, data, revision, now)
            entry = Entry(ledger_subject(order.workspace, event.aggregate), encode(await self._seal(event)))
            return Decision(
                [entry],
                [_told(order, kpi, data, now)],
                lambda position, batch: Answer(
                    order.reading, event.id, position, revision, True, batch=batch
                ),
            )

        return await known.append(decide_now)

    async def _kpi(self, order: Order) -> str:
        """Return the KPI of a reading, also of one that was recorded a moment ago.

        Raises ReadingUnknown, NotThereYet, ViewsUnavailable.
        """
        with suppress(NotBuilt):
            async with self._views.open(order.workspace, purpose="write") as view:
                kpi = await kpi_of(view.connection, order.reading)
                if kpi is not None:
                    return kpi
        head = await self._ledger.head(order.workspace)
        async with self._views.open(
            order.workspace, purpose="write", at_least=head, timeout=CATCH_UP_SECONDS
        ) as view:
            kpi = await kpi_of(view.connection, order.reading)
        if kpi is None:
            raise ReadingUnknown(order.reading)
        return kpi

    async def _at(self, order: Order, version: Version) -> RecordedEvent | None:
        """Return the event of a version, from the ledger."""
        batches = self._ledger.read(order.workspace, version.position - 1, batch=1)
        async with aclosing(batches):
            async for messages in batches:
                try:
                    return recorded(messages[0])
                except UndecodableEvent:
                    return None
        return None


def _refuse_unknown(reading: str, *_: object) -> Answer:
    raise ReadingUnknown(reading)


def _in_force(events: list[RecordedEvent]) -> _InForce | None:
    contents = [
        found.event.data
        for found in events
        if isinstance(found.event.data, ReadingRecorded | ReadingCorrected)
    ]
    if not contents:
        return None
    last = events[-1]
    revision = getattr(last.event.data, "revision", 0)
    return _InForce(last, contents[-1], revision)


def _corrected(admission: Validator, before: ReadingContent, correction: Correction) -> Candidate:
    """Return the reading with its changes, checked as an item is. Raises Rejected."""
    said: dict[str, Any] = {
        name: getattr(correction, name)
        for name in correction.model_fields_set
        if getattr(correction, name) is not None
    }
    kept = {name: getattr(before, name) for name in ("value", "numerator", "denominator", "dimensions")}
    if "dimensions" in correction.model_fields_set:
        kept["dimensions"] = None
    item = Item.model_construct(
        **({"observed_at": None, "period": None, "unit": None} | kept | said),
        kpi=before.kpi,
        source_id=before.source_id,
        source_version=None,
    )
    when = None
    if not said.keys() & {"observed_at", "period"}:
        when = admission.time_of(before)
    return admission.admit(0, item, when)


def _same(candidate: Candidate, before: ReadingContent) -> bool:
    after = ReadingRecorded(**candidate.data)
    compared = ("value", "numerator", "denominator", "observed_at", "dimensions")
    return all(getattr(after, name) == getattr(before, name) for name in compared)


def _event(order: Order, kpi: str, data: EventData, revision: int, now: datetime) -> Event:
    cause = None if order.key is None else str(_cause(order, order.key))
    return Event(
        id=revision_id(UUID(order.reading), revision),
        type=event_type(data),
        workspace=order.workspace,
        aggregate=Aggregate("reading", kpi),
        time=now,
        actor=order.actor,
        data=data,
        reason=order.reason,
        correlation_id=order.correlation_id,
        causation_id=cause,
        request=None if cause is None else f"{order.body_hash}:1",
    )


def _cause(order: Order, key: str) -> UUID:
    """Return what a request with an Idempotency-Key is known by among the versions of its reading."""
    return event_id(order.workspace, order.actor, key, 0)


def _earlier(order: Order, events: list[RecordedEvent | None]) -> Answer | None:
    """Return what the first try with this key did. Raises OtherRequest."""
    if order.key is None:
        return None
    cause = str(_cause(order, order.key))
    for found in events:
        if found is not None and found.event.causation_id == cause:
            if found.event.request != f"{order.body_hash}:1":
                raise OtherRequest
            revision = getattr(found.event.data, "revision", 0)
            return Answer(order.reading, found.event.id, found.position, revision, True, replayed=True)
    return None


def _told(order: Order, kpi: str, data: EventData, now: datetime) -> Told:
    if isinstance(data, ReadingCorrected):
        ahead, version = data.observed_at > now, data.source_version
        return Told(kpi, order.reading, "corrected", data.revision, data.content, version, ahead)
    assert isinstance(data, ReadingRetracted)
    return Told(kpi, order.reading, "retracted", data.revision, "", None)
