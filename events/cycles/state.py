"""The state of a cycle: also the snapshot that is stored of it."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

CycleStatus = Literal["planned", "open", "closed"]
CycleKind = Literal["month", "quarter", "half_year", "year", "other"]


class Cycle(BaseModel):
    """A dated period that goals belong to; `start` and `end` are both its days."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    start: date
    end: date
    kind: CycleKind
    status: CycleStatus
