"""Taking in what feeds published to NATS, in the order of the stream INTAKE."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import unquote

import asyncpg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from events.ids import SLUG
from projections.state.fold import STATE
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
from services.postgres.views import LedgerDiffers, ViewsUnavailable
from services.runtime.waking import woken

log = structlog.get_logger(__name__)

TICK = 1.0
"""Seconds after which INTAKE is looked at without a nudge (one may be lost)."""
RETRY = 1.0
"""Seconds between tries when another process reads INTAKE or an engine is away."""

LOOK_BACK = 5.0
"""Seconds between looks whether a ledger was restored, so that deliveries have to be taken in again."""
MARGIN = timedelta(days=1)
"""How long a delivery may have waited before it was on the ledger that was lost."""

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


class Consumer:
    """Reads INTAKE from the checkpoint, for ever. One process reads; others wait for it to go away."""

    def __init__(self, intake: Intake, deliveries: Deliveries, engine: AsyncEngine) -> None:
        self._intake = intake
        self._deliveries = deliveries
        self._engine = engine
        self._checkpoint = Checkpoint(engine)
        self._nudge = asyncio.Event()
        self._looked_back = float("-inf")

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
            position = await self._go_back(position)
            async for run in self._deliveries.read(position):
                await locks.check(_LOCK)
                await self._take(run)
                await self._checkpoint.move(position, run[-1].position)
                position = run[-1].position
                metrics.BEHIND.set(max(0, await self._deliveries.head() - position))
            await woken(self._nudge, TICK)
            await locks.check(_LOCK)

    async def _go_back(self, position: int) -> int:
        """Return where to go on: before what a ledger has to take in again, because it was restored.

        Its readings were lost with it, or stepped over while nobody had accepted it. What is known is a
        duplicate.
        """
        if time.monotonic() - self._looked_back < LOOK_BACK:
            return position
        builds, known = await self._intake.all_views(), await self._checkpoint.epochs()
        starts: dict[str, int] = {}
        epochs: dict[str, int] = {}
        for (workspace, group), build in builds.items():
            epoch, held_from = known.get(workspace, (1, None))
            if group != STATE.name or build.differs is not None:
                continue
            start = position if held_from is None else held_from - 1
            if build.epoch > epoch:
                start = min(start, await self._before_cut(workspace, epoch))
            if build.epoch > epoch or held_from is not None:
                starts[workspace], epochs[workspace] = start, build.epoch
        if starts:
            back = min(position, *starts.values())
            log.warning(
                "deliveries are taken in again: a ledger was restored", workspaces=sorted(starts), after=back
            )
            await self._checkpoint.go_back(position, back, epochs)
            position = back
        self._looked_back = time.monotonic()
        return position

    async def _before_cut(self, workspace: str, epoch: int) -> int:
        """Return a delivery before all that a ledger lost since an epoch."""
        since: datetime | None = datetime.max.replace(tzinfo=UTC)
        for restored in await self._intake.restores(workspace):
            if restored.epoch > epoch and since is not None:
                since = None if restored.cut_at is None else min(since, restored.cut_at)
        return 0 if since is None else await self._deliveries.before(since - MARGIN)

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
        except LedgerDiffers:
            # Other workspaces need not wait until a person has looked at this one.
            log.warning("deliveries are stepped over for now: the ledger differs", workspace=workspace)
            await self._checkpoint.hold(workspace, deliveries[0].position)
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
    """Return the item of a CloudEvent in structured or binary mode, or why there is none."""
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
