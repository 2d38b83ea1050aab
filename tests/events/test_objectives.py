"""The rules of an objective."""

from datetime import date
from decimal import Decimal

import pytest

from events.commands import Command
from events.measures import Measure
from events.objectives.commands import (
    ActivateObjective,
    AddKeyResult,
    ChangeObjectiveOrgUnit,
    ChangeObjectiveOwner,
    CheckIn,
    DraftObjective,
    DropObjective,
    ReopenObjective,
    RewordObjective,
    SetWeights,
)
from events.objectives.events import (
    ObjectiveActivated,
    ObjectiveDrafted,
    ObjectiveDropped,
    ObjectiveOrgUnitChanged,
    ObjectiveOwnerChanged,
    ObjectiveReopened,
    ObjectiveReworded,
)
from events.registry import EventData
from tests.events.given import QUARTER, SALES_TEAM, Given, given

TITLE = "대기업 시장의 전략적 파트너가 된다"
DRAFTED = ObjectiveDrafted(
    title=TITLE, cycle="2025-q1", org_unit="sales", owner="anna", ambition="stretch", supports=("growth",)
)
DRAFT = given("objective", DRAFTED)
ACTIVE = DRAFT.and_then(ObjectiveActivated())
DROPPED = ACTIVE.and_then(ObjectiveDropped())
CLOSED_QUARTER = QUARTER.model_copy(update={"status": "closed"})
ADD = AddKeyResult(title="ACV", measure=Measure(kind="at_least", target=Decimal(80), unit="KRW"))

CHANGES: list[tuple[Command, EventData]] = [
    (RewordObjective(title="다른 말"), ObjectiveReworded(old=TITLE, new="다른 말")),
    (ChangeObjectiveOwner(owner=None), ObjectiveOwnerChanged(old="anna", new=None)),
    (ChangeObjectiveOrgUnit(org_unit="crm"), ObjectiveOrgUnitChanged(old="sales", new="crm")),
]


def test_an_objective_is_drafted() -> None:
    command = DraftObjective(
        title=TITLE, cycle="2025-q1", org_unit="sales", owner="anna", supports=("growth",)
    )
    state = given("objective").when(command).then(DRAFTED)
    assert (state.status, state.activated, state.key_results) == ("drafted", False, ())


def test_an_objective_may_lack_unit_and_owner() -> None:
    """That is a matter of advice, not of rules."""
    command = DraftObjective(title=TITLE, cycle="2025-q1", ambition="committed")
    drafted = ObjectiveDrafted(title=TITLE, cycle="2025-q1", ambition="committed")
    given("objective").when(command, org_unit=None).then(drafted)


def test_an_objective_belongs_to_what_exists() -> None:
    command = DraftObjective(title=TITLE, cycle="2025-q1", org_unit="sales", supports=("growth",))
    new = given("objective")
    new.when(command, cycle=None).refused("cycle_unknown", "invalid", "/cycle")
    new.when(command, org_unit=None).refused("org_unit_unknown", "invalid", "/org_unit")
    ended = SALES_TEAM.model_copy(update={"archived": True})
    new.when(command, org_unit=ended).refused("org_unit_archived")
    refusal = new.when(command, unknown=frozenset({"growth"})).refused("supports_unknown", "invalid")
    assert "growth" in refusal.text.en


def test_an_objective_is_drafted_once() -> None:
    DRAFT.when(DraftObjective(title="x", cycle="2025-q1")).refused("objective_exists")


@pytest.mark.parametrize(("command", "changed"), CHANGES)
def test_a_draft_changes_freely(command: Command, changed: EventData) -> None:
    DRAFT.when(command).then(changed)


@pytest.mark.parametrize(("command", "changed"), CHANGES)
def test_after_activation_every_change_needs_a_reason(command: Command, changed: EventData) -> None:
    """It keeps the old value beside the new one."""
    ACTIVE.when(command).refused("reason_required", "invalid", "/reason")
    ACTIVE.when(command, reason="전략 변경").then(changed)


