"""The rules of people: in a unit at most once at a time, and nothing new of whom was forgotten."""

from datetime import date

from events.context import Context
from events.envelope import Event
from events.errors import Refused, own_request
from events.org_units.decider import require_org_unit
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
from events.people.events import (
    PersonForgotten,
    PersonJoinedUnit,
    PersonLeadApproved,
    PersonLeadRefused,
    PersonLeadRequested,
    PersonLeftUnit,
    PersonMailChanged,
    PersonRegistered,
    PersonRenamed,
)
from events.people.refusals import forgotten_person, unknown_person
from events.people.state import LeadRequest, Membership, Person
from events.registry import EventData
from events.state import beginning, existing

PersonCommand = (
    RegisterPerson
    | RenamePerson
    | ChangeMail
    | JoinUnit
    | ApproveLead
    | RefuseLead
    | LeaveUnit
    | ForgetPerson
)


def decide(command: PersonCommand, state: Person | None, context: Context) -> list[EventData]:
    """Return the events that follow from a command, or refuse it. What is so already makes no event.

    Names are sealed, so giving somebody the name they have is an event like any other.
    """
    context.check_reason()
    if isinstance(command, RegisterPerson):
        return _register(command, state)
    if isinstance(command, ForgetPerson):
        return _forget(command, state, context)
    if state is None:
        raise unknown_person()
    if state.forgotten:
        raise forgotten_person(state.id)
    match command:
        case RenamePerson(name=name):
            context.require_reason()
            return [PersonRenamed(name=name)]
        case ChangeMail(mail=mail):
            context.require_reason()
            return [] if mail is None and state.mail is None else [PersonMailChanged(mail=mail)]
        case JoinUnit():
            return _join(command, state, context)
        case ApproveLead(org_unit=unit):
            return _approve_lead(unit, state, context)
        case RefuseLead(org_unit=unit):
            _lead_request(unit, state)
            return [PersonLeadRefused(org_unit=unit)]
        case LeaveUnit():
            return _leave(command, state, context)


def _register(command: RegisterPerson, state: Person | None) -> list[EventData]:
    if state is not None:
        raise Refused(
            "person_exists",
            f"there is a person {state.id} already",
            f"구성원 {state.id} 아이디가 이미 있습니다",
        )
    return [PersonRegistered(name=command.name, mail=command.mail)]


def _join(command: JoinUnit, state: Person, context: Context) -> list[EventData]:
    require_org_unit(context, pointer="/org_unit")
    first = command.effective_from or context.today
    if command.until is not None and command.until < first:
        raise _until_before_from(first)
    wanted = Membership(
        org_unit=command.org_unit, role=command.role, effective_from=first, until=command.until
    )
    joined = _joined(wanted, state)
    if not joined or command.role != "lead" or not context.dual_control:
        return joined
    asked = LeadRequest(**wanted.model_dump(exclude={"role"}), by=context.actor)
    if any(request.org_unit == asked.org_unit for request in state.lead_requests):
        raise Refused(
            "lead_requested",
            f"that the person becomes the lead of {asked.org_unit} was asked for: it waits for an approval",
            f"{asked.org_unit} 조직장 지정 요청이 이미 승인을 기다립니다",
            allowed=["approve_lead", "refuse_lead"],
        )
    return [PersonLeadRequested(**asked.model_dump(exclude={"by"}))]


def _approve_lead(unit: str, state: Person, context: Context) -> list[EventData]:
    require_org_unit(context, pointer="/org_unit")
    request = _lead_request(unit, state)
    if request.by == context.actor:
        raise own_request()
    joined = _joined(Membership(**request.model_dump(exclude={"by"}), role="lead"), state)
    return [PersonLeadApproved(org_unit=unit), *joined]


def _lead_request(unit: str, state: Person) -> LeadRequest:
    for request in state.lead_requests:
        if request.org_unit == unit:
            return request
    raise Refused(
        "lead_not_requested",
        f"nobody asked for the person to become the lead of {unit}",
        f"{unit} 조직장 지정 요청이 없습니다",
        kind="not_found",
    )


def _joined(wanted: Membership, state: Person) -> list[EventData]:
    for known in state.memberships:
        if known == wanted:
            return []
        if known.org_unit == wanted.org_unit and _overlap(known, wanted):
            raise Refused(
                "membership_overlaps",
                f"the person is in {known.org_unit} from {known.effective_from}"
                f" until {known.until or 'further notice'} already: end that first",
                f"이미 {known.effective_from}부터 {known.until or '계속'} {known.org_unit} 소속입니다."
                " 먼저 그 소속을 끝내십시오",
                allowed=["leave"],
                pointer="/effective_from",
            )
    return [PersonJoinedUnit(**wanted.model_dump())]


