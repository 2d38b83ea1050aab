"""What an operator decides about a ledger, recorded as an event on it."""

from __future__ import annotations

from collections.abc import Mapping

from events.context import Context
from events.envelope import Event, encode
from events.ids import Aggregate, event_id, ledger_subject, new_aggregate_id
from events.ledger.commands import AcceptLedger, WaivePosition
from events.ledger.decider import decide
from events.registry import event_type
from services.keys.keys import Keys
from services.ledger import Entry, Ledger

ACTOR = "system:operator"
"""Whoever can read the operator's settings."""


async def context_of(ledger: Ledger, workspace: str, reason: str) -> Context:
    """Return what an operator's command is decided with. Raises LedgerUnavailable."""
    now = await ledger.now(workspace)
    return Context(
        actor=ACTOR,
        role="admin",
        today=now.date(),
        now=now,
        new_id=lambda: new_aggregate_id(workspace, ACTOR, None, 0),
        reason=reason,
    )


async def record_decision(
    ledger: Ledger,
    keys: Keys,
    workspace: str,
    aggregate: Aggregate,
    command: WaivePosition | AcceptLedger,
    reason: str,
    expect: Mapping[str, int],
) -> int:
    """Append what follows from a command; return its position. `expect` guards as in Ledger.append.

    Raises Refused, Conflict, WorkspaceUnknown, LedgerUnavailable, LedgerUncertain.
    """
    context = await context_of(ledger, workspace, reason)
    (data,) = decide(command, context)
    event = Event(
        id=event_id(workspace, ACTOR, None, 0),
        type=event_type(data),
        workspace=workspace,
        aggregate=aggregate,
        time=context.now,
        actor=ACTOR,
        data=data,
        reason=reason,
    )
    entry = Entry(ledger_subject(workspace, aggregate), encode(await keys.seal_event(event)))
    return (await ledger.append(workspace, [entry], expect)).last
