"""The state of a cycle."""

from datetime import date
from typing import Literal

from events.cycles.events import CycleKind
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
    policies: PolicyVersions | None = None
    """The versions by which its goals are judged; None until it opens."""
