"""Events inside an event: what follows from a change once it is agreed to."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, JsonValue

from events.registry import EventData, event_type


class PendingChange(BaseModel):
    """An event that follows when the change is agreed to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    """Its CloudEvents type."""
    data: dict[str, JsonValue]
    """What it says: the old and the new."""


def as_pending(changes: Sequence[EventData]) -> tuple[PendingChange, ...]:
    """Return events as the changes that a proposal holds."""
    return tuple(
        PendingChange(type=event_type(data), data=data.model_dump(mode="json", exclude_none=True))
        for data in changes
    )
