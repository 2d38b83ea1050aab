"""What feeds publish to NATS, with the intake process and real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import nats
import orjson
import pytest
from nats.aio.client import Client
from sqlalchemy import update
from sqlalchemy.ext.asyncio import create_async_engine

from events.envelope import decode
from services.intake.checkpoints import checkpoint
from services.intake.main import IntakeProcess
from services.ledger.provision import provision
from services.ledger.stream_api import FullMessage, StreamApi
from services.runtime.background import failing
from services.runtime.settings import Role, Settings
from tests.intake.desk import Desk, item
from tests.running import eventually
from tests.servers import TestNats


def event(source_id: str, value: Any = "1", **fields: Any) -> dict[str, Any]:
    """A CloudEvent."""
    data = item(source_id, value, **fields)
    return {
        "specversion": "1.0",
        "id": data.pop("source_id"),
        "source": "/erp",
        "type": "sale",
        "time": data.pop("observed_at"),
        "data": data,
    }


@pytest.fixture
async def streams(operator_settings: Settings, desk: Desk) -> None:
    """INTAKE and REJECTED are there."""
    await provision(operator_settings)


@pytest.fixture
def running(
    streams: None, settings_for: Callable[[Role], Settings]
) -> Callable[[], AsyncIterator[IntakeProcess]]:
    """Runs an intake process."""

    @asynccontextmanager
    async def run() -> AsyncIterator[IntakeProcess]:
        process = IntakeProcess(settings_for("intake"))
        async with process.running():
            await process.broker.start()
            try:
                yield process
            finally:
                await process.broker.stop()

    return run  # type: ignore[return-value]


@pytest.fixture(autouse=True)
async def sender(nats_server: TestNats, desk: Desk) -> AsyncIterator[Client]:
    """A connection as systems that send have it."""
    login = nats_server.users.sender
    client = await nats.connect(nats_server.url, user=login.user, password=login.password)
    desk.sender = client
    yield client
    await client.close()


async def publish(desk: Desk, payload: bytes, *, feed: str = "erp", **headers: str) -> None:
    """Publish as a feed does."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    assert desk.sender is not None
    await desk.sender.publish(f"intake.{desk.workspace}.{feed}", payload, headers=named or None)
    await desk.sender.flush()


async def recorded(desk: Desk) -> list[tuple[str, str]]:
    """Source id and value of the readings on the ledger."""
    events = [decode(message.payload) for message in await desk.ledger_messages()]
    return [
        (found.data.source_id, str(found.data.value))  # type: ignore[attr-defined]
        for found in events
        if found.aggregate.kind == "reading"
    ]


async def wait_for(desk: Desk, count: int) -> list[tuple[str, str]]:
    """The readings, once there are so many."""

    async def look() -> list[tuple[str, str]] | None:
        found = await recorded(desk)
        return found if len(found) >= count else None

    return await eventually(look)


async def lose_checkpoint(desk: Desk) -> None:
    """As after a restore of the database."""
    engine = create_async_engine(desk.settings.sqlalchemy_url)
    async with engine.begin() as connection:
        await connection.execute(update(checkpoint).values(position=0))
    await engine.dispose()


async def rejected(desk: Desk, feed: str = "erp") -> FullMessage | None:
    """What was rejected last."""
    api = StreamApi(desk.ledger.client, patience=5)
    return await api.get("REJECTED", {"last_by_subj": f"rejected.{desk.workspace}.{feed}"})


async def test_feeds_of_a_workspace_share_its_writes(desk: Desk, running: Any) -> None:
    """What thirty feeds published is not thirty writes to the disk, and each feed's order stays."""
    for number in range(30):
        for value in "12":
            await publish(desk, orjson.dumps(event(f"o{number}", value)), feed=f"f{number}")
    async with running():
        await eventually(partial(_disputed, desk, 30))
    stored = [message for message in await desk.ledger_messages() if ".reading." in message.subject]
    assert sum(message.batch_end for message in stored) <= 4
    first = [(message.position, decode(message.payload)) for message in stored]
    recorded_at = {event.data.source_id: at for at, event in first if event.name == "reading.recorded"}  # type: ignore[attr-defined]
    assert all(
        at > recorded_at[event.data.source_id]  # type: ignore[attr-defined]
        for at, event in first
        if event.name == "reading.disputed"
    )


