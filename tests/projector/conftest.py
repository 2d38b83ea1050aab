"""A workspace with a ledger of its own, and ways to look at its views."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from itertools import groupby

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from projections import control
from projections.projection import Group
from services.ledger import Entry, Ledger, StoredMessage
from services.ledger.provision import create_workspace
from services.projector import builds
from services.runtime.settings import Role, Settings
from tests.projections.contract.building import Tables, tables_of
from tests.projections.contract.histories import WORKSPACE
from tests.running import eventually


class Company:
    """A workspace on the test's servers."""

    def __init__(self, ledger: Ledger, engine: AsyncEngine, workspace: str) -> None:
        self.ledger = ledger
        self.engine = engine
        self.workspace = workspace

    async def record(self, messages: Sequence[StoredMessage]) -> int:
        """Append made-up messages, each atomic batch as one; answers the last position."""
        last = 0
        batches = groupby(enumerate(messages), key=lambda item: sum(m.batch_end for m in messages[: item[0]]))
        for _, batch in batches:
            entries = [self._entry(message) for _, message in batch]
            last = (await self.ledger.append(self.workspace, entries, {})).last
        return last

    def _entry(self, message: StoredMessage) -> Entry:
        """What was made up for another workspace, as an event of this one."""
        subject = message.subject.replace(WORKSPACE, self.workspace)
        return Entry(subject, message.payload.replace(WORKSPACE.encode(), self.workspace.encode()))

    async def position(self, group: Group) -> int:
        """How far reads are; 0 before the first build."""
        async with self.engine.connect() as connection:
            found = await control.active(connection, self.workspace, group.name)
        return 0 if found is None else found.position

    async def visible(self, position: int, group: Group) -> None:
        """Wait until a position is in the group's views."""

        async def there() -> bool:
            return await self.position(group) >= position

        await eventually(there)

    async def build(self, group: Group) -> builds.Build:
        """The build that reads use."""
        async with self.engine.connect() as connection:
            found = await control.active(connection, self.workspace, group.name)
        assert found is not None
        return builds.Build(self.workspace, group, found.build)

    async def tables(self, group: Group) -> Tables:
        """Every row of the group's tables that reads see."""
        return await tables_of(self.engine, await self.build(group))

    async def poisoned(self, group: Group) -> list[control.Poison]:
        """What the group's fold could not take."""
        async with self.engine.connect() as connection:
            return await control.poisoned(connection, self.workspace, group.name)


@pytest.fixture
async def company(
    operator_settings: Settings, settings: Settings, settings_for: Callable[[Role], Settings], workspace: str
) -> AsyncIterator[Company]:
    """A new workspace whose ledger holds its creation only."""
    await create_workspace(operator_settings, workspace, name="Acme", zone="Asia/Seoul")
    engine = builds.projector_engine(settings)
    await builds.prepare_control(engine)
    async with await Ledger.connect(settings_for("api")) as ledger:
        yield Company(ledger, engine, workspace)
    await engine.dispose()
