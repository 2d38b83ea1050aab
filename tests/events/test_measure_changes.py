"""A key result is measured otherwise: by another kind, in another unit or direction."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from events.measures import Measure
from events.objectives.commands import (
    ActivateObjective,
    AgreeObjective,
    ChangeMeasure,
    ChangeTarget,
    CheckIn,
)
from events.objectives.decider import evolve
from events.objectives.events import ObjectiveActivated, ObjectiveDrafted
from events.objectives.key_result_events import (
    CheckedIn,
    KeyResultAdded,
    KpiLinked,
    MeasureChanged,
    StepDone,
    TargetChanged,
    TrajectoryDeclared,
)
from events.objectives.state import Objective
from events.objectives.trajectory import TrajectoryPoint
from tests.events.given import QUARTER, TODAY, Given, given, recorded, state_after
from tests.events.given_agreement import OWNER, REVIEWER, agreed_goal

SCORE = Measure(kind="increase", baseline=Decimal(40), target=Decimal(60), unit="points")
RANK = Measure(kind="decrease", baseline=Decimal(15), target=Decimal(6), unit="rank")
MIRRORED = Measure(kind="decrease", baseline=Decimal(60), target=Decimal(40), unit="points")
DRAFT = given(
    "objective",
    ObjectiveDrafted(title="이름을 알린다", cycle=QUARTER.id, ambition="stretch"),
    KeyResultAdded(key_result="name", title="인지도", measure=SCORE, effective_from=QUARTER.start),
)
ACTIVE = DRAFT.and_then(ObjectiveActivated())
WHY = {"reason": "순위가 더 많이 말해 줍니다"}


def state_of(lived: Given) -> Objective:
    """The objective with this history."""
    state: Objective = state_after("objective", *lived.history)
    return state


def change(measure: Measure = RANK) -> ChangeMeasure:
    """To measure the key result like that."""
    return ChangeMeasure(key_result="name", measure=measure)


def changed(new: Measure = RANK, effective_from: date = TODAY, **more: Any) -> MeasureChanged:
    """That it is measured like that."""
    return MeasureChanged(key_result="name", old=SCORE, new=new, effective_from=effective_from, **more)


def test_of_a_draft_nothing_of_before_holds() -> None:
    state = DRAFT.when(change()).then(changed(effective_from=QUARTER.start))
    (key_result,) = state.key_results
    assert (key_result.measure, key_result.earlier_measures) == (RANK, ())
    (fact,) = key_result.targets
    assert (fact.target, fact.effective_from) == (Decimal(6), QUARTER.start)


def test_once_active_it_takes_a_reason_and_each_day_keeps_its_measure() -> None:
    yesterday = TODAY - timedelta(days=1)
    point = TrajectoryPoint(day=TODAY, value=Decimal(50))
    lived = ACTIVE.and_then(
        CheckedIn(key_result="name", day=TODAY, value=Decimal(44), confidence=6),
        TargetChanged(key_result="name", old=Decimal(60), new=Decimal(70), effective_from=yesterday),
        TrajectoryDeclared(key_result="name", new=(point,)),
    )
    lived.when(change()).refused("reason_required", "invalid", "/reason")
    old = SCORE.model_copy(update={"target": Decimal(70)})
    event = changed().model_copy(update={"old": old})
    lived.when(change(), **WHY).then(event)
    before = state_of(lived)
    state = evolve(before, recorded(event))
    (now,) = state.key_results
    assert (now.measured_since, now.reported_before, now.check_ins) == (
        TODAY,
        1,
        before.key_results[0].check_ins,
    )
    assert (now.target_on(TODAY), now.baseline, now.trajectory) == (Decimal(6), Decimal(15), ())
    assert state.as_on(yesterday) == before
    assert state.as_on(TODAY) == state
    # And once more: each stretch of days has its own.
    later = MeasureChanged(key_result="name", old=RANK, new=MIRRORED, effective_from=date(2025, 3, 1))
    again = evolve(state, recorded(later))
    kinds = [again.as_on(day).key_results[0].measure.unit for day in (yesterday, TODAY, date(2025, 3, 1))]
    assert kinds == ["points", "rank", "points"]


def test_what_only_sets_other_figures_has_commands_of_its_own() -> None:
    ACTIVE.when(change(SCORE), **WHY).then()
    other = SCORE.model_copy(update={"target": Decimal(61)})
    ACTIVE.when(change(other), **WHY).refused("measure_same", "invalid", "/measure")
    relative = {"kind": "increase", "unit": "points", "target": "9", "relative": RELATIVE}
    stated = Measure.model_validate(relative)
    ACTIVE.when(change(stated), **WHY).refused("relative_has_figures", "invalid", "/measure/relative")


RELATIVE = {"amount": "20", "of": "previous_quarter"}


@pytest.mark.parametrize(("measure", "kpi"), [(MIRRORED, "fame"), (RANK, None)])
def test_a_kpi_of_another_unit_gives_the_value_no_more(measure: Measure, kpi: str | None) -> None:
    linked = ACTIVE.and_then(KpiLinked(key_result="name", new="fame"))
    state = linked.when(change(measure), **WHY).then(changed(measure, kpi=kpi))
    assert (state.key_results[0].kpi, state.as_on(QUARTER.start).key_results[0].kpi) == (kpi, "fame")


def test_values_of_days_before_are_not_reported_in_the_new_measure() -> None:
    remeasured = ACTIVE.and_then(changed())
    early = CheckIn(key_result="name", day=TODAY - timedelta(days=1), value=Decimal(9))
    remeasured.when(early).refused("day_before_measure", "invalid", "/day")
    words = CheckIn(key_result="name", day=TODAY - timedelta(days=1), confidence=4)
    assert remeasured.when(words).refusal is None
    assert remeasured.when(early.model_copy(update={"day": TODAY})).refusal is None


def test_on_an_mbo_goal_it_holds_from_the_day_on_which_both_have_agreed() -> None:
    goal = agreed_goal().does(OWNER, ActivateObjective())
    measure = Measure(kind="at_most", target=Decimal(3), unit="days")
    goal.does(OWNER, ChangeMeasure(key_result="acv", measure=measure))
    goal.does(OWNER, ChangeTarget(key_result="acv", target=Decimal(2)))
    assert goal.state.key_results[0].measure.unit != "days"
    goal.does(REVIEWER, AgreeObjective(), today=date(2025, 2, 12))
    (acv, *_) = goal.state.key_results
    assert (acv.measure.unit, acv.target_on(date(2025, 2, 12)), acv.measured_since) == (
        "days",
        Decimal(2),
        date(2025, 2, 12),
    )


def test_values_of_the_same_unit_go_on_counting() -> None:
    """Another direction or grading asks something else of the same figures, of earlier days too."""
    lived = ACTIVE.and_then(CheckedIn(key_result="name", day=TODAY, value=Decimal(44)), changed(MIRRORED))
    assert state_of(lived).key_results[0].reported_before == 0
    early = CheckIn(key_result="name", day=TODAY - timedelta(days=1), value=Decimal(43))
    assert lived.when(early).refusal is None


def test_steps_that_stay_are_still_done() -> None:
    def steps(*ids: str) -> Measure:
        return Measure.model_validate(
            {"kind": "milestone", "steps": [{"id": id_, "title": id_} for id_ in ids]}
        )

    done = (StepDone(key_result="name", step=step, day=TODAY) for step in ("pilot", "contract"))
    lived = ACTIVE.and_then(changed(steps("pilot", "contract")), *done)
    state = state_of(lived.and_then(changed(steps("pilot", "rollout"))))
    assert [fact.step for fact in state.key_results[0].step_facts] == ["pilot"]
