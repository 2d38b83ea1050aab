"""Relative goals: stated without figures, resolved with a frozen base, moved by nothing but a command."""

from datetime import date
from decimal import Decimal

import pytest

from events.measures import Measure
from events.objectives.commands import (
    AddKeyResult,
    ChangeTarget,
    CorrectBaseline,
    DeclareTrajectory,
    ResolveRelative,
)
from events.objectives.events import ObjectiveActivated, ObjectiveDrafted
from events.objectives.key_result_events import KeyResultAdded, RelativeResolved, TargetChanged
from events.objectives.state import KeyResult, Objective
from events.relative import CoursePoint, PeriodBase, Relative
from tests.events.given import QUARTER, TODAY, given
from tests.events.given_relative_goals import COST, base, resolve

DRAFT = given(
    "objective",
    ObjectiveDrafted(title="비용 절감", cycle="2025-q1", ambition="stretch"),
    KeyResultAdded(key_result="cost", title="비용 5 % 절감", measure=COST, effective_from=QUARTER.start),
)
ACTIVE = DRAFT.and_then(ObjectiveActivated())


def resolved(found: PeriodBase, new: object, old: object = None) -> RelativeResolved:
    """The event that follows from a base."""
    return RelativeResolved(
        key_result="cost",
        old=None if old is None else Decimal(str(old)),
        new=Decimal(str(new)),
        base=found.base,
        effective_from=found.effective_from,
    )


def cost(state: Objective) -> KeyResult:
    """The key result of a state."""
    found = state.key_result("cost")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("change", "amount", "of", "target"),
    [
        (None, "-5", "100", "95"),
        ("relative", "15", "40", "46"),
        ("points", "15", "40", "55"),
        ("relative", "100", "0.000000000001", "0.000000000002"),
        ("relative", "0.1", "0.000000000005", "0.000000000005"),
        ("points", "-0.5", "100", "99.5"),
    ],
)
def test_the_target_follows_from_the_base(change: str | None, amount: str, of: str, target: str) -> None:
    """Percent of the base, or added to it; at most twelve places."""
    relative = Relative.model_validate({"change": change, "amount": amount, "of": "previous_quarter"})
    assert relative.target(Decimal(of)) == Decimal(target)


def test_it_is_unresolved_until_the_base_is_known() -> None:
    """There is no target then, and nothing can be moved."""
    subject = cost(ACTIVE.when(resolve(base(100))).then(resolved(base(100), 95)))
    assert [subject.target_on(day) for day in (QUARTER.start, QUARTER.end)] == [95, 95]
    assert (subject.measure.target, subject.baseline) == (Decimal(95), Decimal(100))
    assert subject.measure_on(TODAY).baseline == 100
    ACTIVE.when(resolve()).refused("base_unknown")


def test_resolving_again_with_the_same_base_makes_no_event() -> None:
    """Also when it was read at a later position."""
    before = ACTIVE.and_then(resolved(base(100), 95))
    before.when(resolve(base(100, known_position=99))).then()


def test_a_corrected_base_is_adopted_with_a_reason() -> None:
    before = ACTIVE.and_then(resolved(base(100), 95))
    before.when(resolve(base(200))).refused("reason_required", "invalid", "/reason")
    state = before.when(resolve(base(200)), reason="전표 정정").then(resolved(base(200), 190, old=95))
    assert [fact.target for fact in cost(state).targets] == [None, 95, 190]


def test_a_draft_keeps_only_what_it_was_resolved_with_last() -> None:
    """Nothing was agreed that could have moved."""
    before = DRAFT.and_then(resolved(base(100), 95))
    state = before.when(resolve(base(200))).then(resolved(base(200), 190, old=95))
    assert [fact.target for fact in cost(state).targets] == [190]


def test_each_period_has_a_base_of_its_own() -> None:
    """January against December, February against January."""
    january, february = base(100), base(80, date(2025, 2, 1))
    state = DRAFT.when(resolve(january, february)).then(resolved(january, 95), resolved(february, 76))
    assert [cost(state).target_on(day) for day in (QUARTER.start, TODAY)] == [95, 76]


@pytest.mark.parametrize("value", ["0", "-1"])
def test_a_base_that_is_not_above_0_is_refused(value: str) -> None:
    ACTIVE.when(resolve(base(value))).refused("base_not_positive", "invalid", "/base")


