"""Loading aggregates: a snapshot from the views where there is one, and what the ledger has after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import structlog

from events.aggregates import AGGREGATES
from events.envelope import RecordedEvent, UndecodableEvent
from events.ids import Aggregate, ledger_subject
from events.registry import Report
from events.state import State
from projections.state import queries
from services.ledger import Ledger, recorded

log = structlog.get_logger(__name__)


class Loaded(NamedTuple):
    """An aggregate as far as it is known."""

    state: State | None
    position: int
    """Of the last message on its subject: what an append is guarded with. 0: none."""
    revision: int
    """Position of its last change: what an ETag says. Check-ins do not count."""


NOTHING = Loaded(None, 0, 0)
"""An aggregate of which nothing is known."""


def seen(row: queries.Version | None) -> Loaded:
    """Return an aggregate as a view has it."""
    if row is None:
        return NOTHING
    assert isinstance(row.state, State)
    return Loaded(row.state, row.position, row.revision)


class Tail(NamedTuple):
    """What the ledger has of an aggregate after what was known."""

    known: Loaded
    loaded: Loaded
    """The aggregate with all of it."""
    steps: Sequence[tuple[RecordedEvent, Loaded]]
    """Each event, and the aggregate after it."""


async def catch_up(
    ledger: Ledger, workspace: str, aggregate: Aggregate, known: Loaded, until: int = 0
) -> Tail:
    """Fold what the ledger has after what is known, with all that was acked before the call.

    `until` is the position up to which a view knew it: what it left out until there is poison, waived, or of
    no effect, and is left out here, too. Raises WorkspaceUnknown, LedgerUnavailable.
    """
    loaded = known
    steps: list[tuple[RecordedEvent, Loaded]] = []
    async for messages in ledger.read(
        workspace, known.position, subject=ledger_subject(workspace, aggregate)
    ):
        for message in messages:
            if message.position <= until:
                loaded = loaded._replace(position=message.position)
                continue
            try:
                event = recorded(message)
            except UndecodableEvent as error:
                _step_over(workspace, aggregate, message.position, error)
                loaded = loaded._replace(position=message.position)
            else:
                loaded = folded(workspace, aggregate, loaded, event)
                steps.append((event, loaded))
    return Tail(known, loaded, steps)


def folded(workspace: str, aggregate: Aggregate, before: Loaded, event: RecordedEvent) -> Loaded:
    """Return the aggregate after one more event.

    One that fits nowhere is stepped over: the views do the same, and show the aggregate as incomplete.
    """
    try:
        state = AGGREGATES[aggregate.kind].evolve(before.state, event.event)
    except Exception as error:  # whatever a fold raises means that the event is poison
        _step_over(workspace, aggregate, event.position, error)
        return before._replace(position=event.position)
    report = before.state is not None and isinstance(event.event.data, Report)
    return Loaded(state, event.position, before.revision if report else event.position)


def _step_over(workspace: str, aggregate: Aggregate, position: int, error: Exception) -> None:
    log.warning(
        "event stepped over",
        workspace=workspace,
        position=position,
        aggregate=f"{aggregate.kind}/{aggregate.id}",
        error=f"{type(error).__name__}: {error}",
    )
