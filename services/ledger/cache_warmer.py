"""Keeps in the server's cache what the next command is likely to need.

nats-server drops a block (8 MB, some 20,000 events) of a stream from its cache 10 s after the last use. The
next guard on a subject whose last message is in it waits until the block is read and indexed again: 12 to 20
ms at a million events, instead of 1 ms; so does the first append after a pause, for the last block. There is
no setting for it, so the blocks that commands of this process touched are read every few seconds; eight of
them cost the server some 80 MB.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from services.ledger.errors import LedgerError
from services.ledger.stream_api import Patience, StreamApi
from services.runtime.background import Background

_EVERY_SECONDS = 4.0
_FOR_SECONDS = 3600.0
"""How long after its last use a block is kept."""
_SPANS = 8
_SPAN = 10_000
"""Positions that share one look: fewer than a block of ordinary events has."""


class Warmth:
    """Touches recently used blocks for as long as they may be used again."""

    def __init__(self, api: StreamApi) -> None:
        self._api = api
        self._used: dict[tuple[str, int], tuple[str, int, float]] = {}
        self._task: Background | None = None

    def note(self, workspace: str, subject: str, position: int) -> None:
        """Note that a command used the message of a subject at a position."""
        span = (workspace, position // _SPAN)
        self._used.pop(span, None)
        self._used[span] = (subject, position, time.monotonic())
        if len(self._used) > _SPANS:
            del self._used[next(iter(self._used))]
        if self._task is None:
            self._task = Background("keep the ledger warm", self._touch)

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            await self._task.stop()

    async def _touch(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            for span, (subject, position, used) in list(self._used.items()):
                if time.monotonic() - used > _FOR_SECONDS:
                    self._used.pop(span, None)
                # By subject, so that the index of the block's subjects is used as well.
                with contextlib.suppress(LedgerError):
                    await self._api.next(span[0], subject, position - 1, Patience(0))
            for workspace in {workspace for workspace, _ in self._used}:
                with contextlib.suppress(LedgerError):
                    head = await self._api.head(workspace, Patience(0))
                    await self._api.at(workspace, head, Patience(0))
