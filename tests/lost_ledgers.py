"""Ledgers that are lost, replaced or restored, on servers of their own whose files can be exchanged."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from events.envelope import encode
from events.ids import ledger_subject
from projections import control
from projections.groups import GROUPS
from services.access.access import Access
from services.keys.keys import Keys
from services.ledger import Entry, Ledger
from services.ledger.client import LedgerClient
from services.ledger.provision import create_workspace, provision
from services.ledger.stream_api import StreamApi, stream_name
from services.projector import builds
from services.projector.accepting import Loss, accept, find_loss
from services.runtime.settings import Settings
from tests.projections.contract.building import Tables, tables_of
from tests.projections.contract.histories import reading_event
from tests.running import eventually
from tests.servers import TestDatabase, TestNats, make_settings

STATE = GROUPS["state"]
BLOCK = 8 * 1024 * 1024
"""Bytes of a file in which nats-server keeps messages."""


@dataclass
class Place:
    """A NATS server whose files can be exchanged, a workspace on it and the views of that."""

    nats: TestNats
    settings: Settings
    operator: Settings
    engine: AsyncEngine
    readings: int = 0

    @property
    def workspace(self) -> str:
        """Its id."""
        return self.settings.workspace

    async def record(self, count: int) -> int:
        """Append readings; return the last position."""
        at = datetime(2026, 2, 3, 9, tzinfo=UTC)
        entries = []
        for n in range(self.readings, self.readings + count):
            event = reading_event("sales", f"n{n}", at, [Decimal(n)])
            entries.append(Entry(ledger_subject(self.workspace, event.aggregate), encode(event)))
        self.readings += count
        return await self.append(entries)

    async def append(self, entries: list[Entry]) -> int:
        """Append; return the last position."""
        async with await Ledger.connect(self.operator) as ledger:
            return (await ledger.append(self.workspace, entries, {})).last

    async def find(self, group: str = "state") -> control.ActiveVersion | None:
        """The views that reads use, if there are any."""
        async with self.engine.connect() as connection:
            return await control.active(connection, self.workspace, group)

    async def views(self, group: str = "state") -> control.ActiveVersion:
        """The views that reads use."""
        found = await self.find(group)
        assert found is not None
        return found

    async def visible(self, position: int) -> None:
        """Wait until all views show a position, and are of the ledger that there is."""

        async def there() -> bool:
            views = [await self.find(group) for group in GROUPS]
            return all(view and view.position >= position and view.differs is None for view in views)

        await eventually(there)

    async def set_aside(self) -> str:
        """Wait until all views are set aside; return why."""

        async def they_are() -> str | None:
            why = {(await self.views(group)).differs for group in GROUPS}
            return None if None in why else why.pop()

        return await eventually(they_are)

    async def tables(self) -> Tables:
        """Every row of group state."""
        build = builds.Build(self.workspace, STATE, (await self.views()).build)
        return await tables_of(self.engine, build)

    async def copy_to(self, directory: Path) -> None:
        """Copy the files of NATS, as a backup of a server that is stopped."""
        await asyncio.to_thread(self.nats.server.stop)
        shutil.copytree(self.nats.server.directory / "jetstream", directory / "jetstream")
        await asyncio.to_thread(self.nats.server.start)

    async def restore(self, directory: Path) -> None:
        """Put copied files in the place of those that are there."""
        await asyncio.to_thread(self.nats.server.stop)
        shutil.rmtree(self.nats.server.directory / "jetstream")
        shutil.copytree(directory / "jetstream", self.nats.server.directory / "jetstream")
        await asyncio.to_thread(self.nats.server.start)

    async def restore_ledger(self, directory: Path) -> None:
        """Put copied files in the place of those of the ledger; keys and tokens stay as they are."""
        await asyncio.to_thread(self.nats.server.stop)
        (ledger,) = self.nats.server.directory.rglob(f"streams/{stream_name(self.workspace)}")
        shutil.rmtree(ledger)
        shutil.copytree(directory / ledger.relative_to(self.nats.server.directory), ledger)
        await asyncio.to_thread(self.nats.server.start)

    async def delete_stream(self) -> None:
        """Delete the ledger, as only an operator can."""
        client = LedgerClient()
        assert self.operator.nats_provisioner_password is not None
        await client.open(
            self.operator.nats_servers,
            user=self.operator.nats_provisioner_user,
            password=self.operator.nats_provisioner_password.get_secret_value(),
            name="test",
        )
        await StreamApi(client, patience=5).request(f"STREAM.DELETE.{stream_name(self.workspace)}", b"")
        await client.close()

    async def make_stream(self) -> None:
        """Make the ledger of the workspace anew."""
        await create_workspace(self.operator, self.workspace, name="Acme", zone="Asia/Seoul")


@pytest.fixture
async def place(tmp_path: Path, database: TestDatabase, workspace: str) -> AsyncIterator[Place]:
    """A place whose ledger has some readings."""
    nats = TestNats(tmp_path / "nats")
    with nats.server:
        settings, operator = [
            make_settings(nats, database, workspace=workspace, data=tmp_path / "data", role=role)
            for role in ("projector", "operator")
        ]
        await provision(operator)
        engine = builds.projector_engine(settings)
        await builds.prepare_control(engine)
        yield Place(nats, settings, operator, engine)
        await engine.dispose()


@pytest.fixture
async def keys(place: Place) -> AsyncIterator[Keys]:
    """The keys that seal reasons."""
    async with await Ledger.connect(place.operator) as ledger:
        keys = await Keys.start(ledger, place.operator.load_master_key())
        yield keys
        await keys.close()


async def accepted(place: Place, keys: Keys) -> Loss:
    """Let a person accept the ledger as it is."""
    async with await Ledger.connect(place.operator) as ledger:
        loss = await find_loss(place.engine, ledger, place.workspace)
        access = await Access.start(ledger)
        try:
            await accept(ledger, keys, access, place.workspace, loss, "the disk broke")
        finally:
            await access.close()
    return loss


Lost = Callable[[Place, Path], Awaitable[None]]
"""Lets events be recorded and then lost; the copy of the files before is in a directory."""


async def older_copy(place: Place, copy: Path) -> None:
    """Files of yesterday are put back."""
    await place.restore(copy)


async def older_copy_goes_on(place: Place, copy: Path) -> None:
    """Files of yesterday are put back, and as much is written as was lost, and more."""
    await place.restore(copy)
    await place.record(40)


async def deleted(place: Place, copy: Path) -> None:
    """There is no ledger any more."""
    await place.delete_stream()


async def made_again_with_fewer(place: Place, copy: Path) -> None:
    """Deleted and made again; less is on it."""
    await place.delete_stream()
    await place.make_stream()


async def made_again_with_more(place: Place, copy: Path) -> None:
    """Deleted and made again; more is on it."""
    await place.delete_stream()
    await place.make_stream()
    await place.record(60)


async def last_block_lost(place: Place, copy: Path) -> None:
    """The last file of messages is gone, as after damage to the disk."""
    await asyncio.to_thread(place.nats.server.stop)
    (stream,) = place.nats.server.directory.rglob(f"streams/{stream_name(place.workspace)}")
    blocks = sorted((stream / "msgs").glob("*.blk"), key=lambda path: int(path.stem))
    assert len(blocks) > 1
    blocks[-1].unlink()
    (stream / "msgs" / "index.db").unlink(missing_ok=True)
    await asyncio.to_thread(place.nats.server.start)


async def a_history(place: Place, copy: Path) -> int:
    """Events that are in the copy, and events that are not; some fill a whole block."""
    await place.record(10)
    at = datetime(2026, 2, 3, 9, tzinfo=UTC)
    event = encode(reading_event("sales", "large", at, [Decimal(1)]))
    unknown = event.replace(b"goaltrail.reading.recorded.v1", b"goaltrail.note.written.v1")
    large = unknown.replace(b'"source_id":"large"', b'"source_id":"' + b"x" * 200_000 + b'"')
    assert len(large) > 200_000
    block = [Entry(f"ledger.{place.workspace}.note.large", large)] * (BLOCK // len(large) + 1)
    await place.append(block)
    await place.copy_to(copy)
    return await place.record(30)
