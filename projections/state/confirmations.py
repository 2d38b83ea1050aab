"""Versions with which sources said what is in force already: an older one that comes late is known so."""

from __future__ import annotations

from typing import Any

from events.envelope import RecordedEvent
from events.readings.events import ReadingConfirmed
from projections.projection import Copy, Write
from projections.state.tables import confirmation


class Confirmations:
    """Pending rows of `confirmation`; they need nothing from the tables and change nothing else."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []

    def apply(self, recorded: RecordedEvent, data: ReadingConfirmed) -> None:
        """Fold one confirmation."""
        self._rows.append(
            (
                recorded.position,
                data.reading,
                data.source_version,
                data.content,
                recorded.recorded_at,
                recorded.event.actor,
            )
        )

    def drain(self) -> list[Write]:
        """Return the rows since the last call."""
        if not self._rows:
            return []
        rows, self._rows = self._rows, []
        return [Copy(confirmation, rows)]
