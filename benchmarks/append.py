"""Appending batches of 1000 readings to the ledger, beside a raw socket and UmaDB with the same payloads."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import uvloop
from pydantic import SecretStr

from benchmarks import company, umadb_peer
from benchmarks.measuring import Figure, Watch, milliseconds, rate
from benchmarks.raw_socket import RawSocket, batch_bytes
from events.envelope import Event, encode
from events.ids import Aggregate, ledger_subject, reading_id
from events.readings.events import ReadingRecorded
from events.registry import event_type
from services.ledger import Entry, Ledger
from services.ledger.provision import create_workspace, provision
from services.runtime.settings import Settings
from services.up.nats_server import NatsServer, NatsUsers

BATCH = 1000
BATCHES = 40
"""Per round. Rounds of the ledger and of the raw socket take turns: a busy machine is busy for both."""
ROUNDS = 5
PUBLISHED = 500
"""Single messages, each acked before the next: what one fsync costs here."""
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Batch(NamedTuple):
    """Readings as they are appended: entries, and what is expected of each KPI's subject."""

    entries: list[Entry]
    expect: dict[str, int]


class Subjects:
    """The readings of the company as batches for one workspace with nobody else on its ledger."""

    def __init__(self, workspace: str, head: int) -> None:
        self._workspace = workspace
        self._head = head
        self._last: dict[str, int] = {}
        self._readings = 0

    def batches(self, count: int) -> list[Batch]:
        """The next ones; the guards are the positions that the ones before will have got."""
        made = []
        for _ in range(count):
            found = company.readings(self._readings, BATCH)
            entries = [_entry(self._workspace, reading) for reading in found]
            expect = {entry.subject: self._last.get(entry.subject, 0) for entry in entries}
            for position, entry in enumerate(entries, self._head + 1):
                self._last[entry.subject] = position
            self._head += BATCH
            self._readings += BATCH
            made.append(Batch(entries, expect))
        return made


def measure(directory: Path, scale: float) -> list[Figure]:
    """Batch after batch, each acked before the next is sent, as intake does."""
    rounds = max(1, round(ROUNDS * scale))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(directory / "append", rounds))


async def _measure(directory: Path, rounds: int) -> list[Figure]:
    users = NatsUsers.generate()
    with NatsServer(directory, users=users) as server:
        settings = Settings(
            nats_url=server.url,
            nats_user=users.api.user,
            nats_password=SecretStr(users.api.password),
            nats_provisioner_user=users.provisioner.user,
            nats_provisioner_password=SecretStr(users.provisioner.password),
            workspace="ledger",
        )
        await provision(settings)
        await create_workspace(settings, "raw", name="raw", zone=settings.zone)
        assert server.process is not None
        groups = {"nats-server": server.process.pid}
        by_ledger, by_raw, by_umadb = Watch(groups), Watch(groups), Watch({})
        ours, theirs = Subjects("ledger", 1), Subjects("raw", 1)
        times: list[float] = []
        peer_times: list[float] = []
        socket = RawSocket(server.port, users.api.user, users.api.password)
        others = Subjects("raw", 1)
        async with await Ledger.connect(settings) as ledger:
            # Not counted: the first files of the streams, and what is imported late.
            await _append(ledger, ours.batches(2), Watch({}))
            _append_raw(socket, theirs.batches(2), Watch({}))
            with umadb_peer.running(directory / "umadb") as peer:
                umadb_peer.append(peer, [batch.entries for batch in others.batches(2)], Watch({}))
                for _ in range(rounds):
                    times += await _append(ledger, ours.batches(BATCHES), by_ledger)
                    _append_raw(socket, theirs.batches(BATCHES), by_raw)
                    some = others.batches(BATCHES)
                    peer_times += umadb_peer.append(peer, [batch.entries for batch in some], by_umadb)
        published = [_publish_raw(socket, number) for number in range(PUBLISHED)]
        socket.close()
    size = sum(len(entry.payload) for entry in ours.batches(1)[0].entries) // BATCH
    count = rounds * BATCHES * BATCH
    return [
        rate(
            "append",
            "append to the ledger, batches of 1000",
            count,
            by_ledger,
            p50=milliseconds(times, 50),
            p99=milliseconds(times, 99),
            note=f"payload {size} B; times of a batch",
        ),
        rate("append_raw", "the same bytes over a raw socket", count, by_raw),
        rate(
            "append_umadb",
            "second peer: UmaDB appends the same payloads",
            count,
            by_umadb,
            p50=milliseconds(peer_times, 50),
            p99=milliseconds(peer_times, 99),
        ),
        Figure(
            "publish_synced",
            f"one message over a raw socket until it is on the disk ({PUBLISHED})",
            milliseconds(published, 99),
            "ms",
            p50=milliseconds(published, 50),
            p99=milliseconds(published, 99),
        ),
    ]


def _publish_raw(socket: RawSocket, number: int) -> float:
    """Publish one message as finished bytes; the seconds until its ack."""
    entry = Entry(f"ledger.raw.single.{number}", b"x" * 300)
    frame = batch_bytes(secrets.token_hex(8), [entry], {})
    started = time.perf_counter()
    socket.append(frame)
    return time.perf_counter() - started


async def _append(ledger: Ledger, batches: Sequence[Batch], watch: Watch) -> list[float]:
    """Append them one after another; the seconds that each took."""
    times = []
    with watch:
        for batch in batches:
            started = time.perf_counter()
            await ledger.append("ledger", batch.entries, batch.expect)
            times.append(time.perf_counter() - started)
    return times


def _append_raw(socket: RawSocket, batches: Sequence[Batch], watch: Watch) -> None:
    """Send the same as finished bytes: making them is not counted."""
    frames = [batch_bytes(secrets.token_hex(8), batch.entries, batch.expect) for batch in batches]
    with watch:
        for frame in frames:
            socket.append(frame)


def _entry(workspace: str, reading: company.Reading) -> Entry:
    """A reading as intake records it."""
    kpi = company.kpi_id(reading.kpi)
    observed = datetime.fromisoformat(reading.at)
    data = ReadingRecorded(
        kpi=kpi,
        feed="manual",
        source_id=reading.source_id,
        observed_at=observed.astimezone(UTC),
        business_day=observed.date(),
        zone="Asia/Seoul",
        tzdata="2025.2",
        content=blake2b(reading.value.encode(), digest_size=16).hexdigest(),
        value=None if reading.of else Decimal(reading.value),
        numerator=Decimal(reading.value) if reading.of else None,
        denominator=Decimal(reading.of) if reading.of else None,
    )
    event = Event(
        id=reading_id(workspace, "manual", kpi, reading.source_id),
        type=event_type(data),
        workspace=workspace,
        aggregate=Aggregate("reading", kpi),
        time=NOW,
        actor="person:admin",
        data=data,
    )
    return Entry(ledger_subject(workspace, event.aggregate), encode(event))
