"""Appending: all or nothing, guarded, at most once."""

from __future__ import annotations

import asyncio

import pytest

from services.ledger import (
    Appended,
    Conflict,
    DuplicateId,
    Entry,
    InvalidAppend,
    Ledger,
    LedgerUnavailable,
    WorkspaceUnknown,
)
from services.runtime.settings import Settings
from tests.ledger.sites import entries, messages, texts


def sales(workspace: str) -> str:
    """The subject most tests write to."""
    return f"ledger.{workspace}.kpi.sales"


async def test_entries_get_positions_next_to_each_other(ledger: Ledger, workspace: str) -> None:
    """A single entry and a batch follow each other without a gap, and each knows its end."""
    one = await ledger.append(workspace, entries(workspace, "a"), {sales(workspace): 0})
    three = await ledger.append(workspace, entries(workspace, "b", "c", "d"), {sales(workspace): one.last})
    assert (one, three) == (Appended(2, 2), Appended(3, 5))
    stored = await messages(ledger, workspace)
    assert [message.position for message in stored] == [2, 3, 4, 5]
    assert [message.payload for message in stored] == [b"a", b"b", b"c", b"d"]
    assert [message.batch_end for message in stored] == [True, False, False, True]
    assert await ledger.head(workspace) == 5


async def test_a_batch_with_one_stale_guard_stores_nothing(ledger: Ledger, workspace: str) -> None:
    """Of two guarded subjects one has moved: no entry of the batch is stored."""
    cost = f"ledger.{workspace}.kpi.cost"
    await ledger.append(workspace, entries(workspace, "first", subject="kpi.cost"), {cost: 0})
    batch = [*entries(workspace, "a", "b"), Entry(cost, b"c"), *entries(workspace, "d")]
    with pytest.raises(Conflict):
        await ledger.append(workspace, batch, {sales(workspace): 0, cost: 0})
    assert await texts(ledger, workspace) == ["first"]


@pytest.mark.parametrize("count", [1, 2])
async def test_a_stale_guard_is_a_conflict_that_names_the_subject(
    ledger: Ledger, workspace: str, count: int
) -> None:
    """Whoever expects an empty subject, or an older position, is told that the subject has moved on."""
    first = await ledger.append(workspace, entries(workspace, "a"), {sales(workspace): 0})
    await ledger.append(workspace, entries(workspace, "b"), {sales(workspace): first.last})
    for stale in (0, first.last):
        with pytest.raises(Conflict) as conflict:
            await ledger.append(workspace, entries(workspace, *"xy"[:count]), {sales(workspace): stale})
        assert conflict.value.subject == sales(workspace)
    assert await texts(ledger, workspace) == ["a", "b"]


@pytest.mark.parametrize("count", [1, 3])
async def test_of_many_writers_with_the_same_guard_exactly_one_wins(
    site: Settings, ledger: Ledger, workspace: str, count: int
) -> None:
    """Eight writers on two connections expect the same position, ten rounds long."""
    async with await Ledger.connect(site) as other:
        last, winners = 0, []
        for turn in range(10):

            async def write(number: int, expected: int, turn: int = turn) -> tuple[str, int] | None:
                name = f"{turn}/{number}"
                try:
                    appended = await (ledger, other)[number % 2].append(
                        workspace, entries(workspace, *[name] * count), {sales(workspace): expected}
                    )
                except Conflict:
                    return None
                return name, appended.last

            won = [each for each in await asyncio.gather(*(write(n, last) for n in range(8))) if each]
            assert len(won) == 1
            winners += [won[0][0]] * count
            last = won[0][1]
    assert await texts(ledger, workspace) == winners


async def test_a_guard_holds_against_unguarded_writers(
    site: Settings, ledger: Ledger, workspace: str
) -> None:
    """A guarded append that went through stands right behind the message it expected."""
    guarded: dict[int, int] = {}
    async with await Ledger.connect(site) as other:

        async def disturb() -> None:
            for number in range(30):
                await other.append(workspace, entries(workspace, f"u{number}"), {})

        async def guard() -> None:
            for number in range(60):
                last = await ledger.last(workspace, sales(workspace))
                expected = last.position if last else 0
                try:
                    appended = await ledger.append(
                        workspace, entries(workspace, f"g{number}"), {sales(workspace): expected}
                    )
                except Conflict:
                    continue
                guarded[appended.first] = expected

        await asyncio.gather(disturb(), guard())
    stored = [message.position for message in await messages(ledger, workspace)]
    assert guarded
    for position, expected in guarded.items():
        before = [each for each in stored if each < position]
        assert (before[-1] if before else 0) == expected


