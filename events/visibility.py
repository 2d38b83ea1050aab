"""Who sees what: OKRs, KPIs and units' scorecards everybody, MBO goals and personal scorecards few."""

from datetime import date

from events.objectives.agreement import as_proposed
from events.objectives.state import Objective
from events.people.org_chart import OrgChart
from events.scorecards.state import Scorecard
from events.state import State

_PERSON = "person:"


def parties_of(state: State | None) -> frozenset[str] | None:
    """The actors whom an aggregate concerns, and nobody else but their line; None: everybody may see it.

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
