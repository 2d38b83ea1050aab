"""Servers die by SIGKILL under load: what was acked is there, once, where it was acked."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import orjson
import pytest

from services.ledger import Entry, Ledger
from services.ledger.provision import provision
from services.runtime.settings import Settings
from services.up.nats_server import NatsCluster, NatsServer
from tests.conftest import REPOSITORY
from tests.ledger.sites import messages, settings_of
from tests.servers import TestNats

pytestmark = pytest.mark.faults

WRITERS = 4
PATIENCE = 30.0


class Load:
    """Writers that append batches of all sizes, each to its own subject, and keep what was acked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workspace = settings.workspace
        self.acked: dict[int, tuple[str, bytes, bool]] = {}
        self._stop = asyncio.Event()

    async def run(self, chaos: Callable[[], Awaitable[None]]) -> None:
        """Write and follow while `chaos` lasts, then compare."""
        async with asyncio.TaskGroup() as group:
            for number in range(WRITERS):
                group.create_task(self._write(number))
            group.create_task(self._follow())
            await chaos()
            self._stop.set()
        await self._compare()

    async def _write(self, number: int) -> None:
        subject = f"ledger.{self.workspace}.reading.k{number}"
        sizes = random.Random(number)
        last = turn = 0
        async with await Ledger.connect(self.settings, patience=PATIENCE) as ledger:
            while not self._stop.is_set():
                turn += 1
                size = sizes.choice((1, 2, 50, 300))
                batch = [Entry(subject, b"%d/%d/%d" % (number, turn, place)) for place in range(size)]
                # Nobody else writes to this subject: a Conflict would be a lie, and ends the test.
                appended = await ledger.append(self.workspace, batch, {subject: last})
                last = appended.last
                for place, entry in enumerate(batch):
                    self.acked[appended.first + place] = (subject, entry.payload, place == size - 1)

    async def _follow(self) -> None:
        """A reader meets no gap while servers come and go."""
        position = 0
        async with await Ledger.connect(self.settings, patience=PATIENCE) as ledger:
            while not self._stop.is_set():
                async for batch in ledger.read(self.workspace, position):
                    position = batch[-1].position
                await ledger.wait(self.workspace, position, 0.5)

    async def _compare(self) -> None:
        async with await Ledger.connect(self.settings, patience=PATIENCE) as ledger:
            stored = await messages(ledger, self.workspace, 1)
        assert self.acked
        assert [message.position for message in stored] == sorted(self.acked)
        for message in stored:
            assert self.acked[message.position] == (message.subject, message.payload, message.batch_end)


@pytest.fixture
def lone_server(tmp_path: Path) -> Iterator[TestNats]:
    """A server that may be killed."""
    nats = TestNats(tmp_path / "nats")
    with nats.server:
        yield nats


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[NatsCluster]:
    """Three nodes that may be killed."""
    with NatsCluster(tmp_path / "cluster", configuration=REPOSITORY / "deploy" / "nats-cluster.conf") as own:
        yield own


async def _kill_the_server(server: NatsServer, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(random.uniform(0.2, 1.2))
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(random.uniform(0.0, 0.3))
        await asyncio.to_thread(server.start)
    await asyncio.sleep(0.5)


async def _kill_the_leader(cluster: NatsCluster, settings: Settings, times: int) -> None:
    async with await Ledger.connect(settings, patience=PATIENCE) as ledger:
        for _ in range(times):
            await asyncio.sleep(random.uniform(0.5, 1.5))
            leader = await _all_caught_up(ledger, settings.workspace)
            node = next(node for node in cluster.nodes if node.cluster and node.cluster.name == leader)
            await asyncio.to_thread(node.kill)
            # Another leader takes appends before the dead node is back.
            head = await ledger.head(settings.workspace)
            assert await ledger.wait(settings.workspace, head, PATIENCE) > head
            await asyncio.to_thread(node.start)
        await _all_caught_up(ledger, settings.workspace)


async def _all_caught_up(ledger: Ledger, workspace: str) -> str:
    """The node that leads the ledger's stream, once the two others have what it has."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await ledger.client.ask(f"jetstream.STREAM.INFO.LEDGER_{workspace}", b"")
            await answer.wait(5)
            cluster = orjson.loads(answer.messages[0][1]).get("cluster", {})
            if [replica["current"] for replica in cluster.get("replicas", [])] == [True, True]:
                return str(cluster["leader"])
            await asyncio.sleep(0.1)


async def test_one_node_dies_under_load(lone_server: TestNats, workspace: str) -> None:
    """Twice."""
    settings = settings_of(lone_server, workspace)
    await provision(settings)
    await Load(settings).run(lambda: _kill_the_server(lone_server.server, 2))


async def test_the_leader_of_three_nodes_dies_under_load(own_cluster: NatsCluster, workspace: str) -> None:
    """Once; the other two go on."""
    settings = settings_of(own_cluster, workspace)
    await provision(settings)
    await Load(settings).run(lambda: _kill_the_leader(own_cluster, settings, 1))


async def test_one_node_dies_again_and_again(lone_server: TestNats, workspace: str) -> None:
    """Thirty times."""
    settings = settings_of(lone_server, workspace)
    await provision(settings)
    await Load(settings).run(lambda: _kill_the_server(lone_server.server, 30))


async def test_leaders_of_three_nodes_die_again_and_again(own_cluster: NatsCluster, workspace: str) -> None:
    """Ten times."""
    settings = settings_of(own_cluster, workspace)
    await provision(settings)
    await Load(settings).run(lambda: _kill_the_leader(own_cluster, settings, 10))
