"""A workspace that takes readings, with views that move only when a test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from nats.aio.client import Client
from sqlalchemy.ext.asyncio import AsyncEngine

from events.envelope import Event, encode
from events.feeds.events import FeedDeclaration, FeedRegistered
from events.ids import Aggregate, event_id, ledger_subject, reading_id
from events.kpis.definition import ReadingKind
from events.kpis.events import KpiDefined
from events.measures import Aggregation
from events.registry import EventData, event_type
from projections.groups import GROUPS
from services.intake.corrections import Corrections
from services.intake.event_builder import Source
from services.intake.intake import Intake
from services.intake.items import CHUNK
from services.intake.receipts import Receipt
from services.ledger import Entry, Ledger, StoredMessage
from services.postgres.views import Views
from services.projector import builds
from services.projector.writer import BuildWriter, decode
from services.runtime.settings import Settings

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
"""What intake believes the time is."""

AGGREGATIONS: dict[ReadingKind, Aggregation] = {
    "delta": "sum",
    "total": "last",
    "gauge": "last",
    "ratio": "ratio",
}


class Desk:
    """One workspace, its ledger, and the group `state` built as far as `project` was told."""

    def __init__(self, settings: Settings, ledger: Ledger, engine: AsyncEngine, workspace: str) -> None:
        self.settings = settings
        self.sender: Client | None = None
        """A connection as systems that send have it, where a test wants one."""
        self.ledger = ledger
        self.engine = engine
        self.workspace = workspace
        self._intakes: list[Intake] = []

    def intake(self) -> Intake:
        """A new intake process, as far as memory goes."""
        made = Intake.connect(self.settings, self.ledger)

        async def now(_workspace: str) -> datetime:
            return NOW

        made._now = now
        self._intakes.append(made)
        return made

    async def end(self, intake: Intake) -> None:
        """End one of them: many that live at once would take all connections of PostgreSQL's."""
        self._intakes.remove(intake)
        await intake.close()

    def source(self, feed: str = "erp") -> Source:
        """Who sends."""
        return Source(self.workspace, feed, f"feed:{feed}")

    async def send(
        self, intake: Intake, items: Sequence[Any], *, feed: str = "erp", chunk: int = CHUNK
    ) -> list[Receipt]:
        """Send items; the receipts, of which there is one for each item, in order."""
        receipts: list[Receipt] = []
        async with aclosing(intake.take(self.source(feed), chunked(items, chunk))) as answers:
            async for some in answers:
                receipts += some
        assert [receipt.place for receipt in receipts] == list(range(len(items)))
        return receipts

    def corrections(self) -> Corrections:
        """Corrections by persons, beside an intake process of their own; nothing is encrypted."""

        async def seal(event: Event) -> Event:
            return event

        return Corrections(self.intake(), self.ledger, Views.connect(self.settings), seal)

    def id_of(self, source_id: str, *, feed: str = "erp", kpi: str = "sales") -> str:
        """The identity of a reading."""
        return str(reading_id(self.workspace, feed, kpi, source_id))

    async def say(self, kind: str, id_: str, data: EventData) -> int:
        """Append an event of somebody else, unguarded; its position."""
        aggregate = Aggregate(kind, id_)
        event = Event(
            event_id(self.workspace, "person:anna", None, 0),
            event_type(data),
            self.workspace,
            aggregate,
            NOW,
            "person:anna",
            data,
        )
        return await self.append(aggregate, encode(event))

    async def append(self, aggregate: Aggregate, payload: bytes) -> int:
        """Append any payload; its position."""
        subject = ledger_subject(self.workspace, aggregate)
        return (await self.ledger.append(self.workspace, [Entry(subject, payload)], {})).last

    async def define(self, kpi: str, kind: ReadingKind = "delta", unit: str = "KRW") -> None:
        """Define a KPI."""
        await self.say(
            "kpi",
            kpi,
            KpiDefined(
                name_ko=kpi,
                name_en=kpi,
                unit=unit,
                kind=kind,
                aggregation=AGGREGATIONS[kind],
                cadence="month",
                empty="missing",
            ),
        )

    async def declare(self, feed: str, **declaration: Any) -> None:
        """Register a feed."""
        await self.say("feed", feed, FeedRegistered(name=feed, declaration=FeedDeclaration(**declaration)))

    async def ledger_messages(self) -> list[StoredMessage]:
        """Everything on the ledger."""
        return [message async for run in self.ledger.read(self.workspace, 0) for message in run]

    async def begin_views(self) -> None:
        """Make an empty build that reads use, as a projector does first."""
        async with self.engine.begin() as connection:
            build = await builds.create(connection, self.workspace, GROUPS["state"])
            await builds.create_late_indexes(connection, build)
            await builds.activate(connection, build)
        self._writer = BuildWriter(self.engine, build, waived=frozenset())
        await self._writer.start()

    @property
    def projected(self) -> int:
        """Where the views are."""
        return self._writer.position

    async def project(self, until: int | None = None) -> int:
        """Let the views catch up, or only up to a position; where they are then."""
        async for run in self.ledger.read(self.workspace, self._writer.position, batch=500):
            wanted = [message for message in run if until is None or message.position <= until]
            await self._writer.write(decode(wanted))
            if len(wanted) < len(run):
                break
        return self._writer.position

    async def close(self) -> None:
        """Close what was made."""
        for intake in self._intakes:
            await intake.close()


async def chunked(items: Sequence[Any], size: int) -> AsyncIterator[list[Any]]:
    """Items as they come from a request: in chunks."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def item(source_id: str, value: Any = "1", **fields: Any) -> dict[str, Any]:
    """A good item."""
    return {
        "kpi": "sales",
        "source_id": source_id,
        "value": value,
        "observed_at": "2026-06-01T09:00:00+09:00",
        **fields,
    }


def statuses(receipts: Iterable[Receipt]) -> list[str]:
    """What became of each item."""
    return [receipt.status for receipt in receipts]
