"""Commands on a KPI."""

from datetime import date
from typing import Annotated

from pydantic import Field

from events.commands import Command, Title
from events.decimals import Number
from events.ids import Slug
from events.kpis.definition import Cadence, EmptyPeriod, Perspective, ReadingKind
from events.measures import Aggregation, Grading, Unit, ValueKind
from events.relative import FrozenValue, Relative
from events.rewards import Reward

CounterMetrics = Annotated[tuple[Slug, ...], Field(max_length=10)]


class DefineKpi(Command):
    """Begin to watch a measure. Without an English name the Korean one serves for both."""

    needs = frozenset({"org_unit", "policies", "unknown"})

    name_ko: Title
    name_en: Title | None = None
    unit: Unit
    kind: ReadingKind
    aggregation: Aggregation
    cadence: Cadence = "month"
    empty: EmptyPeriod = "missing"
    perspective: Perspective | None = None
    leading: bool | None = None
    owner: Slug | None = None
    org_unit: Slug | None = None
    serves: Slug | None = None
    serves_why: Title | None = None
    counter_metrics: CounterMetrics = ()
    reward: Reward | None = None


class RedefineKpi(Command):
    """Change parts of the definition: what is left out stays; null clears what may be empty.

    How readings count (aggregation, cadence, empty) is another from a day on.
    """

    needs = frozenset({"measured_cycles", "org_unit", "policies", "unknown", "unseen"})

    name_ko: Title | None = None
    name_en: Title | None = None
    aggregation: Aggregation | None = None
    cadence: Cadence | None = None
    empty: EmptyPeriod | None = None
    perspective: Perspective | None = None
    leading: bool | None = None
    owner: Slug | None = None
    org_unit: Slug | None = None
    serves: Slug | None = None
    serves_why: Title | None = None
    counter_metrics: CounterMetrics | None = None
    reward: Reward | None = None
    effective_from: date | None = None
    """The first business day on which its readings count in another way; None: today."""


class StatedKpiTarget(Command):
    """A target for a stretch of days, both included; it begins today unless said otherwise.

    A relative one has no `target`: that follows from what the KPI came to in another period.
    """

    kind: ValueKind
    target: Number | None = None
    baseline: Number | None = None
    grading: Grading = "attainment"
    tolerance: Number | None = None
    upper: Number | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    relative: Relative | None = None


class SetKpiTarget(StatedKpiTarget):
    """Set a target. `base` is what is known of the base of a relative one; None: nothing."""

    needs = frozenset({"cycles", "policies"})
    base: FrozenValue | None = None


class RetireKpi(Command):
    """Watch the KPI no longer."""


class AgreeKpiChange(Command):
    """Approve the changes of targets that wait."""

    needs = frozenset({"cycles"})


class SendBackKpiChange(Command):
    """Refuse the changes of targets that wait, or take them back."""
