"""The rules of people and their memberships."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from events.commands import Command
from events.objectives.commands import ChangeObjectiveOwner
from events.objectives.events import ObjectiveDrafted, ObjectiveOwnerChanged
from events.people.commands import (
    ChangeMail,
    ForgetPerson,
    JoinUnit,
    LeaveUnit,
    RegisterPerson,
    RenamePerson,
)
from events.people.events import (
    PersonForgotten,
    PersonJoinedUnit,
    PersonLeftUnit,
    PersonMailChanged,
    PersonRegistered,
    PersonRenamed,
)
from events.people.state import Person
from tests.events.given import SALES_TEAM, TODAY, given

JANUARY, MAY = date(2026, 1, 1), date(2026, 5, 1)
REGISTERED = PersonRegistered(name="김안나", mail="anna@example.com")
ANNA = given("person", REGISTERED)
JOINED = PersonJoinedUnit(org_unit="sales", role="member", effective_from=JANUARY)
MEMBER = ANNA.and_then(JOINED)
DAY = timedelta(days=1)


def test_a_person_is_registered_once() -> None:
    state = given("person").when(RegisterPerson(name="김안나", mail="anna@example.com")).then(REGISTERED)
    assert (state.memberships, state.forgotten) == ((), False)
    ANNA.when(RegisterPerson(name="김안나")).refused("person_exists")


def test_a_name_and_a_mail_change_with_a_reason() -> None:
    state = ANNA.when(RenamePerson(name="이안나"), "개명").then(PersonRenamed(name="이안나"))
    assert state.name == "이안나"
    state = ANNA.when(ChangeMail(mail=None), "그만 씁니다").then(PersonMailChanged(mail=None))
    assert state.mail is None
    given("person", PersonRegistered(name="보라")).when(ChangeMail(mail=None), "없음").then()
    for command in (RenamePerson(name="이안나"), ChangeMail(mail=None)):
        ANNA.when(command).refused("reason_required", "invalid", "/reason")


@pytest.mark.parametrize(
    "mail", ["", "anna", "@example.com", "anna@", "a b@example.com", "a@b\nc", "a@b@c", f"{'a' * 250}@b.kr"]
)
def test_a_mail_address_has_one_at(mail: str) -> None:
    with pytest.raises(ValidationError):
        RegisterPerson(name="안나", mail=mail)


@pytest.mark.parametrize("name", ["", "   ", "x" * 501, "a\0b", "a\x1bb"])
def test_a_name_is_a_line_of_text(name: str) -> None:
    with pytest.raises(ValidationError):
        RegisterPerson(name=name)


def test_a_person_joins_from_a_day_on() -> None:
    state = ANNA.when(JoinUnit(org_unit="sales", effective_from=JANUARY)).then(JOINED)
    assert [bool(state.memberships_on(day)) for day in (JANUARY - DAY, JANUARY, MAY)] == [False, True, True]
    ANNA.when(JoinUnit(org_unit="sales", role="lead")).then(
        PersonJoinedUnit(org_unit="sales", role="lead", effective_from=TODAY)
    )


def test_the_unit_exists_and_goes_on() -> None:
    command = JoinUnit(org_unit="nowhere")
    ANNA.when(command, org_unit=None).refused("org_unit_unknown", "invalid", "/org_unit")
    ended = SALES_TEAM.model_copy(update={"archived": True})
    ANNA.when(command, org_unit=ended).refused("org_unit_archived", pointer="/org_unit")


def test_a_person_may_be_in_several_units_at_once() -> None:
    support = PersonJoinedUnit(org_unit="support", role="lead", effective_from=MAY)
    state = MEMBER.when(JoinUnit(org_unit="support", role="lead", effective_from=MAY)).then(support)
    assert [one.org_unit for one in state.memberships_on(MAY)] == ["sales", "support"]


def test_leaving_ends_with_its_last_day() -> None:
    left = PersonLeftUnit(org_unit="sales", effective_from=JANUARY, until=MAY)
    state = MEMBER.when(LeaveUnit(org_unit="sales", until=MAY)).then(left)
    assert [bool(state.memberships_on(day)) for day in (MAY, MAY + DAY)] == [True, False]
    MEMBER.and_then(left).when(LeaveUnit(org_unit="sales", until=MAY)).then()


def test_a_person_may_come_back_in_another_role() -> None:
    gone = MEMBER.and_then(PersonLeftUnit(org_unit="sales", effective_from=JANUARY, until=MAY))
    again = PersonJoinedUnit(org_unit="sales", role="lead", effective_from=MAY + DAY)
    state = gone.when(JoinUnit(org_unit="sales", role="lead", effective_from=MAY + DAY)).then(again)
    assert [state.memberships_on(day)[0].role for day in (MAY, MAY + DAY)] == ["member", "lead"]
    # What is ended next is the second membership; with the day before it began it never was.
    state = (
        gone.and_then(again)
        .when(LeaveUnit(org_unit="sales", until=MAY))
        .then(PersonLeftUnit(org_unit="sales", effective_from=MAY + DAY, until=MAY))
    )
    assert [one.role for one in state.memberships] == ["member"]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (JANUARY, JANUARY),
        (MAY, None),
        (date(2025, 1, 1), None),
        (date(2025, 1, 1), JANUARY),
    ],
)
def test_memberships_of_one_unit_never_overlap(first: date, last: date | None) -> None:
    command = JoinUnit(org_unit="sales", role="lead", effective_from=first, until=last)
    refusal = MEMBER.when(command).refused("membership_overlaps", pointer="/effective_from")
    assert refusal.allowed == ["leave"]


def test_the_same_membership_again_is_no_event() -> None:
    MEMBER.when(JoinUnit(org_unit="sales", effective_from=JANUARY)).then()


def test_a_membership_may_end_before_another_begins() -> None:
    early = JoinUnit(org_unit="sales", effective_from=date(2025, 1, 1), until=JANUARY - DAY)
    state = MEMBER.when(early).then(
        PersonJoinedUnit(
            org_unit="sales", role="member", effective_from=date(2025, 1, 1), until=JANUARY - DAY
        )
    )
    assert [one.effective_from for one in state.memberships] == [date(2025, 1, 1), JANUARY]


def test_days_are_in_order() -> None:
    backwards = JoinUnit(org_unit="sales", effective_from=MAY, until=JANUARY)
    ANNA.when(backwards).refused("membership_ends_before_it_begins", "invalid", "/until")
    too_early = LeaveUnit(org_unit="sales", until=JANUARY - 2 * DAY)
    MEMBER.when(too_early).refused("membership_ends_before_it_begins", "invalid", "/until")


def test_whoever_is_not_there_does_not_leave() -> None:
    ANNA.when(LeaveUnit(org_unit="sales")).refused("not_a_member")
    gone = MEMBER.and_then(PersonLeftUnit(org_unit="sales", effective_from=JANUARY, until=MAY))
    gone.when(LeaveUnit(org_unit="sales", until=MAY + DAY)).refused("not_a_member")


def test_somebody_forgotten_belongs_nowhere_from_then_on() -> None:
    """What was before stays; what was yet to begin never does."""
    future = PersonJoinedUnit(org_unit="support", role="lead", effective_from=MAY)
    past = PersonJoinedUnit(org_unit="sales", role="member", effective_from=date(2025, 1, 1))
    state = ANNA.and_then(past, future).when(ForgetPerson(), "요청을 받았습니다").then(PersonForgotten())
    assert state.forgotten
    assert [(one.org_unit, one.until) for one in state.memberships] == [("sales", TODAY)]


def test_forgetting_takes_a_reason_and_happens_once() -> None:
    ANNA.when(ForgetPerson()).refused("reason_required", "invalid", "/reason")
    ANNA.and_then(PersonForgotten()).when(ForgetPerson()).then()


def test_somebody_known_only_by_an_id_can_be_forgotten() -> None:
    state = given("person").when(ForgetPerson(acts=True), "요청").then(PersonRegistered(), PersonForgotten())
    assert (state.name, state.forgotten) == (None, True)
    given("person").when(ForgetPerson(), "요청").refused("person_unknown", "not_found")


def test_whom_a_goal_names_is_known_and_not_forgotten() -> None:
    goal = given("objective", ObjectiveDrafted(title="Grow", cycle="2025-q1", ambition="stretch"))
    command = ChangeObjectiveOwner(owner="somebody")
    goal.when(command, people={"owner": None}).refused("person_unknown", "invalid", "/owner")
    gone = Person(id="somebody", forgotten=True)
    goal.when(command, people={"owner": gone}).refused("person_forgotten", pointer="/owner")
    goal.when(command, people={"owner": Person(id="somebody")}).then(ObjectiveOwnerChanged(new="somebody"))


@pytest.mark.parametrize(
    "command",
    [
        RenamePerson(name="이안나"),
        ChangeMail(mail="a@b.kr"),
        JoinUnit(org_unit="sales"),
        LeaveUnit(org_unit="sales"),
    ],
)
def test_nothing_new_is_recorded_of_the_forgotten_and_the_unknown(command: Command) -> None:
    MEMBER.and_then(PersonForgotten()).when(command, "왜냐하면").refused("person_forgotten")
    given("person").when(command, "왜냐하면").refused("person_unknown", "not_found")
