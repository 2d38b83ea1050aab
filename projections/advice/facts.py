"""The facts that advice follows from, and the scope that is asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from events.cycles.state import Cycle
from events.kpis.definition import KpiTarget
from events.kpis.state import Kpi
from events.objectives.state import Objective
from events.org_units.state import OrgUnit
from projections.scoring.pace import Pace


class TargetMove(NamedTuple):
    """A target of a key result that was changed, maybe with its measure."""

    key_result: str
    recorded_on: date
    """The business day on which it was recorded; not the one from which it is said to hold."""
    old: Decimal
    new: Decimal
    old_upper: Decimal | None = None
    """Of a range, whose lower edges are `old` and `new`."""
    upper: Decimal | None = None
    pace: Pace | None = None
    """Of the key result that day, by what was known just before; None where there was none."""
    units: tuple[str, str] = ("", "")
    """Of the old and the new one, where the key result is measured otherwise since."""


class KpiTargetMove(NamedTuple):
    """A target of a KPI that took the place of another one."""

    kpi: str
    recorded_on: date
    """The business day on which it was recorded."""
    old: KpiTarget
    """The one that held on the first day of the new one until then."""
    new: KpiTarget


@dataclass(frozen=True)
class Facts:
    """States as they were known at one position. Dropped and retired ones may be among them."""

    as_of: date
    """The business day whose KPI targets count."""
    cycles: Mapping[str, Cycle]
    units: Mapping[str, OrgUnit]
    objectives: Sequence[Objective]
    kpis: Sequence[Kpi]
    moves: Sequence[TargetMove] = ()
    """In the order they were made; those of drafts may be among them."""
    kpi_moves: Sequence[KpiTargetMove] = ()
    """In the order they were made."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of people, by id."""
    partly_seen: frozenset[str] = frozenset()
    """People some of whose MBO goals may not be among the objectives: nobody knows how many they have."""


@dataclass(frozen=True)
class Scope:
    """What is asked about: everything, or what fits all of these."""

    cycles: frozenset[str]
    """Cycles whose objectives are looked at."""
    units: frozenset[str] | None = None
    """Only objectives and KPIs of these units, and the units themselves."""
    objective: str | None = None
    """Only this objective and its key results."""
