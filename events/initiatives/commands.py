"""Commands on an initiative."""

from datetime import date
from typing import Annotated

from pydantic import Field

from events.commands import Command, Title
from events.ids import Slug

Supports = Annotated[tuple[Slug, ...], Field(max_length=20)]


class PlanInitiative(Command):
    """Plan work for one or several goals, or directly for a unit."""

    needs = frozenset({"org_unit", "supported_cycles", "unknown"})

    title: Title
    org_unit: Slug | None = None
    owner: Slug | None = None
    due: date | None = None
    supports: Supports = ()


class ReplanInitiative(Command):
    """Change parts of the plan; it takes a reason. What is left out stays; null clears what may be empty."""

    needs = frozenset({"org_unit", "supported_cycles", "unknown", "unseen"})

    title: Title | None = None
    org_unit: Slug | None = None
    owner: Slug | None = None
    due: date | None = None
    supports: Supports | None = None


class StartInitiative(Command):
    """Begin with the work."""

    needs = frozenset({"supported_cycles"})


class FinishInitiative(Command):
    """Say that the work is done; it may never have been said that it began."""

    needs = frozenset({"supported_cycles"})


class DropInitiative(Command):
    """Give the work up; it takes a reason."""

    needs = frozenset({"supported_cycles"})


class ReopenInitiative(Command):
    """Go on with what was done or dropped; it takes a reason."""

    needs = frozenset({"supported_cycles"})


InitiativeStepCommand = StartInitiative | FinishInitiative | DropInitiative | ReopenInitiative
