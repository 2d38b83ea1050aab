"""The circumstances of a command: who, when, why, and what its decider must know of other aggregates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime

from events.commands import Command
from events.context import Context
from events.cycles.commands import AdoptPolicy, OpenCycle
from events.cycles.state import Cycle
from events.ids import Aggregate, made_here
from events.initiatives.commands import PlanInitiative, ReplanInitiative
from events.initiatives.state import Initiative
from events.kpis.commands import AgreeKpiChange, DefineKpi, RedefineKpi, SetKpiTarget
from events.kpis.definition import COUNTING
from events.kpis.state import Kpi
from events.objectives.agreement import as_proposed
from events.objectives.commands import (
    AddKeyResult,
    AgreeObjective,
    ChangeMeasure,
    ChangeObjectiveCycle,
    ChangeObjectiveOrgUnit,
    ChangeTarget,
    CloseObjective,
    DraftObjective,
    EnsureContainer,
    GradeObjective,
    LinkKpi,
    ResolveRelative,
    SendBackObjective,
)
from events.objectives.goalposts import GOALPOSTS
from events.objectives.state import Objective
from events.org_units.commands import ArchiveOrgUnit, CreateOrgUnit, MoveOrgUnit
from events.org_units.state import OrgUnit
from events.people.commands import JoinUnit
from events.people.org_chart import OrgChart
from events.people.state import Person
from events.policies.rules import FRAMEWORKS
from events.policies.state import Policies, Policy
from events.scorecards.commands import DrawUpScorecard
from events.scorecards.state import Scorecard
from events.state import State
from events.visibility import line_of, seen_by
from events.workspace.state import Workspace
from projections.advice.on_change import Written
from services.access.callers import Caller
from services.commands import references
from services.commands.state_loader import Knowledge
from services.ledger import WorkspaceUnknown

NAMING_PEOPLE = ("owner", "reviewer", "person", "to", "parties")
"""Fields of commands that name a person, or several."""


async def workspace_of(knowledge: Knowledge, workspace: str) -> Workspace:
    """The workspace, whose zone says what day it is. Raises WorkspaceUnknown."""
    found = await knowledge.state("workspace", workspace)
    if not isinstance(found, Workspace):
        raise WorkspaceUnknown(workspace)
    return found


async def context_of(
    knowledge: Knowledge,
    aggregate: Aggregate,
    command: Command,
    state: State | None,
    *,
    workspace: Workspace,
    caller: Caller,
    now: datetime,
    reason: str | None,
    new_id: Callable[[], str],
) -> Context:
    """What the decider of a command may know."""
    today = workspace.business_day(now)[0]
    await knowledge.expect(*_facts(command, state))
    cycle = await knowledge.state("cycle", _cycle(command, state))
    new_cycle = await knowledge.state("cycle", _new_cycle(command, state))
    kpi = await knowledge.state("kpi", _kpi(command, state))
    org_unit = await knowledge.state("org_unit", _org_unit(command))
    leads_to = await references.leads_to(knowledge, command, state)
    return Context(
        actor=caller.actor,
        role=caller.role,
        today=today,
        now=now,
        new_id=new_id,
        reason=reason,
        cycle=cycle if isinstance(cycle, Cycle) else None,
        new_cycle=new_cycle if isinstance(new_cycle, Cycle) else None,
        cycles=await _cycles_touched(knowledge, command, state),
        kpi=kpi if isinstance(kpi, Kpi) else None,
        org_unit=org_unit if isinstance(org_unit, OrgUnit) else None,
        below=await _below(knowledge, command, state),
        taken_over=await references.taken_over(knowledge, command, caller, today),
        unknown=await references.unknown(knowledge, command, state, caller, today),
        unseen=await references.unseen(knowledge, command, state, leads_to, caller, today),
        leads_to=leads_to,
        policies=await _policies(knowledge, command, state),
        taken=await references.taken(knowledge, command, aggregate, state),
        people=await _people(knowledge, command),
        gone=await _gone(knowledge, command, state, today),
        line=await _line(knowledge, command, state, caller, today),
    )


def _facts(command: Command, state: State | None) -> Iterator[Aggregate]:
    """The aggregates whose ids the command and the state tell."""
    single = (
        ("cycle", _cycle(command, state)),
        ("cycle", _new_cycle(command, state)),
        ("kpi", _kpi(command, state)),
        ("org_unit", _org_unit(command)),
        *(("person", id_) for _, id_ in _named(command)),
        *(("policy", framework) for framework in _policies_for(command, state)),
    )
    yield from dict.fromkeys(Aggregate(kind, id_) for kind, id_ in single if id_ is not None)


async def written_of(
    knowledge: Knowledge, before: State | None, after: State | None, recorded_on: date
) -> Written:
    """What a command made of its aggregate, with what advice on it follows from."""
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


async def _retired_counter_metrics(knowledge: Knowledge, after: State | None) -> frozenset[str]:
    """Those of a KPI that pay is linked to."""
    if not isinstance(after, Kpi) or after.reward is None:
        return frozenset()
    others = [await knowledge.state("kpi", id_) for id_ in after.counter_metrics]
    return frozenset(other.id for other in others if isinstance(other, Kpi) and other.retired)


async def _people(knowledge: Knowledge, command: Command) -> dict[str, Person | None]:
    """Whom the command names. Ids that a company chose itself may be of nobody whom we know."""
    people: dict[str, Person | None] = {}
    for named_by, id_ in _named(command):
        person = await knowledge.state("person", id_)
        if isinstance(person, Person):
            people[named_by] = person
        elif made_here(id_):
            people[named_by] = None
    return people


async def _gone(
    knowledge: Knowledge, command: Command, state: State | None, today: date
) -> dict[str, frozenset[str]]:
    """The parties of an MBO goal who can't agree to its change any more, each with their line."""
    if not isinstance(command, AgreeObjective | SendBackObjective):
        return {}
    if not isinstance(state, Objective) or state.framework != "mbo" or state.waiting is None:
        return {}
    people = {
        party: await knowledge.state("person", party.removeprefix("person:")) for party in state.parties
    }
    gone = [party for party, one in people.items() if isinstance(one, Person) and one.has_left(today)]
    if not gone:
        return {}
    chart = OrgChart(await knowledge.people(), await knowledge.org_units())
    return {party: line_of(party, chart, today) for party in gone}


