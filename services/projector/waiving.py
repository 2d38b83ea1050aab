"""Deciding to build views without an event that no fold can take: an event itself, which rebuilds obey."""

from __future__ import annotations

import hashlib
from contextlib import aclosing
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from events.context import Context
from events.envelope import Event, encode
from events.ids import event_id, ledger_subject, new_aggregate_id
from events.ledger.commands import WaivePosition
from events.ledger.decider import decide
from events.ledger.events import WAIVERS
from events.registry import event_type
from projections.control import poisoned
from projections.groups import GROUPS
from services.keys.keys import Keys
from services.ledger import Entry, Ledger

ACTOR = "system:operator"
"""Whoever can read the operator's settings."""


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
        found = [poison for name in GROUPS for poison in await poisoned(connection, workspace, name)]
    if all(poison.position != position or poison.waived for poison in found):
        raise NotPoison(f"position {position} of {workspace} is no poison that somebody has to decide about")
    command = WaivePosition(position=position, hash=await _hash_at(ledger, workspace, position))
    now = datetime.now(UTC)
    context = Context(
        actor=ACTOR,
        role="admin",
        today=now.date(),
        now=now,
        new_id=lambda: new_aggregate_id(workspace, ACTOR, None, 0),
        reason=reason,
    )
    (data,) = decide(command, context)
    event = Event(
        id=event_id(workspace, ACTOR, None, 0),
        type=event_type(data),
        workspace=workspace,
        aggregate=WAIVERS,
        time=now,
        actor=ACTOR,
        data=data,
        reason=reason,
    )
    entry = Entry(ledger_subject(workspace, WAIVERS), encode(await keys.seal_event(event)))
    # Without a guard: said twice it means the same.
    return (await ledger.append(workspace, [entry], {})).last


async def _hash_at(ledger: Ledger, workspace: str, position: int) -> str:
    """The hash of the payload at a position, so that nothing else can be meant."""
    async with aclosing(ledger.read(workspace, position - 1, batch=1)) as batches:
        async for messages in batches:
            return hashlib.sha256(messages[0].payload).hexdigest()
    raise NotPoison(f"there is no position {position} on the ledger of {workspace}")
