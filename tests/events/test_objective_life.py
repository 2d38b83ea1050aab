"""The life of an objective: which step is allowed when, and what its end leaves readable."""

from decimal import Decimal
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from events.commands import Command
from events.measures import Measure
from events.objectives.commands import (
    ActivateObjective,
    AddKeyResult,
    AgreeObjective,
    ChangeKeyResultOwner,
    ChangeMeasure,
    ChangeObjectiveCycle,
    ChangeObjectiveOrgUnit,
    ChangeObjectiveOwner,
    ChangeObjectiveReviewer,
    ChangeReward,
    ChangeSupports,
    ChangeTarget,
    CheckIn,
    CloseObjective,
    CorrectBaseline,
    DeclareTrajectory,
    DraftObjective,
    DropKeyResult,
    DropObjective,
    EnsureContainer,
    GradeObjective,
    LinkKpi,
    MarkStepDone,
    ProposeObjective,
    ReopenObjective,
    ReopenStep,
    ResolveRelative,
    RewordKeyResult,
    RewordObjective,
    SendBackObjective,
    SetWeights,
    UnlinkKpi,
)
from events.objectives.decider import AnyCommand, evolve
from events.objectives.events import (
    ObjectiveActivated,
    ObjectiveAgreed,
    ObjectiveClosed,
    ObjectiveDrafted,
    ObjectiveDropped,
    ObjectiveGraded,
    ObjectiveProposed,
    ObjectiveReopened,
    ObjectiveSentBack,
)
from events.objectives.key_result_events import KeyResultAdded
from events.objectives.lifecycle import ALLOWED
from events.objectives.state import ObjectiveStatus
from events.objectives.trajectory import TrajectoryPoint
from events.registry import EventData
from tests.events.given import QUARTER, Given, given, recorded

CLOSED_QUARTER = QUARTER.model_copy(update={"status": "closed"})
MEASURE = Measure(kind="increase", baseline=Decimal(50), target=Decimal(80), unit="KRW")
DAYS = Measure(kind="at_most", target=Decimal(3), unit="days")
MILESTONE = Measure.model_validate({"kind": "milestone", "steps": [{"id": "pilot", "title": "시범 운영"}]})
DRAFT = given(
    "objective",
    ObjectiveDrafted(title="성장", cycle="2025-q1", ambition="stretch"),
    KeyResultAdded(key_result="acv", title="ACV", measure=MEASURE, effective_from=QUARTER.start),
    KeyResultAdded(key_result="crm", title="CRM", measure=MILESTONE, effective_from=QUARTER.start),
)
PROPOSED = DRAFT.and_then(ObjectiveProposed())
AGREED = PROPOSED.and_then(ObjectiveAgreed())
ACTIVE = DRAFT.and_then(ObjectiveActivated())
GRADE = ObjectiveGraded(grade=Decimal("0.8"), reflection="더 일찍 시작했어야 한다")
GRADED = ACTIVE.and_then(GRADE)
CLOSED = GRADED.and_then(ObjectiveClosed(comment="다음 분기에 이어 간다"))
DROPPED = ACTIVE.and_then(ObjectiveDropped())
LIVES: dict[ObjectiveStatus, Given] = {
    "drafted": DRAFT,
    "proposed": PROPOSED,
    "agreed": AGREED,
    "active": ACTIVE,
    "graded": GRADED,
    "closed": CLOSED,
    "dropped": DROPPED,
}

