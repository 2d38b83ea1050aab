"""What intake knows, when PostgreSQL is behind, goes back, is empty, or could not take something."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from events.envelope import decode
from events.ids import Aggregate
from events.readings.events import ReadingCorrected, ReadingRetracted
from projections.control import active
from services.intake import deduplication
from services.intake.corrections import Correction, Order, ReadingUnknown
from services.intake.deduplication import FarBehind
from services.intake.intake import Intake
from services.intake.receipts import Receipt
from services.ledger import Ledger
from services.ledger.append import Appended
from services.postgres.views import ViewsDamaged, ViewsUnavailable
from services.runtime.settings import Role, Settings
from tests.intake.desk import Desk, item, statuses


async def test_a_kpi_that_was_defined_a_moment_ago(desk: Desk, intake: Intake) -> None:
    """Before an unknown KPI is said to be unknown the ledger is asked; neighbours do not wait for it."""
    assert statuses(await desk.send(intake, [item("a", kpi="new"), item("b")])) == ["rejected", "accepted"]
    await desk.define("new")
    assert statuses(await desk.send(intake, [item("a", kpi="new")])) == ["accepted"]


async def test_what_others_appended_is_known(desk: Desk, intake: Intake) -> None:
    """Another process's readings are found in its tail of the ledger, after a refused append."""
    other = desk.intake()
    await desk.send(intake, [item("a")])
    await desk.send(other, [item("b"), item("a", "2")])
    again = await desk.send(intake, [item("b"), item("a", "2"), item("c")])
    assert statuses(again) == ["duplicate", "conflict", "accepted"]


async def test_corrections_by_others_are_known(desk: Desk, intake: Intake) -> None:
    """Also when PostgreSQL does not have them yet: the next revision follows on theirs."""
    await desk.declare("erp", revisions="in_order")
    await desk.send(intake, [item("a", "1")])
    (second,) = await desk.send(desk.intake(), [item("a", "2")])
    (third,) = await desk.send(intake, [item("a", "3")])
    assert (second.revision, third.revision) == (1, 2)
    events = [decode(message.payload) for message in await desk.ledger_messages()]
    corrected = [event.data for event in events if isinstance(event.data, ReadingCorrected)]
    assert [data.revision for data in corrected] == [1, 2]


async def test_what_another_process_took_a_moment_ago_can_be_corrected(desk: Desk, intake: Intake) -> None:
    """A process that knows the KPI's readings up to a point does not take the next one for unknown."""
    corrections, correction = desk.corrections(), Correction(value=Decimal(2))
    for source in "ab":
        await desk.send(intake, [item(source)])
        order = Order(desk.workspace, desk.id_of(source), "person:anna", "why", kpi="sales")
        assert (await corrections.correct(order, correction)).revision == 1
    unknown = Order(desk.workspace, desk.id_of("c"), "person:anna", "why", kpi="sales")
    with pytest.raises(ReadingUnknown):
        await corrections.correct(unknown, correction)


@pytest.mark.parametrize("projected", [True, False])
async def test_in_order_what_comes_last_holds(desk: Desk, intake: Intake, projected: bool) -> None:
    """Also what was said before, with a first version too, and what was retracted; views behind or not."""
    await desk.declare("erp", revisions="in_order")
    versions = [None, None, 3, 3, None]
    items = [item("a", value, source_version=n) for value, n in zip("89889", versions, strict=True)]
    wanted = ["accepted", "accepted", "accepted", "duplicate", "accepted"]
    found = []
    for one in items:
        if projected:
            await desk.project()
        found += statuses(await desk.send(desk.intake(), [one]))
    assert found == wanted
    assert statuses(await desk.send(intake, [item("b", value) for value in "898"])) == ["accepted"] * 3
    await desk.corrections().retract(
        Order(desk.workspace, desk.id_of("b"), "person:anna", "why", kpi="sales")
    )
    if projected:
        await desk.project()
    assert statuses(await desk.send(intake, [item("b", "8"), item("b", "8")])) == ["accepted", "duplicate"]


@pytest.mark.parametrize("revisions", ["none", "in_order"])
async def test_what_was_retracted_comes_again(desk: Desk, intake: Intake, revisions: str) -> None:
    """It counts where what comes last holds; else a person decides."""
    await desk.declare("erp", revisions=revisions)
    await desk.send(intake, [item("a")])
    await desk.corrections().retract(
        Order(desk.workspace, desk.id_of("a"), "person:anna", "why", kpi="sales")
    )
    wanted = "accepted" if revisions == "in_order" else "conflict"
    assert statuses(await desk.send(intake, [item("a")])) == [wanted]


