"""Events of a reading (실적). The aggregate is ("reading", KPI id): one ledger subject per KPI."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BeforeValidator, Field

from events.decimals import Number
from events.registry import EventData, event

LARGEST_INT = 2**63 - 1
"""What PostgreSQL's bigint holds."""


def _utc(value: object) -> object:
    """Convert a time to Python's own UTC, which is compared and stored in less time than pydantic's."""
    time = datetime.fromisoformat(value) if type(value) is str else value
    return time.astimezone(UTC) if isinstance(time, datetime) and time.tzinfo is not None else time


class ReadingContent(EventData):
    """One measured value as it was taken in: converted, with its business day stamped.

    A value, or for a ratio numerator and denominator. `business_day` is the day of `observed_at` in `zone`,
    by `tzdata`, so no fold ever computes a zone. `content` is a hash of what was sent, before conversion:
    equal content is a duplicate.
    """

    kpi: str
    feed: str
    source_id: str
    observed_at: Annotated[AwareDatetime, BeforeValidator(_utc)]
    business_day: date
    zone: str
    tzdata: str
    content: Annotated[str, Field(min_length=32, max_length=32)]
    value: Number | None = None
    numerator: Number | None = None
    denominator: Number | None = None
    source_version: Annotated[int, Field(ge=0, le=LARGEST_INT)] | None = None
    dimensions: dict[str, str] | None = None
    late: bool = False


@event(
    "reading.recorded",
    ko="{actor} {business_day} {kpi} 실적을 기록했습니다.",
    en="{actor} recorded a reading of {kpi} for {business_day}.",
)
class ReadingRecorded(ReadingContent):
    """A value of a KPI was taken in. The event's id is the reading's identity for ever."""


@event(
    "reading.corrected",
    ko="{actor} {business_day} {kpi} 실적을 정정했습니다({revision}번째 정정).",
    en="{actor} corrected a reading of {kpi} for {business_day} (correction {revision}).",
)
class ReadingCorrected(ReadingContent):
    """A reading has new content; the old content stays on record. The reason is in the envelope."""

    reading: UUID
    revision: Annotated[int, Field(ge=1)]


@event(
    "reading.retracted",
    ko="{actor} {kpi} 실적 한 건을 취소했습니다.",
    en="{actor} retracted a reading of {kpi}.",
)
class ReadingRetracted(EventData):
    """A reading counts no longer; it stays on record. The reason is in the envelope."""

    kpi: str
    reading: UUID
    revision: Annotated[int, Field(ge=1)]


@event(
    "reading.disputed",
    ko="{actor} {kpi} 실적 {reading}에 다른 내용이 다시 들어와 확인이 필요합니다.",
    en="{actor} sent other content for reading {reading} of {kpi}; somebody has to decide.",
)
class ReadingDisputed(ReadingContent):
    """A feed sent other content for a reading without saying that it is newer. It counts for nothing."""

    reading: UUID


@event(
    "reading.confirmed",
    ko="{actor} {kpi} 실적 한 건을 바뀐 내용 없이 더 새로운 버전으로 다시 보냈습니다.",
    en="{actor} sent a reading of {kpi} again, unchanged, as a newer version.",
)
class ReadingConfirmed(EventData):
    """A source sent the content in force as a newer version: no value changes; older versions are late."""

    kpi: str
    feed: str
    reading: UUID
    content: Annotated[str, Field(min_length=32, max_length=32)]
    source_version: Annotated[int, Field(ge=0, le=LARGEST_INT)]
