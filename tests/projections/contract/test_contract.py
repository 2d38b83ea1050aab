"""The contract of every projection group: the same ledger makes the same tables, however it was applied."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import cast

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import Insert, Table

from events.envelope import RecordedEvent
from events.envelope import decode as decode_event
from events.registry import all_types
from projections.groups import GROUPS
from projections.projection import Copy, Fold, Group, Store, Write
from projections.state.fold import STATE
from services.ledger import StoredMessage
from services.projector.writer import BuildWriter, Fenced, decode
from services.runtime.settings import Settings
from tests.projections.contract.building import Tables, control, new_build, tables_after, tables_of
from tests.projections.contract.doubles import SAME_AGAIN, ids_used_twice, keys_used_twice, recorded_again
from tests.projections.contract.histories import a_quarter

every_group = pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)


@every_group
@given(
    seed=st.integers(0, 2**32), cuts=st.lists(st.integers(1, 300), max_size=30), restart_at=st.integers(0, 30)
)
@hypothesis.settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_any_batching_and_any_stop_give_the_same_tables(
    settings: Settings, group: Group, seed: int, cuts: list[int], restart_at: int
) -> None:
    """Cut anywhere, with fresh workers in between, against all at once."""
    messages = a_quarter(seed, steps=60)
    async with control(settings) as engine:
        at_once = await tables_after(engine, group, messages)
        cut = await tables_after(engine, group, messages, batches=cuts, restarts=cuts[restart_at:])
        _assert_same(cut, at_once)


@every_group
async def test_one_by_one_gives_the_same_tables_as_all_at_once(settings: Settings, group: Group) -> None:
    """The smallest batches there are, in a long history with every sort of event."""
    messages = a_quarter(4, steps=60)
    async with control(settings) as engine:
        at_once = await tables_after(engine, group, messages)
        assert all(at_once.values()), (
            f"the history leaves a table empty: {[t for t, r in at_once.items() if not r]}"
        )
        _assert_same(await tables_after(engine, group, messages, batches=range(len(messages))), at_once)


@every_group
async def test_a_worker_that_begins_anew_every_few_events_makes_the_same_tables(
    settings: Settings, group: Group
) -> None:
    """It loads all that an event needs: a changed measure may name a KPI of which nothing is known."""
    messages = a_quarter(4, steps=40)
    async with control(settings) as engine:
        at_once = await tables_after(engine, group, messages)
        every = range(1, len(messages), 3)
        _assert_same(await tables_after(engine, group, messages, batches=every, restarts=every), at_once)


@every_group
async def test_a_group_says_which_events_change_which_table(settings: Settings, group: Group) -> None:
    """Neither more nor less: the reference of events is written from it."""
    changed: dict[Table, set[str]] = {table: set() for table in group.metadata.sorted_tables}
    recording = replace(group, new_fold=lambda: Watched(group.new_fold(), changed))
    messages = [*a_quarter(26, steps=300), *recorded_again(a_quarter(26, steps=300))]
    assert {decode_event(message.payload).name for message in messages} == {
        entry.name for entry in all_types()
    }
    async with control(settings) as engine:
        await tables_after(engine, recording, messages, batches=range(len(messages)))
    assert changed == group.handles


class Watched(Fold):
    """A fold of one event at a time that notes which of them lead to rows of which table."""

    def __init__(self, fold: Fold, changed: dict[Table, set[str]]) -> None:
        self._fold = fold
        self._changed = changed
        self._event = ""

    async def load(self, store: Store, events: Sequence[RecordedEvent]) -> None:
        await self._fold.load(store, events)

    def apply(self, recorded: RecordedEvent) -> None:
        self._event = recorded.event.name
        self._fold.apply(recorded)

    def drain(self) -> list[Write]:
        writes = self._fold.drain()
        for write in writes:
            table = write.table if isinstance(write, Copy) else cast("Insert", write.statement).table
            self._changed[cast("Table", table)].add(self._event)
        return writes


@every_group
async def test_a_rebuild_without_indexes_gives_the_same_tables(settings: Settings, group: Group) -> None:
    """Late indexes change how rows are found, never which rows there are."""
    messages = a_quarter(77, steps=100)
    async with control(settings) as engine:
        live = await tables_after(engine, group, messages, batches=range(0, len(messages), 7))
        rebuilt = await tables_after(engine, group, messages, batches=[len(messages) // 2], loading=True)
        _assert_same(rebuilt, live)


@every_group
async def test_two_workers_that_race_do_no_harm(settings: Settings, group: Group) -> None:
    """The checkpoint lets one of two workers through; the other is fenced before it touches a row."""
    messages = a_quarter(5, steps=60)
    async with control(settings) as engine:
        expected = await tables_after(engine, group, messages)
        build = await new_build(engine, group)
        fenced = await asyncio.gather(
            *(_work(BuildWriter(engine, build, waived=frozenset()), messages, Random(n)) for n in (1, 2, 3))
        )
        assert sum(fenced) > 0, "the workers never met, so this test said nothing"
        _assert_same(await tables_of(engine, build), expected)


async def test_the_first_on_the_ledger_has_an_id_that_is_on_it_twice(settings: Settings) -> None:
    """What comes later is poison, whatever the batches; waiving it leaves the same tables."""
    messages, wrong = ids_used_twice()
    async with control(settings) as engine:
        at_once = await tables_after(engine, STATE, messages, poison=wrong)
        every = range(1, len(messages))
        one_by_one = await tables_after(
            engine, STATE, messages, batches=every, restarts=every, loading=True, poison=wrong
        )
        cut = await tables_after(
            engine, STATE, messages, batches=range(2, 900, 3), restarts=range(2, 900, 6), poison=wrong
        )
        waived = await tables_after(engine, STATE, messages, batches=range(4, 900, 7), waived=wrong)
    for found in (one_by_one, cut, waived):
        _assert_same(found, at_once)
    objective_of = {row[0]: row[1] for row in at_once["key_result"]}
    assert objective_of | {"both": "first", "own": "second", "o1-k1": "o1"} == objective_of
    assert {row[4] for row in at_once["score_history"] if row[0] == "both"} == {"first"}


async def test_the_first_on_the_ledger_has_a_key_that_is_on_it_twice(settings: Settings) -> None:
    """A retry with it gets the answer of the first; what the second changed is shown."""
    messages = keys_used_twice()
    async with control(settings) as engine:
        at_once = await tables_after(engine, STATE, messages)
        last = len(messages)
        apart = await tables_after(engine, STATE, messages, batches=[last - 1], restarts=[last - 1])
    _assert_same(apart, at_once)
    commands = {row[1]: row[3] for row in at_once["command"]}
    assert (commands[last - 1], last in commands) == ("first", False)
    assert last in {row[2] for row in at_once["version"]}


async def test_a_reading_that_is_on_the_ledger_twice_counts_once(settings: Settings) -> None:
    """The first one counts, whatever the batches; what the others say that is not in force is a dispute."""
    before = a_quarter(9, steps=60)
    messages = [*before, *recorded_again(before)]
    async with control(settings) as engine:
        first = await tables_after(engine, STATE, before)
        at_once = await tables_after(engine, STATE, messages)
        every = range(1, len(messages), 5)
        one_by_one = await tables_after(engine, STATE, messages, batches=every, restarts=every)
    _assert_same(one_by_one, at_once)
    for table in ("reading", "kpi_day", "score_history"):
        assert at_once[table] == first[table]
    others = len(messages) - len(before) - SAME_AGAIN
    assert len(at_once["dispute"]) == len(first["dispute"]) + others > len(first["dispute"])


async def _work(writer: BuildWriter, messages: list[StoredMessage], random: Random) -> int:
    """Apply everything in small steps like a worker that does not know of the others."""
    fenced = 0
    await writer.start()
    while writer.position < len(messages):
        run = messages[writer.position : writer.position + random.randrange(1, 15)]
        try:
            await writer.write(decode(run))
        except Fenced:
            fenced += 1
            await writer.start()
        await asyncio.sleep(0)
    return fenced


def _assert_same(found: Tables, expected: Tables) -> None:
    for table, rows in expected.items():
        assert found[table] == rows, f"table {table}"
