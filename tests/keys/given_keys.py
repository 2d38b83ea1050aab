"""What tests of keys and their neighbours start from."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from events.envelope import Event
from events.ids import Aggregate, event_id
from events.readings.events import ReadingRetracted
from events.registry import event_type

MASTER = bytes(range(32))


REASON, NOTE = "연봉 협상이 깨져서", "Anna is ill, so it slips"


def retraction(workspace: str, actor: str = "person:anna", reason: str | None = REASON) -> Event:
    """An event whose only personal text is its reason."""
    data = ReadingRetracted(kpi="revenue", reading=UUID(int=1), revision=1)
    return Event(
        event_id(workspace, actor, None, 0),
        event_type(data),
        workspace,
        Aggregate("reading", "revenue"),
        datetime.now(UTC),
        actor,
        data,
        reason,
    )
