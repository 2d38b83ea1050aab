"""What may be asked of a cycle."""

from datetime import date

from events.commands import Command, Title
from events.cycles.events import CycleKind


class PlanCycle(Command):
    """Set a period by its first and last day."""

    name: Title
    start: date
    end: date
    kind: CycleKind


class OpenCycle(Command):
    """Begin to work in a planned cycle."""


class CloseCycle(Command):
    """Close an open cycle; before its last day is over it takes a reason."""


class ReopenCycle(Command):
    """Take a close back; it takes a reason."""
