"""Reading: every position once, in order, to the head."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime

import orjson
import pytest

from events.envelope import Event, UndecodableEvent, encode
from events.ids import Aggregate, event_id, ledger_subject
from events.kpis.events import KpiRetired
from events.registry import event_type
from services.ledger import Entry, Ledger, LedgerGap, recorded
from services.ledger.streams import ledger_stream
from services.runtime.settings import Settings
from tests.ledger.sites import entries, messages, provisioner


async def test_concurrent_appends_are_read_without_a_gap(
    site: Settings, ledger: Ledger, workspace: str
) -> None:
    """Three writers append batches of all sizes while a reader follows in fetches of seven."""
    total = 3 * (1 + 2 + 30 + 400)

    async def write(number: int) -> None:
        async with await Ledger.connect(site) as writer:
            for size in (1, 2, 30, 400):
                names = [f"{number}/{size}/{each}" for each in range(size)]
                await writer.append(workspace, entries(workspace, *names, subject=f"kpi.k{number}"), {})

    writing = asyncio.gather(*(write(number) for number in range(3)))
    position, ends = 1, 0
    async with asyncio.timeout(30):
        while position < 1 + total:
            async for batch in ledger.read(workspace, position, batch=7):
                assert len(batch) <= 7
                for message in batch:
                    assert message.position == position + 1
                    position = message.position
                    ends += message.batch_end
            await asyncio.sleep(0)
    await writing
    assert ends == 3 * 4


async def test_a_read_ends_at_the_head(ledger_1: Ledger, workspace: str) -> None:
    """From the start, from the middle, and at the head, where nothing comes."""
    await ledger_1.append(workspace, entries(workspace, *"abcde"), {})
    for after in (1, 3, 6):
        found = await messages(ledger_1, workspace, after, batch=2)
        assert "".join(message.payload.decode() for message in found) == "abcde"[after - 1 :]


async def test_recorded_at_is_the_time_of_the_server_in_utc(ledger_1: Ledger, workspace: str) -> None:
    """It never goes back along the positions, and the leader and a direct get tell the same."""
    await ledger_1.append(workspace, entries(workspace, *"abcde"), {})
    found = await messages(ledger_1, workspace, 0)
    times = [message.recorded_at for message in found]
    assert times == sorted(times)
    assert all(str(time.tzinfo) == "UTC" for time in times)
    assert await ledger_1.last(workspace, f"ledger.{workspace}.kpi.sales") == found[-1]


async def test_large_messages_end_a_fetch_early(ledger_1: Ledger, workspace: str) -> None:
    """50 events of 256 KiB are 12.5 MiB: they come in several lists, of which none is over 9 MiB."""
    big = Entry(f"ledger.{workspace}.kpi.sales", b"x" * 262_144)
    await ledger_1.append(workspace, [big] * 50, {})
    sizes = [len(batch) async for batch in ledger_1.read(workspace, 1)]
    assert sum(sizes) == 50
    assert max(sizes) * 262_144 <= 9 * 1024 * 1024


async def test_only_the_messages_of_a_subject(ledger: Ledger, workspace: str) -> None:
    """A literal subject, or one with wildcards, after a position; they may be far apart."""
    for turn in range(5):
        await ledger.append(workspace, entries(workspace, f"a{turn}", subject="kpi.a"), {})
        await ledger.append(workspace, entries(workspace, *["x"] * 50, subject="reading.b"), {})
    for subject in (f"ledger.{workspace}.kpi.a", f"ledger.{workspace}.kpi.*"):
        found = await messages(ledger, workspace, 2, subject=subject, batch=2)
        assert [message.payload for message in found] == [b"a1", b"a2", b"a3", b"a4"]
    assert await messages(ledger, workspace, 0, subject=f"ledger.{workspace}.kpi.none") == []


async def test_an_aggregate_is_loaded_with_all_that_was_acked(
    site: Settings, ledger: Ledger, workspace: str
) -> None:
    """On three nodes too: whoever appends and loads at once sees what was appended, 60 times over."""
    aggregate = Aggregate("kpi", "sales")
    subject = ledger_subject(workspace, aggregate)
    last = 0
    async with await Ledger.connect(site) as other:
        for number in range(1, 61):
            payload = encode(_event(workspace, aggregate, number))
            last = (await ledger.append(workspace, [Entry(subject, payload)], {subject: last})).last
            events = await other.load(workspace, aggregate)
            assert len(events) == number
            assert events[-1].position == last
            assert events[-1].event.aggregate == aggregate
    assert [event.position for event in await ledger.load(workspace, aggregate, last - 2)] == [last - 1, last]
    assert await ledger.load(workspace, Aggregate("kpi", "none")) == []


async def test_a_missing_position_stops_the_reader(one_node: Settings, ledger_1: Ledger) -> None:
    """A stream from which somebody could delete: the hole is named, not skipped."""
    async with provisioner(one_node) as client:
        stream = {**ledger_stream("holed", 1), "deny_delete": False}
        await client.request("$JS.API.STREAM.CREATE.LEDGER_holed", orjson.dumps(stream))
        await ledger_1.append("holed", entries("holed", *"abcde"), {})
        await client.request("$JS.API.STREAM.MSG.DELETE.LEDGER_holed", b'{"seq":3}')
        with pytest.raises(LedgerGap, match="positions 3 to 3 are missing") as gap:
            await messages(ledger_1, "holed", 0)
        assert (gap.value.after, gap.value.found) == (2, 4)
        with pytest.raises(LedgerGap):
            await messages(ledger_1, "holed", 2)
        assert len(await messages(ledger_1, "holed", 3)) == 2
        await client.request("$JS.API.STREAM.DELETE.LEDGER_holed")


async def test_a_ledger_that_ends_before_what_was_read_is_another_one(
    ledger_1: Ledger, workspace: str
) -> None:
    """A reader whose position lies behind the head does not wait for ever."""
    with pytest.raises(LedgerGap, match="ends at position 1, but position 7 was read before"):
        await messages(ledger_1, workspace, 7)


async def test_breaking_off_leaves_nothing_behind(ledger_1: Ledger, workspace: str) -> None:
    """What was fetched ahead is dropped."""
    await ledger_1.append(workspace, entries(workspace, *["x"] * 100), {})
    async with aclosing(ledger_1.read(workspace, 0, batch=10)) as batches:
        async for _ in batches:
            break
    assert ledger_1.client._waiting == {}


async def test_what_is_no_event_can_be_read_but_not_decoded(ledger_1: Ledger, workspace: str) -> None:
    """Something put on the ledger by hand, without any header: it has a position, and its neighbours too."""
    await ledger_1.client.publish(f"ledger.{workspace}.kpi.sales", b"\xff\x00")
    await ledger_1.client.publish(f"ledger.{workspace}.kpi.sales", b"")
    await ledger_1.append(workspace, entries(workspace, "a", "b"), {})
    found = await messages(ledger_1, workspace, 0)
    assert [message.position for message in found] == [1, 2, 3, 4, 5]
    assert [message.batch_end for message in found] == [True, True, True, False, True]
    assert [message.payload for message in found[1:]] == [b"\xff\x00", b"", b"a", b"b"]
    for message in found[1:]:
        with pytest.raises(UndecodableEvent):
            recorded(message)


def _event(workspace: str, aggregate: Aggregate, number: int) -> Event:
    data = KpiRetired()
    now = datetime.now(UTC)
    id_ = event_id(workspace, "person:anna", "key", number)
    return Event(id_, event_type(data), workspace, aggregate, now, "person:anna", data)