async def _line(
    knowledge: Knowledge, command: Command, state: State | None, caller: Caller, today: date
) -> frozenset[str]:
    """The line of the parties of an MBO goal that is to end, if it is no party that asks for it."""
    if not isinstance(command, GradeObjective | CloseObjective):
        return frozenset()
    if not isinstance(state, Objective) or state.framework != "mbo" or caller.actor in state.parties:
        return frozenset()
    chart = OrgChart(await knowledge.people(), await knowledge.org_units())
    return seen_by(state.parties, chart, today) - state.parties


def _named(command: Command) -> Iterator[tuple[str, str]]:
    """The ids of people in a command, each with the place where it stands: `owner`, `to/1`."""
    for field in NAMING_PEOPLE:
        named: str | tuple[str, ...] | None = getattr(command, field, None)
        if isinstance(named, str):
            yield field, named
        else:
            yield from ((f"{field}/{n}", id_) for n, id_ in enumerate(named or ()))
    kind, _, id_ = (getattr(command, "about", None) or "").partition("/")
    if kind == "person":
        yield "about", id_


def _cycle(command: Command, state: State | None) -> str | None:
    if isinstance(command, DraftObjective | EnsureContainer | DrawUpScorecard):
        return command.cycle
    return state.cycle if isinstance(state, Objective | Scorecard) else None


def _new_cycle(command: Command, state: State | None) -> str | None:
    """Where an objective is moved to, by the command or by a change that waits."""
    if isinstance(command, ChangeObjectiveCycle):
        return command.cycle
    if not isinstance(state, Objective) or state.waiting is None:
        return None
    proposed = as_proposed(state).cycle
    return None if proposed == state.cycle else proposed


