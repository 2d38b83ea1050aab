"""Looking aggregates up, as they were known at a position and as far as the caller sees them."""

from __future__ import annotations

from projections.state import queries
from services.queries.read_context import ReadContext
from services.queries.visibility import on_day, sees, without_hidden_goals


class NotFound(Exception):
    """There is no such thing for the caller: it does not exist, or they do not see it."""

    def __init__(self, kind: str, id_: str) -> None:
        super().__init__(f"{kind} {id_}")
        self.kind = kind
        self.id = id_


async def find(context: ReadContext, kind: str, id_: str) -> queries.Version:
    """Return one aggregate, as it was on the day shown. Raises NotFound."""
    return await shown(
        context, kind, id_, await queries.latest(context.connection, kind, id_, context.position)
    )


async def shown(context: ReadContext, kind: str, id_: str, found: queries.Version | None) -> queries.Version:
    """Return an aggregate that was looked up, as it was on the day shown. Raises NotFound."""
    if found is None or not await sees(context, kind, id_):
        raise NotFound(kind, id_)
    (seen,) = await without_hidden_goals(context, [on_day(context, found)])
    return seen
