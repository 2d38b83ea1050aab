"""Commands on an org unit."""

from datetime import date

from events.commands import Command, Title
from events.ids import Slug
from events.org_units.events import Level


class CreateOrgUnit(Command):
    """Begin a unit below a parent, or a root. Without an English name the Korean one serves for both."""

    needs = frozenset({"org_unit"})
    serialized_by = frozenset({"tree"})

    name_ko: Title
    name_en: Title | None = None
    level: Level
    parent: Slug | None = None


class RenameOrgUnit(Command):
    """Give a unit other names; one that is left out stays."""

    name_ko: Title | None = None
    name_en: Title | None = None


class MoveOrgUnit(Command):
    """Put a unit, with all below it, under another parent or make it a root."""

    needs = frozenset({"below", "org_unit"})
    serialized_by = frozenset({"tree"})
    moves_lines = True

    parent: Slug | None
    effective_from: date | None = None
    """The first business day there; None: today. Not before the unit's last move."""


class ArchiveOrgUnit(Command):
    """End a unit. Its past stays."""

    needs = frozenset({"below"})
    serialized_by = frozenset({"tree"})
