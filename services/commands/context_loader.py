"""Load the context of a command: who asks, when, why, and the facts that its class says its decider needs.

Each fact has one loader. None knows a command: fields of one name mean the same in all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from events.commands import Command, Fact
from events.context import Context
from events.cycles.state import Cycle
from events.ids import Aggregate, made_here
from events.initiatives.state import Initiative
from events.kpis.definition import COUNTING
from events.kpis.state import Kpi
from events.objectives.agreement import as_proposed
from events.objectives.state import Objective
from events.org_units.state import OrgUnit
from events.people.org_chart import OrgChart
from events.people.state import Person
from events.policies.rules import FRAMEWORKS
from events.policies.state import Policies, Policy
from events.state import State
from events.visibility import line_of, lines_of
from events.workspace.state import Workspace
from projections.advice.on_change import Written
from services.access.callers import Caller
from services.commands import references
from services.commands.references import Asked
from services.commands.state_loader import StateLoader
from services.ledger import WorkspaceUnknown

NAMING_PEOPLE = ("owner", "reviewer", "person", "to", "parties")
"""Fields of commands that name a person, or several."""


async def workspace_of(knowledge: StateLoader, workspace: str) -> Workspace:
    """Return the workspace, whose zone says what day it is. Raises WorkspaceUnknown."""
    found = await knowledge.state("workspace", workspace)
    if not isinstance(found, Workspace):
        raise WorkspaceUnknown(workspace)
    return found


async def context_of(
    knowledge: StateLoader,
    aggregate: Aggregate,
    command: Command,
    state: State | None,
    *,
    workspace: Workspace,
    caller: Caller,
    now: datetime,
    reason: str | None,
    new_id: Callable[[], str],
    dual_control: bool,
) -> Context:
    """Return what the decider of a command may know."""
    today = workspace.business_day(now)[0]
    asked = Asked(knowledge, aggregate, command, state, caller, today)
    single = {
        fact: Aggregate(kind, id_)
        for fact, (kind, id_of) in SINGLE.items()
        if fact in command.needs and (id_ := id_of(asked)) is not None
    }
    people = {named_by: Aggregate("person", id_) for named_by, id_ in _named(command)}
    policies = [Aggregate("policy", each) for each in FRAMEWORKS if "policies" in command.needs]
    await knowledge.expect(*dict.fromkeys([*single.values(), *people.values(), *policies]))
    facts: dict[str, Any] = {fact: (await knowledge.get(one)).state for fact, one in single.items()}
    for fact, load in LOADERS.items():
        if fact in command.needs:
            facts[fact] = await load(asked)
    return Context(
        actor=caller.actor,
        role=caller.role,
        today=today,
        now=now,
        new_id=new_id,
        reason=reason,
        dual_control=dual_control,
        people=await _people(knowledge, people),
        **facts,
    )


async def written_of(
    knowledge: StateLoader, before: State | None, after: State | None, recorded_on: date
) -> Written:
    """Return what a command made of its aggregate, with the facts that advice on it follows from."""
    cycle = await knowledge.state("cycle", after.cycle if isinstance(after, Objective) else None)
    unit = await knowledge.state("org_unit", after.org_unit if isinstance(after, Kpi) else None)
    moved = isinstance(before, Kpi) and isinstance(after, Kpi) and before.targets != after.targets
    return Written(
        before,
        after,
        recorded_on,
        cycle=cycle if isinstance(cycle, Cycle) else None,
        cycles=tuple(await knowledge.cycles()) if moved else (),
        unit=unit if isinstance(unit, OrgUnit) else None,
        retired=await _retired_counter_metrics(knowledge, after),
    )


async def _retired_counter_metrics(knowledge: StateLoader, after: State | None) -> frozenset[str]:
    """Return the retired counter-metrics of a KPI that pay is linked to."""
    if not isinstance(after, Kpi) or after.reward is None:
        return frozenset()
    others = [await knowledge.state("kpi", id_) for id_ in after.counter_metrics]
    return frozenset(other.id for other in others if isinstance(other, Kpi) and other.retired)


def _named(command: Command) -> Iterator[tuple[str, str]]:
    """Yield the ids of people in a command, each with the place where it stands: `owner`, `to/1`."""
    for field in NAMING_PEOPLE:
        named: str | tuple[str, ...] | None = getattr(command, field, None)
        if isinstance(named, str):
            yield field, named
        else:
            yield from ((f"{field}/{n}", id_) for n, id_ in enumerate(named or ()))
    kind, _, id_ = (getattr(command, "about", None) or "").partition("/")
    if kind == "person":
        yield "about", id_


async def _people(knowledge: StateLoader, named: Mapping[str, Aggregate]) -> dict[str, Person | None]:
    """Return whom the command names. Ids that a company chose itself may be of nobody whom we know."""
    people: dict[str, Person | None] = {}
    for named_by, aggregate in named.items():
        person = (await knowledge.get(aggregate)).state
        if isinstance(person, Person):
            people[named_by] = person
        elif made_here(aggregate.id):
            people[named_by] = None
    return people


def _cycle(asked: Asked) -> str | None:
    """Return the cycle that the aggregate belongs to, or a new one is to belong to."""
    cycle: str | None = getattr(asked.command if asked.state is None else asked.state, "cycle", None)
    return cycle


def _new_cycle(asked: Asked) -> str | None:
    """Return the cycle that an objective is moved to, by the command or by a change that waits."""
    cycle: str | None = asked.field("cycle")
    if cycle is not None or asked.objective is None or asked.objective.waiting is None:
        return cycle
    proposed = as_proposed(asked.objective).cycle
    return None if proposed == asked.objective.cycle else proposed


def _kpi(asked: Asked) -> str | None:
    """Return the KPI that the command names, or that the key result it changes takes its value from."""
    kpi: str | None = asked.field("kpi")
    if "kpi" in type(asked.command).model_fields or asked.objective is None:
        return kpi
    key_result = as_proposed(asked.objective).key_result(asked.field("key_result"))
    return None if key_result is None else key_result.kpi


def _org_unit(asked: Asked) -> str | None:
    org_unit: str | None = asked.field("org_unit") or asked.field("parent")
    return org_unit


SINGLE: dict[Fact, tuple[str, Callable[[Asked], str | None]]] = {
    "cycle": ("cycle", _cycle),
    "new_cycle": ("cycle", _new_cycle),
    "kpi": ("kpi", _kpi),
    "org_unit": ("org_unit", _org_unit),
}
"""Facts that are one aggregate: its kind, and its id."""


async def _policies(asked: Asked) -> Policies:
    known = [await asked.knowledge.state("policy", framework) for framework in FRAMEWORKS]
    return Policies(policy for policy in known if isinstance(policy, Policy))


async def _gone(asked: Asked) -> dict[str, frozenset[str]]:
    """Return the parties of an MBO goal who can't agree to its change any more, each with their line."""
    goal = asked.objective
    if goal is None or goal.framework != "mbo" or goal.waiting is None:
        return {}
    people = {
        party: await asked.knowledge.state("person", party.removeprefix("person:")) for party in goal.parties
    }
    gone = [party for party, one in people.items() if isinstance(one, Person) and one.has_left(asked.today)]
    if not gone:
        return {}
    chart = await _chart(asked)
    return {party: line_of(party, chart, asked.today) for party in gone}


