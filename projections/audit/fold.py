"""The fold of group `audit`: one row per event, except that ordinary readings are counted by the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import orjson
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import Insert

from events.envelope import RecordedEvent
from events.readings.events import ReadingRecorded
from events.registry import EventData, UnknownData, all_types
from projections.audit.references import about
from projections.audit.tables import recording, trail
from projections.bulk import arrays, insert_given
from projections.projection import Copy, Fold, Group, Store, Upsert, Write


class AuditFold(Fold):
    """Pending rows of the trail. It needs nothing of what the tables hold."""

    def __init__(self) -> None:
        self._trail: list[tuple[Any, ...]] = []
        self._recordings: dict[tuple[str, str, date], list[int]] = {}

    async def load(self, store: Store, events: Sequence[RecordedEvent]) -> None:
        """Read nothing: every event speaks for itself."""

    def apply(self, recorded: RecordedEvent) -> None:
        """Fold one event, also of a type this version does not know."""
        data = recorded.event.data
        if isinstance(data, ReadingRecorded):
            self._count(recorded, data)
        else:
            self._trail.append(_row(recorded))

    def _count(self, recorded: RecordedEvent, data: ReadingRecorded) -> None:
        key = (data.kpi, data.feed, recorded.recorded_at.date())
        found = self._recordings.get(key)
        if found is None:
            self._recordings[key] = [1, recorded.position, recorded.position]
        else:
            found[0] += 1
            found[2] = recorded.position

    def drain(self) -> list[Write]:
        """Return the rows that follow from the events since the last call."""
        writes: list[Write] = []
        if self._trail:
            writes.append(Copy(trail, self._trail))
            self._trail = []
        if self._recordings:
            rows = [(*key, *counted) for key, counted in sorted(self._recordings.items())]
            writes.append(Upsert(_ADD, arrays(recording, rows)))
            self._recordings = {}
        return writes


def _row(recorded: RecordedEvent) -> tuple[Any, ...]:
    event = recorded.event
    return (
        recorded.position,
        recorded.recorded_at,
        event.id,
        event.type,
        *event.aggregate,
        about(event),
        event.time,
        event.business_day,
        event.actor,
        event.reason,
        event.correlation_id,
        _json(event.data),
    )


def _json(data: EventData) -> str:
    """Return event data as JSON, as on the ledger: decimals are text, and what is None is left out."""
    if isinstance(data, UnknownData):
        return orjson.dumps(data.raw).decode()
    return data.model_dump_json(exclude_none=True)


def _add_statement() -> Insert:
    """Add to what the recorded day holds so far."""
    statement = insert_given(recording)
    new, old = statement.excluded, recording.c
    return statement.on_conflict_do_update(
        index_elements=list(recording.primary_key.columns),
        set_={
            "n": old.n + new.n,
            "first_position": func.least(old.first_position, new.first_position),
            "last_position": func.greatest(old.last_position, new.last_position),
        },
    )


_ADD = _add_statement()

COUNTED = frozenset({"reading.recorded"})
AUDIT = Group(
    "audit",
    4,
    AuditFold,
    {trail: frozenset(entry.name for entry in all_types()) - COUNTED, recording: COUNTED},
)
