"""given(events).when(command).then(events) or .refused(code): how every rule is told."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, get_args

from events.aggregates import AGGREGATES
from events.commands import Command, Fact
from events.context import Context
from events.cycles.state import Cycle
from events.envelope import Event
from events.errors import RefusalKind, Refused
from events.ids import Aggregate, event_id
from events.kpis.state import Kpi
from events.org_units.state import OrgUnit
from events.registry import EventData, event_type
from events.state import State

TODAY = date(2025, 2, 10)
NOW = datetime(2025, 2, 10, 3, 0, tzinfo=UTC)

QUARTER = Cycle(
    id="2025-q1",
    name="2025년 1분기",
    start=date(2025, 1, 1),
    end=date(2025, 3, 31),
    kind="quarter",
    status="open",
)
NEXT_QUARTER = Cycle(
    id="2025-q2",
    name="2025년 2분기",
    start=date(2025, 4, 1),
    end=date(2025, 6, 30),
    kind="quarter",
    status="planned",
)
SALES_TEAM = OrgUnit(id="sales", name_ko="영업팀", name_en="Sales", level="team")
REVENUE = Kpi(
    id="revenue",
    name_ko="매출",
    name_en="Revenue",
    unit="KRW",
    kind="delta",
    aggregation="sum",
    cadence="month",
    empty="missing",
)


READ: defaultdict[type[Command], set[str]] = defaultdict(set)
"""The facts that the deciders looked at so far, by command."""


class Watched(Context):
    """A context that notes which facts of other aggregates a decider looks at."""

    __slots__ = ("read",)
    read: set[str]

    def __getattribute__(self, name: str) -> Any:
        if name in get_args(Fact):
            super().__getattribute__("read").add(name)
        return super().__getattribute__(name)

    def check(self, command: Command) -> None:
        """Fail if the decider looked at a fact that the command's class does not say it needs."""
        READ[type(command)] |= self.read
        assert self.read <= command.needs, f"{type(command).__name__} does not say what it needs"


def circumstances(**facts: Any) -> Watched:
    """A context in the middle of an open quarter, where all that is named exists; `facts` differ."""
    numbers = count(1)
    usual: dict[str, Any] = {
        "actor": "person:anna",
        "role": "editor",
        "today": TODAY,
        "now": NOW,
        "new_id": lambda: f"new-{next(numbers)}",
        "cycle": QUARTER,
        "new_cycle": NEXT_QUARTER,
        "org_unit": SALES_TEAM,
        "kpi": REVENUE,
    }
    context = Watched(**usual | facts)
    object.__setattr__(context, "read", set())
    return context


def recorded(data: EventData, kind: str = "objective", id_: str = "it", actor: str = "person:anna") -> Event:
    """An event as it stands on the ledger of workspace acme."""
    # The same is the same event, whoever did it and whenever: states can be compared.
    id_of_event = event_id("acme", "person:anna", f"{id_} {data!r}", 0)
    return Event(id_of_event, event_type(data), "acme", Aggregate(kind, id_), NOW, actor, data)


def state_after(kind: str, *history: EventData, id_: str = "it") -> Any:
    """The state of an aggregate after events."""
    state: State | None = None
    for data in history:
        state = AGGREGATES[kind].evolve(state, recorded(data, kind, id_))
    return state


@dataclass(frozen=True)
class Outcome:
    """What a command led to."""

    kind: str
    history: tuple[EventData, ...]
    events: list[EventData] | None
    refusal: Refused | None
    id: str = "it"

    def then(self, *expected: EventData) -> Any:
        """Exactly these events follow; gives the state they lead to, which is the same as its snapshot."""
        assert self.refusal is None, self.refusal
        assert self.events == list(expected)
        state = state_after(self.kind, *self.history, *expected, id_=self.id)
        if state is not None:
            assert type(state).model_validate_json(state.model_dump_json()) == state
        return state

    def refused(self, code: str, kind: RefusalKind = "conflict", pointer: str | None = None) -> Refused:
        """The command is refused with this code, in both languages."""
        assert self.refusal is not None, self.events
        assert (self.refusal.code, self.refusal.kind) == (code, kind)
        assert pointer is None or self.refusal.pointer == pointer
        assert self.refusal.text.en.isascii() or "–" in self.refusal.text.en
        assert any("가" <= character <= "힣" for character in self.refusal.text.ko)
        return self.refusal


@dataclass(frozen=True)
class Given:
    """An aggregate with a history."""

    kind: str
    history: tuple[EventData, ...]
    id: str = "it"

    def and_then(self, *more: EventData) -> Given:
        """The same with more history."""
        return Given(self.kind, (*self.history, *more), self.id)

    def when(self, command: Command, reason: str | None = None, **facts: Any) -> Outcome:
        """A command is decided."""
        state = state_after(self.kind, *self.history, id_=self.id)
        context = circumstances(reason=reason, **facts)
        try:
            events = AGGREGATES[self.kind].decide(command, state, context)
        except Refused as refusal:
            return Outcome(self.kind, self.history, None, refusal, self.id)
        finally:
            context.check(command)
        return Outcome(self.kind, self.history, events, None, self.id)


def given(kind: str, *history: EventData, id_: str = "it") -> Given:
    """An aggregate of a kind after events."""
    return Given(kind, history, id_)
