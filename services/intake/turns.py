"""Letting others have their turn: nothing on the event loop takes longer than some milliseconds."""

from __future__ import annotations

import asyncio
import time

SECONDS = 0.005
"""How long one task works before others get on."""


class Turns:
    """Measures how long a task has been working. What an item costs is up to whoever sends it, so counting
    items is not enough."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def give(self) -> None:
        """Let other tasks of the loop get on, if this one has been working for long enough."""
        if time.perf_counter() - self._since > SECONDS:
            await asyncio.sleep(0)
            self._since = time.perf_counter()
