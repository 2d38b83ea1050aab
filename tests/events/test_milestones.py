"""Steps of a milestone: done since a day, reopened with a reason, never a KPI's or a check-in's business."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from events.commands import Command
from events.errors import RefusalKind
from events.measures import Measure
from events.objectives.commands import AddKeyResult, ChangeTarget, CheckIn, LinkKpi, MarkStepDone, ReopenStep
from events.objectives.events import ObjectiveActivated, ObjectiveDrafted
from events.objectives.key_result_events import KeyResultAdded, KeyResultDropped, StepDone, StepReopened
from events.objectives.reports import MOST_STEP_FACTS
from events.objectives.state import KeyResult, Objective
from tests.events.given import QUARTER, TODAY, given

CRM = Measure.model_validate(
    {
        "kind": "milestone",
        "steps": [{"id": "pilot", "title": "시범 운영"}, {"id": "rollout", "title": "적용"}],
    }
)
DRAFT = given(
    "objective",
    ObjectiveDrafted(title="영업 혁신", cycle="2025-q1", ambition="stretch"),
    KeyResultAdded(key_result="crm", title="CRM", measure=CRM, effective_from=QUARTER.start),
)
ACTIVE = DRAFT.and_then(ObjectiveActivated())
YESTERDAY, EARLIER = TODAY - timedelta(days=1), TODAY - timedelta(days=10)


def done(day: date, step: str = "pilot") -> StepDone:
    """A step is done since a day."""
    return StepDone(key_result="crm", step=step, day=day)


def reopened(day: date) -> StepReopened:
    """The pilot is not done after all."""
    return StepReopened(key_result="crm", step="pilot", day=day)


def crm(state: Objective) -> KeyResult:
    """The key result of a state."""
    found = state.key_result("crm")
    assert found is not None
    return found


def test_a_step_is_done_since_a_day() -> None:
    """Today unless said otherwise; before that day it was not, and the other step is not."""
    state = ACTIVE.when(MarkStepDone(key_result="crm", step="pilot")).then(done(TODAY))
    subject = crm(state)
    assert [subject.done_since("pilot", day) for day in (YESTERDAY, TODAY, QUARTER.end)] == [
        None,
        TODAY,
        TODAY,
    ]
    assert subject.done_since("rollout", QUARTER.end) is None


def test_what_is_done_already_makes_no_event() -> None:
    marked = ACTIVE.and_then(done(EARLIER))
    marked.when(MarkStepDone(key_result="crm", step="pilot")).then()
    state = marked.when(MarkStepDone(key_result="crm", step="pilot", day=QUARTER.start)).then(
        done(QUARTER.start)
    )
    assert crm(state).done_since("pilot", TODAY) == QUARTER.start
    ACTIVE.when(ReopenStep(key_result="crm", step="pilot")).then()


def test_reopening_takes_a_reason_and_leaves_the_days_before() -> None:
    marked = ACTIVE.and_then(done(EARLIER))
    command = ReopenStep(key_result="crm", step="pilot")
    marked.when(command).refused("reason_required", "invalid", "/reason")
    subject = crm(marked.when(command, reason="오류 발견").then(reopened(TODAY)))
    assert [subject.done_since("pilot", day) for day in (EARLIER, YESTERDAY, TODAY)] == [
        EARLIER,
        EARLIER,
        None,
    ]


def test_a_step_that_never_was_done_is_reopened_from_its_own_day() -> None:
    marked = ACTIVE.and_then(done(EARLIER))
    command = ReopenStep(key_result="crm", step="pilot", day=EARLIER)
    subject = crm(marked.when(command, reason="잘못 표시함").then(reopened(EARLIER)))
    assert subject.done_since("pilot", QUARTER.end) is None


def test_a_step_is_done_again_after_it_was_reopened() -> None:
    before = ACTIVE.and_then(done(EARLIER), reopened(YESTERDAY))
    subject = crm(before.when(MarkStepDone(key_result="crm", step="pilot")).then(done(TODAY)))
    assert [subject.done_since("pilot", day) for day in (EARLIER, YESTERDAY, TODAY)] == [EARLIER, None, TODAY]


def test_an_earlier_day_is_said_again_when_a_later_fact_stands() -> None:
    """Done now, reopened from tomorrow's point of view: the day before both is still open."""
    before = ACTIVE.and_then(done(YESTERDAY))
    before.when(ReopenStep(key_result="crm", step="pilot", day=EARLIER), reason="시범이 아니었음").then(
        reopened(EARLIER)
    )


@pytest.mark.parametrize(
    ("command", "code", "kind"),
    [
        (MarkStepDone(key_result="crm", step="nothing"), "step_unknown", "not_found"),
        (MarkStepDone(key_result="nothing", step="pilot"), "key_result_unknown", "not_found"),
        (
            MarkStepDone(key_result="crm", step="pilot", day=TODAY + timedelta(days=1)),
            "day_in_the_future",
            "invalid",
        ),
        (
            MarkStepDone(key_result="crm", step="pilot", day=QUARTER.start - timedelta(days=1)),
            "day_outside_cycle",
            "invalid",
        ),
        (CheckIn(key_result="crm", value=Decimal(1)), "value_comes_from_steps", "invalid"),
        (LinkKpi(key_result="crm", kpi="revenue"), "value_comes_from_steps", "invalid"),
        (AddKeyResult(title="x", measure=CRM, kpi="revenue"), "value_comes_from_steps", "invalid"),
        (ChangeTarget(key_result="crm", target=Decimal(2)), "milestone_target_fixed", "invalid"),
    ],
)
def test_what_a_milestone_refuses(command: Command, code: str, kind: RefusalKind) -> None:
    ACTIVE.when(command, reason="사유").refused(code, kind)


def test_steps_are_marked_while_the_objective_is_active_and_the_key_result_pursued() -> None:
    command = MarkStepDone(key_result="crm", step="pilot")
    assert DRAFT.when(command).refused("objective_not_active").allowed
    ACTIVE.and_then(KeyResultDropped(key_result="crm")).when(command).refused("key_result_dropped")


def test_marks_have_a_limit() -> None:
    marks = [done(TODAY) if n % 2 else reopened(TODAY) for n in range(MOST_STEP_FACTS + 1)]
    many = ACTIVE.and_then(*marks[:MOST_STEP_FACTS])
    refusal = many.when(ReopenStep(key_result="crm", step="pilot"), reason="또").refused(
        "too_many_step_changes"
    )
    assert "mark_step" not in refusal.allowed


def test_a_check_in_with_confidence_is_welcome() -> None:
    assert ACTIVE.when(CheckIn(key_result="crm", confidence=7)).refusal is None