async def _disputed(desk: Desk, count: int) -> bool:
    events = [decode(message.payload) for message in await desk.ledger_messages()]
    return sum(found.name == "reading.disputed" for found in events) >= count


async def test_cloudevents_become_readings(desk: Desk, running: Any) -> None:
    """In structured and in binary mode, in the order they came."""
    async with running():
        await publish(desk, orjson.dumps(event("a", "1")), content_type="application/cloudevents+json")
        await publish(
            desk,
            b'{"kpi": "sales", "value": 2.50}',
            ce_specversion="1.0",
            ce_id="b%20%EA%B0%80",
            ce_source="/erp",
            ce_type="sale",
            ce_time="2026-06-01T09:00:00+09:00",
            content_type="application/json",
        )
        await publish(desk, orjson.dumps(event("c", "3")))
        assert await wait_for(desk, 3) == [("a", "1"), ("b 가", "2.5"), ("c", "3")]


async def test_only_jetstream_answers_a_sender(desk: Desk, sender: Client, running: Any) -> None:
    """Its answer says that the delivery is on the disk; the process that is woken must not say anything."""
    inbox = sender.new_inbox()
    answers = await sender.subscribe(inbox)
    async with running():
        for n in range(20):
            payload = orjson.dumps(event(f"answered-{n}"))
            await sender.publish(f"intake.{desk.workspace}.erp", payload, reply=inbox)
        received = [(await answers.next_msg(timeout=5)).data for _ in range(20)]
        assert all(orjson.loads(answer)["stream"] == "INTAKE" for answer in received)


async def test_what_was_published_while_nobody_ran(desk: Desk, running: Any) -> None:
    """NATS keeps it; nothing is taken twice by a second start, or after the checkpoint was lost."""
    for n in range(30):
        await publish(desk, orjson.dumps(event(f"n{n}", n)))
    async with running():
        await wait_for(desk, 30)
    for n in range(30, 40):
        await publish(desk, orjson.dumps(event(f"n{n}", n)))
    await lose_checkpoint(desk)
    async with running():
        assert await wait_for(desk, 40) == [(f"n{n}", str(n)) for n in range(40)]


async def test_what_cannot_be_taken_is_kept(desk: Desk, running: Any) -> None:
    """A rejected delivery is in REJECTED once, with its reason; its neighbours are taken."""
    async with running():
        await publish(desk, orjson.dumps(event("a")))
        await publish(desk, b"rubbish \xff")
        await publish(desk, orjson.dumps(event("b", unit="USD")))
        await publish(desk, orjson.dumps(event("c")))
        assert [source_id for source_id, _ in await wait_for(desk, 2)] == ["a", "c"]

        async def kept() -> FullMessage | None:
            found = await rejected(desk)
            return found if found and found.header("Goaltrail-Code") == "wrong_unit" else None

        found = await eventually(kept)
        assert found.header("Goaltrail-Pointer") == "#/unit"
        assert orjson.loads(found.payload)["id"] == "b"
    await lose_checkpoint(desk)
    async with running():
        await publish(desk, orjson.dumps(event("d")))
        await wait_for(desk, 3)
        again = await rejected(desk)
        assert again is not None
        assert again.position == found.position


async def test_two_processes_take_nothing_twice(desk: Desk, running: Any) -> None:
    """One reads; when it goes away the other goes on."""
    async with running(), running():
        for n in range(20):
            await publish(desk, orjson.dumps(event(f"n{n}", n)))
        await wait_for(desk, 20)
        assert failing() == []
        await asyncio.sleep(0.1)
    async with running():
        for n in range(20, 25):
            await publish(desk, orjson.dumps(event(f"n{n}", n)))
        assert len(await wait_for(desk, 25)) == 25