def test_a_target_that_makes_no_sense_is_refused() -> None:
    """100 % less is a target of 0, which attainment cannot be measured against."""
    measure = Measure.model_validate(
        {"kind": "at_most", "unit": "KRW", "relative": {"amount": "-100", "of": "previous_year"}}
    )
    added = KeyResultAdded(key_result="zero", title="0", measure=measure, effective_from=QUARTER.start)
    command = ResolveRelative(key_result="zero", bases=(base(10),))
    ACTIVE.and_then(added).when(command).refused("target_not_positive", "invalid")


def test_a_change_of_the_own_baseline_is_resolved_at_once() -> None:
    """Retention of 40 %, up by 15 %: 46."""
    said = {"kind": "increase", "unit": "percent", "baseline": "40"}
    stated = Measure.model_validate(
        said | {"relative": {"change": "relative", "amount": "15", "of": "baseline"}}
    )
    added = AddKeyResult(key_result="kept", title="유지율", measure=stated)
    measure = stated.model_copy(update={"target": Decimal(46)})
    event = KeyResultAdded(key_result="kept", title="유지율", measure=measure, effective_from=QUARTER.start)
    state = DRAFT.when(added).then(event)
    assert state.key_result("kept").target_on(TODAY) == 46
    known = DRAFT.and_then(event)
    known.when(ResolveRelative(key_result="kept", bases=(base(1),))).refused("goal_not_relative")
    corrected = known.when(CorrectBaseline(key_result="kept", baseline=Decimal(41)))
    assert corrected.refusal is None
    missing = AddKeyResult(title="x", measure=stated.model_copy(update={"baseline": None}))
    DRAFT.when(missing).refused("relative_needs_baseline", "invalid", "/measure/baseline")
    zero = AddKeyResult(title="x", measure=stated.model_copy(update={"baseline": Decimal(0)}))
    DRAFT.when(zero).refused("base_not_positive", "invalid", "/measure/baseline")


@pytest.mark.parametrize("figure", ["target", "baseline"])
def test_figures_come_with_the_resolution_only(figure: str) -> None:
    measure = COST.model_copy(update={figure: Decimal(100)})
    DRAFT.when(AddKeyResult(title="x", measure=measure)).refused(
        "relative_has_figures", "invalid", "/measure/relative"
    )


def test_figures_are_changed_once_there_are_any() -> None:
    """A target of an active goal moves as any other and keeps its base; the baseline is the base's."""
    move = ChangeTarget(key_result="cost", target=Decimal(90))
    correct = CorrectBaseline(key_result="cost", baseline=Decimal(90))
    for before in (DRAFT, ACTIVE, DRAFT.and_then(resolved(base(100), 95))):
        before.when(move, reason="…").refused("goal_is_relative")
        before.when(correct, reason="…").refused("goal_is_relative")
    running = ACTIVE.and_then(resolved(base(100), 95))
    state = running.when(move, reason="더 줄인다").then(
        TargetChanged(key_result="cost", old=Decimal(95), new=Decimal(90), effective_from=TODAY)
    )
    assert cost(state).fact_on(TODAY).base == base(100).base
    running.when(correct, reason="…").refused("goal_is_relative")
    later = ACTIVE.and_then(resolved(base(100, QUARTER.end), 95))
    later.when(move, reason="…").refused("goal_is_relative")  # on a day before it has a target


def test_a_trajectory_may_be_declared_before_it_is_resolved() -> None:
    assert ACTIVE.when(DeclareTrajectory(key_result="cost", trajectory=()), reason="…").refusal is None


def test_only_a_relative_goal_is_resolved() -> None:
    plain = Measure(kind="increase", baseline=Decimal(1), target=Decimal(2), unit="x")
    added = KeyResultAdded(key_result="plain", title="…", measure=plain, effective_from=QUARTER.start)
    command = ResolveRelative(key_result="plain", bases=(base(1),))
    ACTIVE.and_then(added).when(command).refused("goal_not_relative")


def test_a_course_is_part_of_the_base() -> None:
    """The same sum that grew another way is another base."""
    point = CoursePoint(day=date(2024, 12, 31), value=Decimal(100))
    before = ACTIVE.and_then(resolved(base(100), 95))
    grown = base(100, course=(point,))
    before.when(resolve(grown), reason="정정").then(resolved(grown, 95, old=95))
