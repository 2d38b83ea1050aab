"""The projector on a real ledger: it follows, takes over, starts over, and survives what it can't read."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text

from events.envelope import Event, encode
from events.ids import Aggregate, event_id, ledger_subject
from events.ledger.events import PositionWaived
from events.registry import EventData, event_type
from projections.groups import GROUPS
from projections.projection import Group
from services.ledger import Entry, StoredMessage
from services.ledger.provision import create_workspace
from services.postgres.views import NotThereYet, Views
from services.projector import builds
from services.projector.main import Projector
from services.projector.rebuild import RebuildRefused, rebuild
from services.projector.worker import BATCH
from services.runtime.settings import Settings
from tests.projections.contract.histories import a_quarter, reading_event
from tests.projector.conftest import Company
from tests.running import eventually, projecting

STATE = GROUPS["state"]
every_group = pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)


ORPHAN = reading_event("sales", "never", datetime(2026, 2, 1, tzinfo=UTC), [Decimal(1)], revision=1)
"""A correction of a reading that there is not: it can't be folded."""


def a_history(seed: int, steps: int) -> list[StoredMessage]:
    """A made-up quarter without the creation of its workspace, which the ledger has already."""
    return a_quarter(seed, steps)[1:]


def readings(first: int, count: int) -> list[Event]:
    """Ordinary readings of one KPI."""
    at = datetime(2026, 2, 3, 9, tzinfo=UTC)
    return [reading_event("sales", f"n{n}", at, [Decimal(n)]) for n in range(first, first + count)]


async def record(company: Company, *events: Event) -> int:
    """Append events as one batch."""
    entries = [Entry(ledger_subject(company.workspace, event.aggregate), encode(event)) for event in events]
    return (await company.ledger.append(company.workspace, entries, {})).last


def said(company: Company, kind: str, id_: str, data: EventData) -> Event:
    """An event that a person caused."""
    now = datetime(2026, 2, 3, tzinfo=UTC)
    aggregate = Aggregate(kind, id_)
    id_of = event_id(company.workspace, "person:anna", None, 0)
    return Event(id_of, event_type(data), company.workspace, aggregate, now, "person:anna", data, "because")


@every_group
async def test_a_rebuild_equals_what_was_built_live(
    company: Company, settings: Settings, group: Group
) -> None:
    """Followed in small steps while it is written, and built anew in large ones: the same rows."""
    async with projecting(settings):
        last = await company.record(a_history(1, steps=60))
        await company.visible(last, group)
        live = await company.tables(group)
        before = await company.build(group)
        seen: list[tuple[int, int]] = []
        await rebuild(company.engine, company.ledger, company.workspace, group, lambda *at: seen.append(at))
        assert await company.build(group) != before
        assert await company.tables(group) == live
        assert seen[-1] == (last, last)

        last = await record(company, *readings(0, 3))
        await company.visible(last, group)


