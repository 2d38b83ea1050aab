"""The initiatives that are shown with goals; they are never part of a score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from pydantic import BaseModel, Field

from events.initiatives.state import Initiative, InitiativeStatus
from events.objectives.state import Objective
from projections.state.queries_attachments import attachments
from services.queries.read_context import ReadContext


class InitiativeLine(BaseModel):
    """An initiative as it is shown with a goal."""

    id: str
    title: str
    status: InitiativeStatus
    owner: str | None
    owner_name: str | None = Field(None, description="Of an owner who is a registered person.")
    org_unit: str | None
    due: date | None = Field(description="The day by whose end it is to be done (기한).")


async def initiatives_for(
    context: ReadContext, objectives: Iterable[Objective]
) -> Mapping[str, list[InitiativeLine]]:
    """Return the initiatives that support each of some objectives and their key results, by that one's id."""
    goals = [
        reference
        for objective in objectives
        for reference in (
            f"objective/{objective.id}",
            *(f"key_result/{key_result.id}" for key_result in objective.key_results),
        )
    ]
    found: defaultdict[str, list[InitiativeLine]] = defaultdict(list)
    for version in await attachments(context.connection, "initiative", goals, context.position):
        assert isinstance(version.state, Initiative)
        line = InitiativeLine.model_validate(version.state, from_attributes=True)
        for goal in version.state.supports:
            found[goal].append(line)
    return found
