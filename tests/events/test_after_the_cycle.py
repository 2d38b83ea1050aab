"""Goalposts after the last day of the cycle: the final figure stays, or it is on record that it moved."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest

from events.commands import Command
from events.cycles.state import Cycle
from events.measures import Measure
from events.objectives.commands import (
    AddKeyResult,
    AgreeObjective,
    ChangeMeasure,
    ChangeObjectiveCycle,
    ChangeTarget,
    CorrectBaseline,
    DeclareTrajectory,
    DropKeyResult,
    GoalpostCommand,
    LinkKpi,
    ResolveRelative,
    SetWeights,
    UnlinkKpi,
)
from events.objectives.decider import evolve
from events.objectives.events import ObjectiveActivated, ObjectiveCycleChanged, ObjectiveDrafted
from events.objectives.key_result_events import (
    CheckedIn,
    Goalpost,
    KeyResultAdded,
    MeasureChanged,
    TargetChanged,
)
from events.objectives.state import Objective
from events.objectives.trajectory import TrajectoryPoint
from events.relative import FrozenBase, PeriodBase, Relative
from projections.scoring.scores import score_days
from projections.scoring.values import BusinessDays
from tests.events.given import NEXT_QUARTER, QUARTER, Given, given, recorded, state_after
from tests.events.given_agreement import MEASURE, OWNER, REVIEWER, active_goal

DURING = date(2025, 3, 10)
AFTER = QUARTER.end + timedelta(days=9)
WHY = {"reason": "다시 보니 달랐습니다"}
SCORE = Measure(kind="increase", baseline=Decimal(40), target=Decimal(60), unit="points")
RANK = Measure(kind="decrease", baseline=Decimal(15), target=Decimal(6), unit="rank")
PLUS_TEN = Relative(of="previous_quarter", change="relative", amount=Decimal(10))
GROWTH = Measure(kind="increase", unit="points", relative=PLUS_TEN)
POINT = TrajectoryPoint(day=date(2025, 2, 1), value=Decimal(45))
ACTIVE = given(
    "objective",
    ObjectiveDrafted(title="이름을 알린다", cycle=QUARTER.id, ambition="stretch"),
    KeyResultAdded(key_result="name", title="인지도", measure=SCORE, effective_from=QUARTER.start),
    KeyResultAdded(
        key_result="linked", title="매출", measure=MEASURE, effective_from=QUARTER.start, kpi="revenue"
    ),
    KeyResultAdded(key_result="grown", title="성장", measure=GROWTH, effective_from=QUARTER.start),
    ObjectiveActivated(),
    CheckedIn(key_result="name", day=date(2025, 3, 20), value=Decimal(50)),
)


def base(value: int) -> PeriodBase:
    """What the quarter before came to, for the whole cycle."""
    known = FrozenBase(
        value=Decimal(value),
        start=date(2024, 10, 1),
        end=date(2024, 12, 31),
        readings=1,
        first_position=1,
        last_position=1,
        known_position=1,
    )
    return PeriodBase(base=known, effective_from=QUARTER.start)


class Late(NamedTuple):
    """A goalpost, and what moves it."""

    command: Command
    of_the_cycle: bool = True
    """It holds for days of the cycle, so it is flagged; else the final figure stays as it was."""


RESOLVE = ResolveRelative(key_result="grown", bases=(base(120),))
LATE: dict[type[Command], Late] = {
    ChangeMeasure: Late(ChangeMeasure(key_result="name", measure=RANK), of_the_cycle=False),
    ChangeTarget: Late(ChangeTarget(key_result="name", target=Decimal(45), effective_from=QUARTER.end)),
    CorrectBaseline: Late(CorrectBaseline(key_result="name", baseline=Decimal(45))),
    DeclareTrajectory: Late(DeclareTrajectory(key_result="name", trajectory=(POINT,))),
    LinkKpi: Late(LinkKpi(key_result="linked", kpi="other")),
    UnlinkKpi: Late(UnlinkKpi(key_result="linked")),
    SetWeights: Late(SetWeights(weights=dict.fromkeys(("name", "linked", "grown"), Decimal(1)))),
    AddKeyResult: Late(AddKeyResult(title="하나 더", measure=SCORE)),
    DropKeyResult: Late(DropKeyResult(key_result="name")),
    ResolveRelative: Late(RESOLVE),
    ChangeObjectiveCycle: Late(ChangeObjectiveCycle(cycle=NEXT_QUARTER.id), of_the_cycle=False),
}
"""Every goalpost after the cycle's last day."""


