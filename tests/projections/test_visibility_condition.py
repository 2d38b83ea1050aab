"""The condition that statements ask is the rule of events/visibility.py, whoever looks at whatever."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

import hypothesis
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from events.ids import Aggregate
from events.visibility import Restriction, Viewer
from projections.state import queries_visibility
from projections.state.fold import STATE
from projections.state.queries_visibility import SAID
from projections.state.tables import key_result, restriction, version
from services.runtime.settings import Settings
from tests.projections.contract.building import control, new_build

KINDS = ("objective", "initiative", "scorecard", *SAID)
OBJECTIVES = ("o1", "o2", "o3")
KEY_RESULTS = {"k1": "o1", "k2": "o2", "o3": "o1"}
"""By id; one has the id of an objective, too, which then is meant."""
PEOPLE = ("anna", "bela", "carla")
NOW = 100

people = st.frozensets(st.sampled_from(PEOPLE))
goals = st.frozensets(st.sampled_from((*OBJECTIVES, *KEY_RESULTS, "gone")), max_size=2)
restrictions = st.none() | st.builds(
    Restriction, people.map(lambda ids: frozenset(f"person:{id_}" for id_ in ids)), people, goals
)


class Row(NamedTuple):
    """Since when an aggregate is restricted, and to whom."""

    aggregate: Aggregate
    position: int
    restricted: Restriction | None


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Restrictions that come and go, some of them after NOW; those of objectives name no goals."""
    found: dict[tuple[Aggregate, int], Row] = {}
    for _ in range(draw(st.integers(0, 12))):
        aggregate = Aggregate(draw(st.sampled_from(KINDS)), draw(st.sampled_from(OBJECTIVES)))
        position = draw(st.integers(1, NOW + 10))
        restricted = draw(restrictions)
        if restricted is not None and aggregate.kind == "objective":
            restricted = restricted._replace(goals=frozenset())
        found[aggregate, position] = Row(aggregate, position, restricted)
    return list(found.values())


viewers = st.builds(
    lambda actor, leads, more, sees_all: Viewer(f"person:{actor}", leads, leads | more, sees_all),
    st.sampled_from(PEOPLE),
    people,
    people,
    st.booleans(),
)


def sees(viewer: Viewer, known: list[Row], aggregate: Aggregate) -> bool:
    """The rule, applied by hand."""
    of_it = [row for row in known if row.aggregate == aggregate and row.position <= NOW]
    restricted = max(of_it, key=lambda row: row.position).restricted if of_it else None
    return (
        restricted is None
        or viewer.fits(restricted, said=aggregate.kind in SAID)
        or any(sees_goal(viewer, known, goal) for goal in restricted.goals)
    )


def sees_goal(viewer: Viewer, known: list[Row], id_: str) -> bool:
    """What no objective has is hidden from nobody."""
    objective = id_ if id_ in OBJECTIVES else KEY_RESULTS.get(id_)
    return objective is None or sees(viewer, known, Aggregate("objective", objective))


async def given_goals(connection: AsyncConnection) -> None:
    """Objectives and key results, as far as the condition looks at them."""
    there = {"kind": "objective", "position": 1, "recorded_at": datetime(2026, 1, 1, tzinfo=UTC)}
    objectives = [{**there, "id": id_, "revision": 1, "state": {}} for id_ in OBJECTIVES]
    await connection.execute(insert(version), objectives)
    held = [{"id": id_, "objective": objective, "position": 1} for id_, objective in KEY_RESULTS.items()]
    await connection.execute(insert(key_result), held)


async def restrict(connection: AsyncConnection, known: list[Row]) -> None:
    """Put rows in place of those of the case before."""
    await connection.execute(delete(restriction))
    for (kind, id_), position, restricted in known:
        who = dict.fromkeys(Restriction._fields) if restricted is None else restricted._asdict()
        arrays = {name: None if ids is None else sorted(ids) for name, ids in who.items()}
        await connection.execute(insert(restriction).values(kind=kind, id=id_, position=position, **arrays))


@given(cases=st.lists(st.tuples(rows(), viewers), min_size=1, max_size=25))
@hypothesis.settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_a_statement_finds_hidden_what_the_rule_hides(
    settings: Settings, cases: list[tuple[list[Row], Viewer]]
) -> None:
    """All three ways to ask: everything hidden, among some, and goals by their ids."""
    every = [Aggregate(kind, id_) for kind in KINDS for id_ in OBJECTIVES]
    asked = (*OBJECTIVES, *KEY_RESULTS, "gone")
    async with control(settings) as engine:
        build = await new_build(engine, STATE)
        async with build.connect(engine) as connection:
            await given_goals(connection)
            for known, viewer in cases:
                await restrict(connection, known)
                hidden = frozenset(each for each in every if not sees(viewer, known, each))
                assert await queries_visibility.hidden(connection, viewer, NOW, KINDS) == hidden
                assert await queries_visibility.hidden_among(connection, viewer, NOW, every) == hidden
                assert await queries_visibility.hidden_goals(connection, viewer, NOW, asked) == {
                    id_ for id_ in asked if not sees_goal(viewer, known, id_)
                }
