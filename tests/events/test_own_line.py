"""Under dual control nobody comes to stand above others by what they do alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from events.aggregates import AGGREGATES
from events.commands import Command
from events.envelope import Event
from events.errors import Refused
from events.ids import Aggregate, event_id
from events.org_units.commands import ArchiveOrgUnit, CreateOrgUnit, MoveOrgUnit, RenameOrgUnit
from events.org_units.decider import OrgUnitCommand
from events.org_units.state import OrgUnit, Placement
from events.people.commands import (
    ApproveLead,
    ChangeMail,
    ForgetPerson,
    JoinUnit,
    LeaveUnit,
    RefuseLead,
    RegisterPerson,
    RenamePerson,
)
from events.people.decider import PersonCommand
from events.people.org_chart import OrgChart
from events.people.own_line import require_nobody_put_below_oneself
from events.people.state import Membership, Person
from events.registry import event_type
from tests.events.given import circumstances

TODAY = date(2026, 5, 10)
DAYS = [TODAY + timedelta(days=n) for n in range(-4, 5)]
PEOPLE, UNITS = ["boss", "anna", "bert"], ["top", "left", "right", "low"]

LEADS = Membership(org_unit="left", role="lead", effective_from=DAYS[0])
BOSS = Person(id="boss", memberships=(LEADS,))

days = st.sampled_from(DAYS)
units = st.sampled_from(UNITS)
parents = st.none() | units


@st.composite
def somebody(draw: st.DrawFn, id_: str) -> Person:
    """A person in units, now or then; the boss may lead some."""
    joined = draw(
        st.lists(
            st.tuples(units, days, st.none() | days, st.booleans()), max_size=3, unique_by=lambda m: m[0]
        )
    )
    memberships = [
        Membership(org_unit=unit, role="lead" if lead else "member", effective_from=first, until=last)
        for unit, first, last, lead in joined
        if last is None or last >= first
    ]
    memberships.sort(key=lambda one: (one.effective_from, one.org_unit))
    return Person(id=id_, memberships=tuple(memberships))


@st.composite
def a_unit(draw: st.DrawFn, id_: str) -> OrgUnit:
    """A unit below one that stands before it in the list, as of some days."""
    above = st.sampled_from([None, *UNITS[: UNITS.index(id_)]])
    moves = sorted(draw(st.lists(days, max_size=2)))
    placements = [Placement(parent=draw(above), effective_from=day) for day in (None, *moves)]
    parent = placements[-1].parent
    return OrgUnit(
        id=id_, name_ko=id_, name_en=id_, level="team", parent=parent, placements=tuple(placements)
    )


roles = st.sampled_from(["lead", "member"])
COMMANDS: dict[type[Command], st.SearchStrategy[Any]] = {
    RegisterPerson: st.builds(RegisterPerson, name=st.just("x")),
    RenamePerson: st.builds(RenamePerson, name=st.just("x")),
    ChangeMail: st.builds(ChangeMail, mail=st.none()),
    JoinUnit: st.builds(
        JoinUnit, org_unit=units, role=roles, effective_from=st.none() | days, until=st.none() | days
    ),
    RefuseLead: st.builds(RefuseLead, org_unit=units),
    LeaveUnit: st.builds(LeaveUnit, org_unit=units, until=st.none() | days),
    ForgetPerson: st.builds(ForgetPerson, acts=st.just(True)),
    CreateOrgUnit: st.builds(CreateOrgUnit, name_ko=st.just("x"), level=st.just("part"), parent=parents),
    RenameOrgUnit: st.builds(RenameOrgUnit, name_ko=st.just("y")),
    MoveOrgUnit: st.builds(MoveOrgUnit, parent=parents, effective_from=st.none() | days),
    ArchiveOrgUnit: st.builds(ArchiveOrgUnit),
}
"""All that people and units know, but a yes to what somebody else asked for: that is by two persons."""


MOVING: list[type[Command]] = [JoinUnit, LeaveUnit, ForgetPerson, MoveOrgUnit]


def test_the_property_knows_all_commands() -> None:
    assert set(COMMANDS) == {*get_args(PersonCommand), *get_args(OrgUnitCommand)} - {ApproveLead}


def done(command: Command, people: list[Person], company: list[OrgUnit], on: str) -> Person | OrgUnit | None:
    """What the boss makes of a person or a unit; None if that is refused."""
    kind = "person" if isinstance(command, get_args(PersonCommand)) else "org_unit"
    state: Any = {one.id: one for one in [*people, *company]}.get(on)
    named = getattr(command, "org_unit", None) or getattr(command, "parent", None)
    below = OrgChart(people, company).and_below(on, date.max) - {on}
    context = circumstances(
        actor="person:boss",
        today=TODAY,
        now=datetime.combine(TODAY, time(12), UTC),
        reason="x",
        dual_control=True,
        below=below,
        org_unit=next((unit for unit in company if unit.id == named), None),
    )
    _state, evolve, decide = AGGREGATES[kind]
    try:
        for n, data in enumerate(decide(command, state, context)):
            event = Event(
                event_id("w", "person:boss", on, n),
                event_type(data),
                "w",
                Aggregate(kind, on),
                context.now,
                context.actor,
                data,
                business_day=TODAY,
            )
            state = evolve(state, event)
        if command.moves_lines:
            require_nobody_put_below_oneself(people[0], people, company, state, TODAY)
    except Refused:
        return None
    assert state is None or isinstance(state, Person | OrgUnit)
    return state


@forall(st.data())
def test_the_line_of_who_asks_does_not_grow(data: st.DataObject) -> None:
    """After any commands that are accepted: by people there were before, on no day from today on."""
    people = [BOSS, *(data.draw(somebody(id_)) for id_ in PEOPLE[1:])]
    company = [data.draw(a_unit(id_)) for id_ in UNITS]
    before = OrgChart(people, company)
    for _ in range(8):
        command = data.draw(st.one_of(*COMMANDS.values(), *(COMMANDS[kind] for kind in MOVING)))
        persons = isinstance(command, get_args(PersonCommand))
        on = data.draw(st.sampled_from(PEOPLE[::-1] if persons else [*UNITS, "new"]))
        match done(command, people, company, on):
            case Person() as person:
                people = [person if one.id == on else one for one in people]
            case OrgUnit() as unit:
                company = [*(one for one in company if one.id != on), unit]
    after = OrgChart(people, company)
    for day in [*(day for day in DAYS if day >= TODAY), DAYS[-1] + timedelta(days=1)]:
        for stood, stands in zip(before.led_by("boss", day), after.led_by("boss", day), strict=True):
            assert stands <= stood


@pytest.mark.parametrize(
    ("elsewhere", "command"),
    [
        (DAYS[0], LeaveUnit(org_unit="right", until=DAYS[0] - timedelta(days=1))),
        (DAYS[-1], ForgetPerson()),
    ],
)
def test_nor_by_ending_what_somebody_is_elsewhere(elsewhere: date, command: Command) -> None:
    """Whoever left stays with the lead of the unit that they were in last."""
    was = Membership(org_unit="left", role="member", effective_from=DAYS[0], until=DAYS[1])
    is_ = Membership(org_unit="right", role="member", effective_from=elsewhere)
    anna = Person(id="anna", memberships=(was, is_))
    flat = [OrgUnit(id=id_, name_ko=id_, name_en=id_, level="team") for id_ in UNITS]
    assert done(command, [BOSS, anna], flat, "anna") is None
    other = Person(id="boss")
    assert done(command, [other, anna], flat, "anna") is not None


@forall(st.data())
def test_what_puts_nobody_below_who_asks_is_not_refused(data: st.DataObject) -> None:
    """The rule refuses a change only if some day shows somebody more below them."""
    people = [data.draw(somebody(id_)) for id_ in PEOPLE]
    company = [data.draw(a_unit(id_)) for id_ in UNITS]
    changed = data.draw(st.sampled_from(PEOPLE).flatmap(somebody) | st.sampled_from(UNITS).flatmap(a_unit))
    before = OrgChart(people, company)
    after = OrgChart(
        [changed if one.id == changed.id and isinstance(changed, Person) else one for one in people],
        [changed if one.id == changed.id and isinstance(changed, OrgUnit) else one for one in company],
    )
    grows = any(
        not stands <= stood
        for day in [*(day for day in DAYS if day >= TODAY), DAYS[-1] + timedelta(days=1)]
        for stood, stands in zip(before.led_by("boss", day), after.led_by("boss", day), strict=True)
    )
    try:
        require_nobody_put_below_oneself(people[0], people, company, changed, TODAY)
        accepted = True
    except Refused:
        accepted = False
    assert accepted == (not grows)