def figures(objective: Objective, *days: date) -> list[object]:
    """Value, target and raw score of the key result of the cycle, as they read at the end of some days."""
    found: list[object] = []
    for day in days:
        then = objective.as_on(day)
        (key_result,) = [each for each in then.key_results if each.id == "name"]
        cycle = {each.id: each for each in (QUARTER, NEXT_QUARTER)}[then.cycle]
        (score,) = score_days(key_result, None, cycle, BusinessDays(), [day])
        found.append((score.value, score.target, score.raw))
    return found


@pytest.fixture
def active() -> Given:
    """An active goal whose relative key result is resolved."""
    resolved = ACTIVE.when(ResolveRelative(key_result="grown", bases=(base(100),)), today=QUARTER.start)
    assert resolved.events is not None
    return ACTIVE.and_then(*resolved.events)


def test_every_goalpost_is_looked_at() -> None:
    """One that is new says here what it does after the cycle's last day."""
    assert LATE.keys() == {*GoalpostCommand.__subclasses__(), ResolveRelative}


@pytest.mark.parametrize("late", LATE.values(), ids=lambda late: type(late.command).__name__)
def test_the_final_figure_stays_or_the_change_is_flagged(active: Given, late: Late) -> None:
    """In the cycle nothing is flagged; after its last day what holds for days of it is."""
    during, events = (active.when(late.command, today=day, **WHY).events for day in (DURING, AFTER))
    assert during
    assert events
    assert not any(data.backdated for data in during if isinstance(data, Goalpost))
    flags = [data.backdated for data in events if isinstance(data, Goalpost)]
    assert flags == ([True] * len(events) if late.of_the_cycle else [])
    if not late.of_the_cycle:
        before = after = state_after("objective", *active.history)
        for data in events:
            after = evolve(after, recorded(data)._replace(business_day=AFTER))
        assert figures(after, QUARTER.end) == figures(before, QUARTER.end)


def test_a_target_after_the_last_day_names_its_day(active: Given) -> None:
    """Otherwise nobody said from which day of the cycle on it is to hold."""
    change = ChangeTarget(key_result="name", target=Decimal(45))
    refused = active.when(change, today=AFTER, **WHY).refused("cycle_over", "invalid", "/effective_from")
    assert "2025-03-31" in refused.text.en
    named = change.model_copy(update={"effective_from": QUARTER.end})
    expected = TargetChanged(
        key_result="name", old=Decimal(60), new=Decimal(45), effective_from=QUARTER.end, backdated=True
    )
    active.when(named, today=AFTER, **WHY).then(expected)
    on_the_last_day = active.when(change, today=QUARTER.end, **WHY).events
    assert on_the_last_day == [expected.model_copy(update={"backdated": False})]


def test_a_measure_of_after_the_last_day_never_judges_the_cycle(active: Given) -> None:
    """Not on any day, also weeks later; it does from the day on which the goal is in another cycle."""
    change = ChangeMeasure(key_result="name", measure=RANK)
    measured = MeasureChanged(key_result="name", old=SCORE, new=RANK, effective_from=AFTER, cycle_over=True)
    after = active.when(change, today=AFTER, **WHY).then(measured)
    days = (QUARTER.end, AFTER, AFTER + timedelta(days=40))
    before = state_after("objective", *active.history)
    assert figures(after, *days) == figures(before, *days)
    refused = active.and_then(measured).when(
        ChangeTarget(key_result="name", target=Decimal(5), effective_from=QUARTER.end), today=AFTER, **WHY
    )
    refused.refused("day_before_measure", "invalid", "/effective_from")
    moved = ObjectiveCycleChanged(old=QUARTER.id, new=NEXT_QUARTER.id, starts=NEXT_QUARTER.start)
    there = state_after("objective", *active.history, measured, moved)
    key_result = there.as_on(recorded(moved).time.date() + timedelta(days=90)).key_results[0]
    assert key_result.measure == RANK


