"""Taking in what feeds published to NATS, in the order of the stream INTAKE."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any
from urllib.parse import unquote

import asyncpg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from events.ids import SLUG
from services.intake import metrics
from services.intake.checkpoints import Checkpoint, Moved
from services.intake.deduplication import FarBehind
from services.intake.event_builder import Source
from services.intake.formats import from_cloudevent, parse_item
from services.intake.intake import Intake
from services.intake.receipts import Receipt
from services.intake.rejections import Rejected
from services.ledger import LedgerUnavailable, LedgerUncertain, WorkspaceUnknown
from services.ledger.deliveries import Deliveries, Delivery
from services.postgres.locks import LockLost, Locks
from services.postgres.views import ViewsUnavailable
from services.runtime.waking import woken

log = structlog.get_logger(__name__)

TICK = 1.0
"""Seconds after which INTAKE is looked at without a nudge (one may be lost)."""
RETRY = 1.0
"""Seconds between tries when another process reads INTAKE or an engine is away."""

_LOCK = "intake deliveries"
_AWAY = (
    OSError,
    SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    LedgerUnavailable,
    LedgerUncertain,
    ViewsUnavailable,
    FarBehind,
)
_SUBJECT = re.compile(r"intake\.([^.]+)\.([^.]+)")
_FEED = re.compile(SLUG)


class Follower:
    """Reads INTAKE from the checkpoint, for ever. One process reads; others wait for it to go away."""

    def __init__(self, intake: Intake, deliveries: Deliveries, engine: AsyncEngine) -> None:
        self._intake = intake
        self._deliveries = deliveries
        self._engine = engine
        self._checkpoint = Checkpoint(engine)
        self._nudge = asyncio.Event()

    def nudge(self) -> None:
        """Say that there is something new."""
        self._nudge.set()

    async def run(self) -> None:
        """Follow until cancelled; an engine that is away, or another process, is waited for."""
        async with Locks(self._engine) as locks:
            while True:
                try:
                    if await locks.take(_LOCK):
                        await self._follow(locks)
                except (Moved, LockLost):
                    log.info("another process reads the deliveries")
                except Exception as error:
                    # An engine that is away is waited for. So is anything else: the deliveries are safe, and
                    # a process that gave up would leave them lying.
                    if isinstance(error, _AWAY):
                        log.warning("intake waits", because=f"{type(error).__name__}: {error}"[:200])
                    else:
                        log.exception("deliveries can't be taken in")
                    with suppress(*_AWAY):
                        await locks.give_back(_LOCK)
                await asyncio.sleep(RETRY)

    async def _follow(self, locks: Locks) -> None:
        position = await self._checkpoint.load()
        head = await self._deliveries.head()
        if head < position:
            # Another stream than the one that was read: everything of it is taken, known ones are duplicates.
            log.warning("INTAKE was replaced", head=head, checkpoint=position)
            await self._checkpoint.move(position, 0)
            position = 0
        while True:
            self._nudge.clear()
            async for run in self._deliveries.read(position):
                await locks.check(_LOCK)
                await self._take(run)
                await self._checkpoint.move(position, run[-1].position)
                position = run[-1].position
                metrics.BEHIND.set(max(0, await self._deliveries.head() - position))
            await woken(self._nudge, TICK)
            await locks.check(_LOCK)

    async def _take(self, run: Sequence[Delivery]) -> None:
        """Take a run of deliveries: the ones of each feed in order, all feeds at once.

        What feeds of one workspace sent shares its writes to the disk.
        """
        feeds = groupby(sorted(run, key=_by_subject), key=lambda found: found.subject)
        results = await asyncio.gather(
            *(self._take_feed(subject, list(deliveries)) for subject, deliveries in feeds),
            return_exceptions=True,
        )
        for result in results:
            if result is not None:
                raise result

    async def _take_feed(self, subject: str, deliveries: list[Delivery]) -> None:
        match = _SUBJECT.fullmatch(subject)
        if match is None or not _FEED.fullmatch(match[2]):
            await self._reject_all(deliveries, Rejected("not_a_feed", subject=subject))
            return
        workspace, feed = match.groups()
        items = [item_of(delivery) for delivery in deliveries]
        source = Source(workspace, feed, f"feed:{feed}")
        try:
            async for receipts in self._intake.take(source, _one(items)):
                for receipt in receipts:
                    await self._keep_rejected(deliveries[receipt.place], receipt)
        except WorkspaceUnknown:
            await self._reject_all(deliveries, Rejected("unknown_workspace", workspace=workspace))

    async def _keep_rejected(self, delivery: Delivery, receipt: Receipt) -> None:
        rejected = receipt.rejected
        if rejected is not None:
            await self._deliveries.reject(delivery, rejected.code, rejected.reason(), rejected.pointer)

    async def _reject_all(self, deliveries: Sequence[Delivery], rejected: Rejected) -> None:
        for delivery in deliveries:
            await self._deliveries.reject(delivery, rejected.code, rejected.reason(), None)


def item_of(delivery: Delivery) -> Any:
    """The item of a CloudEvent in structured or binary mode, or why there is none."""
    headers = delivery.headers
    structured = "ce-specversion" not in headers
    content = parse_item(delivery.payload.removeprefix(b"\xef\xbb\xbf"))
    if structured or isinstance(content, Rejected):
        return from_cloudevent(content)
    attributes = {
        name.removeprefix("ce-"): unquote(value) for name, value in headers.items() if name.startswith("ce-")
    }
    return from_cloudevent({**attributes, "data": content})


async def _one(chunk: list[Any]) -> AsyncIterator[list[Any]]:
    yield chunk


def _by_subject(delivery: Delivery) -> tuple[str, int]:
    return delivery.subject, delivery.position
