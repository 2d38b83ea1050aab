"""The event loop that the processes run on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from services.runtime.heartbeat import beating
from services.runtime.tasks import end

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run like `asyncio.run`, on uvloop where there is one, and show the supervisor that the loop turns.

    On uvloop what is sent and received costs less.
    """

    async def alive() -> T:
        try:
            async with beating():
                return await main
        finally:
            # The runner would cancel them once and wait for ever.
            await end(*(asyncio.all_tasks() - {asyncio.current_task()}))

    with asyncio.Runner(loop_factory=_factory()) as runner:
        return runner.run(alive())


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on every platform
        return None
    return uvloop.new_event_loop
