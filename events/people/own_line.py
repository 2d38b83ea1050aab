"""Nobody puts others below themselves alone: under dual control somebody else makes such a change.

Whoever stands above somebody reads their MBO goals and what was said to them for their line. Becoming a lead
takes an approval; the same is reached by moving a unit below one's own, by letting somebody join below it, or
by ending the membership that somebody has elsewhere. So the rule asks what a change leads to.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from events.errors import Refused
from events.org_units.state import OrgUnit
from events.people.org_chart import OrgChart
from events.people.state import Person
from events.state import State
from events.text import counted


def require_nobody_put_below_oneself(
    actor: Person, people: Sequence[Person], units: Sequence[OrgUnit], changed: State | None, today: date
) -> None:
    """Refuse a change of a person or a unit by which who asks comes to stand above somebody, from today on.

    `people` and `units` are as they were before, `changed` is what the change makes of one of them.
    """
    gained = _gained(actor.id, (people, units), _with(changed, people, units), today)
    if gained:
        raise Refused(
            "own_line",
            f"this would put {counted(len(gained), 'person')} below you: somebody else makes this change",
            f"이 변경으로 {len(gained)}명이 본인의 라인에 들어옵니다. 다른 사람이 변경해야 합니다",
            kind="forbidden",
        )


_Company = tuple[Sequence[Person], Sequence[OrgUnit]]


def _with(changed: State | None, people: Sequence[Person], units: Sequence[OrgUnit]) -> _Company:
    match changed:
        case Person():
            return [*(one for one in people if one.id != changed.id), changed], units
        case OrgUnit():
            return people, [*(one for one in units if one.id != changed.id), changed]
        case _:
            return people, units


def _gained(lead: str, before: _Company, after: _Company, today: date) -> frozenset[str]:
    """Return the people above whom somebody stands after a change on a day on which they did not before.

    The units below the lead change on few days: between two of these only the days of one person count.
    """
    charts = OrgChart(*before), OrgChart(*after)
    known = {person.id: person for person in before[0]}
    turns = sorted({today, *_turns(lead, before, today), *_turns(lead, after, today)})
    found: set[str] = set()
    for first, beyond in zip(turns, [*turns[1:], date.max], strict=True):
        was_below, is_below = (chart.below(lead, first) for chart in charts)
        for person in after[0]:
            was = known.get(person.id)
            if person.id in found or person.id == lead or (person == was and is_below <= was_below):
                continue
            days = {first, *_days(person), *(_days(was) if was is not None else ())}
            for day in days:
                if first <= day < beyond:
                    stood = set() if was is None else _stands(was, was_below, day)
                    if not _stands(person, is_below, day) <= stood:
                        found.add(person.id)
    return frozenset(found)


def _stands(person: Person, units: frozenset[str], day: date) -> set[str]:
    """Return how somebody is below a lead of these units: as one who is there, or as one who left."""
    left = person.has_left(day)
    there = any(one.org_unit in units for one in person.memberships_on(day))
    lasting = any(one.org_unit in units for one in person.last_memberships()) if left else there
    return {how for how, so in (("there", there), ("lasting", lasting)) if so}


def _turns(lead: str, company: _Company, today: date) -> Iterable[date]:
    """Return the days to come on which units move, or the lead begins or ends to lead one."""
    people, units = company
    for unit in units:
        yield from (
            placed.effective_from
            for placed in unit.placements
            if placed.effective_from is not None and placed.effective_from > today
        )
    for person in people:
        if person.id == lead:
            yield from (day for day in _days(person) if day > today)


def _days(person: Person) -> Iterable[date]:
    """Return the days on which a person's memberships begin, or are over."""
    for one in person.memberships:
        yield one.effective_from
        if one.until is not None and one.until < date.max:
            yield one.until + timedelta(days=1)
