"""What the projection workers measure."""

from prometheus_client import Counter, Gauge

from services.ledger import StoredMessage
from services.runtime import clock

LAG_EVENTS = Gauge(
    "goaltrail_projection_lag_events", "Events on the ledger that the views lack.", ["workspace", "group"]
)
LAG_SECONDS = Gauge(
    "goaltrail_projection_lag_seconds",
    "Age of the newest event in the views, while newer ones are on the ledger; 0 when there are none.",
    ["workspace", "group"],
)
APPLIED = Counter("goaltrail_projection_events_total", "Events applied to the views.", ["workspace", "group"])
POISON = Counter(
    "goaltrail_projection_poison_total", "Events that a fold could not take.", ["workspace", "group"]
)


def applied(workspace: str, group: str, events: int, last: StoredMessage, head: int) -> None:
    """Note that a run ending with `last` was committed, when the ledger's last position was `head`."""
    behind = max(0, head - last.position)
    APPLIED.labels(workspace, group).inc(events)
    LAG_EVENTS.labels(workspace, group).set(behind)
    age = (clock.now() - last.recorded_at).total_seconds() if behind else 0.0
    LAG_SECONDS.labels(workspace, group).set(max(0.0, age))


def poisoned(workspace: str, group: str, events: int) -> None:
    """Note that a run was committed with events that the fold could not take."""
    POISON.labels(workspace, group).inc(events)
