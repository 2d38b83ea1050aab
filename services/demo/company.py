"""What the demo company is made of: the shape of the files in `content/`."""

from __future__ import annotations

import importlib.resources
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from events.cycles.events import CycleKind
from events.ids import Slug
from events.kpis.definition import Cadence, EmptyPeriod, Perspective, ReadingKind
from events.measures import Aggregation, Grading, Measure, ValueKind
from events.numbers import Number
from events.objectives.events import Ambition
from events.org_units.events import Level

Language = Literal["ko", "en"]
Every = Literal["day", "weekday", "week", "month", "case"]


class Part(BaseModel):
    """Something that a file in `content/` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Part):
    """A text in both languages."""

    ko: str
    en: str

    def told(self, language: Language) -> str:
        """The text in one language."""
        return self.ko if language == "ko" else self.en


class OrgUnit(Part):
    """A unit of the company."""

    id: Slug
    level: Level
    name: Text
    parent: Slug | None = None


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
    org_unit: Slug
    owner: Slug
    ambition: Ambition
    title: Text
    supports: tuple[Slug, ...] = ()
    key_results: tuple[KeyResult, ...]


class Step(Part):
    """Something that happened on a day of the year."""

    when: date


class OpenCycle(Step):
    """Work in a cycle began."""

    do: Literal["open_cycle"]
    cycle: Slug


class CloseCycle(Step):
    """A cycle was closed."""

    do: Literal["close_cycle"]
    cycle: Slug


class Agree(Step):
    """An objective was written down with its key results, and activated."""

    do: Literal["agree"]
    objective: Slug


class AddKeyResult(Step):
    """An active objective got one more key result."""

    do: Literal["add_key_result"]
    objective: Slug
    key_result: KeyResult
    reason: Text


class ChangeTarget(Step):
    """The target of a key result moved, from the day of the step on."""

    do: Literal["change_target"]
    key_result: Slug
    target: Number
    reason: Text


class CorrectBaseline(Step):
    """The baseline of a key result was put right."""

    do: Literal["correct_baseline"]
    key_result: Slug
    baseline: Number
    reason: Text


class SetWeights(Step):
    """Key results of an objective count differently."""

    do: Literal["set_weights"]
    objective: Slug
    weights: dict[Slug, Number]
    reason: Text


class Reword(Step):
    """A key result is said in other words."""

    do: Literal["reword"]
    key_result: Slug
    title: Text
    reason: Text


class DropKeyResult(Step):
    """A key result is pursued no longer."""

    do: Literal["drop_key_result"]
    key_result: Slug
    reason: Text


class CheckIn(Step):
    """Somebody reported on a key result, for the day of the step unless `day` says otherwise."""

    do: Literal["check_in"]
    key_result: Slug
    day: date | None = None
    value: Number | None = None
    confidence: int
    note: Text | None = None


class SetKpiTarget(Step):
    """A KPI got another target, from the day of the step on."""

    do: Literal["set_kpi_target"]
    kpi: Slug
    target: Target
    reason: Text


class LinkKpis(Step):
    """Every KPI that serves a goal said so, and how."""

    do: Literal["link_kpis"]
    reason: Text


class WatchWith(Step):
    """A KPI is watched with others, which get worse if it is pushed for its own sake."""

    do: Literal["watch_with"]
    kpi: Slug
    counter_metrics: tuple[Slug, ...]
    reason: Text


class WrongReading(Step):
    """A reading was first sent as `times` what it really was; on the day of the step it was corrected."""

    do: Literal["wrong_reading"]
    kpi: Slug
    day: date
    times: Number
    reason: Text


class StrayReading(Step):
    """A reading was sent that should not have been; on the day of the step it was retracted."""

    do: Literal["stray_reading"]
    kpi: Slug
    day: date
    sent: Number
    reason: Text


class LateReading(Step):
    """A reading came on the day of the step only."""

    do: Literal["late_reading"]
    kpi: Slug
    day: date


AnyStep = Annotated[
    OpenCycle
    | CloseCycle
    | Agree
    | AddKeyResult
    | ChangeTarget
    | CorrectBaseline
    | SetWeights
    | Reword
    | DropKeyResult
    | CheckIn
    | SetKpiTarget
    | LinkKpis
    | WatchWith
    | WrongReading
    | StrayReading
    | LateReading,
    Field(discriminator="do"),
]


class Company(Part):
    """The whole demo company and its year."""

    org_units: tuple[OrgUnit, ...]
    cycles: tuple[Cycle, ...]
    feeds: tuple[Feed, ...]
    kpis: tuple[Kpi, ...]
    goals: tuple[Objective, ...]
    year: tuple[AnyStep, ...]

    def objective(self, id_: str) -> Objective:
        """One of its objectives, as it was agreed."""
        return next(objective for objective in self.goals if objective.id == id_)

    def objective_of(self, key_result: str) -> str:
        """The id of the objective that a key result belongs to."""
        added = ((step.objective, step.key_result) for step in self.year if isinstance(step, AddKeyResult))
        agreed = ((goal.id, found) for goal in self.goals for found in goal.key_results)
        return next(objective for objective, found in (*agreed, *added) if found.id == key_result)


@cache
def load_company() -> Company:
    """The company as the files tell it. Raises ValidationError when they do not hang together."""
    parts: dict[str, Any] = dict(_read("company"))
    parts["kpis"] = [kpi for unit in parts["org_units"] for kpi in _read(f"kpis/{unit['id']}")]
    for name in ("goals", "year"):
        parts[name] = _read(name)
    return TypeAdapter(Company).validate_python(parts)


def _read(name: str) -> Any:
    text = importlib.resources.files("services.demo").joinpath("content", f"{name}.yaml").read_text("utf-8")
    return yaml.safe_load(text)