@pytest.mark.parametrize(
    "when",
    [
        {"observed_at": "2026-06-01T09:00:00+09:00"},
        {"observed_at": "2026-06-01T09:00:00"},
        {"period": "2026-05", "observed_at": None},
        {"period": "2025", "observed_at": None},
        {"period": "2026-W22", "observed_at": None},
        {"period": "2026-06-01", "observed_at": None},
    ],
)
@pytest.mark.parametrize("dimensions", [None, {"region": "Seoul", "a": "b"}])
async def test_a_person_accepts_what_was_disputed(
    desk: Desk, intake: Intake, when: dict[str, str | None], dimensions: dict[str, str] | None
) -> None:
    """The feed's value is in force then, in whatever form it said the time: sent again it is known."""
    await desk.declare("erp", zone="Europe/Berlin")
    first, other = (item("a", value, dimensions=dimensions) | when for value in "12")
    assert statuses(await desk.send(intake, [first, other])) == ["accepted", "conflict"]
    order = Order(desk.workspace, desk.id_of("a"), "person:anna", "the feed is right", kpi="sales")
    await desk.corrections().correct(order, Correction.model_validate({"value": "2"}))
    assert statuses(await desk.send(intake, [other, first])) == ["duplicate", "conflict"]


async def test_a_versioned_feed_needs_versions(desk: Desk, intake: Intake) -> None:
    """One without is rejected by itself; the declaration is asked for anew before."""
    await desk.declare("erp", revisions="versioned")
    receipts = await desk.send(intake, [item("a"), item("b", source_version=1)])
    assert statuses(receipts) == ["rejected", "accepted"]
    assert receipts[0].rejected is not None
    assert (receipts[0].rejected.code, receipts[0].rejected.pointer) == (
        "source_version_missing",
        "#/source_version",
    )


async def test_the_database_goes_back(desk: Desk, intake: Intake) -> None:
    """As after a restore: what it forgot is read from the ledger again."""
    items = [item(f"o{n}", n) for n in range(600)]
    first = await desk.send(intake, items)
    await desk.project()
    assert statuses(await desk.send(intake, items)) == ["duplicate"] * 600
    await desk.begin_views()  # a new, empty build takes over
    again = await desk.send(intake, items[::-1])
    assert [r.position for r in again] == [r.position for r in first[::-1]]
    assert statuses(again) == ["duplicate"] * 600


@pytest.mark.parametrize("lost", ["all", "those of one KPI"])
async def test_views_that_lost_readings_take_none_for_new(desk: Desk, intake: Intake, lost: str) -> None:
    """Neither a process that knows where they ended, nor one that has just begun; others go on."""
    await desk.define("other")
    known = [item(f"o{n}") for n in range(20)]
    await desk.send(intake, [*known, item("o0", kpi="other")])
    await desk.project()
    where = "" if lost == "all" else " WHERE kpi = 'sales'"
    async with desk.engine.begin() as connection:
        views = await active(connection, desk.workspace, "state")
        assert views is not None
        await connection.execute(text(f'DELETE FROM "{views.schema_name}".reading{where}'))
    for process in (intake, desk.intake(), desk.intake()):
        with pytest.raises(ViewsDamaged):
            await desk.send(process, known)
    order = Order(desk.workspace, desk.id_of("o1"), "person:anna", "wrong", kpi="sales")
    with pytest.raises(ViewsDamaged):
        await desk.corrections().retract(order)
    if lost != "all":
        assert statuses(await desk.send(intake, [item("o1", kpi="other")])) == ["accepted"]
    await desk.begin_views()
    await desk.project()
    assert statuses(await desk.send(intake, known)) == ["duplicate"] * 20


async def test_no_build_yet(settings_for: Callable[[Role], Settings], desk: Desk) -> None:
    """Everything is in the tail then."""
    async with desk.engine.begin() as connection:
        await connection.execute(text("DELETE FROM control.active_version"))
    intake = desk.intake()
    assert statuses(await desk.send(intake, [item("a"), item("b")])) == ["accepted"] * 2
    assert statuses(await desk.send(desk.intake(), [item("a"), item("c")])) == ["duplicate", "accepted"]


async def test_what_no_table_has(desk: Desk, intake: Intake) -> None:
    """A reading that the fold refused is known all the same, from the ledger."""
    receipts = await desk.send(intake, [item("a"), item("b")])
    await desk.project()
    async with desk.engine.begin() as connection:
        schema = (
            await connection.execute(text("SELECT schema_name FROM control.active_version"))
        ).scalar_one()
        await connection.execute(text(f"DELETE FROM \"{schema}\".reading WHERE source_id = 'a'"))
        await connection.execute(
            text(
                "INSERT INTO control.poison SELECT workspace, grp, build, :position, 'reading', 'sales', 'x',"
                " 'x', false FROM control.active_version"
            ),
            {"position": receipts[0].position},
        )
    again = await desk.send(desk.intake(), [item("b"), item("a"), item("a", "2")])
    assert statuses(again) == ["duplicate", "duplicate", "conflict"]
    assert again[1].position == receipts[0].position


