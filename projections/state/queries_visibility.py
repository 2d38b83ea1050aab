"""Reading group `state`: what a viewer sees, as a condition of the statement.

The rule is events/visibility.py; table `restriction` holds what follows from it for each aggregate. It counts
as it is now, also where the past is read: `now` is the position of the view.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    Subquery,
    Text,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, distinct_on

from events.ids import Aggregate
from events.visibility import Viewer
from projections.driver import Connection
from projections.state.queries import NEWEST_FIRST, VERSION, Version, version_of
from projections.state.tables import key_result, restriction, version

SAID = ("conversation", "feedback", "recognition")
"""The kinds that hold what people say to each other: a role that sees all goals does not see them."""


async def page_of_kind(
    connection: Connection,
    kind: str,
    viewer: Viewer,
    *,
    position: int,
    now: int,
    after: str,
    limit: int,
    holding: Sequence[Mapping[str, Any]] = ({},),
) -> list[Version]:
    """Return up to `limit` aggregates of a kind that a viewer sees, by id from behind `after` on.

    They are as known at `position`, and `holding` narrows them: each state holds one of these parts.
    """
    parameters = {
        **_looking(viewer, now),
        "kind": kind,
        "position": position,
        "after": after,
        "limit": limit,
        "holding": list(holding),
    }
    return [version_of(*row) for row in await connection.execute(_PAGE_OF_KIND, parameters)]


async def hidden(
    connection: Connection, viewer: Viewer, now: int, kinds: Collection[str]
) -> frozenset[Aggregate]:
    """Return every aggregate of some kinds that is hidden from a viewer."""
    parameters = {**_looking(viewer, now), "kinds": sorted(kinds)}
    rows = await connection.execute(_HIDDEN, parameters)
    return frozenset(Aggregate(kind, id_) for kind, id_ in rows)


async def hidden_among(
    connection: Connection, viewer: Viewer, now: int, aggregates: Collection[Aggregate]
) -> frozenset[Aggregate]:
    """Return those of some aggregates that are hidden from a viewer."""
    if not aggregates:
        return frozenset()
    asked = sorted(aggregates)
    parameters = {
        **_looking(viewer, now),
        "kinds": [aggregate.kind for aggregate in asked],
        "ids": [aggregate.id for aggregate in asked],
    }
    rows = await connection.execute(_HIDDEN_AMONG, parameters)
    return frozenset(Aggregate(kind, id_) for kind, id_ in rows)


async def hidden_goals(
    connection: Connection, viewer: Viewer, now: int, ids: Collection[str]
) -> frozenset[str]:
    """Return those of some ids of objectives and key results whose objective is hidden from a viewer."""
    if not ids or viewer.sees_all_goals:
        return frozenset()
    parameters = {**_looking(viewer, now), "ids": sorted(ids)}
    return frozenset(await connection.scalars(_HIDDEN_GOALS, parameters))


def _looking(viewer: Viewer, now: int) -> dict[str, Any]:
    return {
        "actor": viewer.actor,
        "leads": sorted(viewer.leads),
        "led": sorted(viewer.led),
        "sees_all_goals": viewer.sees_all_goals,
        "now": now,
    }


_TEXTS = ARRAY(Text)
_ACTOR = bindparam("actor", type_=Text)
_LED = bindparam("led", type_=_TEXTS)
_SEES_ALL_GOALS = bindparam("sees_all_goals", type_=Boolean)


def _seen(kind: ColumnElement[str], id_: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that the viewer sees an aggregate: nothing restricts it, or the viewer fits."""
    newest = _newest(kind, id_)
    said = kind == any_(cast(literal(list(SAID), _TEXTS), _TEXTS))
    goal = func.unnest(newest.c.goals).table_valued("id").render_derived(name="goal")
    return _unrestricted_or(
        newest,
        any_(newest.c.parties) == _ACTOR,
        said & newest.c.line_of.overlap(bindparam("leads", type_=_TEXTS)),
        not_(said) & (_SEES_ALL_GOALS | newest.c.line_of.overlap(_LED)),
        exists(select(true()).select_from(goal).where(_goal_seen(cast(goal.c.id, Text)))),
    )


def _goal_seen(id_: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that the viewer sees the objective that an id is, or that its key result is in."""
    # An id of both kinds, if there ever was one, means the objective.
    itself = select(version.c.id).where(version.c.kind == "objective", version.c.id == id_).limit(1)
    holder = select(key_result.c.objective).where(key_result.c.id == id_)
    objective = func.coalesce(
        itself.correlate_except(version).scalar_subquery(),
        holder.correlate_except(key_result).scalar_subquery(),
    )
    newest = _newest(literal("objective", Text), objective)
    return _unrestricted_or(
        newest, any_(newest.c.parties) == _ACTOR, _SEES_ALL_GOALS | newest.c.line_of.overlap(_LED)
    )


def _newest(kind: ColumnElement[str], id_: ColumnElement[str]) -> Subquery:
    """Return the row that says who sees an aggregate now; none if it was never restricted."""
    return (
        select(restriction.c.parties, restriction.c.line_of, restriction.c.goals)
        .where(
            restriction.c.kind == kind,
            restriction.c.id == id_,
            restriction.c.position <= bindparam("now", type_=BigInteger),
        )
        .order_by(restriction.c.position.desc())
        .limit(1)
        .correlate_except(restriction)
        .subquery()
    )


def _unrestricted_or(newest: Subquery, *fits: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that nothing restricts, or that the viewer fits."""
    restricts = newest.c.parties.is_not(None)
    return not_(exists(select(true()).select_from(newest).where(restricts, not_(or_(*fits)))))


def _page_of_kind() -> Select[Any]:
    newest = (
        select(*VERSION)
        .ext(distinct_on(version.c.id))
        .where(
            version.c.kind == bindparam("kind", type_=Text),
            version.c.id > bindparam("after", type_=Text),
            version.c.position <= bindparam("position", type_=BigInteger),
        )
        .order_by(version.c.id, NEWEST_FIRST)
        .add_columns(version.c.id)
        .subquery()
    )
    held = cast(newest.c.state, JSONB).op("@>", is_comparison=True)(
        any_(bindparam("holding", type_=ARRAY(JSONB)))
    )
    columns = [newest.c[column.name] for column in VERSION]
    seen = _seen(newest.c.kind, newest.c.id)
    return (
        select(*columns).where(held, seen).order_by(newest.c.id).limit(bindparam("limit", type_=BigInteger))
    )


_PAGE_OF_KIND = _page_of_kind()
_RESTRICTED = (
    select(restriction.c.kind, restriction.c.id)
    .distinct()
    .where(restriction.c.kind == any_(bindparam("kinds", type_=_TEXTS)))
    .subquery()
)
_HIDDEN = select(_RESTRICTED).where(not_(_seen(_RESTRICTED.c.kind, _RESTRICTED.c.id)))
_ASKED = (
    func.unnest(bindparam("kinds", type_=_TEXTS), bindparam("ids", type_=_TEXTS))
    .table_valued("kind", "id")
    .render_derived(name="asked")
)
_HIDDEN_AMONG = select(_ASKED.c.kind, _ASKED.c.id).where(
    not_(_seen(cast(_ASKED.c.kind, Text), cast(_ASKED.c.id, Text)))
)
_GOAL = func.unnest(bindparam("ids", type_=_TEXTS)).table_valued("id").render_derived(name="asked")
_HIDDEN_GOALS = select(_GOAL.c.id).where(not_(_goal_seen(cast(_GOAL.c.id, Text))))
