"""What reads incomplete: aggregates of which an event could not be read."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from events.ids import Aggregate
from projections import control
from projections.state.fold import STATE
from services.queries.read_context import ReadContext

Incomplete = Annotated[
    bool,
    Field(
        description="An event of it, or of a KPI or readings that it shows, could not be read; see `goaltrail"
        " doctor`."
    ),
]


async def unreadable(context: ReadContext) -> frozenset[Aggregate]:
    """Aggregates with an event that the views could not take, among what was known then; waived ones not."""
    if not context.view.poisoned:
        return frozenset()
    found = await control.poisoned(context.connection, context.workspace.id, STATE.name)
    return frozenset(
        Aggregate(poison.kind, poison.id)
        for poison in found
        if not poison.waived and poison.position <= context.position
    )


def parts_of_kpi(kpi: str) -> set[Aggregate]:
    """Return what a KPI's figures follow from: its own events, and its readings."""
    return {Aggregate("kpi", kpi), Aggregate("reading", kpi)}
