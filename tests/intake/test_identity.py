"""The identity of a reading on real servers: whatever PostgreSQL knows so far, nothing is taken twice."""

from __future__ import annotations

import asyncio
import unicodedata
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from events.envelope import decode
from events.readings.events import ReadingRecorded
from services.intake.intake import Intake
from tests.intake.desk import Desk, item, statuses


async def test_a_first_batch_is_accepted_in_order(desk: Desk, intake: Intake) -> None:
    """Positions follow each other, and each event is the reading."""
    receipts = await desk.send(intake, [item(f"o{n}", n) for n in range(2500)])
    assert statuses(receipts) == ["accepted"] * 2500
    first = receipts[0].position
    assert first is not None
    assert [receipt.position for receipt in receipts] == list(range(first, first + 2500))
    messages = await desk.ledger_messages()
    assert [decode(m.payload).id for m in messages[-2500:]] == [UUID(receipt.id) for receipt in receipts]


@pytest.mark.parametrize("projected", ["nothing", "half", "all"])
@pytest.mark.parametrize("process", ["the same", "another"])
async def test_sent_again_nothing_happens(desk: Desk, intake: Intake, projected: str, process: str) -> None:
    """Every item is a duplicate that names the first position, however far the views are."""
    items = [item(f"o{n}", n) for n in range(1500)]
    first = await desk.send(intake, items)
    head = await desk.ledger.head(desk.workspace)
    if projected != "nothing":
        await desk.project(head - 700 if projected == "half" else None)
    again = await desk.send(intake if process == "the same" else desk.intake(), items[::-1])
    assert statuses(again) == ["duplicate"] * 1500
    assert [r.position for r in again] == [r.position for r in first[::-1]]
    assert await desk.ledger.head(desk.workspace) == head


async def test_within_one_request_too(desk: Desk, intake: Intake) -> None:
    """The second of two equal items in one batch is a duplicate of the first."""
    receipts = await desk.send(intake, [item("a"), item("a"), item("a", "2"), item("b"), item("a", "2")])
    assert statuses(receipts) == ["accepted", "duplicate", "conflict", "accepted", "conflict"]
    assert receipts[1].position == receipts[0].position
    assert receipts[4].position == receipts[2].position


@pytest.mark.parametrize("known_by", ["the process", "the views", "the ledger"])
async def test_a_figure_so_far_is_replaced_by_the_next_one(desk: Desk, intake: Intake, known_by: str) -> None:
    """Of a feed that declares no revisions, too, whoever knows what is on record; a final one is not."""
    year = datetime.now(UTC).year

    def figure(period: int, value: int) -> dict[str, Any]:
        body = item(str(period), value) | {"period": str(period)}
        return {name: told for name, told in body.items() if name != "observed_at"}

    async def sent(value: int) -> list[str]:
        by = intake if known_by == "the process" else desk.intake()
        by._now = clock
        found = statuses(await desk.send(by, [figure(year - 1, value), figure(year, value)]))
        if known_by == "the views":
            await desk.project()
        return found

    async def clock(_workspace: str) -> datetime:
        return datetime.now(UTC)

    assert await sent(1) == ["accepted", "accepted"]
    assert await sent(2) == ["conflict", "accepted"]
    assert await sent(2) == ["conflict", "duplicate"]
    assert await sent(1) == ["duplicate", "accepted"]
    both = [figure(year, 3), figure(year, 4), figure(year, 4)]
    by = desk.intake()
    by._now = clock
    receipts = await desk.send(by, both)
    assert statuses(receipts) == ["accepted", "accepted", "duplicate"]
    assert [receipt.revision for receipt in receipts] == [3, 4, 0]


@pytest.mark.parametrize("count", [2, 4])
async def test_processes_that_race_the_same_readings(desk: Desk, count: int) -> None:
    """Each reading is accepted exactly once, whoever is first."""
    items = [item(f"o{n}", n) for n in range(3000)]
    orders = [items, items[::-1], items[1500:] + items[:1500], items[::2] + items[1::2]][:count]
    answers = await asyncio.gather(*(desk.send(desk.intake(), order, chunk=200) for order in orders))
    accepted = Counter(r.source_id for receipts in answers for r in receipts if r.status == "accepted")
    assert accepted == Counter(f"o{n}" for n in range(3000))
    assert {s for receipts in answers for s in statuses(receipts)} <= {"accepted", "duplicate"}
    events = [decode(m.payload) for m in await desk.ledger_messages()]
    ids = [event.id for event in events if event.name == "reading.recorded"]
    assert len(ids) == len(set(ids)) == 3000


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        ("주문-1", unicodedata.normalize("NFD", "주문-1"), "주문-1"),
        ("Référence 7", unicodedata.normalize("NFD", "Référence 7"), "Référence 7"),
        ("SO-1", "SO-1 ", "SO-1"),
        ("SO-1", "\u00a0SO-1", "SO-1"),
        ("a b", "a b\u3000", "a b"),
    ],
)
async def test_an_id_is_one_however_its_characters_are_composed(
    desk: Desk, intake: Intake, one: str, other: str, kept: str
) -> None:
    """Two systems write one id in two normal forms, or with blanks around it; its receipt has it as sent."""
    first, again = await desk.send(intake, [item(other), item(one)])
    assert (first.status, again.status) == ("accepted", "duplicate")
    assert (first.id, first.source_id) == (again.id, other)
    recorded = decode((await desk.ledger_messages())[-1].payload).data
    assert isinstance(recorded, ReadingRecorded)
    assert recorded.source_id == kept


async def test_an_id_of_blanks_is_none(desk: Desk, intake: Intake) -> None:
    """Nothing is left of it."""
    [receipt] = await desk.send(intake, [item(" \u3000")])
    assert receipt.rejected is not None
    assert (receipt.rejected.code, receipt.rejected.pointer) == ("wrong_length", "#/source_id")