async def test_more_batches_at_once_than_the_server_allows(site: Settings, workspace: str) -> None:
    """The server takes 50 open batches for a stream; 160 at once from four processes all go through."""
    ledgers = [await Ledger.connect(site) for _ in range(4)]
    appended = await asyncio.gather(
        *(
            ledgers[number % 4].append(
                workspace, entries(workspace, *["x"] * 20, subject=f"kpi.k{number}"), {}
            )
            for number in range(160)
        )
    )
    assert sorted(each.first for each in appended) == list(range(2, 2 + 160 * 20, 20))
    for ledger in ledgers:
        await ledger.close()


@pytest.mark.parametrize("count", [1, 2])
async def test_a_used_message_id_is_refused(ledger: Ledger, workspace: str, count: int) -> None:
    """The whole append is refused when one of its message ids was used before; the guard may fit or not."""
    first = [Entry(sales(workspace), b"a", "request-1")]
    await ledger.append(workspace, first, {sales(workspace): 0})
    again = [*first, *entries(workspace, "b")][:count]
    for expected in (0, 2):
        with pytest.raises(Conflict):
            await ledger.append(workspace, again, {sales(workspace): expected})
    with pytest.raises(DuplicateId):
        await ledger.append(workspace, again, {})
    assert await texts(ledger, workspace) == ["a"]


async def test_an_append_has_1_to_1000_entries(ledger_1: Ledger, workspace: str) -> None:
    """Nothing and 1001 entries are refused; 1000 are stored."""
    for count in (0, 1001):
        with pytest.raises(InvalidAppend, match="1 to 1000 entries"):
            await ledger_1.append(workspace, entries(workspace, *["x"] * count), {})
    assert await ledger_1.append(workspace, entries(workspace, *["x"] * 1000), {}) == Appended(2, 1001)


@pytest.mark.parametrize("count", [1, 3])
async def test_an_event_has_at_most_256_kib(ledger: Ledger, workspace: str, count: int) -> None:
    """262,144 bytes are stored, one more is refused before anything is sent."""
    subject = sales(workspace)
    with pytest.raises(InvalidAppend, match="262145 bytes"):
        await ledger.append(workspace, [Entry(subject, b"x" * 262_145)] * count, {})
    await ledger.append(
        workspace, [Entry(subject, b"x" * 262_144, "id" * 20), *entries(workspace, "y", "z")], {}
    )
    assert [len(message.payload) for message in await messages(ledger, workspace)] == [262_144, 1, 1]


async def test_an_append_that_the_server_could_not_buffer_is_refused(
    ledger_1: Ledger, workspace: str
) -> None:
    """More than 32 MiB at once."""
    with pytest.raises(InvalidAppend, match="at most 33554432"):
        await ledger_1.append(workspace, [Entry(sales(workspace), b"x" * 262_144)] * 129, {})


@pytest.mark.parametrize(
    "subject",
    [
        "ledger.other.kpi.a",
        "ledger.{}.kpi.*",
        "ledger.{}.>",
        "ledger.{}",
        "ledger.{}.a b.c",
        "ledger.{}.kpi.a\r\nPUB x 0",
    ],
)
async def test_a_subject_must_be_literal_and_of_the_workspace(
    ledger_1: Ledger, workspace: str, subject: str
) -> None:
    """Another workspace's subject, a wildcard or white space is refused before anything is sent."""
    with pytest.raises(InvalidAppend, match="no subject of the ledger"):
        await ledger_1.append(workspace, [Entry(subject.format(workspace), b"x")], {})


async def test_a_guard_needs_an_entry_on_its_subject(ledger_1: Ledger, workspace: str) -> None:
    """A guard that could not be sent is refused instead of being forgotten."""
    with pytest.raises(InvalidAppend, match=r"a guarded subject has no entry: .*\.cost"):
        await ledger_1.append(workspace, entries(workspace, "x"), {f"ledger.{workspace}.kpi.cost": 0})


@pytest.mark.parametrize("count", [1, 2])
async def test_an_unknown_workspace_is_named(site: Settings, count: int) -> None:
    """There is no stream for it, which is not the same as an unavailable ledger."""
    async with await Ledger.connect(site, patience=5) as ledger:
        with pytest.raises(WorkspaceUnknown, match="nowhere"):
            await ledger.append("nowhere", entries("nowhere", *"ab"[:count]), {"ledger.nowhere.kpi.sales": 0})
        with pytest.raises(WorkspaceUnknown):
            await ledger.head("nowhere")
        with pytest.raises((WorkspaceUnknown, LedgerUnavailable)):
            await messages(ledger, "nowhere")
