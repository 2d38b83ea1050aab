"""The life of an initiative: which step is allowed when, and that it hangs on something that goes on."""

from datetime import date
from typing import Any, get_args

import pytest

from events.commands import Command
from events.initiatives.commands import (
    DropInitiative,
    FinishInitiative,
    PlanInitiative,
    ReopenInitiative,
    ReplanInitiative,
    StartInitiative,
)
from events.initiatives.decider import ALLOWED
from events.initiatives.events import (
    InitiativeDropped,
    InitiativeFinished,
    InitiativePlanned,
    InitiativeReopened,
    InitiativeReplanned,
    InitiativeStarted,
)
from events.initiatives.plan import InitiativePlan
from events.initiatives.state import InitiativeStatus
from events.registry import EventData
from tests.events.given import QUARTER, Given, given

PLAN = InitiativePlan(title="포털 공개", due=date(2025, 2, 28), supports=("acv",))
SAID: dict[str, Any] = {"title": "포털 공개", "supports": ("acv",)}
PLANNED = given("initiative", InitiativePlanned(**PLAN.model_dump()))
DOING = PLANNED.and_then(InitiativeStarted(**SAID))
DONE = DOING.and_then(InitiativeFinished(**SAID))
DROPPED = PLANNED.and_then(InitiativeDropped(**SAID))
LIVES: dict[InitiativeStatus, Given] = {
    "planned": PLANNED,
    "doing": DOING,
    "done": DONE,
    "dropped": DROPPED,
}
STEPS: dict[str, tuple[Command, EventData, InitiativeStatus]] = {
    "start": (StartInitiative(), InitiativeStarted(**SAID), "doing"),
    "finish": (FinishInitiative(), InitiativeFinished(**SAID), "done"),
    "drop": (DropInitiative(), InitiativeDropped(**SAID), "dropped"),
    "reopen": (ReopenInitiative(), InitiativeReopened(**SAID), "doing"),
    "change": (
        ReplanInitiative(title="포털"),
        InitiativeReplanned(old=PLAN, new=PLAN.model_copy(update={"title": "포털"})),
        "planned",
    ),
}
NEEDING_A_REASON = ("drop", "reopen", "change")


def test_every_status_has_a_life() -> None:
    assert LIVES.keys() == ALLOWED.keys() == set(get_args(InitiativeStatus))


@pytest.mark.parametrize("status", LIVES)
@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_allowed_in_its_place_only(status: InitiativeStatus, step: str) -> None:
    """What is not in the table is refused, and the refusal says what is."""
    command, event, after = STEPS[step]
    outcome = LIVES[status].when(command, reason="늦어짐")
    if step in ALLOWED[status]:
        state = outcome.then(event)
        if step == "reopen":
            after = "doing" if status == "done" else "planned"
        elif step == "change":
            after = status
        assert state.status == after
    else:
        assert outcome.refused(f"initiative_{status}").allowed == ALLOWED[status]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_back_or_aside_needs_a_reason(step: str) -> None:
    """Starting and finishing speak for themselves."""
    life = DONE if step == "reopen" else PLANNED
    outcome = life.when(STEPS[step][0])
    if step in NEEDING_A_REASON:
        outcome.refused("reason_required", "invalid", "/reason")
    else:
        outcome.then(STEPS[step][1])


@pytest.mark.parametrize("step", STEPS)
def test_nothing_changes_while_the_cycle_of_a_goal_is_closed(step: str) -> None:
    """Also if another of its goals is in an open cycle."""
    closed = QUARTER.model_copy(update={"id": "2024-q4", "status": "closed"})
    for life in LIVES.values():
        outcome = life.when(STEPS[step][0], reason="늦음", supported_cycles=(QUARTER, closed))
        outcome.refused("cycle_closed")


def test_nothing_is_planned_for_a_closed_cycle() -> None:
    closed = QUARTER.model_copy(update={"status": "closed"})
    command = PlanInitiative(title="포털", supports=("acv",))
    given("initiative").when(command, supported_cycles=(closed,)).refused("cycle_closed")


@pytest.mark.parametrize(
    ("command", "facts", "code", "pointer"),
    [
        pytest.param({}, {}, "initiative_for_nothing", "/supports", id="for nothing"),
        pytest.param({"owner": "anna"}, {}, "initiative_for_nothing", "/supports", id="a person's only"),
        pytest.param(
            {"supports": ("acw",)},
            {"unknown": frozenset({"acw"})},
            "supports_unknown",
            "/supports",
            id="an unknown goal",
        ),
        pytest.param(
            {"org_unit": "nowhere"}, {"org_unit": None}, "org_unit_unknown", "/org_unit", id="an unknown unit"
        ),
    ],
)
def test_an_initiative_hangs_on_something_that_is_there(
    command: dict[str, Any], facts: dict[str, Any], code: str, pointer: str
) -> None:
    given("initiative").when(PlanInitiative(title="포털", **command), **facts).refused(
        code, "invalid", pointer
    )


def test_an_initiative_may_hang_on_a_unit() -> None:
    state = (
        given("initiative")
        .when(PlanInitiative(title="교육", org_unit="sales"))
        .then(InitiativePlanned(title="교육", org_unit="sales"))
    )
    assert (state.status, state.supports) == ("planned", ())


def test_an_initiative_begins_once_and_only_a_known_one_changes() -> None:
    PLANNED.when(PlanInitiative(title="포털", supports=("acv",))).refused("initiative_exists")
    given("initiative").when(StartInitiative()).refused("initiative_unknown", "not_found")


def test_a_change_says_old_and_new_and_null_clears() -> None:
    """What is left out stays; what is so already makes no event; the last goal cannot be taken away."""
    new = PLAN.model_copy(update={"due": None, "owner": "anna"})
    state = PLANNED.when(ReplanInitiative(due=None, owner="anna"), reason="담당 지정").then(
        InitiativeReplanned(old=PLAN, new=new)
    )
    assert (state.due, state.owner, state.supports) == (None, "anna", ("acv",))
    PLANNED.when(ReplanInitiative(title="포털 공개")).then()
    PLANNED.when(ReplanInitiative(supports=()), reason="x").refused("initiative_for_nothing", "invalid")
