"""What the demo company is made of: the shape of what the files in `content/` hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from events.cycles.events import CycleKind
from events.decimals import Number
from events.ids import Slug
from events.kpis.definition import Cadence, EmptyPeriod, Perspective, ReadingKind
from events.measures import Aggregation, Grading, Measure, ValueKind
from events.objectives.events import Ambition
from events.org_units.events import Level
from events.people.events import MemberRole
from events.policies.rules import Framework
from events.text import Text

Every = Literal["day", "weekday", "week", "month", "case"]


class Part(BaseModel):
    """Something that a file in `content/` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OrgUnit(Part):
    """A unit of the company."""

    id: Slug
    level: Level
    name: Text
    parent: Slug | None = None


class Membership(Part):
    """A unit somebody belongs to, from a day on."""

    org_unit: Slug
    role: MemberRole
    start: date


class Person(Part):
    """Somebody in the company. `id` is what these files call them; on the record they have another one."""

    id: Slug
    name: Text
    mail: str
    units: tuple[Membership, ...]


class Cycle(Part):
    """A cycle of the company; `start` and `end` are its first and last day."""

    id: Slug
    kind: CycleKind
    name: Text
    start: date
    end: date


class Feed(Part):
    """A source of readings."""

    id: Slug
    name: Text


class Target(Part):
    """A KPI's target from a day on; without a day from the day on which it is set."""

    kind: ValueKind
    target: Number
    grading: Grading = "attainment"
    tolerance: Number | None = None
    effective_from: date | None = None
    reason: Text | None = None


class Series(Part):
    """A stretch of readings, told by what its months add up to, or day by day. See kpis/company.yaml."""

    start: Annotated[str, Field(alias="from", pattern=r"^\d{4}-\d\d$")]
    every: Every = "day"
    values: tuple[Number, ...] = ()
    of: tuple[Number, ...] = ()
    jitter: Annotated[int, Field(ge=0, le=90)] = 0
    wobble: Annotated[int, Field(ge=0, le=90)] = 10
    step: Number = Decimal(1)
    days: dict[date, Number | tuple[Number, Number]] = {}
    otherwise: Number | tuple[Number, Number] | None = None


class Serves(Part):
    """The objective or key result a KPI is watched for, and how it serves that in one sentence."""

    goal: Slug
    why: Text


class Kpi(Part):
    """A KPI with its first targets and its readings."""

    id: Slug
    name: Text
    unit: str
    kind: ReadingKind
    aggregation: Aggregation
    cadence: Cadence = "month"
    empty: EmptyPeriod = "missing"
    perspective: Perspective
    leading: bool
    owner: Slug
    org_unit: Slug
    feed: Slug
    serves: Serves | None = None
    """Said on the day of the step `link_kpis`."""
    targets: tuple[Target, ...] = ()
    series: tuple[Series, ...]


class KeyResult(Part):
    """A key result as it was agreed."""

    id: Slug
    title: Text
    measure: Measure
    kpi: Slug | None = None
    owner: Slug
    weight: Number | None = None


class Objective(Part):
    """An objective as it was agreed, with its key results."""

    id: Slug
    cycle: Slug
    org_unit: Slug | None = None
    """None: it is a person's own."""
    owner: Slug
    ambition: Ambition
    framework: Framework = "okr"
    reviewer: Slug | None = None
    """Of an MBO goal: who agrees on it with its owner."""
    title: Text
    supports: tuple[Slug, ...] = ()
    takes_over: Slug | None = None
    """The key result of another objective that it makes its own."""
    key_results: tuple[KeyResult, ...]

    @property
    def is_relative(self) -> bool:
        """Whether a target of its follows from what another period came to."""
        return any(key_result.measure.relative is not None for key_result in self.key_results)


class Initiative(Part):
    """Work that was planned for goals; `due` is the day by whose end it is to be done."""

    id: Slug
    title: Text
    owner: Slug
    due: date
    supports: tuple[Slug, ...]
