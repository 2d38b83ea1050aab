"""Declared trajectories (예상 경로): which values a key result is expected to have on its way."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from events.decimals import Number

MOST_POINTS = 400


class TrajectoryPoint(BaseModel):
    """The value that is expected at the end of a business day, in the measure's unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: date
    value: Number


Trajectory = Annotated[tuple[TrajectoryPoint, ...], Field(max_length=MOST_POINTS)]
"""In the order of its days. After the last point it leads to the target on the cycle's last day."""
