"""However appends are cut into batches and mixed, the ledger reads back what was acked, in order."""

from __future__ import annotations

import asyncio
import secrets

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ledger import Appended, Conflict, Entry, Ledger
from services.ledger.provision import create_workspace
from services.runtime.settings import Settings
from tests.ledger.sites import messages, settings_of
from tests.servers import TestNats

Batch = list[int]
"""The subject of each entry, as a number."""

BATCHES = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=9), max_size=6)
WRITERS = st.lists(BATCHES, min_size=1, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writers=WRITERS, fetch=st.integers(1, 12))
def test_read_back_equals_what_was_acked(
    nats_server: TestNats, writers: list[list[Batch]], fetch: int
) -> None:
    """Each writer guards the subjects of its batches, and looks again when it comes too late."""
    asyncio.run(_run(settings_of(nats_server, f"t-{secrets.token_hex(6)}"), writers, fetch))


async def _run(site: Settings, writers: list[list[Batch]], fetch: int) -> None:
    workspace = site.workspace
    await create_workspace(site, workspace, name=workspace, zone="UTC")
    acked: dict[int, tuple[str, bytes, bool]] = {}

    async def write(number: int, batches: list[Batch]) -> None:
        async with await Ledger.connect(site) as ledger:
            for turn, batch in enumerate(batches):
                subjects = [f"ledger.{workspace}.kpi.{each}" for each in batch]
                named = [
                    Entry(subject, f"{number}/{turn}/{place}".encode())
                    for place, subject in enumerate(subjects)
                ]
                appended = await _append(ledger, workspace, named)
                assert appended.last - appended.first + 1 == len(named)
                for place, entry in enumerate(named):
                    position = appended.first + place
                    assert position not in acked
                    acked[position] = (entry.subject, entry.payload, place == len(named) - 1)

    await asyncio.gather(*(write(number, batches) for number, batches in enumerate(writers)))
    async with await Ledger.connect(site) as reader:
        stored = await messages(reader, workspace, 1, batch=fetch)
        assert [message.position for message in stored] == sorted(acked)
        for message in stored:
            assert acked[message.position] == (message.subject, message.payload, message.batch_end)
        for subject in {subject for subject, _, _ in acked.values()}:
            filtered = await messages(reader, workspace, 1, batch=fetch, subject=subject)
            assert filtered == [message for message in stored if message.subject == subject]


async def _append(ledger: Ledger, workspace: str, named: list[Entry]) -> Appended:
    while True:
        guards = {}
        for subject in {entry.subject for entry in named}:
            last = await ledger.last(workspace, subject)
            guards[subject] = last.position if last else 0
        try:
            return await ledger.append(workspace, named, guards)
        except Conflict:
            await asyncio.sleep(0)
