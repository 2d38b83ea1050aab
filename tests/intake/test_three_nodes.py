"""The same on three NATS nodes, where replicas may be behind and a guard may fail for nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest

from services.ledger import Ledger
from services.ledger.provision import create_workspace
from services.projector import builds
from services.runtime.settings import Role, Settings
from services.up.nats_server import NatsCluster
from tests.intake.desk import Desk, item, statuses
from tests.ledger.sites import settings_of


@pytest.fixture
async def desks(
    nats_cluster: NatsCluster, settings_for: Callable[[Role], Settings], workspace: str
) -> AsyncIterator[list[Desk]]:
    """Three processes, each with a connection of its own to the cluster, for one workspace."""
    operator = settings_of(nats_cluster, workspace)
    await create_workspace(operator, workspace, name="Acme", zone="Asia/Seoul")
    database = settings_for("intake").database_url
    settings = operator.model_copy(update={"database_url": database})
    engine = builds.projector_engine(settings_for("projector"))
    await builds.prepare_control(engine)
    made = [Desk(settings, await Ledger.connect(settings), engine, workspace) for _ in range(3)]
    await made[0].define("sales")
    await made[0].begin_views()
    yield made
    for desk in made:
        await desk.close()
        await desk.ledger.close()
    await engine.dispose()


async def test_three_processes_race_the_same_readings(desks: list[Desk]) -> None:
    """Each reading is accepted exactly once, and afterwards each is a duplicate of it."""
    items = [item(f"o{n}", n) for n in range(900)]
    orders = [items, items[::-1], items[450:] + items[:450]]
    answers = await asyncio.gather(
        *(desk.send(desk.intake(), order, chunk=90) for desk, order in zip(desks, orders, strict=True))
    )
    accepted = [receipt for receipts in answers for receipt in receipts if receipt.status == "accepted"]
    assert Counter(receipt.source_id for receipt in accepted) == Counter(f"o{n}" for n in range(900))
    first = {receipt.source_id: receipt.position for receipt in accepted}
    for desk in desks:
        again = await desk.send(desk.intake(), items)
        assert statuses(again) == ["duplicate"] * 900
        assert {receipt.source_id: receipt.position for receipt in again} == first
