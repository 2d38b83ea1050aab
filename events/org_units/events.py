"""Events of an org unit (조직). Its id is the aggregate's."""

from datetime import date
from typing import Literal

from events.registry import EventData, event

Level = Literal["company", "division", "department", "team", "part"]
"""전사, 본부, 부서, 팀, 파트."""


@event(
    "org_unit.created",
    ko="{actor} 조직 ‘{name_ko}’을(를) 만들었습니다.",
    en="{actor} created the org unit “{name_en}”.",
)
class OrgUnitCreated(EventData):
    """A node of the tree of units began; without a parent it is a root."""

    name_ko: str
    name_en: str
    level: Level
    parent: str | None = None


@event(
    "org_unit.renamed",
    ko="{actor} 조직 이름을 바꿨습니다: ‘{old_ko}’ → ‘{new_ko}’.",
    en="{actor} renamed the org unit “{old_en}” to “{new_en}”.",
)
class OrgUnitRenamed(EventData):
    """A unit has other names."""

    old_ko: str
    new_ko: str
    old_en: str
    new_en: str


@event(
    "org_unit.moved",
    ko="{actor} 조직 {id} 소속을 바꿨습니다: {old} → {new} ({effective_from}부터).",
    en="{actor} moved the org unit {id} from {old} to {new}, from {effective_from} on.",
)
class OrgUnitMoved(EventData):
    """A unit belongs to another parent from a business day on; before it belongs to the old one."""

    old: str | None = None
    new: str | None = None
    effective_from: date | None = None
    """None: the business day of the event."""


@event(
    "org_unit.archived",
    ko="{actor} 조직 {id} 운영을 끝냈습니다.",
    en="{actor} archived the org unit {id}.",
)
class OrgUnitArchived(EventData):
    """A unit exists no longer; what it did stays."""
