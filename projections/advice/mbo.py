"""Advice on MBO goals: how many a person has, and how long they run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from events.cycles.state import Cycle
from events.objectives.state import Objective
from events.text import Text
from projections.advice.codes import MBO_GOALS_PER_PERSON, Advice, Item, advice

_USUAL = frozenset({"half_year", "year"})


def on_mbo_goal(objective: Objective, cycle: Cycle | None) -> Iterator[Advice]:
    """Return whether its cycle is one of those that MBO goals usually have."""
    if objective.framework == "mbo" and cycle is not None and cycle.kind not in _USUAL:
        item = Item("objective", objective.id, Text(objective.title, objective.title), objective.cycle)
        yield advice("mbo_cycle_unusual", item)


def on_mbo_goals_of_each(goals: Iterable[Objective], names: Mapping[str, str]) -> Iterator[Advice]:
    """Yield advice on how many of some MBO goals each person has in a cycle; by person, then by cycle."""
    least, most = MBO_GOALS_PER_PERSON
    counts = Counter((goal.owner, goal.cycle) for goal in goals if goal.owner is not None)
    for (owner, cycle), count in sorted(counts.items()):
        name = names.get(owner, owner)
        item = Item("person", owner, Text(name, name), cycle)
        if count > most:
            yield advice("too_many_mbo_goals", item, count=count, least=least, most=most)
        elif count < least:
            yield advice("too_few_mbo_goals", item, count=count, least=least, most=most)
