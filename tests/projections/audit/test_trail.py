"""The tables of group `audit` on a real PostgreSQL, and what its queries find in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from events.envelope import encode
from events.ids import Aggregate, ledger_subject, reading_id
from events.measures import Measure
from events.objectives.events import ObjectiveActivated, ObjectiveDrafted
from events.objectives.key_result_events import BaselineCorrected, CheckedIn, KeyResultAdded, TargetChanged
from events.registry import UnknownData
from events.sentences import sentence
from projections.audit.fold import AUDIT
from projections.audit.queries import EventBuilder, Goalpost, goalposts, recordings, trail_of
from projections.audit.references import references
from services.projector.writer import BuildWriter, decode
from services.runtime.settings import Settings
from tests.projections.contract.building import control, new_build
from tests.projections.contract.histories import WORKSPACE, History, reading_event, retraction

FIRST = date(2026, 1, 1)
NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
MEASURE = Measure(kind="increase", baseline=Decimal(50), target=Decimal(80), unit="KRW")
ADDED = KeyResultAdded(key_result="k1", title="ACV", measure=MEASURE, effective_from=FIRST, kpi="acv")


def target(old: int, new: int, day: date, *, backdated: bool = False) -> TargetChanged:
    """A change of the target of k1."""
    return TargetChanged(
        key_result="k1", old=Decimal(old), new=Decimal(new), effective_from=day, backdated=backdated
    )


@pytest.fixture
def history() -> History:
    """An objective whose goalposts move, readings of two feeds' worth of days, and what else may happen.

    Positions: 1 drafted, 2 added, 3 activated, 4 target, 5 and 6 readings, 7 correction, 8 check-in,
    9 retraction, 10 baseline, 11 unknown, 12 target.
    """
    history = History(Random(1))
    history.append("objective", "o1", ObjectiveDrafted(title="Grow", cycle="2026-q1", ambition="stretch"))
    history.append("objective", "o1", ADDED)
    history.append("objective", "o1", ObjectiveActivated())
    history.append("objective", "o1", target(80, 90, date(2026, 2, 1)), reason="the market grew")
    history.store([reading_event("acv", source, NOON, [Decimal(7)]) for source in ("s1", "s2")])
    history.store([reading_event("acv", "s1", NOON, [Decimal("7.5")], revision=1)])
    history.append("objective", "o1", CheckedIn(key_result="k1", day=FIRST, confidence=7, note="fine"))
    history.store([retraction("acv", "s2", 1)])
    history.append(
        "objective",
        "o1",
        BaselineCorrected(key_result="k1", old=Decimal(50), new=Decimal(40)),
        reason="misread",
    )
    unknown = encode(reading_event("acv", "s3", NOON, [Decimal(1)])).replace(
        b"reading.recorded", b"moon.rose"
    )
    history.put(ledger_subject(WORKSPACE, Aggregate("moon", "m1")), unknown)
    history.append("objective", "o1", target(90, 60, FIRST, backdated=True), reason="too hard")
    return history


@pytest.fixture
async def connection(settings: Settings, history: History) -> AsyncIterator[AsyncConnection]:
    """A connection on which the history is in the tables of group `audit`."""
    async with control(settings) as engine:
        build = await new_build(engine, AUDIT)
        writer = BuildWriter(engine, build, waived=frozenset())
        await writer.start()
        await writer.write(decode(history.messages))
        assert not writer.poisoned
        async with build.connect(engine) as connected:
            yield connected


async def positions(connection: AsyncConnection, what: str, known: int = 99) -> list[int]:
    """Where the trail of something stands."""
    found = await trail_of(connection, WORKSPACE, references(what), known=known)
    return [entry.position for entry in found]


async def test_the_trail_has_everything_but_ordinary_readings(connection: AsyncConnection) -> None:
    """Two readings at 5 and 6 are not in it; their correction and retraction are."""
    everything = await trail_of(connection, WORKSPACE, [], known=99)
    assert [entry.position for entry in everything] == [1, 2, 3, 4, 7, 8, 9, 10, 11, 12]


async def test_an_event_is_found_by_all_it_concerns(connection: AsyncConnection) -> None:
    """By objective, key result, KPI, reading and cycle."""
    assert await positions(connection, "o1") == [1, 2, 3, 4, 8, 10, 12]
    assert await positions(connection, "k1") == [2, 4, 8, 10, 12]
    assert await positions(connection, "kpi/acv") == [2, 7, 9, 11]
    assert await positions(connection, str(reading_id(WORKSPACE, "erp", "acv", "s1"))) == [7]
    assert await positions(connection, "cycle/2026-q1") == [1]
    assert await positions(connection, "objective/k1") == []


async def test_what_was_not_known_yet_is_not_told(connection: AsyncConnection) -> None:
    """As known at position 8."""
    assert await positions(connection, "k1", known=8) == [2, 4, 8]


async def test_a_long_trail_comes_in_pages_from_either_end(connection: AsyncConnection) -> None:
    """After one position and before another."""
    about = references("o1")
    oldest = await trail_of(connection, WORKSPACE, about, known=99, after=2, limit=2)
    newest = await trail_of(connection, WORKSPACE, about, known=99, before=12, newest_first=True, limit=3)
    assert [entry.position for entry in oldest] == [3, 4]
    assert [entry.position for entry in newest] == [10, 8, 4]


async def test_an_entry_is_the_event_as_it_stands_on_the_ledger(
    connection: AsyncConnection, history: History
) -> None:
    """Who, why, when and what, exactly; so it can say its sentence."""
    for entry in await trail_of(connection, WORKSPACE, [], known=10):
        (event,) = decode([history.messages[entry.position - 1]]).events
        # The hash of the request is for retries and tells an auditor nothing.
        assert entry.event == event.event._replace(request=None)
        assert entry.recorded_at == event.recorded_at
        assert "anna" in sentence(entry.event, "en") or "erp" in sentence(entry.event, "en")


async def test_an_event_nobody_knows_is_kept(connection: AsyncConnection) -> None:
    """With its data as it came."""
    (entry,) = await trail_of(connection, WORKSPACE, [], known=99, after=10, before=12)
    assert isinstance(entry.event.data, UnknownData)
    assert entry.event.data.raw["source_id"] == "s3"
    assert entry.event.name == "moon.rose"


async def test_goalposts_are_told_from_the_first_to_the_last(connection: AsyncConnection) -> None:
    """Two changes of target, one of them backdated, and one of the baseline, each with author and reason."""
    found = await goalposts(connection, WORKSPACE, "k1", objective="o1", known=99)

    def told(goalpost: Goalpost) -> tuple[object, ...]:
        return (
            goalpost.position,
            goalpost.what,
            goalpost.old,
            goalpost.new,
            goalpost.effective_from,
            goalpost.backdated,
            goalpost.reason,
        )

    assert [told(goalpost) for goalpost in found] == [
        (2, "target", None, Decimal(80), FIRST, False, None),
        (2, "baseline", None, Decimal(50), None, False, None),
        (4, "target", Decimal(80), Decimal(90), date(2026, 2, 1), False, "the market grew"),
        (10, "baseline", Decimal(50), Decimal(40), None, False, "misread"),
        (12, "target", Decimal(90), Decimal(60), FIRST, True, "too hard"),
    ]
    assert {goalpost.actor for goalpost in found} == {"person:anna"}
    assert [
        goalpost.position
        for goalpost in await goalposts(connection, WORKSPACE, "k1", objective="o1", known=4)
    ] == [
        2,
        2,
        4,
    ]


async def test_ordinary_readings_are_counted_by_day(connection: AsyncConnection, history: History) -> None:
    """Two of one feed, with the positions between which they stand."""
    day = history.messages[4].recorded_at.date()
    assert await recordings(connection, "acv", known=99) == [EventBuilder("erp", day, 2, 5, 6)]
    assert await recordings(connection, "acv", known=4) == []
    assert await recordings(connection, "other", known=99) == []
