"""Agreement: nobody agrees alone with himself, and an MBO goal changes only when both parties say yes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from events.commands import Command
from events.errors import Refused
from events.objectives.agreement import as_proposed
from events.objectives.agreement_events import (
    ObjectiveChangeAgreed,
    ObjectiveChangeProposed,
    ObjectiveChangeSentBack,
)
from events.objectives.commands import (
    ActivateObjective,
    AddKeyResult,
    AgreeObjective,
    ChangeKeyResultOwner,
    ChangeObjectiveOrgUnit,
    ChangeObjectiveOwner,
    ChangeObjectiveReviewer,
    ChangeReward,
    ChangeSupports,
    ChangeTarget,
    CheckIn,
    CloseObjective,
    CorrectBaseline,
    DraftObjective,
    DropKeyResult,
    DropObjective,
    GradeObjective,
    LinkKpi,
    ProposeObjective,
    ReopenObjective,
    RewordKeyResult,
    RewordObjective,
    SendBackObjective,
    SetWeights,
    UnlinkKpi,
)
from events.objectives.events import ObjectiveDrafted
from events.objectives.key_result_events import TargetChanged
from events.rewards import Reward
from tests.events.given import given
from tests.events.given_agreement import (
    MEASURE,
    OWNER,
    REVIEWER,
    STRANGER,
    Goal,
    active_goal,
    mbo,
    named,
    terms,
)


def test_nobody_agrees_alone_to_an_own_proposal() -> None:
    """For an OKR anybody else does; whoever is alone sends it back and activates the draft."""
    goal = Goal(mbo(framework="okr", reviewer=None)).does(OWNER, ProposeObjective())
    refusal = goal.refuses(OWNER, AgreeObjective(), "own_proposal")
    assert refusal.allowed == ["send_back", "drop"]
    assert goal.does(STRANGER, AgreeObjective()).state.agreed_by == (STRANGER,)
    alone = Goal(mbo(framework="okr", reviewer=None)).does(OWNER, ProposeObjective())
    assert alone.does(OWNER, SendBackObjective()).does(OWNER, ActivateObjective()).state.status == "active"


@pytest.mark.parametrize(
    ("proposer", "agreeing", "status", "missing"),
    [
        (OWNER, [], "proposed", {REVIEWER}),
        (OWNER, [OWNER], "proposed", {REVIEWER}),
        (OWNER, [REVIEWER], "agreed", set()),
        (REVIEWER, [REVIEWER], "proposed", {OWNER}),
        (REVIEWER, [OWNER], "agreed", set()),
        (STRANGER, [OWNER], "proposed", {REVIEWER}),
        (STRANGER, [REVIEWER, REVIEWER], "proposed", {OWNER}),
        (STRANGER, [REVIEWER, OWNER], "agreed", set()),
    ],
)
def test_an_mbo_goal_is_agreed_when_both_parties_said_yes(
    proposer: str, agreeing: list[str], status: str, missing: set[str]
) -> None:
    """Putting it forward is a yes; until both have said it, beginning is refused and names who is missing."""
    goal = Goal(mbo()).does(proposer, ProposeObjective())
    for actor in agreeing:
        goal.does(actor, AgreeObjective())
    assert goal.state.status == status
    assert goal.state.still_to_agree == missing
    if missing:
        refusal = goal.refuses(OWNER, ActivateObjective(), "agreement_missing")
        assert all(party in refusal.text.en and party in refusal.text.ko for party in missing)
    else:
        assert goal.does(OWNER, ActivateObjective()).state.status == "active"


def test_a_draft_of_an_mbo_goal_is_not_activated_and_nobody_else_agrees() -> None:
    goal = Goal(mbo())
    assert "propose" in goal.refuses(OWNER, ActivateObjective(), "agreement_missing").allowed
    goal.does(OWNER, ProposeObjective()).refuses(STRANGER, AgreeObjective(), "not_a_party", "forbidden")
    sent_back = goal.does(REVIEWER, SendBackObjective())
    assert sent_back.state.status == "drafted"
    sent_back.does(OWNER, RewordObjective(title="담당 고객 90 % 유지"), reason=None)
    assert sent_back.state.title == "담당 고객 90 % 유지"


@pytest.mark.parametrize("differs", [{"owner": None}, {"reviewer": None}])
def test_an_mbo_goal_without_both_parties_is_not_proposed(differs: dict[str, object]) -> None:
    Goal(mbo(**differs)).refuses(OWNER, ProposeObjective(), "party_missing")


@pytest.mark.parametrize(
    ("command", "code", "pointer"),
    [
        ({"framework": "okr", "reviewer": "boris"}, "reviewer_of_okr", "/reviewer"),
        ({"framework": "mbo", "owner": "anna", "reviewer": "anna"}, "parties_same", "/reviewer"),
        ({"framework": "mbo", "ambition": "stretch"}, "mbo_is_committed", "/ambition"),
    ],
)
def test_a_draft_whose_framework_and_parties_contradict_is_refused(
    command: dict[str, str], code: str, pointer: str
) -> None:
    draft = DraftObjective.model_validate({"title": "x", "cycle": "2025-q1", **command})
    given("objective").when(draft).refused(code, "invalid", pointer)


@pytest.mark.parametrize(
    ("framework", "ambition", "drafted"),
    [
        ("okr", None, "stretch"),
        ("okr", "committed", "committed"),
        ("mbo", None, "committed"),
        ("mbo", "committed", "committed"),
    ],
)
def test_ambition_follows_from_the_framework(framework: str, ambition: str | None, drafted: str) -> None:
    command = {"title": "x", "cycle": "2025-q1", "framework": framework, "ambition": ambition}
    outcome = given("objective").when(DraftObjective.model_validate(command))
    assert outcome.events is not None
    [event] = outcome.events
    assert isinstance(event, ObjectiveDrafted)
    assert event.ambition == drafted


CHANGES: list[Command] = [
    RewordObjective(title="다른 말"),
    ChangeObjectiveOwner(owner="dora"),
    ChangeObjectiveReviewer(reviewer="dora"),
    ChangeObjectiveOrgUnit(org_unit="sales"),
    ChangeReward(reward=Reward(share=Decimal(20))),
    AddKeyResult(title="계약 수", measure=MEASURE),
    SetWeights(weights={"acv": Decimal(2)}),
    RewordKeyResult(key_result="acv", title="다른 말"),
    ChangeTarget(key_result="acv", target=Decimal(90)),
    CorrectBaseline(key_result="acv", baseline=Decimal(40)),
    LinkKpi(key_result="acv", kpi="acv"),
    UnlinkKpi(key_result="acv"),
    ChangeKeyResultOwner(key_result="acv", owner="boris"),
    DropKeyResult(key_result="acv"),
    DropObjective(),
]


@pytest.mark.parametrize("command", CHANGES, ids=named)
def test_a_change_of_an_active_mbo_goal_waits_and_the_old_terms_hold(command: Command) -> None:
    """Only the other party's yes makes it; then it is as it would have been without waiting."""
    goal = active_goal()
    before = goal.state
    goal.does(OWNER, command)
    [proposed] = goal.events
    assert isinstance(proposed, ObjectiveChangeProposed)
    assert goal.state.model_copy(update={"waiting": None}) == before
    expected = as_proposed(goal.state)
    assert goal.does(OWNER, AgreeObjective()).events == []
    goal.refuses(STRANGER, AgreeObjective(), "not_a_party", "forbidden")
    goal.does(REVIEWER, AgreeObjective())
    if isinstance(command, ChangeObjectiveOwner | ChangeObjectiveReviewer):
        assert goal.state.waiting is not None, "the new party has not said yes"
        goal.does("person:dora", AgreeObjective())
    assert goal.events[0] == ObjectiveChangeAgreed(takes_effect=True)
    assert terms(goal.state) == terms(expected) != terms(before)