YEAR_BEFORE = QUARTER.model_copy(update={"id": "2024", "start": date(2024, 1, 1), "end": date(2024, 12, 31)})
TWIN = QUARTER.model_copy(update={"id": "twin"})


@pytest.mark.parametrize(
    ("cycle", "today", "flagged"),
    [
        (TWIN, QUARTER.end, False),
        (TWIN, AFTER, True),
        (NEXT_QUARTER, AFTER, False),
        (YEAR_BEFORE, DURING, True),
    ],
)
def test_a_move_into_a_cycle_that_is_over_is_flagged(
    active: Given, cycle: Cycle, today: date, flagged: bool
) -> None:
    """That cycle gets a final figure that it did not have; the one that is left keeps its own."""
    move = ChangeObjectiveCycle(cycle=cycle.id)
    events = active.when(move, today=today, new_cycle=cycle, **WHY).events
    assert events
    moved = events[0]
    assert isinstance(moved, ObjectiveCycleChanged)
    assert moved.backdated is flagged


def test_a_draft_moves_into_a_cycle_that_is_over_without_a_flag() -> None:
    """Nothing was agreed yet."""
    drafted = Given("objective", ACTIVE.history[:4])
    move = ChangeObjectiveCycle(cycle=YEAR_BEFORE.id)
    drafted.when(move, today=AFTER, new_cycle=YEAR_BEFORE).then(
        ObjectiveCycleChanged(old=QUARTER.id, new=YEAR_BEFORE.id, starts=YEAR_BEFORE.start)
    )


def test_an_agreed_move_is_flagged_if_the_cycle_is_over_by_the_yes() -> None:
    """Not if it is asked for in time only."""
    goal = active_goal()
    goal.facts["new_cycle"] = TWIN
    goal = goal.does(OWNER, ChangeObjectiveCycle(cycle=TWIN.id), today=DURING)
    (*_, moved) = goal.does(REVIEWER, AgreeObjective(), today=AFTER).events
    assert isinstance(moved, ObjectiveCycleChanged)
    assert moved.backdated


def test_a_cycle_that_ended_before_the_measure_began_takes_no_goal(active: Given) -> None:
    """It would end in a measure that it never had. The cycle that was left is judged by its own."""
    measured = MeasureChanged(key_result="name", old=SCORE, new=RANK, effective_from=AFTER, cycle_over=True)
    changed = active.and_then(measured)
    move = ChangeObjectiveCycle(cycle=TWIN.id)
    changed.when(move, today=AFTER, new_cycle=TWIN, **WHY).refused("target_after_cycle", pointer="/cycle")
    moved = ObjectiveCycleChanged(old=QUARTER.id, new=NEXT_QUARTER.id, starts=NEXT_QUARTER.start)
    back = ChangeObjectiveCycle(cycle=QUARTER.id)
    returned = changed.and_then(moved).when(back, today=AFTER, cycle=NEXT_QUARTER, new_cycle=QUARTER, **WHY)
    flags = [data.backdated for data in returned.events or () if isinstance(data, ObjectiveCycleChanged)]
    assert flags == [True]


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        (ChangeTarget(key_result="acv", target=Decimal(90)), "change_too_late"),
        (ChangeTarget(key_result="acv", target=Decimal(90), effective_from=QUARTER.start), None),
        (SetWeights(weights={"acv": Decimal(2)}), None),
        (ChangeMeasure(key_result="acv", measure=RANK), None),
    ],
)
def test_a_change_that_waited_until_the_cycle_was_over_moves_no_final_figure_unseen(
    command: Command, refused: str | None
) -> None:
    """A target that was to hold from the day of the last yes is made no more; the rest is flagged."""
    goal = active_goal().does(OWNER, command, today=DURING)
    if refused is not None:
        goal.refuses(REVIEWER, AgreeObjective(), refused, today=AFTER)
        return
    made = goal.does(REVIEWER, AgreeObjective(), today=AFTER).events[-1]
    assert made.cycle_over if isinstance(made, MeasureChanged) else getattr(made, "backdated", False)