def _overlap(one: Membership, other: Membership) -> bool:
    return one.effective_from <= (other.until or date.max) and other.effective_from <= (one.until or date.max)


def _leave(command: LeaveUnit, state: Person, context: Context) -> list[EventData]:
    last = command.until or context.today
    # The day before its first one takes a membership back.
    of_unit = [known for known in state.memberships if known.org_unit == command.org_unit]
    begun = [known for known in of_unit if known.effective_from.toordinal() - 1 <= last.toordinal()]
    if not begun:
        if of_unit:
            raise _until_before_from(of_unit[0].effective_from)
        raise _not_a_member(command.org_unit, last)
    ending = begun[-1]
    if ending.until is not None and ending.until <= last:
        if ending.until == last:
            return []
        raise _not_a_member(command.org_unit, last)
    return [PersonLeftUnit(org_unit=ending.org_unit, effective_from=ending.effective_from, until=last)]


def _until_before_from(first: date) -> Refused:
    return Refused(
        "membership_ends_before_it_begins",
        f"the last day lies before the first one, {first}",
        f"마지막 날이 시작일({first})보다 앞섭니다",
        kind="invalid",
        pointer="/until",
    )


def _not_a_member(org_unit: str, day: date) -> Refused:
    return Refused(
        "not_a_member",
        f"the person is not in the org unit {org_unit} on {day}",
        f"{day}에 조직 {org_unit} 소속이 아닙니다",
        allowed=["join"],
    )


def _forget(command: ForgetPerson, state: Person | None, context: Context) -> list[EventData]:
    if state is None and not command.acts:
        raise unknown_person()
    if state is not None and state.forgotten:
        return []
    context.require_reason()
    # Whoever wrote before people were registered is known only by an id, and is forgotten all the same.
    return [*([PersonRegistered()] if state is None else []), PersonForgotten()]


def evolve(state: Person | None, event: Event) -> Person:
    """Return the state after an event. Raises OutOfPlace."""
    match event.data:
        case PersonRegistered(name=name, mail=mail):
            return Person(id=beginning(state, event), name=name, mail=mail)
        case PersonRenamed(name=name):
            return existing(state, event).model_copy(update={"name": name})
        case PersonMailChanged(mail=mail):
            return existing(state, event).model_copy(update={"mail": mail})
        case PersonLeadRequested() as asked:
            person = existing(state, event)
            request = LeadRequest(**asked.model_dump(), by=event.actor)
            return person.model_copy(update={"lead_requests": (*person.lead_requests, request)})
        case PersonLeadApproved(org_unit=unit) | PersonLeadRefused(org_unit=unit):
            return _without_request(existing(state, event), unit)
        case PersonJoinedUnit() as joined:
            person = existing(state, event)
            return _with(person, (*person.memberships, Membership(**joined.model_dump())))
        case PersonLeftUnit() as left:
            person = existing(state, event)
            return _with(person, tuple(_ended(known, left) for known in person.memberships))
        case PersonForgotten():
            person = existing(state, event)
            day = event.business_day or event.time.date()
            ended = tuple(_ended_with(known, day) for known in person.memberships)
            return _with(person, ended).model_copy(update={"forgotten": True, "lead_requests": ()})
        case _:
            return existing(state, event)


def _without_request(person: Person, unit: str) -> Person:
    left = tuple(request for request in person.lead_requests if request.org_unit != unit)
    return person.model_copy(update={"lead_requests": left})


def _with(person: Person, memberships: tuple[Membership, ...]) -> Person:
    kept = (membership for membership in memberships if not membership.taken_back)
    by_first_day = sorted(kept, key=lambda membership: (membership.effective_from, membership.org_unit))
    return person.model_copy(update={"memberships": tuple(by_first_day)})


def _ended(known: Membership, left: PersonLeftUnit) -> Membership:
    if (known.org_unit, known.effective_from) != (left.org_unit, left.effective_from):
        return known
    return known.model_copy(update={"until": left.until})


def _ended_with(known: Membership, day: date) -> Membership:
    """Return a membership that ends on a day at the latest; one that was yet to begin never does."""
    if known.until is not None and known.until <= day:
        return known
    return known.model_copy(update={"until": day})
