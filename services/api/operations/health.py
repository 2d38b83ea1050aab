"""What the API process knows of how everything runs: failing tasks, whether writing works, and clocks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import asyncpg
import orjson
import structlog

from projections.control import ActiveVersion
from services.api.operations.clocks import ClockLog, Clocks, compare
from services.ledger import Ledger, LedgerError
from services.ledger.provision import Head, list_heads
from services.postgres.views import Views, ViewsUnavailable
from services.runtime.background import TOLD_EVERY, Background, Failing, failing

log = structlog.get_logger(__name__)

PROBE_EVERY = 5.0
"""Seconds for which a write probe that worked holds, however often /readyz is asked."""
PROBE_AGAIN = 1.0
"""Seconds for which one that failed does."""
PATIENCE = 3.0
"""Seconds after which an engine that does not answer counts as away, and a write as failed."""
CLOCKS_EVERY = 30.0
"""Seconds between looks at the clocks while nobody asks."""


class Writing(NamedTuple):
    """Whether something could be written a moment ago."""

    nats: bool
    postgresql: bool
    storage_full: bool
    """The disk of NATS is full, or was and NATS has not been started again since."""


class Health:
    """Hears what workers say of themselves, and tries now and then whether the engines store anything."""

    def __init__(self, ledger: Ledger, views: Views) -> None:
        self._ledger = ledger
        self._views = views
        self._told: dict[str, tuple[float, list[Failing]]] = {}
        self._probing = asyncio.Lock()
        self._written = Writing(False, False, False)
        self._written_at = float("-inf")
        self._clock_log = ClockLog()
        self._watching: Background | None = None

    async def start(self) -> None:
        """Listen to the workers and look at the clocks until it is closed."""
        await self._ledger.subscribe_failures(self._on_told)
        self._watching = Background("watch clocks", self._watch_clocks)

    async def close(self) -> None:
        """Look at the clocks no longer."""
        if self._watching is not None:
            await self._watching.stop()

    def failing(self) -> list[tuple[str, Failing]]:
        """Return the tasks that don't run well now, each with the name of its process."""
        since = time.monotonic() - 3 * TOLD_EVERY
        self._told = {name: told for name, told in self._told.items() if told[0] > since}
        found = {("api", problem) for problem in failing()}
        found |= {
            (name.partition(".")[0], problem) for name, (_, told) in self._told.items() for problem in told
        }
        return sorted(found)

    async def writing(self) -> Writing:
        """Write a little to both engines, unless that was done a few seconds ago."""
        async with self._probing:
            works = self._written.nats and self._written.postgresql
            holds = PROBE_EVERY if works else PROBE_AGAIN
            if time.monotonic() - self._written_at > holds:
                stores, commits, full = await asyncio.gather(
                    self._stores(), self._commits(), self._ledger.client.storage_full()
                )
                # A stream that was closed takes no writes, though the one of the probe still may.
                self._written = Writing(stores and not full, commits, full)
                self._written_at = time.monotonic()
            return self._written

    async def heads(self) -> dict[str, Head] | None:
        """Return where the ledger of each workspace ends; None while NATS is away."""
        if not self._ledger.connected:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                return await list_heads(self._ledger)
        except (LedgerError, TimeoutError):
            return None

    async def builds(self) -> dict[tuple[str, str], ActiveVersion] | None:
        """Return the builds that reads use, by workspace and group; None while PostgreSQL is away."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._views.all_active()
        except (ViewsUnavailable, TimeoutError):
            return None

    def compare_clocks(
        self, heads: Mapping[str, Head], builds: Mapping[tuple[str, str], ActiveVersion]
    ) -> Clocks:
        """Compare the clocks as `compare` does, and log what has changed."""
        clocks = compare(heads, builds)
        self._clock_log.note(clocks)
        return clocks

    async def _watch_clocks(self) -> None:
        while True:
            await asyncio.sleep(CLOCKS_EVERY)
            builds = await self.builds()
            heads = await self.heads()
            if heads is not None:
                self.compare_clocks(heads, builds or {})

    def _on_told(self, name: str, payload: bytes) -> None:
        told: list[dict[str, Any]] = orjson.loads(payload)
        self._told[name] = (time.monotonic(), [Failing(**problem) for problem in told])

    async def _stores(self) -> bool:
        if not self._ledger.connected:
            return False
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ledger.probe()
        except (LedgerError, TimeoutError):
            return False
        return True

    async def _commits(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._views.probe()
        except (ViewsUnavailable, TimeoutError):
            return False
        except asyncpg.PostgresError as error:  # it answers, and refuses
            log.warning("postgresql_takes_no_writes", because=str(error)[:200])
            return False
        return True
