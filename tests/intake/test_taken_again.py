"""Deliveries whose readings a ledger lost, or that came before it was accepted, are taken in again."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nats
import orjson
import pytest

from events.envelope import Event, decode, encode
from events.ids import Aggregate, event_id, ledger_subject
from events.kpis.events import KpiDefined
from events.registry import event_type
from services.intake.main import IntakeProcess
from services.keys.keys import Keys
from services.ledger import Entry, Ledger
from services.ledger.deliveries import Deliveries
from services.ledger.stream_api import stream_name
from tests.intake.desk import item
from tests.lost_ledgers import Place, accepted, keys, place
from tests.running import eventually, projecting
from tests.servers import TestDatabase, make_settings

__all__ = ["keys", "place"]  # fixtures

pytestmark = pytest.mark.own_database


@pytest.mark.faults
async def test_what_was_lost_or_stepped_over_is_taken_in_again(
    place: Place, database: TestDatabase, keys: Keys, tmp_path: Path
) -> None:
    """INTAKE still has it, so nobody has to send it again; what the ledger kept is a duplicate."""
    settings = make_settings(
        place.nats, database, workspace=place.workspace, data=tmp_path / "data", role="intake"
    )
    await define_kpi(place)
    process = IntakeProcess(settings)
    async with projecting(place.settings), process.running():
        await process.broker.start()
        await place.visible(2)
        await publish(place, "kept")
        await eventually(lambda: recorded(place, "kept"))
        await place.copy_to(tmp_path / "copy")
        await publish(place, "lost")
        await eventually(lambda: recorded(place, "lost"))
        async with await Ledger.connect(place.operator) as ledger:
            await place.visible(await ledger.head(place.workspace))

        await restore_ledger_only(place, tmp_path / "copy")
        await place.set_aside()
        await publish(place, "meanwhile")
        await accepted(place, keys)
        for source_id in ("lost", "meanwhile"):
            await eventually(lambda id_=source_id: recorded(place, id_), seconds=40)  # type: ignore[misc]
        await process.broker.stop()
    assert sorted(await readings(place)) == ["kept", "lost", "meanwhile"]


async def test_a_delivery_is_found_by_its_time(place: Place) -> None:
    """The last one that was stored before a moment, or none."""
    for n in range(7):
        await publish(place, f"n{n}")
    async with await Ledger.connect(place.operator) as ledger:
        deliveries = Deliveries(ledger.client, patience=5)
        stored = [each async for run in deliveries.read(0) for each in run]
        assert [await deliveries.before(each.stored_at) for each in stored] == [0, 1, 2, 3, 4, 5, 6]
        assert await deliveries.before(datetime.now(UTC) + timedelta(days=1)) == 7


async def define_kpi(place: Place) -> None:
    """Define what readings are of."""
    data = KpiDefined(
        name_ko="sales",
        name_en="sales",
        unit="KRW",
        kind="delta",
        aggregation="sum",
        cadence="month",
        empty="missing",
    )
    aggregate, now = Aggregate("kpi", "sales"), datetime.now(UTC)
    id_ = event_id(place.workspace, "person:anna", None, 0)
    event = Event(id_, event_type(data), place.workspace, aggregate, now, "person:anna", data)
    await place.append([Entry(ledger_subject(place.workspace, aggregate), encode(event))])


async def publish(place: Place, source_id: str) -> None:
    """Publish a reading as a feed does."""
    data = item(source_id)
    cloud_event = {
        "specversion": "1.0",
        "id": data.pop("source_id"),
        "source": "/erp",
        "type": "sale",
        "time": data.pop("observed_at"),
        "data": data,
    }
    login = place.nats.users.sender
    client = await nats.connect(place.nats.url, user=login.user, password=login.password)
    await client.publish(f"intake.{place.workspace}.erp", orjson.dumps(cloud_event))
    await client.flush()
    await client.close()


async def readings(place: Place) -> list[str]:
    """Return the source ids of the readings on the ledger."""
    async with await Ledger.connect(place.operator) as ledger:
        subject = f"ledger.{place.workspace}.reading.>"
        messages = [m async for run in ledger.read(place.workspace, 0, subject=subject) for m in run]
    return [decode(message.payload).data.source_id for message in messages]  # type: ignore[attr-defined]


async def recorded(place: Place, source_id: str) -> bool:
    """Whether a reading is on the ledger."""
    return source_id in await readings(place)


async def restore_ledger_only(place: Place, copy: Path) -> None:
    """Put back the older files of the ledger; INTAKE stays as it is."""
    await asyncio.to_thread(place.nats.server.stop)
    name = stream_name(place.workspace)
    _exchange(place.nats.server.directory, copy, f"jetstream/*/streams/{name}")
    await asyncio.to_thread(place.nats.server.start)


def _exchange(directory: Path, copy: Path, pattern: str) -> None:
    """Put a directory of a copy in the place of the one that is there."""
    (there,) = directory.glob(pattern)
    (older,) = copy.glob(pattern)
    shutil.rmtree(there)
    shutil.copytree(older, there)
