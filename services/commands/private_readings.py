"""Reading what was said to others goes on record (`private_text.read`), once a day per reader and thing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date

from events.ids import Aggregate
from events.talk.commands import RecordReading
from services.access.callers import Caller
from services.commands.handler import Goals

REMEMBERED = 100_000
"""Readings that a process remembers as recorded, so that it need not ask again."""
AT_ONCE = 8
"""Readings of one request that are recorded at a time."""


class PrivateReadings:
    """Puts on record who reads what was said to others. One for a process."""

    def __init__(self, goals: Goals) -> None:
        self._goals = goals
        self._recorded: set[tuple[str, str, Aggregate, date]] = set()

    async def record(self, caller: Caller, read: Iterable[Aggregate], today: date) -> None:
        """Put on record that the caller reads these, before they are shown; again on one day does nothing.

        Raises LedgerUnavailable: what cannot be put on record is not shown. Raises Refused if it is no
        longer the caller's to read.
        """
        turns = asyncio.Semaphore(AT_ONCE)

        async def record_one(aggregate: Aggregate) -> None:
            known = (caller.workspace, caller.actor, aggregate, today)
            if known in self._recorded:
                return
            async with turns:
                await self._goals.execute(caller, aggregate, RecordReading())
            if len(self._recorded) >= REMEMBERED:
                self._recorded.clear()
            self._recorded.add(known)

        await asyncio.gather(*(record_one(aggregate) for aggregate in read))