CHANGES: list[Command] = [
    RewordObjective(title="다른 말"),
    ChangeObjectiveOwner(owner="boris"),
    ChangeObjectiveReviewer(reviewer=None),
    ChangeReward(reward=None),
    ChangeObjectiveOrgUnit(org_unit="sales"),
    ChangeObjectiveCycle(cycle="2025-q2"),
    ChangeSupports(supports=("growth",)),
    AddKeyResult(title="계약 수", measure=MEASURE),
    SetWeights(weights={"acv": Decimal(2), "crm": Decimal(1)}),
    RewordKeyResult(key_result="acv", title="다른 말"),
    ChangeMeasure(key_result="acv", measure=DAYS),
    ChangeTarget(key_result="acv", target=Decimal(90)),
    CorrectBaseline(key_result="acv", baseline=Decimal(40)),
    DeclareTrajectory(key_result="acv", trajectory=(TrajectoryPoint(day=QUARTER.end, value=Decimal(70)),)),
    LinkKpi(key_result="acv", kpi="revenue"),
    UnlinkKpi(key_result="acv"),
    ChangeKeyResultOwner(key_result="acv", owner="boris"),
    DropKeyResult(key_result="acv"),
]
STEPS: dict[str, Command] = {
    "propose": ProposeObjective(),
    "agree": AgreeObjective(),
    "send_back": SendBackObjective(),
    "activate": ActivateObjective(),
    "check_in": CheckIn(key_result="acv", value=Decimal(60)),
    "mark_step": MarkStepDone(key_result="crm", step="pilot"),
    "grade": GradeObjective(grade=Decimal("0.8")),
    "close": CloseObjective(),
    "drop": DropObjective(),
    "reopen": ReopenObjective(),
}
"""Every step by the word that `allowed` has for it."""
BEGINNINGS: list[Command] = [
    DraftObjective(title="x", cycle="2025-q1"),
    EnsureContainer(org_unit="sales", cycle="2025-q1"),
]
EVERY_COMMAND = [
    *CHANGES,
    *STEPS.values(),
    ReopenStep(key_result="crm", step="pilot"),
    ResolveRelative(key_result="acv", bases=()),
    *BEGINNINGS,
]


def test_the_tables_here_know_every_command_and_status() -> None:
    """A command or status that is added must be added here."""
    assert {type(command) for command in EVERY_COMMAND} == set(get_args(AnyCommand))
    assert LIVES.keys() == ALLOWED.keys()
    assert {word for words in ALLOWED.values() for word in words} == {*STEPS, "change"}


@pytest.mark.parametrize("status", LIVES)
@pytest.mark.parametrize("word", STEPS)
def test_a_step_is_taken_or_refused_with_what_is_allowed(status: ObjectiveStatus, word: str) -> None:
    # Anna proposed it, so somebody else agrees.
    outcome = LIVES[status].when(STEPS[word], reason="사유", actor="person:boris")
    if word in ALLOWED[status]:
        assert outcome.events, outcome.refusal
    else:
        assert outcome.refusal is not None
        assert outcome.refusal.kind == "conflict"
        assert outcome.refusal.allowed == ALLOWED[status]


@pytest.mark.parametrize("status", LIVES)
@pytest.mark.parametrize("command", CHANGES, ids=lambda command: type(command).__name__)
def test_a_change_is_made_or_refused_with_what_is_allowed(status: ObjectiveStatus, command: Command) -> None:
    outcome = LIVES[status].when(command, reason="사유")
    if "change" in ALLOWED[status]:
        assert outcome.refusal is None
    else:
        assert outcome.refused(f"objective_{status}").allowed == ALLOWED[status]


@pytest.mark.parametrize("status", LIVES)
@pytest.mark.parametrize("command", EVERY_COMMAND, ids=lambda command: type(command).__name__)
def test_nothing_of_a_closed_cycle_changes_through_any_command(
    status: ObjectiveStatus, command: Command
) -> None:
    """Whatever the objective's status is, and a new one cannot be drafted either."""
    before = given("objective") if isinstance(command, DraftObjective) else LIVES[status]
    refusal = before.when(command, reason="사유", cycle=CLOSED_QUARTER).refused("cycle_closed")
    assert refusal.allowed == ["reopen_cycle"]


def test_agreement_names_who_proposed_and_who_agreed() -> None:
    """Both stay readable once the objective is active."""
    proposed = DRAFT.when(ProposeObjective()).then(ObjectiveProposed())
    assert (proposed.status, proposed.proposed_by, proposed.agreed_by) == ("proposed", "person:anna", ())
    state = proposed
    for data in (ObjectiveAgreed(), ObjectiveActivated()):
        state = evolve(state, recorded(data, actor="person:boris"))
    assert (state.status, state.proposed_by, state.agreed_by) == ("active", "person:anna", ("person:boris",))


