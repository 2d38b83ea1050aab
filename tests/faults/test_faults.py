"""An import goes on while nats-server, PostgreSQL, projector and API are killed and started again.

Afterwards every accepted receipt is in the tables exactly once and at its position, nothing else is, and a
rebuild from the ledger gives the same rows.
"""

from __future__ import annotations

import asyncio
import filecmp
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from events.readings.events import ReadingRecorded
from projections.groups import GROUPS
from services.ledger import Ledger, recorded
from services.postgres.views import NotThereYet, Views, ViewsUnavailable
from services.runtime.settings import Settings, load_settings
from services.up.processes import free_port
from tests.faults.importing import BATCH, KPIS, Import, items
from tests.faults.killing import EVERYTHING, Killer
from tests.faults.tables import Tables
from tests.up import REPOSITORY, Running

SEED = 20261122
PROCESSES = ("nats-server", "postgres", "projector", "api")
CATCH_UP = 120.0
"""Seconds that the views may need after the import."""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """`goaltrail up` with KPIs, and key results on some of them."""
    with Running(tmp_path / "data", free_port()) as running:
        _set_up(running)
        yield running


@pytest.mark.faults
def test_an_import_survives_a_crash_of_each_process(running: Running, tmp_path: Path) -> None:
    """The short form of the test below."""
    _import_under_fire(running, tmp_path, 20_000, PROCESSES)


@pytest.mark.faults
def test_a_long_import_survives_many_crashes(running: Running, tmp_path: Path) -> None:
    """200,000 readings; each process is killed several times, and twice everything at once."""
    _import_under_fire(running, tmp_path, 200_000, [*PROCESSES * 3, EVERYTHING, EVERYTHING])


def _import_under_fire(running: Running, directory: Path, readings: int, victims: Sequence[str]) -> None:
    sent = items(readings)
    batches = [sent[start : start + BATCH] for start in range(0, readings, BATCH)]
    import_ = Import(_url(running), _token(running), batches, SEED)
    killer = Killer(running, victims, readings, SEED)
    with ThreadPoolExecutor(1) as threads:
        killing = threads.submit(killer.follow, lambda: import_.finished)
        try:
            import_.run()
        except BaseException:
            killer.stop()
            raise
        finally:
            killing.result()
    print(f"{import_.lost} tries without an answer", *killer.log, sep="\n")
    assert len(killer.log) == len(victims)

    settings = load_settings("operator", data=running.data)
    last = _check_receipts(import_, sent)
    asyncio.run(_check_ledger(settings, import_))
    asyncio.run(_visible(settings, last))
    asyncio.run(_check_tables(Tables(settings), import_))
    _check_rebuild(Tables(settings), running.data, directory)


def _check_receipts(import_: Import, sent: Sequence[dict[str, str]]) -> int:
    """Of all tries at most one was accepted, and all receipts name one position. The last position.

    Where none says `accepted`, the try that was accepted got no answer: then all others are duplicates of it.
    """
    assert import_.told.keys() == {item["source_id"] for item in sent}
    positions = set()
    unanswered = 0
    for source_id, told in import_.told.items():
        accepted = sum(receipt.status == "accepted" for receipt in told)
        assert {receipt.status for receipt in told} <= {"accepted", "duplicate"}, (source_id, told)
        assert accepted <= 1, (source_id, told)
        assert len({receipt.position for receipt in told}) == 1, (source_id, told)
        unanswered += not accepted
        positions.add(told[0].position)
    assert len(positions) == len(sent)
    assert unanswered <= import_.lost * BATCH
    return max(positions)


async def _check_ledger(settings: Settings, import_: Import) -> None:
    """Every reading is on the ledger once, where its receipts say, and no other is."""
    found: list[tuple[int, str]] = []
    async with await Ledger.connect(settings) as ledger:
        async for messages in ledger.read(settings.workspace, 0):
            for message in messages:
                event = recorded(message).event
                if event.aggregate.kind == "reading":
                    assert isinstance(event.data, ReadingRecorded)
                    found.append((message.position, event.data.source_id))
    assert sorted(found) == _told_positions(import_)


async def _check_tables(tables: Tables, import_: Import) -> None:
    """The same of the views; nothing was poison."""
    assert sorted(await tables.readings()) == _told_positions(import_)
    assert await tables.recordings() == len(import_.told)
    assert await tables.poison() == 0


EMPTY = {
    "state.attachment",
    "state.confirmation",
    "state.dispute",
    "state.restriction",
    "state.taken_over",
}
"""Tables that this company has nothing for."""


def _check_rebuild(tables: Tables, data: Path, directory: Path) -> None:
    """`goaltrail rebuild all` leaves every table as it was."""
    for name in ("before", "after"):
        (directory / name).mkdir()
    before = asyncio.run(tables.dump(directory / "before"))
    subprocess.run(
        [sys.executable, "-m", "services.cli.main", "rebuild", "all"],
        cwd=REPOSITORY,
        env=os.environ | {"GOALTRAIL_DATA": str(data)},
        check=True,
    )
    after = asyncio.run(tables.dump(directory / "after"))
    assert {file.name for file in before if not file.stat().st_size} == EMPTY
    different = [
        old.name for old, new in zip(before, after, strict=True) if not filecmp.cmp(old, new, shallow=False)
    ]
    assert different == []


def _told_positions(import_: Import) -> list[tuple[int, str]]:
    return sorted((told[0].position, source_id) for source_id, told in import_.told.items())


async def _visible(settings: Settings, position: int) -> None:
    """Wait until all views have a position; PostgreSQL may still be recovering."""
    until = time.monotonic() + CATCH_UP
    async with Views.connect(settings, name="goaltrail-test") as views:
        for group in GROUPS:
            while True:
                try:
                    await views.wait(settings.workspace, position, group=group)
                    break
                except (ViewsUnavailable, NotThereYet):
                    assert time.monotonic() < until, f"{group} did not catch up"
                    await asyncio.sleep(0.2)


def _set_up(running: Running) -> None:
    headers = {"Authorization": f"Bearer {_token(running)}"}
    with httpx.Client(base_url=_url(running), headers=headers, timeout=30) as client:

        def post(path: str, body: Mapping[str, object], revision: int | None = None) -> int:
            key = {"Idempotency-Key": secrets.token_hex(8)}
            sent = key if revision is None else {**key, "If-Match": f'"{revision}"'}
            answer = client.post(path, json=body, headers=sent)
            answer.raise_for_status()
            return int(answer.json()["revision"])

        for number in range(KPIS):
            kpi = {"id": f"kpi-{number:02d}", "name_ko": "지표", "name_en": "KPI", "unit": "KRW"}
            post("/v1/kpis", {**kpi, "kind": "delta", "aggregation": "sum", "cadence": "month"})
        dates = {"start": "2026-01-01", "end": "2026-12-31"}
        post("/v1/cycles", {"id": "y2026", "name": "2026", "kind": "year", **dates})
        post("/v1/cycles/y2026/open", {})
        revision = post("/v1/objectives", {"id": "growth", "title": "Growth", "cycle": "y2026"})
        for number in range(0, KPIS, 4):
            measure = {"kind": "at_least", "target": "1000000", "unit": "KRW"}
            body = {"title": f"Key result {number}", "kpi": f"kpi-{number:02d}", "measure": measure}
            revision = post("/v1/objectives/growth/key-results", body, revision)
        post("/v1/objectives/growth/activate", {}, revision)


def _token(running: Running) -> str:
    return (running.data / "secrets" / "admin.token").read_text().strip()


def _url(running: Running) -> str:
    return f"http://127.0.0.1:{running.port}"
