"""The state of an org unit."""

from events.org_units.events import Level
from events.state import State


class OrgUnit(State):
    """A node of the tree of units."""

    name_ko: str
    name_en: str
    level: Level
    parent: str | None = None
    archived: bool = False
