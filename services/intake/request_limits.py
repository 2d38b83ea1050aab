"""How many requests with readings may be under way: what could only wait is refused early, before it costs.

A few large requests fill a process, so they get fair shares of a few slots: nobody's bulk import keeps that
of another workspace, or small requests and reads, waiting. Small requests share batches: many may wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.postgres.fair_slots import FairSlots, Full

SMALL_BYTES = 64 * 1024
"""Size up to which a body is small; one that does not tell its size is large."""
MOST_SMALL = 1000
"""Small requests of one workspace that may be under way in a process."""
LARGE = 8
"""Large requests that may be under way in a process; of one workspace half of them."""
LARGE_QUEUE = 16
"""Large requests of one workspace that may wait for their turn …"""
LARGE_PATIENCE = 5.0
"""… and how many seconds each of them waits."""


class Busy(Exception):
    """The workspace sends more at once than its share. Ask again after `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("too many requests with readings at once")
        self.retry_after = retry_after


class RequestLimits:
    """Who may send readings now. One for a process."""

    def __init__(self) -> None:
        self._large = FairSlots(LARGE, queue=LARGE_QUEUE, patience=LARGE_PATIENCE)
        self._small: Counter[str] = Counter()

    @asynccontextmanager
    async def admitted(self, workspace: str, size: int | None) -> AsyncIterator[None]:
        """Hold a place for a request whose body has so many bytes (None: unknown). Raises Busy."""
        if size is None or size > SMALL_BYTES:
            async with self._large_admitted(workspace):
                yield
            return
        if self._small[workspace] >= MOST_SMALL:
            raise Busy(1.0)
        self._small[workspace] += 1
        try:
            yield
        finally:
            self._small[workspace] -= 1
            if not self._small[workspace]:
                del self._small[workspace]

    @asynccontextmanager
    async def _large_admitted(self, workspace: str) -> AsyncIterator[None]:
        slot = self._large.slot(workspace, "write")
        try:
            await slot.__aenter__()
        except Full:
            raise Busy(LARGE_PATIENCE) from None
        try:
            yield
        finally:
            await slot.__aexit__(None, None, None)