async def _line(asked: Asked) -> frozenset[str]:
    """Return the line of the parties of an MBO goal that is to end, unless a party asks for it."""
    goal = asked.objective
    if goal is None or goal.framework != "mbo" or asked.caller.actor in goal.parties:
        return frozenset()
    return lines_of(goal.parties, await _chart(asked), asked.today) - goal.parties


async def _chart(asked: Asked) -> OrgChart:
    return OrgChart(await asked.knowledge.people(), await asked.knowledge.org_units())


async def _below(asked: Asked) -> frozenset[str]:
    """Return the units below the one that moves or ends, at any depth, without those that ended."""
    children: dict[str, list[OrgUnit]] = defaultdict(list)
    for unit in await asked.knowledge.org_units():
        if unit.parent is not None:
            children[unit.parent].append(unit)
    found: set[str] = set()
    pending = [asked.aggregate.id]
    while pending:
        for unit in children[pending.pop()]:
            if not unit.archived and unit.id not in found:
                found.add(unit.id)
                pending.append(unit.id)
    return frozenset(found)


async def _cycles(asked: Asked) -> tuple[Cycle, ...]:
    return tuple(await asked.knowledge.cycles())


async def _measured_cycles(asked: Asked) -> tuple[Cycle, ...]:
    """Return the cycles in which a KPI is the measure of a key result, or stands on a scorecard."""
    if not COUNTING & asked.command.model_fields_set:
        return ()
    kpi = asked.aggregate.id
    measured = {
        goal.cycle
        for goal in await asked.knowledge.objectives()
        if any(kpi in key_result.kpis for key_result in goal.active_key_results)
    } | {
        card.cycle
        for card in await asked.knowledge.scorecards()
        if any(item.kind == "kpi" and item.id == kpi for item in card.items)
    }
    return tuple(cycle for cycle in await asked.knowledge.cycles() if cycle.id in measured)


async def _supported_cycles(asked: Asked) -> tuple[Cycle, ...]:
    """Return the cycles of the goals that an initiative supports, or is to support."""
    supports: set[str] = set(asked.field("supports") or ())
    if isinstance(asked.state, Initiative):
        supports |= set(asked.state.supports)
    cycles: dict[str, Cycle] = {}
    for objective in sorted(set((await asked.knowledge.objectives_of(frozenset(supports))).values())):
        found = await asked.knowledge.state("objective", objective)
        cycle = await asked.knowledge.state("cycle", found.cycle) if isinstance(found, Objective) else None
        if isinstance(cycle, Cycle):
            cycles[cycle.id] = cycle
    return tuple(cycles[id_] for id_ in sorted(cycles))


LOADERS: dict[Fact, Callable[[Asked], Awaitable[object]]] = {
    "cycles": _cycles,
    "measured_cycles": _measured_cycles,
    "supported_cycles": _supported_cycles,
    "below": _below,
    "taken_over": references.taken_over,
    "unknown": references.unknown,
    "unseen": references.unseen,
    "leads_to": references.leads_to,
    "policies": _policies,
    "taken": references.taken,
    "gone": _gone,
    "line": _line,
}
"""All other facts."""
