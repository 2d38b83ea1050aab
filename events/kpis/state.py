"""The state of a KPI."""

from datetime import date

from pydantic import Field

from events.kpis.definition import KpiDefinition, KpiTarget, ReadingKind
from events.pending_approval import Waiting
from events.state import State


class Kpi(KpiDefinition, State):
    """A measure the company watches."""

    unit: str
    kind: ReadingKind
    targets: tuple[KpiTarget, ...] = ()
    """In the order they were set: of those that hold for a day, the one set last counts."""
    retired: bool = False
    waiting: Waiting | None = Field(None, description="Changes of targets that are not approved yet.")

    @property
    def definition(self) -> KpiDefinition:
        """The part that may be redefined."""
        return KpiDefinition(**{field: getattr(self, field) for field in KpiDefinition.model_fields})

    def target_on(self, day: date) -> KpiTarget | None:
        """Return the target that holds for a business day, if any."""
        return next((target for target in reversed(self.targets) if target.holds_on(day)), None)
