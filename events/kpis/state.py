"""The state of a KPI."""

from datetime import date

from pydantic import Field

from events.kpis.definition import COUNTING, Counting, KpiDefinition, KpiTarget, ReadingKind
from events.pending_approval import PendingApproval
from events.state import State


class Kpi(KpiDefinition, State):
    """A measure the company watches."""

    unit: str
    kind: ReadingKind
    targets: tuple[KpiTarget, ...] = ()
    """In the order they were set: of those that hold for a day, the one set last counts."""
    counted: tuple[Counting, ...] = ()
    """How it counts and counted, in the order in which that was said: of what holds for a day, the one said
    last counts. Empty as long as that was said once."""
    retired: bool = False
    waiting: PendingApproval | None = Field(None, description="Changes of targets that are not approved yet.")

    @property
    def definition(self) -> KpiDefinition:
        """The part that may be redefined."""
        return KpiDefinition(**{field: getattr(self, field) for field in KpiDefinition.model_fields})

    def as_on(self, day: date) -> "Kpi":
        """Return the KPI as it counted on a business day: that it counts otherwise since changes no figure of
        before.
        """
        holding = (one for one in reversed(self.counted) if (one.effective_from or day) <= day)
        then = next(holding, None)
        return self if then is None else self._counting(then)

    def turns(self) -> list[date]:
        """Return the days from which it counts in one way or another, in order; the first is the first of
        all.
        """
        return [date.min, *sorted({one.effective_from for one in self.counted if one.effective_from})]

    def ever(self) -> list["Kpi"]:
        """Return the KPI as it counts and as it ever counted."""
        return [self._counting(one) for one in self.counted] or [self]

    def _counting(self, how: Counting) -> "Kpi":
        return self.model_copy(update={field: getattr(how, field) for field in COUNTING})

    def target_on(self, day: date) -> KpiTarget | None:
        """Return the target that holds for a business day, if any."""
        return next((target for target in reversed(self.targets) if target.holds_on(day)), None)
