"""The plan of an initiative."""

from datetime import date

from pydantic import BaseModel, ConfigDict


class InitiativePlan(BaseModel):
    """The work, who does it, until when and what for. It hangs on a goal, or directly on a unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    org_unit: str | None = None
    owner: str | None = None
    due: date | None = None
    """The business day by whose end it is to be done (기한)."""
    supports: tuple[str, ...] = ()
    """Ids of the objectives and key results it is to move."""
