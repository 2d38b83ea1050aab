"""Reading group `state`: which goals there are, and the answers to commands that were carried out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Text, Uuid, any_, bindparam, cast, select, union
from sqlalchemy.dialects.postgresql import distinct_on

from events.objectives.state import Objective
from projections.driver import Connection
from projections.state.tables import HOLDS_RELATIVE, command, key_result, score_history, taken_over, version


class Carried(NamedTuple):
    """A command that came with an Idempotency-Key and was carried out."""

    position: int
    """Of its first event; the others follow without a gap."""
    kind: str
    id: str
    request: str
    """`<hash of what was asked>:<number of its events>`."""


async def carried_out(connection: Connection, event_id: UUID) -> Carried | None:
    """Return the command whose first event has this id."""
    row = (await connection.execute(_CARRIED, {"event_id": event_id})).one_or_none()
    return None if row is None else Carried(*row)


_CARRIED = select(command.c.position, command.c.kind, command.c.id, command.c.request).where(
    command.c.event_id == bindparam("event_id", type_=Uuid())
)


async def objectives_of(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """Return the objective of each id that is a goal's: itself, or the one that a key result is in."""
    rows = await connection.execute(_OBJECTIVES_OF, {"ids": sorted(ids)})
    # An id of both kinds, if there ever was one, means the objective.
    return dict(sorted((tuple(row) for row in rows), key=lambda pair: pair[0] == pair[1]))


_IDS = any_(bindparam("ids", type_=ARRAY(Text)))
_OBJECTIVES_OF = union(
    select(key_result.c.id, key_result.c.objective).where(key_result.c.id == _IDS),
    select(version.c.id, version.c.id).where(version.c.kind == "objective", version.c.id == _IDS),
)


async def taken_over_by(
    connection: Connection, key_results: Collection[str], position: int
) -> dict[str, tuple[str, ...]]:
    """Return the objectives that took some key results over by a position, by id; also dropped ones."""
    if not key_results:
        return {}
    parameters = {"ids": sorted(key_results), "position": position}
    rows = await connection.execute(_TAKEN_OVER_BY, parameters)
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for id_, objective in rows:
        found[id_] += (objective,)
    return found


_TAKEN_OVER_BY = (
    select(taken_over.c.key_result, taken_over.c.objective)
    .where(
        taken_over.c.key_result == _IDS,
        taken_over.c.position <= bindparam("position", type_=BigInteger),
    )
    .order_by(taken_over.c.objective)
)


async def days_scored_later(
    connection: Connection, key_result_id: str, recorded_day: date, position: int
) -> list[date]:
    """Return the business days whose score of a recorded day (UTC) was computed again after a position.

    Only the last score of a recorded day is stored; what it was at the position has to be computed.
    """
    parameters = {"key_result": key_result_id, "recorded_day": recorded_day, "position": position}
    return list(await connection.scalars(_SCORED_LATER, parameters))


_SCORED_LATER = (
    select(score_history.c.day)
    .where(
        score_history.c.key_result == bindparam("key_result", type_=Text),
        score_history.c.recorded_day == bindparam("recorded_day", type_=Date),
        score_history.c.goal_position == 0,
        score_history.c.position > bindparam("position", type_=BigInteger),
    )
    .order_by(score_history.c.day)
)


async def with_relative_goals(connection: Connection, position: int) -> list[Objective]:
    """Return every objective with a relative goal, as known at a position."""
    rows = await connection.scalars(_WITH_RELATIVE, {"position": position})
    return [Objective.model_validate_json(row) for row in rows]


# A key result is never taken away and keeps its earlier measures: the newest version is among those that hold
# one, or was a draft that holds none any more.
_WITH_RELATIVE = (
    select(cast(version.c.state, Text))
    .ext(distinct_on(version.c.id))
    .where(
        version.c.kind == "objective",
        HOLDS_RELATIVE,
        version.c.position <= bindparam("position", type_=BigInteger),
    )
    .order_by(version.c.id, version.c.position.desc())
)