async def test_rubbish_on_the_subject(desk: Desk, intake: Intake) -> None:
    """What somebody put there by hand is stepped over; the guard knows of it."""
    await desk.send(intake, [item("a")])
    await desk.append(Aggregate("reading", "sales"), b"rubbish")
    await desk.append(Aggregate("reading", "sales"), b'{"specversion": "1.0"}')
    assert statuses(await desk.send(intake, [item("a"), item("b")])) == ["duplicate", "accepted"]


async def test_the_tail_is_pruned(desk: Desk, intake: Intake) -> None:
    """What PostgreSQL knows is not kept in memory."""
    await desk.send(intake, [item(f"o{n}") for n in range(500)])
    readings = intake.known_readings(desk.workspace)
    assert len(readings._tail) == 500
    await desk.project()
    await desk.send(intake, [item("new")])
    assert list(readings._tail) == [(await desk.send(intake, [item("new")]))[0].id]


async def test_views_that_are_far_behind(desk: Desk, intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings are refused for a while rather than held in memory; then they go on."""
    monkeypatch.setattr(deduplication, "FARTHEST_BEHIND", 100)
    await desk.send(intake, [item(f"o{n}") for n in range(150)], chunk=75)
    for process in (intake, desk.intake()):
        with pytest.raises(FarBehind):
            await desk.send(process, [item("more")])
    await desk.project()
    assert statuses(await desk.send(intake, [item("more"), item("o7")])) == ["accepted", "duplicate"]


async def test_postgresql_is_away(desk: Desk, settings_for: Callable[[Role], Settings]) -> None:
    """Nobody knows what is new, so nothing is taken."""
    settings = settings_for("intake")
    nowhere = settings.model_copy(
        update={"database_url": type(settings.database_url)("postgresql://nobody@127.0.0.1:1/nothing")}
    )
    intake = Intake.connect(nowhere, desk.ledger)
    head = await desk.ledger.head(desk.workspace)
    with pytest.raises(ViewsUnavailable):
        await desk.send(intake, [item("a")])
    assert await desk.ledger.head(desk.workspace) == head
    await intake.close()


class Forgetful:
    """A ledger whose answers to appends are lost: the caller does not learn what became of them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.losing = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def append(self, *args: Any, **more: Any) -> Appended:
        """Append, and lose the answer of the next ones."""
        appended = await self._ledger.append(*args, **more)
        if self.losing:
            self.losing -= 1
            raise asyncio.CancelledError
        return appended


async def test_an_answer_that_is_lost(desk: Desk) -> None:
    """The request ends, nobody knows how; sent again, what was stored is found."""
    forgetful = Forgetful(desk.ledger)
    intake = Intake.connect(desk.settings, forgetful)  # type: ignore[arg-type]
    await desk.send(intake, [item("z")])
    forgetful.losing = 1
    with pytest.raises(asyncio.CancelledError):
        await desk.send(intake, [item(f"o{n}") for n in range(100)])
    head = await desk.ledger.head(desk.workspace)
    again = await desk.send(intake, [item(f"o{n}") for n in range(100)])
    assert statuses(again) == ["duplicate"] * 100
    assert await desk.ledger.head(desk.workspace) == head
    await intake.close()


async def test_corrections_and_deliveries_race(desk: Desk) -> None:
    """A person corrects while two processes send revisions: every revision number is there once."""
    await desk.declare("erp", revisions="in_order")
    await desk.project()
    senders = [desk.intake(), desk.intake()]
    (first,) = await desk.send(senders[0], [item("a", "0")])
    assert first.id is not None
    corrections = desk.corrections()

    async def correct(n: int) -> None:
        order = Order(desk.workspace, first.id or "", "person:anna", "because", kpi="sales")
        await corrections.correct(order, Correction.model_validate({"value": str(1000 + n)}))

    async def send(sender: Intake, start: int) -> list[Receipt]:
        return [r for n in range(10) for r in await desk.send(sender, [item("a", str(start + n))])]

    correcting = asyncio.gather(*(correct(n) for n in range(10)))
    sent = await asyncio.gather(send(senders[0], 100), send(senders[1], 200))
    await correcting
    assert [statuses(receipts) for receipts in sent] == [["accepted"] * 10] * 2
    events = [decode(message.payload) for message in await desk.ledger_messages()]
    revisions = [event.data.revision for event in events if isinstance(event.data, ReadingCorrected)]
    assert revisions == list(range(1, 31))
    await corrections.retract(Order(desk.workspace, first.id, "person:anna", "because", kpi="sales"))
    last = decode((await desk.ledger_messages())[-1].payload)
    assert isinstance(last.data, ReadingRetracted)
    assert last.data.revision == 31
