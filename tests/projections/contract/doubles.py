"""A ledger on which several API processes said yes at one instant: ids that are on it twice."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from uuid import UUID

from events.envelope import decode
from events.measures import Measure
from events.objectives.events import ObjectiveActivated, ObjectiveDrafted, ObjectiveReworded
from events.objectives.key_result_events import CheckedIn, KeyResultAdded, TargetChanged
from events.readings.events import ReadingCorrected, ReadingRecorded, ReadingRetracted
from events.registry import EventData
from services.ledger import StoredMessage
from tests.projections.contract.histories import (
    CYCLE_START,
    MOVED,
    History,
    goals,
    reading_event,
)

DAY = CYCLE_START


def added(key_result: str, title: str, kpi: str | None = "sales") -> KeyResultAdded:
    """A key result that moves from 0 to 1,000."""
    measure = Measure.model_validate(MOVED)
    return KeyResultAdded(
        key_result=key_result, title=title, measure=measure, effective_from=CYCLE_START, kpi=kpi
    )


def ids_used_twice() -> tuple[list[StoredMessage], list[int]]:
    """Key results of one id in two objectives and before and after them, and where what is too much stands.

    An objective may have the id of a key result: the tables can hold both.
    """
    history = History(Random(1))
    goals(history)
    wrong: list[int] = []

    def say(objective: str, *data: EventData) -> None:
        history.append("objective", objective, *data)

    def in_vain(objective: str, data: EventData) -> None:
        say(objective, data)
        wrong.append(len(history.messages))

    def read(number: int) -> None:
        observed_at = history.now.replace(hour=1)
        history.store([reading_event("sales", f"d{number}", observed_at, [Decimal(number)])])

    for objective in ("first", "second", "kr-of-both"):
        say(objective, ObjectiveDrafted(title=objective, cycle="2026-q1", ambition="stretch"))
    read(10)
    say("first", added("both", "of the first"))
    in_vain("second", added("both", "of the second"))
    in_vain("second", added("o1-k1", "another's since long"))
    say("second", added("own", "its own"), ObjectiveReworded(old="second", new="still here"))
    in_vain("first", added("own", "of the second already"))
    in_vain("first", added("both", "its own once more"))
    for objective in ("first", "second"):
        say(objective, ObjectiveActivated())
    read(20)
    history.wait()
    moved = TargetChanged(key_result="both", old=Decimal(1000), new=Decimal(50), effective_from=CYCLE_START)
    say("first", moved)
    # Decided before it was known whose key result it is.
    in_vain("second", moved)
    in_vain("second", CheckedIn(key_result="both", day=DAY, value=Decimal(1)))
    read(30)
    say("second", added("kr-of-both", "has the id of an objective", None))
    say("both", ObjectiveDrafted(title="has the id of a key result", cycle="2026-q1", ambition="stretch"))
    return history.messages, wrong


def keys_used_twice() -> list[StoredMessage]:
    """The Idempotency-Key of one command used again for another, when nobody could know any more."""
    history = History(Random(2))
    goals(history)
    for objective in ("first", "second"):
        history._count = 1000
        drafted = ObjectiveDrafted(title=objective, cycle="2026-q1", ambition="stretch")
        history.append("objective", objective, drafted)
    return history.messages


SAME_AGAIN = 5


def recorded_again(messages: Sequence[StoredMessage]) -> list[StoredMessage]:
    """Messages that follow these and record readings once more: some as they are in force, some otherwise.

    As after the tables that intake asks have lost rows.
    """
    recorded: dict[UUID, StoredMessage] = {}
    changed: set[UUID] = set()
    for message in messages:
        event = decode(message.payload)
        if isinstance(event.data, ReadingRecorded):
            recorded[event.id] = message
        elif isinstance(event.data, ReadingCorrected | ReadingRetracted):
            changed.add(event.data.reading)
    as_recorded = [message for id_, message in recorded.items() if id_ not in changed][:SAME_AGAIN]
    otherwise = [message for id_, message in recorded.items() if id_ in changed][:10]
    assert len(as_recorded) == SAME_AGAIN
    again = [*as_recorded, *otherwise]
    now = messages[-1].recorded_at
    return [
        message._replace(position=position, recorded_at=now)
        for position, message in enumerate(again, len(messages) + 1)
    ]
