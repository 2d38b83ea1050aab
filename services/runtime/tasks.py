"""How a task is ended."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN = 2.0
"""Seconds until a task that still runs is cancelled again."""


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and return once all have ended, however they ended.

    A library may swallow a cancellation: `asyncio.wait_for` of Python 3.11, with which nats-py connects,
    does so when what it waits for fails in the same moment. Such a task is cancelled until it has ended.
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain
