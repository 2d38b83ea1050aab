"""What tests of commands and their neighbours start from."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from events.cycles.commands import OpenCycle, PlanCycle
from events.ids import Aggregate
from events.measures import Measure
from events.objectives.commands import (
    ActivateObjective,
    AddKeyResult,
    ChangeTarget,
    DraftObjective,
)
from services.access.callers import Caller
from services.commands.handler import Answer, Goals
from services.ledger.positions import LedgerPosition

CYCLE = Aggregate("cycle", "2026")


GROWTH = Aggregate("objective", "growth")


KEY_RESULT: dict[str, Any] = {
    "title": "K",
    "measure": Measure(kind="at_least", target=Decimal(1), unit="x"),
}


async def given_objective(goals: Goals, caller: Caller, *, active: bool = True) -> Answer:
    """A cycle around today, and an objective in it with one key result."""
    today = datetime.now(UTC).date()
    plan = PlanCycle(
        name="This year",
        start=today.replace(month=1, day=1),
        end=today.replace(month=12, day=31),
        kind="year",
    )
    await goals.execute(caller, CYCLE, plan)
    await goals.execute(caller, CYCLE, OpenCycle())
    await goals.execute(caller, GROWTH, DraftObjective(title="Grow", cycle="2026"))
    measure = Measure(kind="increase", baseline=Decimal(50), target=Decimal(80), unit="MKRW")
    answer = await goals.execute(caller, GROWTH, AddKeyResult(key_result="acv", title="ACV", measure=measure))
    if active:
        answer = await goals.execute(caller, GROWTH, ActivateObjective())
    return answer


def change(target: int) -> ChangeTarget:
    """Another target for the key result."""
    return ChangeTarget(key_result="acv", target=Decimal(target))


def revision_of(answer: Answer) -> LedgerPosition:
    """What a client sends as If-Match."""
    return LedgerPosition(answer.revision, answer.epoch)
