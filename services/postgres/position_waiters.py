"""Waiting until views show a position: one look for all who wait, however many there are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

from services.runtime.tasks import end
from services.runtime.waking import woken

FIRST_LOOK, LONGEST_LOOK = 0.02, 0.1
"""Seconds between looks: a nudge causes one earlier, but can be lost."""

Views = tuple[str, str]
"""A workspace and a group."""


class NotThereYet(Exception):
    """The views did not reach a position in time; they stand at `position`."""

    def __init__(self, wanted: int, position: int) -> None:
        super().__init__(f"views are at {position}, not yet at {wanted}")
        self.wanted = wanted
        self.position = position


class TooManyWaiting(Exception):
    """As many as may wait for positions of one workspace do so already."""


@dataclass(slots=True, eq=False)
class _Waiter:
    views: Views
    position: int
    reached: int = 0
    arrived: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def take(self, reached: int | Exception) -> None:
        """Learn how far the views are, or why it is no use to wait."""
        if isinstance(reached, Exception):
            self.arrived.set_exception(reached)
            return
        self.reached = reached
        if reached >= self.position:
            self.arrived.set_result(None)


class PositionWaiters:
    """Lets callers of one process wait for positions. A single task looks for all of them."""

    def __init__(
        self, look: Callable[[Collection[Views]], Awaitable[Mapping[Views, int | Exception]]], *, most: int
    ) -> None:
        """`look` answers how far some views are, or why that is no use; `most` may wait in one workspace."""
        self._look = look
        self._most = most
        self._waiters: set[_Waiter] = set()
        self._of_workspace: Counter[str] = Counter()
        self._moved = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def wait(self, workspace: str, group: str, position: int, timeout: float) -> None:
        """Return once the views show the position.

        Raises NotThereYet after `timeout` seconds, TooManyWaiting, and what a look raises.
        """
        if self._of_workspace[workspace] >= self._most:
            raise TooManyWaiting(f"{self._most} wait for positions of {workspace} already")
        waiter = _Waiter((workspace, group), position)
        self._waiters.add(waiter)
        self._of_workspace[workspace] += 1
        try:
            self._moved.set()  # a look that began earlier may have missed it
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look_for_all(), name="positions of views")
            async with asyncio.timeout(timeout):
                await waiter.arrived
        except TimeoutError:
            raise NotThereYet(position, waiter.reached) from None
        finally:
            self._waiters.discard(waiter)
            self._of_workspace[workspace] -= 1
            if not self._of_workspace[workspace]:
                del self._of_workspace[workspace]

    def nudged(self, workspace: str, group: str) -> None:
        """Look at once if somebody waits for these views: they have moved."""
        if any(waiter.views == (workspace, group) for waiter in self._waiters):
            self._moved.set()

    async def close(self) -> None:
        """Look no more."""
        if self._looking is not None:
            await end(self._looking)

    async def _look_for_all(self) -> None:
        pause = FIRST_LOOK
        while asked := [waiter for waiter in self._waiters if not waiter.arrived.done()]:
            self._moved.clear()
            try:
                reached = await self._look({waiter.views for waiter in asked})
            except Exception as error:
                for waiter in asked:
                    if not waiter.arrived.done():
                        waiter.take(error)
                continue  # who comes meanwhile has a look of their own
            for waiter in asked:
                if not waiter.arrived.done():
                    waiter.take(reached.get(waiter.views, 0))
            pause = FIRST_LOOK if await woken(self._moved, pause) else min(pause * 2, LONGEST_LOOK)
