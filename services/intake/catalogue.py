"""The catalogue of a workspace: its zones, KPIs and feeds, folded in memory from the ledger.

It needs no database, so readings are judged the same while views are away or being built.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import structlog

from events.aggregates import AGGREGATES
from events.envelope import UndecodableEvent
from events.feeds.events import FeedDeclaration
from events.feeds.state import Feed
from events.kpis.state import Kpi
from events.state import State
from events.workspace.state import Workspace
from services.ledger import Ledger, StoredMessage, WorkspaceUnknown, recorded

log = structlog.get_logger(__name__)

CATALOGUE_KINDS = ("workspace", "kpi", "feed")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What readings are judged by, at one moment."""

    workspace: Workspace
    kpis: dict[str, Kpi]
    feeds: dict[str, Feed]

    def declaration(self, feed: str) -> FeedDeclaration:
        """Return what is declared about a feed; the defaults for one that nobody registered."""
        known = self.feeds.get(feed)
        return FeedDeclaration() if known is None else known.declaration


@dataclass(slots=True)
class _Followed:
    """One workspace's catalogue as far as it was read."""

    positions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CATALOGUE_KINDS, 0))
    states: dict[tuple[str, str], State] = field(default_factory=dict)
    catalogue: Catalogue | None = None
    epoch: int = 0
    """Of the ledger it was read from; 0 if that is not known yet."""
    read_at: float = 0.0
    """When the last reading began (time.monotonic): it has everything acked before."""
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Catalogues:
    """The catalogues of all workspaces that this process takes readings for."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._followed: dict[str, _Followed] = {}

    async def current(self, workspace: str, epoch: int) -> Catalogue:
        """Return the catalogue with everything that was acked before the call.

        What was read in another epoch is read again: the ledger was restored since. Raises
        WorkspaceUnknown, LedgerUnavailable.
        """
        followed = self._followed.get(workspace)
        if followed is None or (0 not in (followed.epoch, epoch) and followed.epoch != epoch):
            followed = self._followed[workspace] = _Followed()
        followed.epoch = epoch or followed.epoch
        asked = time.monotonic()
        async with followed.reading:
            if followed.catalogue is not None and followed.read_at >= asked:
                return followed.catalogue  # a reading that began after we asked
            started = time.monotonic()
            results = await asyncio.gather(
                *(self._read(workspace, kind, followed) for kind in CATALOGUE_KINDS), return_exceptions=True
            )
            for result in results:
                if isinstance(result, BaseException):
                    raise result
            if any(results) or followed.catalogue is None:
                followed.catalogue = _assemble(workspace, followed.states)
            followed.read_at = started
            return followed.catalogue

    async def _read(self, workspace: str, kind: str, followed: _Followed) -> bool:
        """Fold what is new of one kind; False if nothing is."""
        changed = False
        subject = f"ledger.{workspace}.{kind}.>"
        async for messages in self._ledger.read(workspace, followed.positions[kind], subject=subject):
            for message in messages:
                _fold(kind, followed.states, message)
                followed.positions[kind] = message.position
                changed = True
        return changed


def _fold(kind: str, states: dict[tuple[str, str], State], message: StoredMessage) -> None:
    """Take one event in. A message that is none, or fits nowhere, is stepped over as everywhere."""
    key = (kind, message.subject.rpartition(".")[2])
    try:
        states[key] = AGGREGATES[kind].evolve(states.get(key), recorded(message).event)
    except (UndecodableEvent, ValueError, ArithmeticError, LookupError, TypeError) as error:
        log.warning("event stepped over", position=message.position, error=f"{type(error).__name__}: {error}")


def _assemble(workspace: str, states: dict[tuple[str, str], State]) -> Catalogue:
    own = states.get(("workspace", workspace))
    if not isinstance(own, Workspace):
        raise WorkspaceUnknown(workspace)
    return Catalogue(
        own,
        {state.id: state for state in states.values() if isinstance(state, Kpi)},
        {state.id: state for state in states.values() if isinstance(state, Feed)},
    )
