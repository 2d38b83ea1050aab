"""Who is where, and who stands above whom, as of any business day."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from events.org_units.state import OrgUnit
from events.people.state import Membership, Person


class Member(NamedTuple):
    """A person in a unit."""

    person: Person
    membership: Membership


class OrgChart:
    """People and units as their events made them. Everything is asked as of a business day."""

    def __init__(self, people: Iterable[Person], units: Iterable[OrgUnit]) -> None:
        self._people = {person.id: person for person in people}
        self._units = {unit.id: unit for unit in units}
        self._in_unit: defaultdict[str, list[Member]] = defaultdict(list)
        for person in self._people.values():
            for membership in person.memberships:
                self._in_unit[membership.org_unit].append(Member(person, membership))

    def line_of(self, person: str, day: date) -> frozenset[str]:
        """Return the ids of the leads of the person's units and of all units above, without the person."""
        found = self._people.get(person)
        return frozenset() if found is None else self._leading(found, found.memberships_on(day), day)

    def lasting_line_of(self, person: str, day: date) -> frozenset[str]:
        """Return the line; of somebody who left, the leads on that day of their last units."""
        found = self._people.get(person)
        if found is None or not found.has_left(day):
            return self.line_of(person, day)
        return self._leading(found, found.last_memberships(), day)

    def led_by(self, lead: str, day: date) -> tuple[frozenset[str], frozenset[str]]:
        """Return whom somebody leads on a day, and the same with those who left (`lasting_line_of`)."""
        found = self._people.get(lead)
        if found is None or not any(each.role == "lead" for each in found.memberships_on(day)):
            return frozenset(), frozenset()
        leads = frozenset(id_ for id_ in self._people if lead in self.line_of(id_, day))
        return leads, frozenset(id_ for id_ in self._people if lead in self.lasting_line_of(id_, day))

    def below(self, lead: str, day: date) -> frozenset[str]:
        """Return the units that somebody leads on a day, and all units below these."""
        found = self._people.get(lead)
        memberships = [] if found is None else found.memberships_on(day)
        led = (one.org_unit for one in memberships if one.role == "lead")
        return frozenset().union(*(self.and_below(unit, day) for unit in led))

    def _leading(self, person: Person, memberships: Iterable[Membership], day: date) -> frozenset[str]:
        units: set[str] = set()
        for membership in memberships:
            units |= self.and_above(membership.org_unit, day)
        leads = {lead for unit in units for lead in self.leads_of(unit, day)}
        return frozenset(leads - {person.id})

    def units_of(self, person: str, day: date) -> frozenset[str]:
        """Return the units that a person is in, and all units above these."""
        found = self._people.get(person)
        memberships = [] if found is None else found.memberships_on(day)
        return frozenset().union(*(self.and_above(one.org_unit, day) for one in memberships))

    def leads_of(self, unit: str, day: date) -> frozenset[str]:
        """Return the ids of those who lead a unit."""
        return frozenset(
            member.person.id
            for member in self._in_unit.get(unit, ())
            if member.membership.role == "lead" and member.membership.holds_on(day)
        )

    def members_of(self, units: Iterable[str], day: date) -> list[Member]:
        """Return the memberships in some units; somebody in several of them is there for each."""
        return [
            member
            for unit in units
            for member in self._in_unit.get(unit, ())
            if member.membership.holds_on(day)
        ]

    def and_above(self, unit: str, day: date) -> frozenset[str]:
        """Return a unit and all above it."""
        found: set[str] = set()
        above: str | None = unit
        # Moves that are told late can make a circle of a day that has passed; each unit counts once.
        while above is not None and above not in found:
            found.add(above)
            known = self._units.get(above)
            above = None if known is None else known.parent_on(day)
        return frozenset(found)

    def and_below(self, unit: str, day: date) -> frozenset[str]:
        """Return a unit and all below it."""
        children: defaultdict[str | None, list[str]] = defaultdict(list)
        for known in self._units.values():
            children[known.parent_on(day)].append(known.id)
        found: set[str] = set()
        pending = [unit]
        while pending:
            current = pending.pop()
            if current not in found:
                found.add(current)
                pending += children[current]
        return frozenset(found)
