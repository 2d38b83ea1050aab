"""Events of a feed (연동). Its id is the aggregate's, and part of the identity of its readings."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from events.readings.identity import Revisions
from events.registry import EventData, event, upcaster


class FeedDeclaration(BaseModel):
    """What is known about how a feed sends readings. The defaults hold for a feed nobody registered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: str | None = None
    """IANA zone in which its times without zone are read; None: such times are rejected."""
    revisions: Revisions = "none"
    """How it says that a value has changed: not at all, by `source_version`, or by sending it later."""
    kpis: tuple[str, ...] | None = None
    """The KPIs it may send; None: any."""


def revisions_in_words(said: object) -> object:
    """Return the word for what was said by true or false: that other content is a correction, or is not."""
    return {True: "in_order", False: "none"}[said] if isinstance(said, bool) else said


def _declared_in_words(declaration: dict[str, Any]) -> dict[str, Any]:
    if "revisions" not in declaration:
        return declaration
    return {**declaration, "revisions": revisions_in_words(declaration["revisions"])}


@upcaster("feed.registered", from_version=1)
def _revisions_were_sent_or_not(data: dict[str, Any]) -> dict[str, Any]:
    """Translate version 1, in which true said that other content is a correction."""
    return {**data, "declaration": _declared_in_words(data["declaration"])}


@upcaster("feed.changed", from_version=1)
def _revisions_were_sent_or_not_before(data: dict[str, Any]) -> dict[str, Any]:
    """Translate version 1, in which true said that other content is a correction."""
    return {**data, "old": _declared_in_words(data["old"]), "new": _declared_in_words(data["new"])}


@event(
    "feed.registered",
    version=2,
    ko="{actor} 연동 ‘{name}’을(를) 등록했습니다.",
    en="{actor} registered the feed “{name}”.",
)
class FeedRegistered(EventData):
    """A source of readings is declared."""

    name: str
    declaration: FeedDeclaration


@event(
    "feed.changed",
    version=2,
    ko="{actor} 연동 {id} 등록 내용을 바꿨습니다.",
    en="{actor} changed the declaration of the feed {id}.",
)
class FeedChanged(EventData):
    """A feed sends otherwise from now on; readings taken in before stay what they were."""

    old: FeedDeclaration
    new: FeedDeclaration
