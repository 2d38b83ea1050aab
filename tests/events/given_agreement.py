"""What tests of agreement and their neighbours start from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from events.aggregates import AGGREGATES
from events.commands import Command
from events.errors import RefusalKind, Refused
from events.measures import Measure
from events.objectives.commands import (
    ActivateObjective,
    AgreeObjective,
    ProposeObjective,
)
from events.objectives.decider import evolve
from events.objectives.events import ObjectiveDrafted
from events.objectives.key_result_events import KeyResultAdded
from events.objectives.state import Objective
from events.registry import EventData
from tests.events.given import QUARTER, TODAY, circumstances, recorded

OWNER, REVIEWER, STRANGER = "person:anna", "person:boris", "person:carla"


MEASURE = Measure(kind="increase", baseline=Decimal(50), target=Decimal(80), unit="KRW")


def mbo(**differs: object) -> ObjectiveDrafted:
    """An MBO goal of anna, with boris as the other party."""
    usual = ObjectiveDrafted(
        title="담당 고객 유지",
        cycle="2025-q1",
        ambition="committed",
        framework="mbo",
        owner="anna",
        reviewer="boris",
    )
    return usual.model_copy(update=differs)


class Goal:
    """A goal to which commands are given, one after the other."""

    def __init__(self, drafted: ObjectiveDrafted, *more: EventData, **facts: Any) -> None:
        """`more` follows the draft and its first key result; `facts` are circumstances of all commands."""
        self.events: list[EventData] = []
        self.facts = facts
        self._state: Objective | None = None
        added = KeyResultAdded(
            key_result="acv", title="ACV", measure=MEASURE, effective_from=QUARTER.start, kpi="revenue"
        )
        for data in (drafted, added, *more):
            self._state = evolve(self._state, recorded(data))

    @property
    def state(self) -> Objective:
        assert self._state is not None
        return self._state

    def does(self, actor: str, command: Command, reason: str | None = "사유", today: date = TODAY) -> Goal:
        """A command that is carried out."""
        context = circumstances(actor=actor, reason=reason, today=today, **self.facts)
        self.events = AGGREGATES["objective"].decide(command, self.state, context)
        context.check(command)
        for data in self.events:
            self._state = evolve(self._state, recorded(data, actor=actor))
        assert Objective.model_validate_json(self.state.model_dump_json()) == self.state
        return self

    def refuses(
        self,
        actor: str,
        command: Command,
        code: str,
        kind: RefusalKind = "conflict",
        *,
        today: date = TODAY,
    ) -> Refused:
        """A command that is refused and changes nothing."""
        with pytest.raises(Refused) as caught:
            self.does(actor, command, today=today)
        assert (caught.value.code, caught.value.kind) == (code, kind)
        return caught.value


def agreed_goal() -> Goal:
    """Proposed by its owner, agreed by the reviewer."""
    return Goal(mbo()).does(OWNER, ProposeObjective()).does(REVIEWER, AgreeObjective())


def active_goal() -> Goal:
    """An MBO goal on which work began."""
    return agreed_goal().does(OWNER, ActivateObjective())


def named(command: Command) -> str:
    """What a case is called."""
    return type(command).__name__


def terms(state: Objective) -> dict[str, Any]:
    """A goal without the ids of the events that set its targets: a change that waits has none yet."""
    return state.model_dump(exclude={"key_results": {"__all__": {"targets": {"__all__": {"event_id"}}}}})
