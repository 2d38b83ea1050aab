"""What is paid for reaching a goal or KPI (보상 연계): only that it is, and how much of it; never money."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from events.commands import Title
from events.decimals import Number


class Reward(BaseModel):
    """That a reward is linked, perhaps only a part of it, and in a few words how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: Annotated[Number, Field(gt=0, le=100)] | None = None
    """Percent of the reward that depends on this; None where it is only said that it is linked."""
    note: Title | None = None
    """How, for everybody who reads the goal: it is not encrypted."""
