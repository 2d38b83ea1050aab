"""The definition of a KPI, and its targets."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from events.decimals import Number
from events.measures import Aggregation, Grading, Measure, ValueKind
from events.relative import FrozenValue, Relative
from events.rewards import Reward

ReadingKind = Literal["delta", "total", "gauge", "ratio"]
"""What one reading says: an amount to add, the total of a period, a level at a time, the parts of a ratio."""
Cadence = Literal["day", "week", "month", "quarter", "year"]
Perspective = Literal["finance", "customer", "process", "people"]
EmptyPeriod = Literal["missing", "zero"]
"""What a period without readings means: not known, or 0 (no accidents)."""

AGGREGATIONS: dict[ReadingKind, tuple[Aggregation, ...]] = {
    "delta": ("sum", "count"),
    "total": ("last", "sum"),
    "gauge": ("last", "mean", "min", "max"),
    "ratio": ("ratio",),
}
"""How readings of a kind may be brought together over a period: sums of levels say nothing."""

COUNTING = frozenset({"aggregation", "cadence", "empty"})
"""The parts of a definition that figures follow from."""


class Counting(BaseModel):
    """How readings become figures, from a business day on; from ever on where that is None."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    effective_from: date | None
    aggregation: Aggregation
    cadence: Cadence
    empty: EmptyPeriod


WITHOUT_PURPOSE: Mapping[str, None] = {"serves": None, "serves_why": None}
"""Fields of a definition that are left out for whoever does not see the goal that it serves."""


class KpiDefinition(BaseModel):
    """What may be redefined. Unit and kind may not: the readings on record are in that unit, of that kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name_ko: str
    name_en: str
    aggregation: Aggregation
    cadence: Cadence
    empty: EmptyPeriod
    perspective: Perspective | None = None
    leading: bool | None = None
    """True for a leading indicator, False for a lagging one."""
    owner: str | None = None
    """A person's id."""
    org_unit: str | None = None
    serves: str | None = None
    """The objective or key result it is watched for."""
    serves_why: str | None = None
    """In one sentence, how it serves that."""
    counter_metrics: tuple[str, ...] = ()
    """KPIs that get worse if this one is pushed for its own sake (Goodhart)."""
    reward: Reward | None = None


class KpiTarget(BaseModel):
    """A target of a KPI and the business days it holds for, both included; without an end it holds on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ValueKind
    target: Number
    effective_from: date
    effective_to: date | None = None
    baseline: Number | None = None
    grading: Grading = "attainment"
    tolerance: Number | None = None
    upper: Number | None = None
    relative: Relative | None = None
    """What baseline and target followed from when it was set."""
    base: FrozenValue | None = None
    """What that came to."""

    def holds_on(self, day: date) -> bool:
        """Return whether the target holds for a business day."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)

    def overlaps(self, other: "KpiTarget") -> bool:
        """Return whether there is a day for which both hold."""
        return (other.effective_to is None or self.effective_from <= other.effective_to) and (
            self.effective_to is None or other.effective_from <= self.effective_to
        )

    def says_the_same(self, other: "KpiTarget") -> bool:
        """Return whether both set the same figures for the same days, from whatever base readings."""
        return self.model_copy(update={"base": None}) == other.model_copy(update={"base": None})

    def measure(self, unit: str) -> Measure:
        """Return the target as a measure. Raises ValidationError if its parts contradict each other."""
        return Measure(
            kind=self.kind,
            target=self.target,
            unit=unit,
            baseline=self.baseline,
            grading=self.grading,
            tolerance=self.tolerance,
            upper=self.upper,
        )
