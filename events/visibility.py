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
    line = (chart.line_of(actor.removeprefix(_PERSON), day) for actor in parties)
    return parties | {_PERSON + lead for leads in line for lead in leads}
