"""Whether an event on the ledger stands behind a stored token: one that was put there by hand opens nothing.

The ledger is immutable, so what was found once holds for as long as the stored record stays as it is.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import aclosing
from typing import NamedTuple

import structlog

from events.access.decider import evolve
from events.access.state import Token
from events.envelope import RecordedEvent, UndecodableEvent
from events.ids import Aggregate, ledger_subject
from services.access.tokens import TokenRecord
from services.ledger import Ledger, WorkspaceUnknown, recorded

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 10.0
"""After so long a token without an event is looked up again: a restored ledger may have been exchanged."""


class _Verdict(NamedTuple):
    backed: bool
    at: float
    of_earlier_version: bool = False


class Backing:
    """What the ledgers say of the tokens that this process has seen."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._verdicts: dict[TokenRecord, _Verdict] = {}

    def known(self, record: TokenRecord) -> bool | None:
        """Return what was found; None if nobody has looked yet, or so long ago that it is worth a look."""
        verdict = self._verdicts.get(record)
        if verdict is None or (not verdict.backed and time.monotonic() - verdict.at > AGAIN_SECONDS):
            return None
        return verdict.backed

    def of_earlier_version(self, record: TokenRecord) -> bool:
        """Return whether it was found that the event does not say which text the token has."""
        verdict = self._verdicts.get(record)
        return verdict is not None and verdict.of_earlier_version

    async def check(self, record: TokenRecord) -> bool:
        """Return whether the ledger knows the token as it is stored. Raises LedgerUnavailable."""
        known = self.known(record)
        if known is not None:
            return known
        try:
            events = await self._ledger.load(record.workspace, Aggregate("access", record.id))
        except (WorkspaceUnknown, UndecodableEvent):
            events = []
        return self._judge(record, events)

    async def check_all(self, records: Collection[TokenRecord]) -> None:
        """Look up all that nobody has looked up, each ledger in one pass. Raises LedgerUnavailable."""
        unknown: dict[str, list[TokenRecord]] = defaultdict(list)
        for record in records:
            if self.known(record) is None:
                unknown[record.workspace].append(record)
        for workspace, some in unknown.items():
            if len(some) == 1:
                await self.check(some[0])
                continue
            events = await self._access_events(workspace)
            for record in some:
                self._judge(record, events.get(ledger_subject(workspace, Aggregate("access", record.id)), []))

    async def states(self, workspace: str) -> dict[str, Token]:
        """Return the tokens that a ledger knows, by id. Raises LedgerUnavailable."""
        events = await self._access_events(workspace)
        states = {some[0].event.aggregate.id: _state(some) for some in events.values()}
        return {id_: state for id_, state in states.items() if state is not None}

    def note(self, record: TokenRecord) -> None:
        """Note that the event of this token has just been put on the ledger, or found there."""
        self._verdicts[record] = _Verdict(True, time.monotonic())

    def forget_others(self, records: Collection[TokenRecord]) -> None:
        """Drop what was found of records that are no longer stored."""
        kept = set(records)
        self._verdicts = {record: found for record, found in self._verdicts.items() if record in kept}

    async def _access_events(self, workspace: str) -> dict[str, list[RecordedEvent]]:
        found: dict[str, list[RecordedEvent]] = defaultdict(list)
        unreadable: set[str] = set()
        try:
            subject = ledger_subject(workspace, Aggregate("access", "*"))
            async with aclosing(self._ledger.read(workspace, 0, subject=subject)) as batches:
                async for messages in batches:
                    for message in messages:
                        try:
                            found[message.subject].append(recorded(message))
                        except UndecodableEvent:
                            unreadable.add(message.subject)
        except WorkspaceUnknown:
            return {}
        return {subject: events for subject, events in found.items() if subject not in unreadable}

    def _judge(self, record: TokenRecord, events: Sequence[RecordedEvent]) -> bool:
        state = _state(events)
        backed = (
            state is not None
            and (state.holder, state.role, state.expires_at) == (record.actor, record.role, record.expires_at)
            and state.token_sha256 == record.hash
            and (not state.revoked or record.revoked_at is not None)
            and (state.requested_by is None or record.pending)
        )
        earlier = state is not None and state.token_sha256 is None
        if not backed:
            told = "token_of_earlier_version" if earlier else "token_without_event"
            log.warning(told, workspace=record.workspace, id=record.id)
        self._verdicts[record] = _Verdict(backed, time.monotonic(), earlier)
        return backed


def _state(events: Sequence[RecordedEvent]) -> Token | None:
    state: Token | None = None
    for event in events:
        state = evolve(state, event.event)
    return state
