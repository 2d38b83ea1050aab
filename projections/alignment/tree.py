"""Alignment of goals: what carries each goal at the top, and the orphans that carry none. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from events.initiatives.state import Initiative
from events.kpis.state import Kpi
from events.objectives.state import KeyResult, Objective
from events.org_units.state import OrgUnit


@dataclass(frozen=True, slots=True)
class Carriers:
    """What helps to reach a goal: objectives that support it, KPIs that serve it, work done for it."""

    objectives: tuple[ObjectiveNode, ...] = ()
    kpis: tuple[Kpi, ...] = ()
    initiatives: tuple[Initiative, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyResultNode:
    """A key result and what carries it."""

    key_result: KeyResult
    carried_by: Carriers


@dataclass(frozen=True, slots=True)
class ObjectiveNode:
    """An objective, its key results, and what carries it as a whole."""

    objective: Objective
    shown_before: bool
    """It stands further up with all that carries it; what supports several goals is unfolded once."""
    key_results: tuple[KeyResultNode, ...]
    carried_by: Carriers


@dataclass(frozen=True, slots=True)
class Orphans:
    """What hangs on nothing though it is not at the top, with what it carries in turn. Each by id."""

    objectives: tuple[ObjectiveNode, ...]
    direct: tuple[ObjectiveNode, ...]
    """What holds the direct key results of units."""
    kpis: tuple[Kpi, ...]
    initiatives: tuple[Initiative, ...]
    """Work that goes on, or is planned, for no goal that is pursued."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """All goals of some cycles as they hang together on a business day."""

    top: tuple[ObjectiveNode, ...]
    orphans: Orphans
    not_carried: tuple[Objective, ...]
    """Objectives of the top that nothing carries, nor any of their key results."""
    shown: frozenset[str]
    """The ids of all objectives in it."""


def align(
    objectives: Iterable[Objective],
    kpis: Iterable[Kpi],
    initiatives: Iterable[Initiative],
    units: Mapping[str, OrgUnit],
    cycles: frozenset[str],
    day: date,
) -> Alignment:
    """Return the tree of the goals of some cycles, with whatever carries them in any cycle.

    At the top are the objectives of units that are a company or have none above them on the day: those of the
    cycles, and those of others that goals of the cycles lead to, as a quarter's do to the year's. Dropped
    goals, retired KPIs and dropped work are left out, also as what something supports.
    """
    goals = _Goals(objectives, kpis, initiatives, units, day)
    asked = [objective for objective in goals.objectives if objective.cycle in cycles]
    carried = goals.tops_above(asked)
    top = [
        each
        for each in goals.objectives
        if each.id in carried or (each.cycle in cycles and goals.at_top(each.org_unit))
    ]
    top_ids = {objective.id for objective in top}
    # A quarter's objective of the company stands below the year's that it supports, if both are asked for.
    roots = [objective for objective in top if top_ids.isdisjoint(goals.above(objective))]
    nodes = [goals.node(objective) for objective in roots]
    # Two that were made to support each other at the same instant must not hide each other.
    nodes += [goals.node(objective) for objective in top if objective.id not in goals.shown]
    loose = [each for each in asked if each.id not in top_ids and not goals.above(each)]
    orphans = Orphans(
        objectives=tuple(goals.node(objective) for objective in loose if not objective.direct),
        direct=tuple(goals.node(objective) for objective in loose if objective.direct),
        kpis=tuple(kpi for kpi in goals.kpis if goals.is_loose(kpi)),
        initiatives=tuple(work for work in goals.initiatives if goals.is_for_nothing(work)),
    )
    return Alignment(
        top=tuple(nodes),
        orphans=orphans,
        not_carried=tuple(each for each in top if not each.direct and not goals.is_carried(each)),
        shown=frozenset(goals.shown),
    )


class _Goals:
    """What is pursued, by what it hangs on."""

    def __init__(
        self,
        objectives: Iterable[Objective],
        kpis: Iterable[Kpi],
        initiatives: Iterable[Initiative],
        units: Mapping[str, OrgUnit],
        day: date,
    ) -> None:
        pursued = (objective for objective in objectives if objective.status != "dropped")
        self.objectives = sorted(pursued, key=lambda objective: objective.id)
        self._by_id = {objective.id: objective for objective in self.objectives}
        self.kpis = sorted((kpi for kpi in kpis if not kpi.retired), key=lambda kpi: kpi.id)
        self.shown: set[str] = set()
        self._units = units
        self._day = day
        self._objective_of = {
            key_result.id: objective.id
            for objective in self.objectives
            for key_result in objective.active_key_results
        } | {objective.id: objective.id for objective in self.objectives}
        self._measured = {
            key_result.kpi for objective in self.objectives for key_result in objective.active_key_results
        }
        self._supporters: defaultdict[str, list[Objective]] = defaultdict(list)
        for objective in self.objectives:
            for goal in objective.supports:
                self._supporters[goal].append(objective)
        self._servants: defaultdict[str, list[Kpi]] = defaultdict(list)
        for kpi in self.kpis:
            if kpi.serves is not None:
                self._servants[kpi.serves].append(kpi)
        self._work: defaultdict[str, list[Initiative]] = defaultdict(list)
        pursued_work = (initiative for initiative in initiatives if initiative.status != "dropped")
        self.initiatives = sorted(pursued_work, key=lambda initiative: initiative.id)
        for initiative in self.initiatives:
            for goal in initiative.supports:
                self._work[goal].append(initiative)

    def at_top(self, unit: str | None) -> bool:
        """Return whether a unit is a company or has no unit above it on the day."""
        found = None if unit is None else self._units.get(unit)
        return found is not None and (found.level == "company" or found.parent_on(self._day) is None)

    def above(self, objective: Objective) -> set[str]:
        """Return the objectives that it supports, itself or a key result of theirs."""
        return {self._objective_of[goal] for goal in objective.supports if goal in self._objective_of}

    def tops_above(self, objectives: Iterable[Objective]) -> set[str]:
        """Return the top objectives that lower ones lead to: the first one on each way up."""
        found: set[str] = set()
        seen: set[str] = set()
        ways = [objective for objective in objectives if not self.at_top(objective.org_unit)]
        while ways:
            for id_ in self.above(ways.pop()) - seen:
                seen.add(id_)
                if self.at_top(self._by_id[id_].org_unit):
                    found.add(id_)
                else:
                    ways.append(self._by_id[id_])
        return found

    def is_loose(self, kpi: Kpi) -> bool:
        """Return whether a KPI that is not at the top serves no goal and is no key result's measure."""
        served = kpi.serves is not None and kpi.serves in self._objective_of
        return not served and kpi.id not in self._measured and not self.at_top(kpi.org_unit)

    def is_for_nothing(self, work: Initiative) -> bool:
        """Return whether work that is not over and not the top's is for no goal."""
        served = any(goal in self._objective_of for goal in work.supports)
        return work.status != "done" and not served and not self.at_top(work.org_unit)

    def is_carried(self, objective: Objective) -> bool:
        """Return whether anything supports or serves an objective or one of its key results."""
        parts = [objective.id, *(key_result.id for key_result in objective.active_key_results)]
        return any(self._supporters[part] or self._servants[part] or self._work[part] for part in parts)

    def node(self, objective: Objective) -> ObjectiveNode:
        """Return an objective with what carries it, unfolded where it is met first."""
        if objective.id in self.shown:
            return ObjectiveNode(objective, True, (), Carriers())
        self.shown.add(objective.id)
        return ObjectiveNode(
            objective,
            False,
            tuple(
                KeyResultNode(key_result, self._carriers(key_result.id))
                for key_result in objective.active_key_results
            ),
            self._carriers(objective.id),
        )

    def _carriers(self, goal: str) -> Carriers:
        nodes = tuple(self.node(supporter) for supporter in self._supporters[goal])
        return Carriers(nodes, tuple(self._servants[goal]), tuple(self._work[goal]))
