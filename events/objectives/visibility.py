"""Who sees a goal: an OKR everybody in the workspace, an MBO goal its parties and their line."""

from datetime import date

from events.objectives.agreement import as_proposed
from events.objectives.state import Objective
from events.people.org_chart import OrgChart

_PERSON = "person:"


def parties_of(objective: Objective) -> frozenset[str]:
    """The actors who agree on an MBO goal, also those that a change that waits would make parties."""
    return objective.parties | as_proposed(objective).parties


def seen_by(objective: Objective, chart: OrgChart, day: date) -> frozenset[str]:
    """The actors who see an MBO goal whatever their role is: its parties and their line on a day."""
    parties = parties_of(objective)
    line = {_PERSON + lead for actor in parties for lead in chart.line_of(actor.removeprefix(_PERSON), day)}
    return parties | line