@pytest.mark.parametrize("command", CHANGES, ids=named)
def test_a_change_is_refused_without_a_reason_and_may_be_sent_back(command: Command) -> None:
    goal = active_goal()
    before = goal.state
    with pytest.raises(Refused, match="reason_required"):
        goal.does(OWNER, command, reason=None)
    goal.does(REVIEWER, command)
    with pytest.raises(Refused, match="reason_required"):
        goal.does(OWNER, SendBackObjective(), reason=None)
    goal.refuses(STRANGER, SendBackObjective(), "not_a_party", "forbidden")
    goal.does(OWNER, SendBackObjective())
    assert goal.events == [ObjectiveChangeSentBack()]
    assert goal.state == before


def test_while_a_change_waits_only_its_author_adds_to_it() -> None:
    """Both changes are agreed to at once: each was decided on top of the one before."""
    goal = active_goal().does(OWNER, ChangeTarget(key_result="acv", target=Decimal(90)))
    refusal = goal.refuses(REVIEWER, RewordObjective(title="다른 말"), "change_waits")
    assert refusal.allowed == ["agree", "send_back"]
    goal.does(OWNER, CorrectBaseline(key_result="acv", baseline=Decimal(60)))
    goal.refuses(
        OWNER, CorrectBaseline(key_result="acv", baseline=Decimal(90)), "direction_contradicts", "invalid"
    )
    [key_result] = goal.does(REVIEWER, AgreeObjective()).state.key_results
    assert (key_result.measure.target, key_result.measure.baseline) == (Decimal(90), Decimal(60))
    assert goal.state.waiting is None


