"""Decisions about the ledger itself. Their aggregates are WAIVERS and RESTORES."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from events.ids import Aggregate
from events.registry import EventData, event

WAIVERS = Aggregate("ledger", "positions")
RESTORES = Aggregate("ledger", "restores")


@event(
    "ledger.position_waived",
    ko="{actor} 원장 위치 {position} 이벤트를 건너뛰기로 했습니다.",
    en="{actor} decided to skip the event at ledger position {position}.",
)
class PositionWaived(EventData):
    """Views are built without the event at a position. The reason is in the envelope."""

    position: Annotated[int, Field(ge=1)]
    hash: str
    """Of the payload at that position, so that nothing else can be meant."""


@event(
    "ledger.restored",
    ko="{actor} 원장을 지금 상태로 받아들였습니다: 위치 {cut}까지 이어지고,"
    " 그 뒤 위치 {old_head}까지는 유실되었습니다(에포크 {epoch}).",
    en="{actor} accepted the ledger as it is: it goes on from position {cut};"
    " what stood behind that, up to position {old_head}, is lost (epoch {epoch}).",
)
class LedgerRestored(EventData):
    """The ledger goes on from an older copy, or another one took its place. The reason is in the envelope."""

    epoch: Annotated[int, Field(ge=1)]
    """Positions of an earlier epoch may name other events now."""
    cut: Annotated[int, Field(ge=0)]
    """The last position whose event is still the same; 0 if none is."""
    cut_at: datetime | None = None
    """When that event was recorded (UTC)."""
    old_head: Annotated[int, Field(ge=1)]
    """The last position that the views knew of the ledger before."""
