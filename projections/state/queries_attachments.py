"""Reading group `state`: what hangs on a goal, a unit or a person."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ARRAY, BigInteger, Text, any_, bindparam, select

from events.ids import Aggregate
from events.state import State
from projections.driver import Connection
from projections.state import queries
from projections.state.attachments import attached_to
from projections.state.queries import Version
from projections.state.tables import attachment


async def attachments(
    connection: Connection, kind: str, about: Collection[str], position: int
) -> list[Version]:
    """Return aggregates of a kind that hang on one of some references as known at a position, by id."""
    if not about:
        return []
    parameters = {"kind": kind, "about": sorted(about), "position": position}
    ids = await connection.scalars(_EVER, parameters)
    found = await queries.latest_of(connection, [Aggregate(kind, id_) for id_ in ids], position)
    wanted = frozenset(about)
    chosen = {
        aggregate.id: version
        for aggregate, version in found.items()
        if isinstance(version.state, State) and not wanted.isdisjoint(attached_to(version.state))
    }
    return [chosen[id_] for id_ in sorted(chosen)]


_EVER = (
    select(attachment.c.id)
    .distinct()
    .where(
        attachment.c.kind == bindparam("kind", type_=Text),
        attachment.c.about == any_(bindparam("about", type_=ARRAY(Text))),
        attachment.c.position <= bindparam("position", type_=BigInteger),
    )
)
"""What was attached at some time; whether it still is, its state tells."""
