"""From when on readings are known: the earliest `known_at` that shows them.

An append is answered with positions, not with a time. So when receipts are asked for, the ledger is looked at
once for each batch, and no append waits for it. Of what was stored before the views tell it, and the ledger
where they do not show it yet.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Iterable
from contextlib import aclosing, suppress
from datetime import datetime
from typing import Protocol

from projections.state import queries_readings
from services.ledger import Ledger, LedgerError
from services.postgres.views import NotBuilt, Views, ViewsUnavailable

_FETCH = 500
"""Messages of one fetch: few enough that decoding them takes a millisecond or two."""
_SECONDS = 2.0
"""How long it is looked for: what was stored is answered in any case."""
_JUMP = 1000
"""Positions that are read over to get to the next one that is wanted, instead of beginning there."""


class Batch:
    """Events that were appended together just now."""

    def __init__(self, ledger: Ledger, workspace: str, last: int, not_before: datetime | None) -> None:
        """`last` is the position of the last one. Events before it were recorded as late as `not_before`."""
        self._ledger = ledger
        self._workspace = workspace
        self._last = last
        self._not_before = not_before
        self._look: asyncio.Task[datetime | None] | None = None

    async def known_from(self) -> datetime | None:
        """Return from when on they are known; None if that can't be told now. All who ask share one look."""
        if self._look is None:
            self._look = asyncio.create_task(self._look_up())
        return await asyncio.shield(self._look)

    async def _look_up(self) -> datetime | None:
        with suppress(LedgerError, TimeoutError):
            async with asyncio.timeout(_SECONDS):
                last = await self._ledger.at(self._workspace, self._last)
                if last is not None and last.batch_end:
                    return _later(self._not_before, last.recorded_at)
                # Others share the batch, which is known once the last of them is.
                found = await _read(self._ledger, self._workspace, {self._last}, self._not_before)
                return found.get(self._last)
        return None


class Placed(Protocol):
    """Something that is said of an event."""

    @property
    def position(self) -> int | None:
        """Where the event is on the ledger."""

    @property
    def batch(self) -> Batch | None:
        """With what it was appended, if it was appended just now."""


async def known_from(
    ledger: Ledger, views: Views, workspace: str, placed: Iterable[Placed]
) -> dict[int, datetime]:
    """Return from when on some events are known, by position; what can't be told now is left out."""
    batches: dict[Batch, list[int]] = {}
    earlier: set[int] = set()
    for one in placed:
        if one.position is None:
            continue
        if one.batch is None:
            earlier.add(one.position)
        else:
            batches.setdefault(one.batch, []).append(one.position)
    found: dict[int, datetime] = {}
    for batch, positions in batches.items():
        since = await batch.known_from()
        if since is not None:
            found |= dict.fromkeys(positions, since)
    if earlier:
        with suppress(LedgerError, ViewsUnavailable, TimeoutError):
            async with asyncio.timeout(_SECONDS):
                found |= await _look_up(ledger, views, workspace, earlier)
    return found


async def _look_up(
    ledger: Ledger, views: Views, workspace: str, positions: Collection[int]
) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    not_before: datetime | None = None
    with suppress(NotBuilt):
        async with views.open(workspace, snapshot=False, purpose="write") as view:
            not_before = view.recorded_at
            shown = [position for position in positions if position <= view.position]
            found = await queries_readings.known_from(view.connection, shown)
    return found | await _read(ledger, workspace, positions - found.keys(), not_before)


async def _read(
    ledger: Ledger, workspace: str, positions: Collection[int], not_before: datetime | None
) -> dict[int, datetime]:
    """Return from when on events are known that no view shows yet. Raises LedgerError."""
    found: dict[int, datetime] = {}
    wanted = deque(sorted(positions))
    while wanted:
        begun = wanted[0]
        async with aclosing(ledger.read(workspace, begun - 1, batch=_FETCH)) as runs:
            async for messages in runs:
                for message in messages:
                    not_before = _later(not_before, message.recorded_at)
                    while message.batch_end and wanted and wanted[0] <= message.position:
                        found[wanted.popleft()] = not_before
                if not wanted or wanted[0] > messages[-1].position + _JUMP:
                    break
        if wanted and wanted[0] == begun:
            break  # a replica that is behind answered
    return found


def _later(one: datetime | None, other: datetime) -> datetime:
    """An event counts as recorded when the latest one before it was, also where a clock was set back."""
    return other if one is None else max(one, other)
