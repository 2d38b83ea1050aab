"""Waiting to be woken, in the one way that a stop can't get lost in."""

from __future__ import annotations

import asyncio


async def woken(event: asyncio.Event, seconds: float) -> bool:
    """Wait until the event is set, for so many seconds at the most; whether it is.

    A task that is cancelled in the moment in which the event is set ends. With `asyncio.wait_for` it would go
    on in Python 3.11.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