@pytest.mark.parametrize(
    ("named", "agreed_on", "holds_from"),
    [
        (None, date(2025, 3, 3), date(2025, 3, 3)),
        (date(2025, 3, 10), date(2025, 3, 3), date(2025, 3, 10)),
        (date(2025, 1, 20), date(2025, 3, 3), date(2025, 1, 20)),
    ],
)
def test_waiting_alone_makes_no_target_hold_from_an_earlier_day(
    named: date | None, agreed_on: date, holds_from: date
) -> None:
    """Proposed on 10 February: it holds from the yes on, from a later day, or from a day said to be past."""
    command = ChangeTarget(key_result="acv", target=Decimal(90), effective_from=named)
    goal = active_goal().does(OWNER, command).does(REVIEWER, AgreeObjective(), today=agreed_on)
    [_agreed, moved] = goal.events
    assert isinstance(moved, TargetChanged)
    assert (moved.effective_from, moved.backdated) == (holds_from, named == date(2025, 1, 20))


def test_a_change_that_nobody_of_the_parties_asked_for_takes_both() -> None:
    goal = active_goal().does(STRANGER, RewordObjective(title="다른 말"))
    assert goal.does(OWNER, AgreeObjective()).events == [ObjectiveChangeAgreed(takes_effect=False)]
    assert goal.state.title == "담당 고객 유지"
    assert goal.does(REVIEWER, AgreeObjective()).state.title == "다른 말"


def test_an_active_mbo_goal_keeps_two_parties() -> None:
    for command in (ChangeObjectiveOwner(owner=None), ChangeObjectiveReviewer(reviewer=None)):
        active_goal().refuses(OWNER, command, "party_missing", "invalid")
    active_goal().refuses(OWNER, ChangeObjectiveOwner(owner="boris"), "parties_same", "invalid")


def test_reports_and_the_end_wait_for_nobody() -> None:
    """Check-ins, grades and closing change no terms; what waits then is not made any more."""
    goal = active_goal().does(OWNER, ChangeTarget(key_result="acv", target=Decimal(90)))
    goal.does(OWNER, CheckIn(key_result="acv", confidence=7), reason=None)
    assert goal.state.key_results[0].check_ins[0].confidence == 7
    goal.does(OWNER, GradeObjective(grade=Decimal("0.8"))).does(REVIEWER, CloseObjective())
    assert goal.state.waiting is None
    goal.does(OWNER, ReopenObjective())
    assert goal.state.key_results[0].measure.target == Decimal(80)
    goal.refuses(REVIEWER, AgreeObjective(), "objective_active")


def test_what_led_nowhere_when_it_was_proposed_may_close_a_circle_now() -> None:
    """Another goal came to support this one while the change waited: it can only be sent back."""
    goal = active_goal().does(OWNER, ChangeSupports(supports=("team",)))
    goal.facts["leads_to"] = {"team": (goal.state.id,)}
    refusal = goal.refuses(REVIEWER, AgreeObjective(), "supports_itself")
    assert refusal.allowed == ["send_back"]
    assert f"{goal.state.id} → team → {goal.state.id}" in refusal.text.en
    goal.does(REVIEWER, SendBackObjective())
    assert (goal.state.supports, goal.state.waiting) == ((), None)
