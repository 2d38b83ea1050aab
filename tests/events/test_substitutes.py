"""Who acts for the parties of an MBO goal: in the place of one who left, and at its end."""

from __future__ import annotations

from decimal import Decimal

import pytest

from events.commands import Command
from events.objectives.agreement_events import (
    ObjectiveChangeAgreed,
    ObjectiveChangeAgreedFor,
    ObjectiveChangeSentBack,
)
from events.objectives.commands import (
    ActivateObjective,
    AgreeObjective,
    ChangeObjectiveOwner,
    ChangeObjectiveReviewer,
    ChangeTarget,
    CloseObjective,
    GradeObjective,
    SendBackObjective,
)
from tests.events.given_agreement import OWNER, REVIEWER, STRANGER, Goal, active_goal, mbo, named

DORA, LEAD, HEAD = "person:dora", "person:lead", "person:head"
MOVE = ChangeTarget(key_result="acv", target=Decimal(90))


def left_by(*parties: str, line: frozenset[str] = frozenset({LEAD, HEAD})) -> Goal:
    """An active goal of anna and boris, some of whom left; lead and head are their line."""
    goal = active_goal()
    goal.facts["gone"] = dict.fromkeys(parties, line)
    return goal


def test_the_line_says_yes_in_the_place_of_who_left() -> None:
    """Owner and new party agree as ever; neither they alone nor a stranger fill the place."""
    goal = left_by(REVIEWER).does(OWNER, ChangeObjectiveReviewer(reviewer="dora"))
    assert goal.does(OWNER, AgreeObjective()).events == []
    goal.refuses(STRANGER, AgreeObjective(), "not_a_party", "forbidden")
    assert goal.does(DORA, AgreeObjective()).events == [ObjectiveChangeAgreed(takes_effect=False)]
    [agreed, _changed] = goal.does(LEAD, AgreeObjective()).events
    assert agreed == ObjectiveChangeAgreedFor(takes_effect=True, person="boris")
    assert goal.state.reviewer == "dora"


def test_a_lead_who_takes_the_place_over_says_both_at_once() -> None:
    goal = left_by(REVIEWER).does(OWNER, ChangeObjectiveReviewer(reviewer="lead"))
    assert goal.does(LEAD, AgreeObjective()).state.reviewer == "lead"
    goal = left_by(REVIEWER).does(STRANGER, MOVE).does(LEAD, AgreeObjective())
    assert goal.events == [ObjectiveChangeAgreedFor(takes_effect=False, person="boris")]
    assert goal.state.waiting is not None
    assert goal.state.waiting.stood_in == {REVIEWER: LEAD}
    assert len(goal.does(OWNER, AgreeObjective()).state.key_results[0].targets) == 2


@pytest.mark.parametrize("role", ["admin", "owner"])
def test_whoever_runs_the_workspace_stands_in_where_there_is_no_line(role: str) -> None:
    goal = left_by(OWNER, line=frozenset()).does(REVIEWER, ChangeObjectiveOwner(owner="dora"))
    goal.does(DORA, AgreeObjective())
    goal.refuses(STRANGER, AgreeObjective(), "not_a_party", "forbidden")
    goal.facts["role"] = role
    assert goal.does(REVIEWER, AgreeObjective()).events == [], "nobody is both parties"
    assert goal.does(STRANGER, AgreeObjective()).state.owner == "dora"


def test_when_both_left_two_persons_stand_in() -> None:
    """One person says yes in the place of one other: no change is made by somebody alone."""
    goal = left_by(OWNER, REVIEWER).does(LEAD, MOVE).does(LEAD, AgreeObjective())
    assert goal.does(LEAD, AgreeObjective()).events == []
    goal.does(HEAD, AgreeObjective())
    assert goal.events[0] == ObjectiveChangeAgreedFor(takes_effect=True, person="boris")
    assert goal.state.waiting is None


def test_what_somebody_proposed_before_they_left_can_be_answered() -> None:
    """Their yes counts; and who stands in may send it back."""
    goal = active_goal().does(REVIEWER, MOVE)
    goal.facts["gone"] = {REVIEWER: frozenset({LEAD})}
    goal.refuses(STRANGER, SendBackObjective(), "not_a_party", "forbidden")
    assert goal.does(LEAD, AgreeObjective()).events == []
    assert goal.does(LEAD, SendBackObjective()).events == [ObjectiveChangeSentBack()]


def test_nobody_stands_in_for_a_party_who_is_there() -> None:
    left_by().does(OWNER, MOVE).refuses(LEAD, AgreeObjective(), "not_a_party", "forbidden")


@pytest.mark.parametrize("command", [GradeObjective(grade=Decimal("0.8")), CloseObjective()], ids=named)
@pytest.mark.parametrize(
    ("actor", "role", "may"),
    [
        (OWNER, "editor", True),
        (REVIEWER, "editor", True),
        (LEAD, "editor", True),
        (STRANGER, "owner", True),
        (STRANGER, "admin", True),
        (STRANGER, "editor", False),
        (DORA, "editor", False),
    ],
)
def test_parties_their_line_and_who_runs_the_workspace_end_an_mbo_goal(
    command: Command, actor: str, role: str, may: bool
) -> None:
    """Whoever is to be a party once a change is agreed to is none yet."""
    goal = active_goal().does(OWNER, ChangeObjectiveReviewer(reviewer="dora"))
    goal.facts |= {"role": role, "line": frozenset({LEAD})}
    if may:
        assert goal.does(actor, command, reason=None).state.status in ("graded", "closed")
    else:
        goal.refuses(actor, command, "goal_of_others", "forbidden")


def test_any_editor_ends_an_okr() -> None:
    """As any editor changes it: roles are simple, and the trail says who did it."""
    goal = Goal(mbo(framework="okr", reviewer=None)).does(OWNER, ActivateObjective())
    assert goal.does(STRANGER, CloseObjective(), reason=None).state.status == "closed"
