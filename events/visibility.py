"""Who sees what: the one rule that reads, writes and the views' conditions share.

Everybody sees OKRs, KPIs and scorecards of units; few see MBO goals, personal scorecards, and what is only
about those. What people say to each other is for those whom it is for.
"""

from collections.abc import Set as AbstractSet
from datetime import date
from typing import NamedTuple

from events.initiatives.state import Initiative
from events.objectives.agreement import as_proposed
from events.objectives.state import Objective
from events.people.org_chart import OrgChart
from events.scorecards.state import Scorecard
from events.talk.said import Said

_PERSON = "person:"


class Restriction(NamedTuple):
    """Who sees something that not everybody sees: whoever fits one of these."""

    parties: frozenset[str]
    """Actors who see it."""
    line_of: frozenset[str]
    """Ids of people: whoever stands above one of them in the org chart sees it."""
    goals: frozenset[str]
    """Ids of objectives and key results: whoever sees one of them sees it."""


def restriction_of(state: object) -> Restriction | None:
    """Return who sees an aggregate; None if everybody does.

    An MBO goal is seen by its parties and by those whom a pending change would make parties; an initiative by
    whoever sees a goal that it supports. What is said to all about a goal is for those who see the goal.
    """
    match state:
        case Objective(framework="mbo"):
            parties = state.parties | as_proposed(state).parties
            return Restriction(parties, frozenset(_id(actor) for actor in parties), frozenset())
        case Scorecard(person=str() as person):
            return Restriction(frozenset({_PERSON + person}), frozenset({person}), frozenset())
        case Initiative() if state.supports:
            return Restriction(frozenset(), frozenset(), frozenset(state.supports))
        case Said():
            return _of_said(state)
        case _:
            return None


def _of_said(said: Said) -> Restriction | None:
    parties = frozenset(_PERSON + person for person in said.parties)
    if said.audience == "everyone":
        kind, _, id_ = (said.about or "person/").partition("/")
        return None if kind == "person" else Restriction(parties, frozenset(), frozenset({id_}))
    line_of = frozenset(said.whose_line) if said.audience == "line" else frozenset[str]()
    return Restriction(parties, line_of, frozenset())


class Viewer(NamedTuple):
    """Who looks, and whom they stand above on a day."""

    actor: str
    leads: frozenset[str]
    """Ids of the people in whose line the actor is."""
    led: frozenset[str]
    """The same with those who left, whom the actor would lead if they had not."""
    sees_all_goals: bool
    """The role sees every goal, scorecard and initiative; never what people say to each other."""

    def fits(self, restriction: Restriction, *, said: bool) -> bool:
        """Return whether the viewer sees what is restricted like this, goals aside."""
        if self.sees_all_goals and not said:
            return True
        below = self.leads if said else self.led
        return self.actor in restriction.parties or not below.isdisjoint(restriction.line_of)


def viewer_of(actor: str, chart: OrgChart, day: date, *, sees_all_goals: bool) -> Viewer:
    """Return an actor as one who looks at things on a day."""
    leads, led = chart.led_by(_id(actor), day) if actor.startswith(_PERSON) else (frozenset(), frozenset())
    return Viewer(actor, leads, led, sees_all_goals)


def line_of(actor: str, chart: OrgChart, day: date) -> frozenset[str]:
    """Return the actors who lead somebody on a day, or whoever left when they left."""
    return frozenset(_PERSON + lead for lead in chart.lasting_line_of(_id(actor), day))


def lines_of(actors: AbstractSet[str], chart: OrgChart, day: date) -> frozenset[str]:
    """Return some actors and the line of each."""
    return frozenset(actors).union(*(line_of(actor, chart, day) for actor in actors))


def _id(actor: str) -> str:
    return actor.removeprefix(_PERSON)
