"""The targets on record and the key result give one answer about the day from which each target holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from events.aggregates import AGGREGATES
from events.commands import Command
from events.context import Context
from events.cycles.state import Cycle
from events.envelope import Event
from events.errors import Refused
from events.ids import Aggregate
from events.measures import Measure
from events.objectives.commands import (
    ActivateObjective,
    ChangeMeasure,
    ChangeObjectiveCycle,
    ChangeTarget,
    DropObjective,
    ReopenObjective,
    ResolveRelative,
)
from events.objectives.decider import evolve
from events.objectives.events import ObjectiveDrafted
from events.objectives.key_result_events import KeyResultAdded
from events.objectives.state import KeyResult, Objective
from events.registry import EventData, event_type
from events.relative import FrozenBase, PeriodBase, Relative
from projections.audit.queries import TrailEntry, goalposts_in
from projections.audit.references import about
from services.queries.goalposts import HeldPost, as_held

QUARTERS = [
    Cycle(id=f"q{n}", name=f"q{n}", start=start, end=end, kind="quarter", status="open")
    for n, (start, end) in enumerate(
        (
            (date(2026, 1, 1), date(2026, 3, 31)),
            (date(2026, 4, 1), date(2026, 6, 30)),
            (date(2026, 7, 1), date(2026, 9, 30)),
        )
    )
]
FIRST, LAST = QUARTERS[0].start - timedelta(20), QUARTERS[-1].end + timedelta(20)
POINTS = Measure(kind="increase", baseline=Decimal(0), target=Decimal(60), unit="points")
RANK = Measure(kind="decrease", baseline=Decimal(90), target=Decimal(6), unit="rank")
GROWTH = Measure(
    kind="increase",
    unit="KRW",
    relative=Relative(of="previous_quarter", change="relative", amount=Decimal(10)),
)
KEY_RESULT = "kr"

days = st.dates(FIRST, LAST)
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        ChangeTarget,
        key_result=st.just(KEY_RESULT),
        target=st.integers(1, 50).map(Decimal),
        effective_from=st.none() | days,
    ),
    st.builds(ChangeMeasure, key_result=st.just(KEY_RESULT), measure=st.sampled_from([POINTS, RANK, GROWTH])),
    st.builds(ChangeObjectiveCycle, cycle=st.sampled_from([cycle.id for cycle in QUARTERS])),
    st.builds(
        lambda value, day: ResolveRelative(key_result=KEY_RESULT, bases=(base(value, day),)),
        st.integers(1, 99),
        days,
    ),
    st.sampled_from([ActivateObjective(), DropObjective(), ReopenObjective()]),
)


def base(value: int, day: date) -> PeriodBase:
    """A base from which a target follows that holds from a day on."""
    known = FrozenBase(
        value=Decimal(value),
        start=day - timedelta(90),
        end=day - timedelta(1),
        readings=1,
        first_position=1,
        last_position=1,
        known_position=1,
    )
    return PeriodBase(base=known, effective_from=day)


class History:
    """What happened to an objective with one key result, as the ledger has it."""

    def __init__(self, measure: Measure) -> None:
        self.state: Objective | None = None
        self.entries: list[TrailEntry] = []
        self._ids = count(1)
        cycle = QUARTERS[0]
        self.append(cycle.start, ObjectiveDrafted(title="x", cycle=cycle.id, ambition="stretch"))
        added = KeyResultAdded(key_result=KEY_RESULT, title="x", measure=measure, effective_from=cycle.start)
        self.append(cycle.start, added)

    def append(self, today: date, data: EventData) -> None:
        """One more event, of a business day."""
        n = next(self._ids)
        now = datetime.combine(today, datetime.min.time(), UTC)
        event = Event(
            UUID(int=n), event_type(data), "w", Aggregate("objective", "o"), now, "person:anna", data
        )._replace(business_day=today)
        self.state = evolve(self.state, event)
        self.entries.append(TrailEntry(n, now, list(about(event)), event))

    def do(self, today: date, command: Command) -> None:
        """A command, unless it is refused."""
        assert self.state is not None
        cycles = {cycle.id: cycle for cycle in QUARTERS}
        new = command.cycle if isinstance(command, ChangeObjectiveCycle) else self.state.cycle
        context = Context(
            actor="person:anna",
            role="editor",
            today=today,
            now=datetime.combine(today, datetime.min.time(), UTC),
            new_id=lambda: "new",
            reason="x",
            cycle=cycles[self.state.cycle],
            new_cycle=cycles[new],
        )
        try:
            made = AGGREGATES["objective"].decide(command, self.state, context)
        except Refused:
            return
        for data in made:
            self.append(today, data)

    def on(self, day: date) -> tuple[KeyResult, list[HeldPost]]:
        """The key result and its goalposts as they are read on a day."""
        assert self.state is not None
        whole, shown = (state.key_result(KEY_RESULT) for state in (self.state, self.state.as_on(day)))
        assert whole is not None
        assert shown is not None
        return shown, as_held(goalposts_in(self.entries, KEY_RESULT), whole, day, shown)


@settings(max_examples=300)
@given(
    measure=st.sampled_from([POINTS, GROWTH]),
    lived=st.lists(st.tuples(st.integers(0, 40), commands), max_size=9),
    looked_at=st.lists(days, min_size=1, max_size=6),
)
def test_one_answer_about_the_target_in_force(
    measure: Measure, lived: list[tuple[int, Command]], looked_at: list[date]
) -> None:
    """Random histories of drafts, moves, targets, measures and bases: on each day, and by the days listed."""
    history = History(measure)
    today = QUARTERS[0].start
    for later, command in lived:
        today += timedelta(later)
        history.do(today, command)
    for day in {*looked_at, *(cycle.start for cycle in QUARTERS), today}:
        key_result, posts = history.on(day)
        read = key_result.target_on(day)
        in_force = [each.post for each in posts if each.in_force and each.post.what == "target"]
        assert [post.new for post in in_force] == ([] if read is None else [read])
        # Whoever goes by the days in the list comes to the same: what was set last wins from its day on.
        listed = [each.post for each in posts if each.post.what == "target" and each.judges]
        dated = [post for post in listed if post.effective_from is not None]
        begun = [post for post in dated if post.effective_from is not None and post.effective_from <= day]
        measures = {id(each.post.measure) for each in posts if each.judges}
        if read is not None and len(measures) == 1:
            assert (begun or dated[:1])[-1].new == read
        baselines = [each.post.new for each in posts if each.in_force and each.post.what == "baseline"]
        expected = key_result.measure_on(day).baseline
        assert baselines == ([] if expected is None else [expected])
