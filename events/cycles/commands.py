"""Commands on a cycle."""

from datetime import date
from typing import Annotated

from pydantic import Field

from events.commands import Command, Title
from events.cycles.events import CycleKind
from events.kpis.definition import Cadence
from events.policies.rules import Framework


class PlanCycle(Command):
    """Set a period by its first and last day."""

    name: Title
    start: date
    end: date
    kind: CycleKind
    check_ins: Cadence = "week"


class OpenCycle(Command):
    """Begin to work in a planned cycle; it keeps the policies as they are now."""

    needs = frozenset({"policies"})


class AdoptPolicy(Command):
    """Judge the goals of an open cycle by another version of a policy; it takes a reason."""

    needs = frozenset({"policies"})

    framework: Framework
    version: Annotated[int, Field(ge=0)] | None = None
    """None: the newest one."""


class CloseCycle(Command):
    """Close an open cycle; before its last day is over it takes a reason."""


class ReopenCycle(Command):
    """Take a close back; it takes a reason."""
