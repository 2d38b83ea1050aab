"""The server's clock may be set back: what is recorded later is never known earlier."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from projections.audit.fold import AUDIT
from projections.projection import Group
from projections.state import queries
from projections.state.fold import STATE
from projections.state.tables import moment
from services.ledger import StoredMessage
from services.projector.writer import BuildWriter, decode
from services.runtime.settings import Settings
from tests.projections.contract.building import control, new_build, tables_after
from tests.projections.contract.histories import a_quarter

JUMPS = {
    "two hours back": {40: timedelta(hours=-2)},
    "a year ahead, and right again": {20: timedelta(days=365), 60: timedelta(0)},
    "back twice": {15: timedelta(days=-1), 45: timedelta(days=-3)},
    "milliseconds back at every other event": {
        n: timedelta(milliseconds=-2 if n % 2 else 0) for n in range(1, 200)
    },
}


def with_clock(messages: list[StoredMessage], jumps: dict[int, timedelta]) -> list[StoredMessage]:
    """The messages as a server stores them whose clock is off by so much from each of some positions on."""
    off, shifted = timedelta(0), []
    for message in messages:
        off = jumps.get(message.position, off)
        shifted.append(message._replace(recorded_at=message.recorded_at + off))
    return shifted


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
@pytest.mark.parametrize("group", [STATE, AUDIT], ids=lambda group: group.name)
async def test_a_clock_that_is_set_back_leaves_the_same_tables_in_any_batches(
    settings: Settings, group: Group, jumps: dict[int, timedelta]
) -> None:
    """Also where a worker begins anew: the latest time stands in the checkpoint."""
    messages = with_clock(a_quarter(7, steps=40), jumps)
    async with control(settings) as engine:
        at_once = await tables_after(engine, group, messages)
        every = range(1, len(messages), 3)
        cut = await tables_after(engine, group, messages, batches=every, restarts=every)
        assert cut == at_once


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
async def test_a_past_time_shows_nothing_that_came_later(
    settings: Settings, jumps: dict[int, timedelta]
) -> None:
    """Times never decrease, the server's own stand beside them, and an instant earlier shows less."""
    messages = with_clock(a_quarter(7, steps=40), jumps)
    async with control(settings) as engine:
        build = await new_build(engine, STATE)
        writer = BuildWriter(engine, build, waived=frozenset())
        await writer.start()
        await writer.write(decode(messages))
        async with build.connect(engine) as connection:
            rows = (await connection.execute(select(moment).order_by(moment.c.position))).all()
            assert all(one.recorded_at <= next_.recorded_at for one, next_ in pairwise(rows))
            own = {message.position: message.recorded_at for message in messages}
            assert all(row.server_time == own[row.position] for row in rows)
            assert any(row.server_time < row.recorded_at for row in rows)
            for row in rows:
                assert await queries.position_at(connection, row.recorded_at) >= row.position
                earlier = row.recorded_at - timedelta(microseconds=1)
                assert await queries.position_at(connection, earlier) < row.position
