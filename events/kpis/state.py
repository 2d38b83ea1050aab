"""The state of a KPI: also the snapshot that is stored of it."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from events.measures import Aggregation, Grading, MeasureKind
from events.numbers import Number

ReadingKind = Literal["delta", "total", "gauge", "ratio"]
Cadence = Literal["day", "week", "month", "quarter", "year"]
Perspective = Literal["finance", "customer", "process", "people"]
EmptyPeriod = Literal["missing", "zero"]


class KpiTarget(BaseModel):
    """A target of a KPI and the business days it is in force, both ends included; None is open-ended."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: MeasureKind
    target: Number
    effective_from: date
    effective_to: date | None = None
    baseline: Number | None = None
    grading: Grading = "attainment"
    tolerance: Number | None = None


class Kpi(BaseModel):
    """A measure the company watches. Its readings are another aggregate on a subject of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name_ko: str
    name_en: str
    unit: str
    kind: ReadingKind
    aggregation: Aggregation
    cadence: Cadence
    empty: EmptyPeriod
    perspective: Perspective | None = None
    leading: bool | None = None
    owner: str | None = None
    org_unit: str | None = None
    targets: tuple[KpiTarget, ...] = ()
    """In the order they were set: of those in force on a day, the last one set counts."""
    retired: bool = False

    def target_on(self, day: date) -> KpiTarget | None:
        """The target in force on a business day, if any."""
        for target in reversed(self.targets):
            if target.effective_from <= day and (target.effective_to is None or day <= target.effective_to):
                return target
        return None
