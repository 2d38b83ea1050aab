"""The registry of aggregates that have a state: how events make it, and the decider that rules it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from events.access import decider as access
from events.access.state import Token
from events.context import Context
from events.conversations import decider as conversations
from events.conversations.state import Conversation
from events.cycles import decider as cycles
from events.cycles.state import Cycle
from events.envelope import Event
from events.feedback import decider as feedback
from events.feedback.state import Feedback
from events.feeds import decider as feeds
from events.feeds.state import Feed
from events.initiatives import decider as initiatives
from events.initiatives.state import Initiative
from events.kpis import decider as kpis
from events.kpis.state import Kpi
from events.objectives import decider as objectives
from events.objectives.state import Objective
from events.org_units import decider as org_units
from events.org_units.state import OrgUnit
from events.people import decider as people
from events.people.state import Person
from events.policies import decider as policies
from events.policies.state import Policy
from events.recognition import decider as recognition
from events.recognition.state import Recognition
from events.registry import EventData
from events.scorecards import decider as scorecards
from events.scorecards.state import Scorecard
from events.state import State
from events.workspace import decider as workspace
from events.workspace.state import Workspace


class AggregateType(NamedTuple):
    """The state of one kind of aggregate, what changes it and what allows a change."""

    state: type[State]
    evolve: Callable[[Any, Event], State]
    decide: Callable[[Any, Any, Context], list[EventData]]


AGGREGATES: dict[str, AggregateType] = {
    "workspace": AggregateType(Workspace, workspace.evolve, workspace.decide),
    "org_unit": AggregateType(OrgUnit, org_units.evolve, org_units.decide),
    "person": AggregateType(Person, people.evolve, people.decide),
    "cycle": AggregateType(Cycle, cycles.evolve, cycles.decide),
    "policy": AggregateType(Policy, policies.evolve, policies.decide),
    "objective": AggregateType(Objective, objectives.evolve, objectives.decide),
    "initiative": AggregateType(Initiative, initiatives.evolve, initiatives.decide),
    "conversation": AggregateType(Conversation, conversations.evolve, conversations.decide),
    "feedback": AggregateType(Feedback, feedback.evolve, feedback.decide),
    "recognition": AggregateType(Recognition, recognition.evolve, recognition.decide),
    "scorecard": AggregateType(Scorecard, scorecards.evolve, scorecards.decide),
    "feed": AggregateType(Feed, feeds.evolve, feeds.decide),
    "kpi": AggregateType(Kpi, kpis.evolve, kpis.decide),
    "access": AggregateType(Token, access.evolve, access.decide),
}
"""By the kind in the ledger subject. Readings and waivers have no state of this sort."""
