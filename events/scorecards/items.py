"""The items of a scorecard and their weights."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from events.decimals import Number

ItemKind = Literal["kpi", "objective", "key_result"]
"""A KPI by its target, an objective (an MBO goal above all), or a single key result."""


class Item(BaseModel):
    """One line of a scorecard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ItemKind
    id: str
    weight: Number
    """Percent: those of a scorecard total 100."""

    @property
    def goal(self) -> str | None:
        """The id of the objective or key result that it is; None for a KPI."""
        return None if self.kind == "kpi" else self.id