@pytest.mark.parametrize("command", [change for change, _ in CHANGES])
def test_what_is_so_already_is_no_event(command: Command) -> None:
    same = {"title": TITLE, "owner": "anna", "org_unit": "sales"}
    field = next(iter(type(command).model_fields))
    ACTIVE.when(type(command)(**{field: same[field]})).then()


def test_a_unit_to_move_to_exists() -> None:
    command = ChangeObjectiveOrgUnit(org_unit="gone")
    ACTIVE.when(command, reason="x", org_unit=None).refused("org_unit_unknown", "invalid", "/org_unit")
    ACTIVE.when(ChangeObjectiveOrgUnit(org_unit=None), reason="x", org_unit=None).then(
        ObjectiveOrgUnitChanged(old="sales", new=None)
    )


def test_an_objective_is_activated_once() -> None:
    state = DRAFT.when(ActivateObjective()).then(ObjectiveActivated())
    assert (state.status, state.activated) == ("active", True)
    refusal = ACTIVE.when(ActivateObjective()).refused("objective_active")
    assert refusal.allowed == ["change", "check_in", "mark_step", "grade", "close", "drop"]


@pytest.mark.parametrize("before", [DRAFT, ACTIVE])
def test_dropping_takes_a_reason(before: Given) -> None:
    before.when(DropObjective()).refused("reason_required", "invalid")
    before.when(DropObjective(), reason="우선순위 변경").then(ObjectiveDropped())


def test_a_dropped_objective_can_only_be_reopened() -> None:
    commands: list[Command] = [ActivateObjective(), DropObjective(), ADD, *(change for change, _ in CHANGES)]
    for command in [*commands, SetWeights(weights={"x": None}), CheckIn(key_result="x", confidence=5)]:
        assert DROPPED.when(command, reason="x").refused("objective_dropped").allowed == ["reopen"]


def test_reopening_takes_a_reason_and_gives_back_what_was() -> None:
    DROPPED.when(ReopenObjective()).refused("reason_required", "invalid")
    assert DROPPED.when(ReopenObjective(), reason="재개").then(ObjectiveReopened()).status == "active"
    dropped_draft = DRAFT.and_then(ObjectiveDropped())
    assert dropped_draft.when(ReopenObjective(), reason="재개").then(ObjectiveReopened()).status == "drafted"
    ACTIVE.when(ReopenObjective(), reason="x").refused("objective_active")


def test_nothing_changes_in_a_closed_cycle() -> None:
    commands: list[Command] = [ActivateObjective(), DropObjective(), ADD, *(change for change, _ in CHANGES)]
    for command in commands:
        refusal = DRAFT.when(command, reason="x", cycle=CLOSED_QUARTER).refused("cycle_closed")
        assert refusal.allowed == ["reopen_cycle"]
    DROPPED.when(ReopenObjective(), reason="x", cycle=CLOSED_QUARTER).refused("cycle_closed")
    draft = DraftObjective(title=TITLE, cycle="2025-q1")
    given("objective").when(draft, cycle=CLOSED_QUARTER).refused("cycle_closed")


def test_goals_may_be_agreed_before_the_cycle_opens() -> None:
    planned = QUARTER.model_copy(update={"status": "planned"})
    DRAFT.when(ActivateObjective(), cycle=planned, today=date(2024, 12, 20)).then(ObjectiveActivated())


def test_what_was_never_drafted_does_not_change() -> None:
    for command in (ActivateObjective(), ADD, SetWeights(weights={"x": None})):
        given("objective").when(command).refused("objective_unknown", "not_found")


@pytest.mark.parametrize("reason", ["x" * 4001, "a\0b"])
def test_a_reason_is_readable_text(reason: str) -> None:
    ACTIVE.when(RewordObjective(title="x"), reason=reason).refused("reason_unreadable", "invalid", "/reason")
