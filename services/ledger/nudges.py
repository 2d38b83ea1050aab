"""Nudges: a small message after each append and each commit of views, so that nobody asks all the time.

They are NATS core messages, so one can be lost; who waits for something looks at the ledger now and then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from nats.aio.msg import Msg

from services.ledger.client import ConnectionLost, LedgerClient, publication
from services.ledger.errors import LedgerUnavailable
from services.ledger.stream_api import StreamApi
from services.runtime.background import TOLD_PREFIX
from services.runtime.waking import woken

log = structlog.get_logger(__name__)

PREFIX = "nudge.ledger."
VIEWS_PREFIX = "nudge.views."
DAMAGE_PREFIX = "nudge.damage."
_LOOK_SECONDS = 1.0
"""How often a waiting reader looks at the ledger itself."""

Callback = Callable[[str, int], Awaitable[None]]
"""Called with the workspace and its last position as the nudge says."""

Told = Callable[[str, bytes], None]
"""Called with the name of a worker process and what does not run well there, as JSON."""

Moved = Callable[[str, str], None]
"""Called with the workspace and the group whose views have moved."""


class Nudges:
    """Sends nudges, and wakes those who wait for a position."""

    def __init__(self, client: LedgerClient, api: StreamApi) -> None:
        self._client = client
        self._api = api
        self._heads: dict[str, int] = {}
        self._moved: dict[str, asyncio.Event] = {}
        self._listening: asyncio.Task[None] | None = None

    async def send(self, workspace: str, position: int) -> None:
        """Tell everybody that the ledger reaches this position. A lost one is made up for by looking."""
        await self._send(f"{PREFIX}{workspace}", position)

    async def send_views(self, workspace: str, group: str, position: int) -> None:
        """Tell everybody that the views of a group show this position."""
        await self._send(f"{VIEWS_PREFIX}{workspace}.{group}", position)

    async def send_damage(self, workspace: str, group: str, build: int, damage: str) -> None:
        """Tell the projector that a read found a build damaged; `damage` is one word."""
        await self._send(f"{DAMAGE_PREFIX}{workspace}.{group}.{damage}", build)

    async def _send(self, subject: str, position: int) -> None:
        try:
            await self._client.send(publication(subject.encode(), b"%d" % position))
        except ConnectionLost:
            return

    async def subscribe_views(self, moved: Moved) -> None:
        """Call back on each nudge of any view, for as long as the connection lives."""

        async def received(message: Msg) -> None:
            moved(*message.subject.removeprefix(VIEWS_PREFIX).split("."))

        await self._client.subscribe(f"{VIEWS_PREFIX}*.*", cb=received)

    async def subscribe_failures(self, told: Told) -> None:
        """Call back with what fails in workers, again and again while it does."""

        async def received(message: Msg) -> None:
            told(message.subject.removeprefix(TOLD_PREFIX), message.data)

        await self._client.subscribe(f"{TOLD_PREFIX}>", cb=received)

    async def subscribe(self, workspace: str, callback: Callback) -> Callable[[], Awaitable[None]]:
        """Call back on each nudge of a workspace (`*` for all); the result ends it."""

        async def received(message: Msg) -> None:
            name, position = message.subject.removeprefix(PREFIX), message.data
            if position.isdigit():
                await callback(name, int(position))

        subscription = await self._client.subscribe(f"{PREFIX}{workspace}", cb=received)

        async def end() -> None:
            if not self._client.is_closed:
                await subscription.unsubscribe()

        return end

    async def wait(self, workspace: str, after: int, timeout: float) -> int:
        """Return the head of a ledger as soon as it is past a position, or what it is after `timeout`
        seconds.

        Raises WorkspaceUnknown, and LedgerUnavailable when the ledger can't be asked.
        """
        if self._listening is None:
            self._listening = asyncio.ensure_future(self._listen())
        await asyncio.shield(self._listening)
        deadline = time.monotonic() + timeout
        while True:
            moved = self._moved.setdefault(workspace, asyncio.Event())
            if self._heads.get(workspace, 0) <= after:
                await self._note(workspace, await self._api.head(workspace))
            head, left = self._heads.get(workspace, 0), deadline - time.monotonic()
            if head > after or left <= 0:
                return head
            await woken(moved, min(left, _LOOK_SECONDS))

    async def _listen(self) -> None:
        try:
            await self.subscribe("*", self._note)
        except Exception as error:
            self._listening = None
            raise LedgerUnavailable(str(error)) from error

    async def _note(self, workspace: str, head: int) -> None:
        if head > self._heads.get(workspace, 0):
            self._heads[workspace] = head
            moved = self._moved.pop(workspace, None)
            if moved is not None:
                moved.set()
