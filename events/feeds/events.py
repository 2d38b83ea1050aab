"""What happens to a feed (연동). Its id is the aggregate's, and part of the identity of its readings."""

from pydantic import BaseModel, ConfigDict

from events.registry import EventData, event


class FeedDeclaration(BaseModel):
    """What is known about how a feed sends readings. The defaults hold for a feed nobody registered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: str | None = None
    """IANA zone in which its times without zone are read; None: such times are rejected."""
    revisions: bool = False
    """It sends a reading again when the value changed: other content is then a correction, not a conflict."""
    kpis: tuple[str, ...] | None = None
    """The KPIs it may send; None: any."""


@event(
    "feed.registered",
    ko="{actor} 연동 ‘{name}’을(를) 등록했습니다.",
    en="{actor} registered the feed “{name}”.",
)
class FeedRegistered(EventData):
    """A source of readings is declared."""

    name: str
    declaration: FeedDeclaration


@event(
    "feed.changed",
    ko="{actor} 연동 {id} 등록 내용을 바꿨습니다.",
    en="{actor} changed the declaration of the feed {id}.",
)
class FeedChanged(EventData):
    """A feed sends otherwise from now on; readings taken in before stay what they were."""

    old: FeedDeclaration
    new: FeedDeclaration
