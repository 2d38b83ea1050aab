"""Telling whether a ledger is the one that was read before, or a lost, replaced or restored one.

Whoever reads a ledger for long keeps a mark of it: the fingerprints of its first event and of the last one
that was read. A fingerprint covers the server's time, so no second ledger ever has it.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal, NamedTuple

from services.ledger.errors import LedgerUnavailable, WorkspaceUnknown
from services.ledger.stream_api import StreamApi

PAUSE = 1.0
"""Seconds between the two answers of a leader: one that was just elected may lag for a moment."""

_SILENT = 5_000_000_000
"""Nanoseconds without a sign of a replica, after which the leader may have lost it."""

Kind = Literal["missing", "replaced", "shorter", "rewritten"]
"""There is no ledger; it has another first event; it ends earlier; another event is where it was read to."""


class Mark(NamedTuple):
    """Up to where a ledger was read, and by what it is recognised."""

    position: int
    """0 when nothing was read yet: then any ledger will do."""
    ledger: str | None
    """Fingerprint of its first event; None if that was not kept yet."""
    fingerprint: str | None
    """Of the event at `position`; None if that was not kept yet."""


class Difference(NamedTuple):
    """How a ledger differs from the one that was read before."""

    kind: Kind
    position: int
    """Up to where the other one was read."""
    head: int
    """The last position that there is now."""


async def compare(api: StreamApi, workspace: str, mark: Mark) -> Difference | None:
    """Compare a ledger with the mark of the one that was read before; see Ledger.compare."""
    if await _look(api, workspace, mark) is None:
        return None
    await asyncio.sleep(PAUSE)
    return await _look(api, workspace, mark)


async def _look(api: StreamApi, workspace: str, mark: Mark) -> Difference | None:
    """Return what the leader's word is at this moment."""
    if not mark.position:
        return None
    try:
        found = await api.at(workspace, mark.position)
        if found is not None and mark.fingerprint in (None, found.stored().fingerprint):
            return None
        first = await api.at(workspace, 1)
        info = await api.info(workspace)
    except WorkspaceUnknown:
        return Difference("missing", mark.position, 0)
    _require_majority(workspace, info)
    head = int(info["state"]["last_seq"])
    if first is None or mark.ledger not in (None, first.stored().fingerprint):
        return Difference("replaced", mark.position, head)
    return Difference("shorter" if head < mark.position else "rewritten", mark.position, head)


def _require_majority(workspace: str, info: dict[str, Any]) -> None:
    """A leader that lost the others goes on for a while and does not know what they store without it."""
    replicas = (info.get("cluster") or {}).get("replicas") or []
    seen = [each for each in replicas if not each.get("offline") and each.get("active", 0) < _SILENT]
    if 2 * (len(seen) + 1) <= len(replicas) + 1:
        raise LedgerUnavailable(f"the leader of {workspace} does not hear from most of its replicas")
