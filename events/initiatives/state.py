"""The state of an initiative."""

from typing import Literal

from events.initiatives.plan import InitiativePlan
from events.state import State

InitiativeStatus = Literal["planned", "doing", "done", "dropped"]


class Initiative(InitiativePlan, State):
    """Work done to move goals. It is never part of a score."""

    status: InitiativeStatus = "planned"
    started: bool = False
    """It was begun once."""

    @property
    def plan(self) -> InitiativePlan:
        """The parts that may be planned anew."""
        return InitiativePlan(**{field: getattr(self, field) for field in InitiativePlan.model_fields})
