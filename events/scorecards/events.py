"""Events of a scorecard (평가표). Its id is the aggregate's."""

from events.registry import Backdatable, EventData, event
from events.scorecards.items import Item


@event(
    "scorecard.drawn_up",
    ko="{actor} 사이클 {cycle} 평가표 {id}을(를) 만들었습니다.",
    en="{actor} drew up the scorecard {id} for the cycle {cycle}.",
)
class ScorecardDrawnUp(EventData):
    """It was set by which KPIs and goals a unit or a person is judged in a cycle."""

    cycle: str
    org_unit: str | None = None
    """The unit that is judged; a scorecard is of a unit or of a person."""
    person: str | None = None
    items: tuple[Item, ...]


@event(
    "scorecard.changed",
    ko="{actor} 평가표 {id} 항목과 가중치를 바꿨습니다.",
    en="{actor} changed the items and weights of the scorecard {id}.",
)
class ScorecardChanged(Backdatable):
    """Other items or weights count than before. The reason is in the envelope."""

    old: tuple[Item, ...]
    new: tuple[Item, ...]
