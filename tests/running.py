"""The services of Goaltrail inside the test's own process, on the test's real servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from services.projector.builds import GROUPS
from services.projector.main import Projector
from services.runtime.settings import Settings

Found = TypeVar("Found")


@asynccontextmanager
async def projecting(
    settings: Settings, groups: Sequence[str] = (), *, everything: bool = False
) -> AsyncIterator[Projector]:
    """A projector that follows the test's workspace, or every one of the server; leaves nothing running."""
    only = None if everything else settings.workspace
    projector = Projector(settings, [GROUPS[name] for name in groups or GROUPS], only=only)
    async with projector.running():
        await projector.broker.start()
        try:
            yield projector
        finally:
            await projector.broker.stop()


async def eventually(look: Callable[[], Awaitable[Found | None]], *, seconds: float = 20) -> Found:
    """What `look` finds as soon as it finds something true; fails the test after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < until, f"not within {seconds} s"
        await asyncio.sleep(0.02)
