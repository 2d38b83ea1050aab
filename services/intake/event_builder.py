"""The events that intake appends, as payloads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from events.envelope import Event, encode, encode_document, head
from events.ids import Aggregate, confirmation_id, dispute_id, revision_id
from events.readings.events import ReadingConfirmed, ReadingCorrected, ReadingDisputed, ReadingRecorded
from events.readings.identity import Kind
from events.registry import EventData, event_type, type_of
from services.intake.validation import Candidate

_RECORDED = type_of(ReadingRecorded)


@dataclass(frozen=True, slots=True)
class Source:
    """Who sends, and for which feed; the feed is part of the readings' identity."""

    workspace: str
    feed: str
    actor: str
    correlation_id: str | None = None


class EventBuilder:
    """Makes the events of one source at one time."""

    def __init__(self, source: Source, now: datetime) -> None:
        self._source = source
        self._now = now
        self._heads: dict[str, dict[str, Any]] = {}

    def recorded(self, candidate: Candidate) -> bytes:
        """Return a first recording.

        The short way, as there are millions: the candidate was checked already.
        """
        common = self._heads.get(candidate.kpi)
        if common is None:
            common = self._heads[candidate.kpi] = self._head(candidate.kpi)
        return encode_document({**common, "id": candidate.reading, "data": candidate.data})

    def event(self, kind: Kind, candidate: Candidate, revision: int) -> bytes:
        """Return the payload of what a delivery means for its reading."""
        reading = UUID(candidate.reading)
        match kind:
            case "recorded":
                return self.recorded(candidate)
            case "corrected":
                corrected = ReadingCorrected(**candidate.data, reading=reading, revision=revision)
                return self._encode(candidate, revision_id(reading, revision), corrected)
            case "disputed":
                disputed = ReadingDisputed(**candidate.data, reading=reading)
                return self._encode(candidate, dispute_id(reading, candidate.content), disputed)
            case "confirmed":
                assert candidate.source_version is not None
                confirmed = ReadingConfirmed(
                    kpi=candidate.kpi,
                    feed=self._source.feed,
                    reading=reading,
                    content=candidate.content,
                    source_version=candidate.source_version,
                )
                return self._encode(candidate, confirmation_id(reading, candidate.source_version), confirmed)
            case "retracted":
                raise AssertionError("a delivery retracts nothing")

    def _head(self, kpi: str) -> dict[str, Any]:
        source = self._source
        common = head(_RECORDED, source.workspace, Aggregate("reading", kpi), self._now, source.actor)
        if source.correlation_id is not None:
            common["correlationid"] = source.correlation_id
        return common

    def _encode(self, candidate: Candidate, id_: UUID, data: EventData) -> bytes:
        source = self._source
        return encode(
            Event(
                id=id_,
                type=event_type(data),
                workspace=source.workspace,
                aggregate=Aggregate("reading", candidate.kpi),
                time=self._now,
                actor=source.actor,
                data=data,
                correlation_id=source.correlation_id,
            )
        )
