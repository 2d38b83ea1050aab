"""Look up the goals and KPIs that a command refers to: which exist for the caller, and what leads where.

Fields of one name mean the same in every command, so no command is known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from events.commands import Command
from events.ids import Aggregate
from events.initiatives.state import Initiative
from events.kpis.state import Kpi
from events.objectives.agreement import as_proposed, to_be_added
from events.objectives.state import KeyResult, Objective
from events.scorecards.items import Item
from events.scorecards.state import Scorecard
from events.state import State
from services.access.callers import Caller
from services.commands.state_loader import StateLoader
from services.commands.visibility import may_see

RESTATED = frozenset({"supports", "serves", "serves_why", "items"})
"""Fields of commands that say anew which goals something refers to."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command on an aggregate, and what is known to the one who asks."""

    knowledge: StateLoader
    aggregate: Aggregate
    command: Command
    state: State | None
    caller: Caller
    today: date

    def field(self, name: str) -> Any:
        """Return what a field of the command says; None also if it has no such field."""
        return getattr(self.command, name, None)

    @property
    def objective(self) -> Objective | None:
        """The objective that the command is on."""
        return self.state if isinstance(self.state, Objective) else None


async def unknown(asked: Asked) -> frozenset[str]:
    """Return what the command refers to and does not exist for the caller.

    A KPI is no counter-metric of itself.
    """
    goals = frozenset(asked.field("supports") or ()) | ({asked.field("serves")} - {None})
    found = await asked.knowledge.objectives_of(goals)
    missing = {id_ for id_ in goals if not await _sees(asked, found.get(id_))}
    for kpi in asked.field("counter_metrics") or ():
        if kpi == asked.aggregate.id or await asked.knowledge.state("kpi", kpi) is None:
            missing.add(kpi)
    missing |= await _not_there(asked, asked.field("about"))
    return frozenset(missing | await _items_not_there(asked, asked.field("items") or ()))


async def unseen(asked: Asked) -> frozenset[str]:
    """Return the goals hidden from the caller: of those above, and of those that the command restates."""
    goals = set(await leads_to(asked) if "leads_to" in asked.command.needs else ())
    if RESTATED & asked.command.model_fields_set:
        goals |= _referred(asked.state)
    found = await asked.knowledge.objectives_of(frozenset(goals))
    return frozenset([id_ for id_, goal in found.items() if not await _sees(asked, goal)])


async def _items_not_there(asked: Asked, items: Iterable[Item]) -> frozenset[str]:
    """Return the items of a scorecard that do not exist, or that the caller does not see."""
    missing: set[str] = set()
    for item in items:
        name = f"{item.kind}/{item.id}"
        if item.kind != "kpi":
            missing |= await _not_there(asked, name)
        elif await asked.knowledge.state("kpi", item.id) is None:
            missing.add(name)
    return frozenset(missing)


async def _not_there(asked: Asked, about: str | None) -> frozenset[str]:
    """Return what words are about, if it is a goal and the caller sees none such."""
    kind, _, id_ = (about or "").partition("/")
    if about is None or kind == "person":
        return frozenset()
    found = (await asked.knowledge.objectives_of(frozenset({id_}))).get(id_)
    there = found is not None and (kind == "key_result" or found == id_)
    there = there and await _sees(asked, found)
    return frozenset() if there else frozenset({about})


async def _sees(asked: Asked, objective: str | None) -> bool:
    """Return whether there is such an objective for the caller."""
    if objective is None:
        return False
    state = await asked.knowledge.state("objective", objective)
    return await may_see(asked.knowledge, asked.caller, state, asked.today)


def _referred(state: State | None) -> frozenset[str]:
    """Return the goals that something supports or serves, or that stand on it."""
    match state:
        case Objective() | Initiative():
            return frozenset(state.supports)
        case Kpi(serves=str() as goal):
            return frozenset({goal})
        case Scorecard(items=items):
            return frozenset(item.goal for item in items if item.goal is not None)
        case _:
            return frozenset()


async def taken_over(asked: Asked) -> KeyResult | None:
    """Return the key result that is taken over, if the caller sees it."""
    id_ = asked.field("takes_over")
    if id_ is None:
        return None
    found = await asked.knowledge.objectives_of(frozenset({id_}))
    if not await _sees(asked, found.get(id_)):
        return None
    objective = await asked.knowledge.state("objective", found[id_])
    return objective.key_result(id_) if isinstance(objective, Objective) else None


async def leads_to(asked: Asked) -> dict[str, tuple[str, ...]]:
    """Return what an objective is to support, and what that leads to, level by level upwards.

    What it is to support is said by the command, or by the changes that wait.
    """
    found: dict[str, tuple[str, ...]] = {}
    pending: frozenset[str] = frozenset(asked.field("supports") or ())
    if asked.objective is not None and asked.field("supports") is None:
        pending = frozenset(as_proposed(asked.objective).supports) - frozenset(asked.objective.supports)
    while pending:
        objective_of = await asked.knowledge.objectives_of(pending)
        for id_ in pending:
            objective = objective_of.get(id_)
            if objective == id_:
                above = await asked.knowledge.state("objective", id_)
                found[id_] = above.supports if isinstance(above, Objective) else ()
            else:
                found[id_] = () if objective is None else (objective,)
        pending = frozenset(beyond for ends in found.values() for beyond in ends) - found.keys()
    return found


async def taken(asked: Asked) -> frozenset[str]:
    """Return the ids that new goals are to have and that a goal has already."""
    if "key_result" in type(asked.command).model_fields:
        chosen = frozenset({asked.field("key_result")}) - {None}
    elif asked.objective is not None:
        chosen = to_be_added(asked.objective)
    else:
        chosen = frozenset({asked.aggregate.id})
    return frozenset(await asked.knowledge.objectives_of(chosen))
