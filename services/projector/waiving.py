"""Deciding to build views without an event that no fold can take: an event itself, which rebuilds obey."""

from __future__ import annotations

import hashlib
from contextlib import aclosing

from sqlalchemy.ext.asyncio import AsyncEngine

from events.ledger.commands import WaivePosition
from events.ledger.events import WAIVERS
from projections.control import active, poisoned
from projections.groups import GROUPS
from services.keys.keys import Keys
from services.ledger import Ledger
from services.projector.decisions import record_decision


class NotPoison(Exception):
    """No view is in trouble with this position, so there is nothing to waive."""


async def waive(
    engine: AsyncEngine, ledger: Ledger, keys: Keys, workspace: str, position: int, reason: str
) -> int:
    """Record that views are built without the event at a position; answers where that is recorded.

    It takes effect with the next rebuild. Raises NotPoison, Refused, WorkspaceUnknown, LedgerUnavailable,
    LedgerUncertain, and what SQLAlchemy raises when PostgreSQL is away.
    """
    async with engine.connect() as connection:
        views = [await active(connection, workspace, name) for name in GROUPS]
        if any(view is not None and view.differs is not None for view in views):
            raise NotPoison(
                f"the ledger of {workspace} is not the one that its views were built from: nothing is put on"
                " it before it is accepted, see `goaltrail doctor`"
            )
        found = [poison for name in GROUPS for poison in await poisoned(connection, workspace, name)]
    if all(poison.position != position or poison.waived for poison in found):
        raise NotPoison(f"position {position} of {workspace} is no poison that somebody has to decide about")
    command = WaivePosition(position=position, hash=await _hash_at(ledger, workspace, position))
    # Without a guard: said twice it means the same.
    return await record_decision(ledger, keys, workspace, WAIVERS, command, reason, {})


async def _hash_at(ledger: Ledger, workspace: str, position: int) -> str:
    """Return the hash of the payload at a position, so that nothing else can be meant."""
    async with aclosing(ledger.read(workspace, position - 1, batch=1)) as batches:
        async for messages in batches:
            return hashlib.sha256(messages[0].payload).hexdigest()
    raise NotPoison(f"there is no position {position} on the ledger of {workspace}")
