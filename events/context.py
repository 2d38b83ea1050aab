"""What a decider may know besides its own aggregate: who asks, when, why, and facts of other aggregates."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from events.cycles.state import Cycle
from events.kpis.state import Kpi


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances of a command. The handler looks them up; a decider reads no clock and no store."""

    actor: str
    """`person:<id>`, `feed:<id>` or `system:<what>`."""
    role: str
    today: date
    """Today's business day in the workspace's zone."""
    now: datetime
    """The current time (UTC)."""
    new_id: Callable[[], str]
    """A fresh id for something the command creates."""
    reason: str | None = None
    """Why, in the words of the actor."""
    cycle: Cycle | None = None
    """The cycle the objective belongs to, or is to belong to."""
    kpi: Kpi | None = None
    """The KPI that the command or its target names."""
