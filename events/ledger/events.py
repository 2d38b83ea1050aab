"""Decisions about the ledger itself. Their aggregate is WAIVERS."""

from typing import Annotated

from pydantic import Field

from events.ids import Aggregate
from events.registry import EventData, event

WAIVERS = Aggregate("ledger", "positions")


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
