"""What a command refers to: which of it there is for the caller, what leads where, which ids are taken."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from events.commands import Command
from events.conversations.commands import OpenConversation
from events.feedback.commands import GiveFeedback
from events.ids import Aggregate
from events.initiatives.commands import PlanInitiative, ReplanInitiative
from events.initiatives.state import Initiative
from events.kpis.commands import DefineKpi, RedefineKpi
from events.kpis.state import Kpi
from events.objectives.agreement import as_proposed, to_be_added
from events.objectives.commands import (
    AddKeyResult,
    AgreeObjective,
    ChangeSupports,
    DraftObjective,
)
from events.objectives.state import KeyResult, Objective
from events.recognition.commands import GiveRecognition
from events.scorecards.commands import ChangeScorecard, DrawUpScorecard
from events.scorecards.items import Item
from events.state import State
from services.access.callers import Caller
from services.commands.state_loader import Knowledge
from services.commands.visibility import may_see

RESTATED = frozenset({"supports", "serves", "serves_why"})
"""Fields of commands that say anew which goals something refers to."""


async def unknown(
    knowledge: Knowledge, command: Command, state: State | None, caller: Caller, today: date
) -> frozenset[str]:
    """What the command refers to and does not exist for the caller. A KPI is no counter-metric of itself."""
    match command:
        case DraftObjective() | ChangeSupports() | PlanInitiative() | ReplanInitiative():
            goals, kpis = frozenset(command.supports or ()), frozenset[str]()
        case DefineKpi() | RedefineKpi():
            goals = frozenset([command.serves] if command.serves is not None else [])
            kpis = frozenset(command.counter_metrics or ())
        case OpenConversation() | GiveFeedback() | GiveRecognition():
            return await _not_there(knowledge, command.about, caller, today)
        case DrawUpScorecard() | ChangeScorecard():
            return await _items_not_there(knowledge, command.items, caller, today)
        case _:
            return frozenset()
    found = await knowledge.objectives_of(goals)
    missing = {id_ for id_ in goals if not await _sees(knowledge, found.get(id_), caller, today)}
    itself = None if state is None else state.id
    return frozenset(missing) | {
        kpi for kpi in kpis if kpi == itself or await knowledge.state("kpi", kpi) is None
    }


async def unseen(
    knowledge: Knowledge,
    command: Command,
    state: State | None,
    above: Iterable[str],
    caller: Caller,
    today: date,
) -> frozenset[str]:
    """Return the goals hidden from the caller: of those `above`, and of those that a command restates."""
    goals = set(above)
    if RESTATED & command.model_fields_set:
        goals |= _referred(state)
    found = await knowledge.objectives_of(frozenset(goals))
    return frozenset([id_ for id_, goal in found.items() if not await _sees(knowledge, goal, caller, today)])


async def _items_not_there(
    knowledge: Knowledge, items: Iterable[Item], caller: Caller, today: date
) -> frozenset[str]:
    """Those of a scorecard's items that do not exist, or that the caller does not see."""
    missing: set[str] = set()
    for item in items:
        name = f"{item.kind}/{item.id}"
        if item.kind != "kpi":
            missing |= await _not_there(knowledge, name, caller, today)
        elif await knowledge.state("kpi", item.id) is None:
            missing.add(name)
    return frozenset(missing)


async def _not_there(knowledge: Knowledge, about: str | None, caller: Caller, today: date) -> frozenset[str]:
    """What words are about, if it is a goal and the caller sees none such."""
    kind, _, id_ = (about or "").partition("/")
    if about is None or kind == "person":
        return frozenset()
    found = (await knowledge.objectives_of(frozenset({id_}))).get(id_)
    there = found is not None and (kind == "key_result" or found == id_)
    there = there and await _sees(knowledge, found, caller, today)
    return frozenset() if there else frozenset({about})


async def _sees(knowledge: Knowledge, objective: str | None, caller: Caller, today: date) -> bool:
    """Whether there is such an objective for the caller."""
    if objective is None:
        return False
    return await may_see(knowledge, caller, await knowledge.state("objective", objective), today)


def _referred(state: State | None) -> frozenset[str]:
    """The goals that something supports or serves."""
    match state:
        case Objective() | Initiative():
            return frozenset(state.supports)
        case Kpi(serves=str() as goal):
            return frozenset({goal})
        case _:
            return frozenset()


async def taken_over(knowledge: Knowledge, command: Command, caller: Caller, today: date) -> KeyResult | None:
    """The key result that is taken over, if the caller sees it."""
    if not isinstance(command, DraftObjective) or command.takes_over is None:
        return None
    id_ = command.takes_over
    objective_of = await knowledge.objectives_of(frozenset({id_}))
    objective = await knowledge.state("objective", objective_of.get(id_))
    if not isinstance(objective, Objective) or not await may_see(knowledge, caller, objective, today):
        return None
    return objective.key_result(id_)


async def leads_to(knowledge: Knowledge, command: Command, state: State | None) -> dict[str, tuple[str, ...]]:
    """From what an objective is to support upwards, as the decider wants it; level by level."""
    found: dict[str, tuple[str, ...]] = {}
    pending: frozenset[str] = frozenset()
    if isinstance(command, ChangeSupports):
        pending = frozenset(command.supports)
    elif isinstance(command, AgreeObjective) and isinstance(state, Objective):
        pending = frozenset(as_proposed(state).supports) - frozenset(state.supports)
    while pending:
        objective_of = await knowledge.objectives_of(pending)
        for id_ in pending:
            objective = objective_of.get(id_)
            if objective == id_:
                above = await knowledge.state("objective", id_)
                found[id_] = above.supports if isinstance(above, Objective) else ()
            else:
                found[id_] = () if objective is None else (objective,)
        pending = frozenset(beyond for ends in found.values() for beyond in ends) - found.keys()
    return found


async def taken(
    knowledge: Knowledge, command: Command, aggregate: Aggregate, state: State | None
) -> frozenset[str]:
    """Of the ids that new goals are to have: those that a goal has already."""
    chosen: frozenset[str] = frozenset()
    match command:
        case DraftObjective():
            chosen = frozenset({aggregate.id})
        case AddKeyResult(key_result=str() as id_):
            chosen = frozenset({id_})
        case AgreeObjective() if isinstance(state, Objective):
            chosen = to_be_added(state)
    return frozenset(await knowledge.objectives_of(chosen))