def _kpi(command: Command, state: State | None) -> str | None:
    if isinstance(command, AddKeyResult | LinkKpi):
        return command.kpi
    if not isinstance(command, ChangeTarget | ChangeMeasure) or not isinstance(state, Objective):
        return None
    key_result = as_proposed(state).key_result(command.key_result)
    return None if key_result is None else key_result.kpi


def _org_unit(command: Command) -> str | None:
    match command:
        case DraftObjective() | EnsureContainer() | ChangeObjectiveOrgUnit() | DefineKpi() | RedefineKpi():
            return command.org_unit
        case PlanInitiative() | ReplanInitiative() | DrawUpScorecard():
            return command.org_unit
        case CreateOrgUnit() | MoveOrgUnit():
            return command.parent
        case JoinUnit():
            return command.org_unit
    return None


def _policies_for(command: Command, state: State | None) -> tuple[str, ...]:
    """For what pins one of their versions, links a reward or moves goalposts; other commands need none."""
    rewarded = getattr(command, "reward", None) is not None
    moves = isinstance(command, (*GOALPOSTS, ResolveRelative))
    agreed = isinstance(state, Objective) and state.activated and state.framework != "mbo"
    asked = (moves and agreed) or isinstance(command, OpenCycle | AdoptPolicy | SetKpiTarget)
    return FRAMEWORKS if rewarded or asked else ()


async def _policies(knowledge: Knowledge, command: Command, state: State | None) -> Policies:
    known = [await knowledge.state("policy", framework) for framework in _policies_for(command, state)]
    return Policies(policy for policy in known if isinstance(policy, Policy))


async def _below(knowledge: Knowledge, command: Command, state: State | None) -> frozenset[str]:
    """The units below the one that moves or ends, at any depth, without those that ended."""
    if state is None or not isinstance(command, MoveOrgUnit | ArchiveOrgUnit):
        return frozenset()
    children: dict[str, list[OrgUnit]] = defaultdict(list)
    for unit in await knowledge.org_units():
        if unit.parent is not None:
            children[unit.parent].append(unit)
    found: set[str] = set()
    pending = [state.id]
    while pending:
        for unit in children[pending.pop()]:
            if not unit.archived and unit.id not in found:
                found.add(unit.id)
                pending.append(unit.id)
    return frozenset(found)


async def _cycles_touched(knowledge: Knowledge, command: Command, state: State | None) -> tuple[Cycle, ...]:
    """The cycles that a command may touch besides the one of its own aggregate, by id."""
    match command, state:
        case SetKpiTarget() | AgreeKpiChange(), Kpi():
            return tuple(await knowledge.cycles())
        case RedefineKpi(), Kpi() if COUNTING & command.model_fields_set:
            measured = await _cycles_measured(knowledge, state.id)
            return tuple(cycle for cycle in await knowledge.cycles() if cycle.id in measured)
        case _:
            return await _cycles_supported(knowledge, command, state)


async def _cycles_measured(knowledge: Knowledge, kpi: str) -> frozenset[str]:
    """In which cycles a KPI is the measure of a key result, or stands on a scorecard."""
    goals = {
        goal.cycle
        for goal in await knowledge.objectives()
        if any(kpi in key_result.kpis for key_result in goal.active_key_results)
    }
    return frozenset(goals) | {
        card.cycle
        for card in await knowledge.scorecards()
        if any(item.kind == "kpi" and item.id == kpi for item in card.items)
    }


async def _cycles_supported(knowledge: Knowledge, command: Command, state: State | None) -> tuple[Cycle, ...]:
    """The cycles of the goals that an initiative supports, or is to support."""
    supports: set[str] = set(state.supports) if isinstance(state, Initiative) else set()
    if isinstance(command, PlanInitiative | ReplanInitiative):
        supports |= set(command.supports or ())
    cycles: dict[str, Cycle] = {}
    for objective in sorted(set((await knowledge.objectives_of(frozenset(supports))).values())):
        found = await knowledge.state("objective", objective)
        cycle = await knowledge.state("cycle", found.cycle) if isinstance(found, Objective) else None
        if isinstance(cycle, Cycle):
            cycles[cycle.id] = cycle
    return tuple(cycles[id_] for id_ in sorted(cycles))
