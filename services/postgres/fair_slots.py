"""Fair shares of a few connections: whoever asks for very many makes others wait for one query at most.

SQLAlchemy's pool serves whoever came first, so 300 reads of one workspace would keep all others waiting.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Literal, NamedTuple

Purpose = Literal["read", "write"]
"""Reads of a workspace do not hold up its writes, nor the other way round."""


class Full(Exception):
    """Too many wait for the same share, or one waited for too long."""


class _Share(NamedTuple):
    workspace: str
    purpose: Purpose


class FairSlots:
    """A number of slots. Of those who wait, the next one goes to the workspace that holds the fewest.

    Of those that hold as many it goes to the one that got one longest ago. A workspace holds three quarters
    of the slots at the most, and half of them for one purpose.
    """

    def __init__(self, slots: int, *, queue: int, patience: float) -> None:
        """`queue`: how many may wait for one share; `patience`: seconds that each of them waits."""
        self._free = slots
        self._most_of_workspace = max(1, slots * 3 // 4)
        self._most_of_share = max(1, slots // 2)
        self._queue = queue
        self._patience = patience
        self._held: Counter[_Share] = Counter()
        self._held_by: Counter[str] = Counter()
        self._waiting: dict[_Share, deque[asyncio.Future[None]]] = {}
        self._granted: dict[str, int] = {}
        """When each workspace got its last slot, as a number that grows."""
        self._grants = count(1)

    @asynccontextmanager
    async def slot(self, workspace: str, purpose: Purpose) -> AsyncIterator[None]:
        """Hold a slot. Raises Full."""
        share = _Share(workspace, purpose)
        await self._take(share)
        try:
            yield
        finally:
            self._give_back(share)

    async def _take(self, share: _Share) -> None:
        if self._free and self._may_hold_more(share):
            self._grant(share)
            return
        queued = len(self._waiting.get(share, ()))
        if queued >= self._queue:
            raise Full(f"{queued} wait for a connection already")
        waiting = self._waiting.setdefault(share, deque())
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(granted)
        try:
            async with asyncio.timeout(self._patience):
                await granted
        except BaseException as error:
            if granted.cancelled():
                with suppress(ValueError):  # its turn came while it was being cancelled
                    waiting.remove(granted)
                self._forget_idle(share)
            else:
                self._give_back(share)
            if isinstance(error, TimeoutError):
                raise Full(f"no connection became free in {self._patience:g} s") from None
            raise

    def _may_hold_more(self, share: _Share) -> bool:
        return (
            self._held[share] < self._most_of_share
            and self._held_by[share.workspace] < self._most_of_workspace
        )

    def _grant(self, share: _Share) -> None:
        self._free -= 1
        self._held[share] += 1
        self._held_by[share.workspace] += 1
        self._granted[share.workspace] = next(self._grants)

    def _give_back(self, share: _Share) -> None:
        self._free += 1
        self._held[share] -= 1
        self._held_by[share.workspace] -= 1
        self._serve_waiting()
        self._forget_idle(share)

    def _serve_waiting(self) -> None:
        while self._free:
            fitting = [share for share in self._waiting if self._may_hold_more(share)]
            if not fitting:
                return
            share = min(fitting, key=self._turn)
            granted = self._waiting[share].popleft()
            if not self._waiting[share]:
                del self._waiting[share]
            if not granted.done():  # else it was cancelled in this moment
                self._grant(share)
                granted.set_result(None)

    def _turn(self, share: _Share) -> tuple[int, int, int]:
        workspace = share.workspace
        return self._held_by[workspace], self._granted.get(workspace, 0), self._held[share]

    def _forget_idle(self, share: _Share) -> None:
        """Keep nothing of who holds nothing and waits for nothing."""
        if not self._waiting.get(share, True):
            del self._waiting[share]
        if not self._held[share]:
            del self._held[share]
        if not self._held_by[share.workspace]:
            del self._held_by[share.workspace]
            self._granted.pop(share.workspace, None)
