"""The ledger: append events, read them, wait for new ones. The only door to the streams."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from types import TracebackType
from typing import Self

from events.envelope import RecordedEvent
from events.ids import Aggregate, ledger_subject
from events.ledger.events import RESTORES, LedgerRestored
from services.ledger.append import Appended, Appender, Entry
from services.ledger.cache_warmer import Warmth
from services.ledger.client import CONNECT_SECONDS, LedgerClient
from services.ledger.identity import Difference, Mark, compare
from services.ledger.messages import StoredMessage, recorded
from services.ledger.nudges import Callback, Moved, Nudges, Told
from services.ledger.read import BATCH, Reader
from services.ledger.shared_append import SharedAppends
from services.ledger.stream_api import StreamApi
from services.ledger.streams import PROBE_SUBJECT
from services.runtime.settings import Settings

PATIENCE = 10.0
"""Seconds for which a request waits for a connection or a leader before it raises LedgerUnavailable."""

RequireSame = Callable[[str], Awaitable[None]]
"""Called with a workspace; raises if its ledger is known to be another one than the one that was read."""

_COMMAND = 8
"""Up to so many entries an append counts as a command of a person, whose next one should be fast."""


class Ledger:
    """The ledgers of all workspaces, over one connection. Closed by `close` or by `async with`."""

    def __init__(self, client: LedgerClient, *, patience: float = PATIENCE) -> None:
        """`client` must be open; `patience` as in PATIENCE, at most 60."""
        self.client = client
        """The connection, for what is no ledger: the token bucket, keys, deliveries."""
        self._api = StreamApi(client, patience=patience)
        self._appender = Appender(client, self._api, patience=patience)
        self._shared = SharedAppends(self._append)
        self._reader = Reader(client, self._api, patience=patience)
        self._nudges = Nudges(client, self._api)
        self._warmth = Warmth(self._api)
        self._require_same: RequireSame | None = None

    @classmethod
    async def connect(
        cls,
        settings: Settings,
        *,
        name: str = "goaltrail",
        timeout: float = CONNECT_SECONDS,
        patience: float = PATIENCE,
    ) -> Self:
        """Connect as the application within `timeout` seconds; later breaks are repaired for ever.

        Raises LedgerUnavailable.
        """
        client = LedgerClient()
        await client.open(
            settings.nats_servers,
            user=settings.nats_user,
            password=settings.nats_password.get_secret_value(),
            name=name,
            timeout=timeout,
            monitors=settings.nats_monitors,
        )
        return cls(client, patience=patience)

    async def close(self) -> None:
        """Close the connection. Nothing acked is lost."""
        await self._shared.close()
        await self._warmth.close()
        await self.client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def connected(self) -> bool:
        """Whether there is a connection right now."""
        return self.client.is_connected

    def append_only_to(self, require_same: RequireSame) -> None:
        """Ask before each append: nothing is put on a ledger that may be the wrong one.

        What was appended would take positions of lost events. It stands here, where every append passes,
        because a writer that looks at no view would forget it.
        """
        self._require_same = require_same

    async def require_same(self, workspace: str) -> None:
        """Raise what `append` would raise because the ledger is another one than the one that was read."""
        if self._require_same is not None:
            await self._require_same(workspace)

    async def append(
        self,
        workspace: str,
        entries: Sequence[Entry],
        expect: Mapping[str, int],
        *,
        looked_at: Collection[str] = (),
    ) -> Appended:
        """Store 1 to 1000 entries next to each other, all or none; when it returns they are on the disk.

        Small ones that wait at the same time share a batch, unless one of them was decided on what another
        one changes: `looked_at` names the subjects that this one was decided on (with a dot at the end, all
        that begin so).

        `expect` guards: literal subject -> the position of the last message that the caller knows on it, 0
        for none. Every guarded subject must have an entry. Somebody else's message in between means Conflict.
        A spurious Conflict is possible on three nodes, when another writer's append is still under way.

        Temporary errors and lost answers are dealt with here. Raises InvalidAppend, Conflict, DuplicateId,
        WorkspaceUnknown, LedgerUnavailable (nothing stored), LedgerUncertain (the ledger went away while
        committing and did not come back in time), and what `append_only_to` was given raises.
        """
        await self.require_same(workspace)
        appended = await self._shared.append(workspace, entries, expect, looked_at)
        if len(entries) <= _COMMAND:
            for subject, expected in expect.items():
                self._warmth.note(workspace, subject, expected or appended.last)
            self._warmth.note(workspace, entries[-1].subject, appended.last)
        return appended

    async def _append(self, workspace: str, entries: Sequence[Entry], expect: Mapping[str, int]) -> Appended:
        appended = await self._appender.append(workspace, entries, expect)
        await self._nudges.send(workspace, appended.last)
        return appended

    async def head(self, workspace: str) -> int:
        """Return the last position, never stale; 0 if there is none.

        Raises WorkspaceUnknown, LedgerUnavailable.
        """
        return await self._api.head(workspace)

    async def now(self, workspace: str) -> datetime:
        """Return the time by the clock that gives events theirs; too late by at most what asking for it took.

        Asked with every head, so that it costs a command nothing. Raises WorkspaceUnknown, LedgerUnavailable.
        """
        return await self._api.now(workspace)

    def read(
        self, workspace: str, after: int, *, batch: int = BATCH, subject: str | None = None
    ) -> AsyncGenerator[list[StoredMessage], None]:
        """Return the messages from `after` + 1 to the head in order, in lists of at most `batch`; then it
        ends.

        Without `subject` no position is left out, and LedgerGap is raised if one is missing. On three nodes
        it may end shortly before the head. With `subject` it has at least all that was acked before the
        call, on three nodes too. Leave it with `aclosing` when you break off. Raises WorkspaceUnknown,
        LedgerUnavailable.
        """
        return self._reader.read(workspace, after, batch=batch, subject=subject)

    async def last(self, workspace: str, subject: str) -> StoredMessage | None:
        """Return the last message on a subject, never stale. Raises WorkspaceUnknown, LedgerUnavailable."""
        found = await self._api.last(workspace, subject)
        return None if found is None else found.stored()

    async def at(self, workspace: str, position: int) -> StoredMessage | None:
        """Return the message at a position, never stale. Raises WorkspaceUnknown, LedgerUnavailable."""
        found = await self._api.at(workspace, position)
        return None if found is None else found.stored()

    async def epoch(self, workspace: str) -> int:
        """1, and one more each time that a person accepted a restored ledger; never stale.

        Raises WorkspaceUnknown, LedgerUnavailable.
        """
        last = await self.last(workspace, ledger_subject(workspace, RESTORES))
        data = None if last is None else recorded(last).event.data
        return data.epoch if isinstance(data, LedgerRestored) else 1

    async def compare(self, workspace: str, mark: Mark) -> Difference | None:
        """Return how a ledger differs from the one that was read before; None if it is the same.

        Only the word of the stream's leader counts, given twice. Raises LedgerUnavailable.
        """
        return await compare(self._api, workspace, mark)

    async def load(self, workspace: str, aggregate: Aggregate, after: int = 0) -> list[RecordedEvent]:
        """Return the events of an aggregate after a position, with all that was acked before the call.

        Slow when the server has them not in its cache: 50 to 600 ms at a million events. Raises
        UndecodableEvent, WorkspaceUnknown, LedgerUnavailable.
        """
        subject = ledger_subject(workspace, aggregate)
        async with aclosing(self._reader.read(workspace, after, subject=subject)) as batches:
            events = [recorded(message) async for messages in batches for message in messages]
        if events:
            self._warmth.note(workspace, subject, events[-1].position)
        return events

    async def wait(self, workspace: str, after: int, timeout: float) -> int:
        """Return the head as soon as it is past `after`; after `timeout` seconds what it is then.

        Raises WorkspaceUnknown, LedgerUnavailable.
        """
        return await self._nudges.wait(workspace, after, timeout)

    async def subscribe(self, workspace: str, callback: Callback) -> Callable[[], Awaitable[None]]:
        """Call back with workspace and position after each append; `*` for all workspaces.

        A nudge can be lost: look at the ledger now and then. The result ends it.
        """
        return await self._nudges.subscribe(workspace, callback)

    async def tell_views(self, workspace: str, group: str, position: int) -> None:
        """Tell everybody that the views of a group show a position. It can be lost."""
        await self._nudges.send_views(workspace, group, position)

    async def tell_damage(self, workspace: str, group: str, build: int, damage: str) -> None:
        """Tell the projector that a read found a build of views damaged. It can be lost."""
        await self._nudges.send_damage(workspace, group, build, damage)

    async def subscribe_views(self, moved: Moved) -> None:
        """Call back with workspace and group whenever views have moved, until the connection is closed."""
        await self._nudges.subscribe_views(moved)

    async def subscribe_failures(self, told: Told) -> None:
        """Call back with what fails in workers, until the connection is closed."""
        await self._nudges.subscribe_failures(told)

    async def probe(self) -> None:
        """Store a message that means nothing, as a sign that storing works. Raises LedgerUnavailable."""
        await self._api.store(PROBE_SUBJECT, b"")