async def test_a_reading_that_is_on_the_ledger_twice_counts_once_in_a_rebuild_too(
    company: Company, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading looks nothing up, so that what came in different batches is found when all is loaded."""
    monkeypatch.setattr("services.projector.rebuild.BATCH", 4)
    async with projecting(settings):
        await record(company, *readings(0, 10))
        last = await record(company, *readings(3, 4))
        await company.visible(last, STATE)
        live = await company.tables(STATE)
        assert len(live["reading"]) == 10
        await rebuild(company.engine, company.ledger, company.workspace, STATE)
        assert await company.tables(STATE) == live


async def test_it_tells_when_views_have_moved(company: Company, settings: Settings) -> None:
    """When the nudge of a group comes, its views show the position: nobody need ask all the time."""
    moved: dict[str, asyncio.Event] = {name: asyncio.Event() for name in GROUPS}
    async with projecting(settings), Views.connect(settings) as views:
        last = await record(company, *readings(0, 3))
        for group in GROUPS.values():
            await company.visible(last, group)

        def note(workspace: str, group: str) -> None:
            assert workspace == company.workspace
            moved[group].set()

        await company.ledger.subscribe_views(note)
        last = await record(company, *readings(3, 3))
        for name, event in moved.items():
            await asyncio.wait_for(event.wait(), 10)
            assert await views.position(company.workspace, name) == last


async def test_who_waits_for_views_is_woken_by_a_nudge(company: Company, settings: Settings) -> None:
    """And looks again; without any it looks now and then."""
    async with projecting(settings), Views.connect(settings) as views:
        last = await record(company, *readings(0, 3))
        await views.wait(company.workspace, last, timeout=20)
        waiting = asyncio.create_task(views.wait(company.workspace, last + 1, timeout=20))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        views.nudged(company.workspace, "state")
        await record(company, *readings(3, 1))
        await waiting
        with pytest.raises(NotThereYet, match=str(last + 1)):
            await views.wait(company.workspace, last + 2, timeout=0.2)


async def test_a_rebuild_while_readings_come_in_loses_none(company: Company, settings: Settings) -> None:
    """The live worker is fenced at the switch and goes on with the new build."""
    async with projecting(settings):
        await company.visible(await company.record(a_history(2, steps=20)), STATE)
        writing = asyncio.create_task(_keep_recording(company, 150))
        for _ in range(3):
            await rebuild(company.engine, company.ledger, company.workspace, STATE)
        last = await writing
        await company.visible(last, STATE)
        live = await company.tables(STATE)
    await rebuild(company.engine, company.ledger, company.workspace, STATE)
    assert await company.tables(STATE) == live


async def _keep_recording(company: Company, times: int) -> int:
    last = 0
    for n in range(times):
        last = await record(company, *readings(n * 4, 4))
        await asyncio.sleep(0.005)
    return last


async def test_two_projectors_share_the_work_and_one_takes_over(company: Company, settings: Settings) -> None:
    """Only one is active per workspace; when it goes, the other goes on from the checkpoint."""
    async with projecting(settings):
        async with projecting(settings):
            await company.visible(await record(company, *readings(0, 10)), STATE)
        last = await record(company, *readings(10, 10))
        await company.visible(last, STATE)
    assert len((await company.tables(STATE))["reading"]) == 20


async def test_an_empty_database_catches_up(company: Company, settings: Settings) -> None:
    """The checkpoint in PostgreSQL is the only cursor: without it everything is read again."""
    last = await company.record(a_history(3, steps=30))
    async with projecting(settings):
        await company.visible(last, STATE)
    tables = await company.tables(STATE)
    async with company.engine.begin() as connection:
        build = await company.build(STATE)
        await builds.forget(connection, build)
        await connection.execute(text(f'DROP SCHEMA "{build.schema}" CASCADE'))
        await connection.execute(text("DELETE FROM control.active_version"))
    async with projecting(settings):
        await company.visible(last, STATE)
    assert await company.tables(STATE) == tables


async def test_postgresql_away_for_a_while_is_waited_for(company: Company, settings: Settings) -> None:
    """Connections that break are made again; nothing is applied twice."""
    async with projecting(settings):
        await company.visible(await record(company, *readings(0, 5)), STATE)
        async with company.engine.connect() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                    "AND datname = current_database() AND usename = current_user"
                )
            )
        await company.visible(await record(company, *readings(5, 5)), STATE)
    assert len((await company.tables(STATE))["reading"]) == 10


UNREADABLE = {
    "no JSON": b"not json at all",
    "an array": b"[]",
    "wrong UTF-8": b'{"specversion": "1.0", "id": "\xff"}',
    "no CloudEvent": b'{"hello": "world"}',
    "wrong data": encode(readings(0, 1)[0]).replace(b'"kpi":"sales"', b'"kpi":7'),
    "a number that is none": encode(readings(7, 1)[0]).replace(b'"value":"7"', b'"value":"seven"'),
}


@pytest.mark.parametrize("payload", UNREADABLE.values(), ids=UNREADABLE)
async def test_an_undecodable_message_is_poison_and_its_neighbours_go_through(
    company: Company, settings: Settings, payload: bytes
) -> None:
    """It touches only itself; its position, aggregate and hash are on record."""
    good, other = readings(0, 2)
    entries = [
        Entry(f"ledger.{company.workspace}.reading.sales", p) for p in (encode(good), payload, encode(other))
    ]
    bad = (await company.ledger.append(company.workspace, entries, {})).first + 1
    async with projecting(settings):
        await company.visible(bad + 1, STATE)
    assert len((await company.tables(STATE))["reading"]) == 2
    (poison,) = await company.poisoned(STATE)
    assert (poison.position, poison.kind, poison.id, poison.waived) == (bad, "reading", "sales", False)
    assert "undecodable" in poison.error


async def test_unknown_event_types_and_versions_are_kept_and_skipped(
    company: Company, settings: Settings
) -> None:
    """A later version's events are no poison: they have no effect here."""
    payload = encode(readings(0, 1)[0])
    unknown = [
        payload.replace(b"reading.recorded.v1", new)
        for new in (b"reading.praised.v1", b"reading.recorded.v9")
    ]
    entries = [Entry(f"ledger.{company.workspace}.reading.sales", each) for each in [*unknown, payload]]
    last = (await company.ledger.append(company.workspace, entries, {})).last
    async with projecting(settings):
        await company.visible(last, STATE)
    assert len((await company.tables(STATE))["reading"]) == 1
    assert await company.poisoned(STATE) == []


async def test_a_value_that_postgresql_refuses_is_poison(company: Company, settings: Settings) -> None:
    """The run is halved until the one value is found; a day out of PostgreSQL's range is such a value."""
    events = readings(0, 9)
    payloads = [encode(event) for event in events]
    payloads[4] = payloads[4].replace(
        b'"source_id":"n4"', b'"source_version":99999999999999999999,"source_id":"n4"'
    )
    assert payloads[4] != encode(events[4])
    entries = [Entry(f"ledger.{company.workspace}.reading.sales", payload) for payload in payloads]
    appended = await company.ledger.append(company.workspace, entries, {})
    async with projecting(settings):
        await company.visible(appended.last, STATE)
    assert len((await company.tables(STATE))["reading"]) == 8
    (poison,) = await company.poisoned(STATE)
    assert poison.position == appended.first + 4


async def test_a_rebuild_fails_on_poison_until_it_is_waived(company: Company, settings: Settings) -> None:
    """There is no repair in place: new code, or somebody who says why, and a rebuild."""
    bad = await record(company, ORPHAN)
    payload = encode(ORPHAN)
    async with projecting(settings):
        await company.visible(bad, STATE)
        (poison,) = await company.poisoned(STATE)
        assert (poison.position, poison.waived) == (bad, False)
        before = await company.build(STATE)
        with pytest.raises(RebuildRefused, match=str(bad)):
            await rebuild(company.engine, company.ledger, company.workspace, STATE)
        assert await company.build(STATE) == before, "the live build goes on"

        waiver = PositionWaived(position=bad, hash=hashlib.sha256(payload).hexdigest())
        last = await record(company, said(company, "ledger", "positions", waiver))
        await rebuild(company.engine, company.ledger, company.workspace, STATE)
        await company.visible(last, STATE)
        (poison,) = await company.poisoned(STATE)
        assert (poison.position, poison.waived) == (bad, True)


async def test_another_version_of_a_group_is_built_beside_and_switched(
    company: Company, settings: Settings
) -> None:
    """A worker whose code is newer than the tables builds new ones and lets reads use them.

    Poison that nobody has decided about does not keep it from that: it stands beside the new ones, too.
    """
    await company.record(a_history(8, steps=20))
    last = await record(company, ORPHAN)
    async with projecting(settings, ["state"]):
        await company.visible(last, STATE)
    before = await company.build(STATE)
    newer = replace(STATE, version=STATE.version + 1)
    GROUPS["state"] = newer
    try:
        async with projecting(settings, ["state"]):

            async def switched() -> bool:
                return await company.build(STATE) != before

            await eventually(switched)
    finally:
        GROUPS["state"] = STATE
    assert await company.position(STATE) == last
    assert [poison.position for poison in await company.poisoned(STATE)] == [last]


async def test_a_long_ledger_is_read_by_nobody_until_its_first_views_are_whole(
    company: Company, settings: Settings
) -> None:
    """Half of it would look like all of it. An event that can't be folded stands beside them."""
    bad = await record(company, ORPHAN)
    for first in range(0, BATCH, 1000):
        last = await record(company, *readings(first, 1000))
    async with projecting(settings):

        async def shown() -> int:
            return await company.position(STATE)

        assert await eventually(shown) >= last
        await company.visible(last, GROUPS["audit"])
    assert len((await company.tables(STATE))["reading"]) == BATCH
    assert [poison.position for poison in await company.poisoned(STATE)] == [bad]


async def test_a_workspace_made_later_is_followed_too(
    company: Company, settings: Settings, operator_settings: Settings
) -> None:
    """Nobody has to restart a worker for a new workspace."""
    later = Company(company.ledger, company.engine, f"{company.workspace}-later")
    async with projecting(settings, only=[settings.workspace, later.workspace]):
        await create_workspace(operator_settings, later.workspace, name="Later", zone="UTC")
        await later.visible(1, STATE)
    assert [row[1] for row in (await later.tables(STATE))["version"]] == [later.workspace]


@pytest.mark.parametrize("ticks", range(6))
async def test_it_stops_in_the_moment_in_which_it_is_woken(
    company: Company, settings: Settings, ticks: int
) -> None:
    """A nudge some ticks of the event loop before the end does not swallow the end."""
    projector = Projector(settings, [STATE], only=[company.workspace])

    async def follows() -> bool:
        return await company.position(STATE) > 0

    async with asyncio.timeout(20), projector.running():
        await eventually(follows)
        projector._look.set()
        projector._workers[company.workspace].nudge()
        for _ in range(ticks):
            await asyncio.sleep(0)
