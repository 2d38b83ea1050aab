"""Dual control of changes of the org chart: events/people/own_line.py decides, this looks up who is where."""

from __future__ import annotations

from datetime import date

from events.people.own_line import require_nobody_put_below_oneself
from events.people.state import Person
from events.state import State
from services.commands.state_loader import StateLoader


async def require_no_line_of_ones_own(
    knowledge: StateLoader, actor: str, changed: State | None, today: date
) -> None:
    """Refuse a change of a person or unit by which the actor comes to stand above somebody.

    Most people lead nobody: theirs is the only record that has to be read.
    """
    kind, _, id_ = actor.partition(":")
    person = await knowledge.state("person", id_) if kind == "person" else None
    if isinstance(person, Person) and person.leads_from(today):
        people, units = await knowledge.people(), await knowledge.org_units()
        require_nobody_put_below_oneself(person, people, units, changed, today)