@pytest.mark.parametrize("before", [PROPOSED, AGREED])
def test_sending_back_takes_a_reason_and_makes_a_draft(before: Given) -> None:
    before.when(SendBackObjective()).refused("reason_required", "invalid", "/reason")
    state = before.when(SendBackObjective(), reason="목표치 근거 보완").then(ObjectiveSentBack())
    assert (state.status, state.proposed_by, state.agreed_by) == ("drafted", None, ())
    sent_back = before.and_then(ObjectiveSentBack())
    assert sent_back.when(RewordObjective(title="다른 말")).refusal is None


def test_an_objective_is_activated_from_a_draft_or_an_agreement() -> None:
    """Proposing is optional; but what is proposed waits for the answer."""
    for before in (DRAFT, AGREED):
        assert before.when(ActivateObjective()).then(ObjectiveActivated()).status == "active"
    PROPOSED.when(ActivateObjective()).refused("objective_proposed")


def test_a_dropped_proposal_comes_back_as_a_draft() -> None:
    """Whoever agreed did so before it was dropped, and is asked again."""
    dropped = AGREED.and_then(ObjectiveDropped())
    state = dropped.when(ReopenObjective(), reason="재개").then(ObjectiveReopened())
    assert (state.status, state.proposed_by, state.agreed_by) == ("drafted", None, ())


def test_the_own_grade_is_kept_with_who_gave_it() -> None:
    command = GradeObjective(grade=Decimal("0.8"), reflection="더 일찍 시작했어야 한다")
    state = ACTIVE.when(command).then(GRADE)
    assert state.status == "graded"
    assert (state.own_grade.grade, state.own_grade.actor) == (Decimal("0.8"), "person:anna")
    assert state.own_grade.reflection == "더 일찍 시작했어야 한다"


@pytest.mark.parametrize("grade", ["-0.01", "1.01", "NaN", 0.5])
def test_a_grade_is_a_decimal_between_0_and_1(grade: Any) -> None:
    with pytest.raises(ValidationError):
        GradeObjective(grade=grade)


@pytest.mark.parametrize("grade", ["0", "1", "0.35"])
def test_the_ends_are_grades_too(grade: str) -> None:
    state = ACTIVE.when(GradeObjective(grade=Decimal(grade))).then(ObjectiveGraded(grade=Decimal(grade)))
    assert state.own_grade.grade == Decimal(grade)


@pytest.mark.parametrize("before", [ACTIVE, GRADED])
def test_an_objective_is_closed_graded_or_not(before: Given) -> None:
    state = before.when(CloseObjective(comment="끝")).then(ObjectiveClosed(comment="끝"))
    assert state.status == "closed"
    assert [(closing.comment, closing.actor) for closing in state.closings] == [("끝", "person:anna")]


def test_reopening_a_closed_objective_takes_a_reason_and_begins_an_edition() -> None:
    """What was graded and said at its end stays; the new edition has no grade yet."""
    CLOSED.when(ReopenObjective()).refused("reason_required", "invalid", "/reason")
    state = CLOSED.when(ReopenObjective(), reason="실적 누락").then(ObjectiveReopened())
    assert (state.status, state.edition, state.own_grade) == ("active", 2, None)
    assert [(closing.edition, closing.comment) for closing in state.closings] == [
        (1, "다음 분기에 이어 간다")
    ]
    assert [(grade.edition, grade.grade) for grade in state.grades] == [(1, Decimal("0.8"))]


def test_a_later_end_stands_beside_the_earlier_one() -> None:
    again: list[EventData] = [ObjectiveReopened(), ObjectiveGraded(grade=Decimal("0.9"))]
    state = (
        CLOSED.and_then(*again)
        .when(CloseObjective(comment="이번엔 끝"))
        .then(ObjectiveClosed(comment="이번엔 끝"))
    )
    assert [(closing.edition, closing.comment) for closing in state.closings] == [
        (1, "다음 분기에 이어 간다"),
        (2, "이번엔 끝"),
    ]
    assert [grade.grade for grade in state.grades] == [Decimal("0.8"), Decimal("0.9")]
    assert state.own_grade.grade == Decimal("0.9")


def test_after_reopening_every_change_still_needs_a_reason() -> None:
    reopened = CLOSED.and_then(ObjectiveReopened())
    reopened.when(RewordObjective(title="다른 말")).refused("reason_required", "invalid", "/reason")
