"""Disputes: other content that feeds sent for readings on record, until a person decides."""

from __future__ import annotations

from typing import Any

import orjson

from events.envelope import RecordedEvent
from events.readings.events import ReadingDisputed, ReadingRecorded
from projections.projection import Copy, Write
from projections.state.tables import dispute


class Disputes:
    """Pending rows of `dispute`; they need nothing from the tables and change nothing else."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []

    def apply(self, recorded: RecordedEvent, data: ReadingDisputed | ReadingRecorded) -> None:
        """Fold one dispute, or what records once more with other content a reading that is on record."""
        dimensions = None
        if data.dimensions is not None:
            dimensions = orjson.dumps(data.dimensions, option=orjson.OPT_SORT_KEYS).decode()
        self._rows.append(
            (
                recorded.position,
                data.reading if isinstance(data, ReadingDisputed) else recorded.event.id,
                data.kpi,
                data.feed,
                data.source_id,
                data.source_version,
                data.value,
                data.numerator,
                data.denominator,
                data.observed_at,
                data.business_day,
                data.content,
                recorded.recorded_at,
                recorded.event.actor,
                dimensions,
            )
        )

    def drain(self) -> list[Write]:
        """Return the rows since the last call."""
        if not self._rows:
            return []
        rows, self._rows = self._rows, []
        return [Copy(dispute, rows)]
