"""Who sees what: the rule that reads and writes share.

Everybody sees OKRs, KPIs and scorecards of units; few see MBO goals, personal scorecards, and what is only
about those. What people say to each other is for those whom it is for.
"""

from datetime import date

from events.initiatives.state import Initiative
from events.objectives.agreement import as_proposed
from events.objectives.state import Objective
from events.people.org_chart import OrgChart
from events.scorecards.state import Scorecard
from events.state import State
from events.talk.said import Said

_PERSON = "person:"


def parties_of(state: State | None) -> frozenset[str] | None:
    """Return the actors whom a goal or scorecard concerns, who see it with their line; None: everybody does.

    Of an MBO goal also those that a change that waits would make parties.
    """
    match state:
        case Objective(framework="mbo"):
            return state.parties | as_proposed(state).parties
        case Scorecard(person=str() as person):
            return frozenset({_PERSON + person})
        case _:
            return None


def seen_by(parties: frozenset[str], chart: OrgChart, day: date) -> frozenset[str]:
    """Some parties and their line on a day: the actors who see what concerns them, whatever their role."""
    return parties.union(*(line_of(actor, chart, day) for actor in parties))


def line_of(actor: str, chart: OrgChart, day: date) -> frozenset[str]:
    """The actors who lead somebody on a day, or whoever left when they left."""
    line = chart.lasting_line_of(actor.removeprefix(_PERSON), day)
    return frozenset(_PERSON + lead for lead in line)


def goals_behind(state: State | None) -> frozenset[str]:
    """Return the ids of the goals through which something is seen: at least one of them must be seen.

    Those that an initiative supports; the one that is talked about before everybody. Empty if there are none.
    """
    match state:
        case Initiative():
            return frozenset(state.supports)
        case Said(audience="everyone", about=str() as about) if not about.startswith("person/"):
            return frozenset({about.partition("/")[2]})
        case _:
            return frozenset()


def read_by(said: Said, chart: OrgChart, day: date) -> frozenset[str]:
    """Return the actors who may read what was said to few: those who talk and, if it says so, their line."""
    people = set(said.parties)
    if said.audience == "line":
        people.update(*(chart.line_of(person, day) for person in said.whose_line))
    return frozenset(_PERSON + person for person in people)
