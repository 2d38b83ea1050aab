"""The state of an org unit."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from events.org_units.events import Level
from events.state import State


class Placement(BaseModel):
    """Where a unit belongs from a business day on; from its beginning where that is None."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parent: str | None
    effective_from: date | None


class OrgUnit(State):
    """A node of the tree of units."""

    name_ko: str
    name_en: str
    level: Level
    parent: str | None = None
    """After all moves, also those that are still to come."""
    placements: tuple[Placement, ...] = ()
    """Oldest first."""
    archived: bool = False

    def parent_on(self, day: date) -> str | None:
        """Return the parent at the end of a day: what a team did in April stays where it was in April."""
        in_force = [p for p in self.placements if p.effective_from is None or p.effective_from <= day]
        return in_force[-1].parent if in_force else self.parent

    def parents_from(self, day: date) -> set[str | None]:
        """Return where the unit belongs on a day and later, with the moves that are to come."""
        later = (p.parent for p in self.placements if p.effective_from is not None and p.effective_from > day)
        return {self.parent_on(day), *later}
