"""The state of a cycle."""

from datetime import date
from typing import Literal

from events.cycles.events import CycleKind
from events.kpis.definition import Cadence
from events.policies.rules import PolicyVersions
from events.state import State

CycleStatus = Literal["planned", "open", "closed"]


class Cycle(State):
    """A dated period that goals belong to; `start` and `end` are its first and last day."""

    name: str
    start: date
    end: date
    kind: CycleKind
    status: CycleStatus
    check_ins: Cadence = "week"
    """How often people check in on its key results."""
    policies: PolicyVersions | None = None
    """The versions by which its goals are judged; None until it opens."""
