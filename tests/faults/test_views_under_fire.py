"""Reads of the views while PostgreSQL is killed again and again: each one works or says that it is away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import ARRAY, Text, bindparam, func, select

from projections.groups import GROUPS
from services.postgres.views import Views, ViewsUnavailable
from services.projector import builds
from services.runtime.settings import Settings
from tests.servers import TestPostgres

pytestmark = [pytest.mark.own_database, pytest.mark.faults]

READERS = 8
KILLS = 4
LARGE = [str(number) for number in range(20_000)]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestPostgres]:
    """A PostgreSQL server of its own."""
    running = TestPostgres(tmp_path_factory.mktemp("postgres") / "cluster")
    running.start()
    yield running
    running.server.stop()


@pytest.fixture
def settings(postgres: TestPostgres, database_url: str, workspace: str, tmp_path: Path) -> Settings:
    """Settings on that server; NATS is not needed."""
    return Settings(database_url=SecretStr(database_url), workspace=workspace, data=tmp_path)


async def test_a_read_works_or_says_that_it_is_away(settings: Settings, postgres: TestPostgres) -> None:
    """Also when the connection breaks in the middle of a query, or while it is given back."""
    engine = builds.projector_engine(settings)
    await builds.prepare_control(engine)
    async with engine.begin() as connection:
        build = await builds.create(connection, settings.workspace, GROUPS["state"])
        await builds.activate(connection, build)
    await engine.dispose()
    reads = {True: 0, False: 0}
    over = asyncio.Event()

    question = select(func.cardinality(bindparam("ids", type_=ARRAY(Text))))

    async def read_on(views: Views) -> None:
        while not over.is_set():
            try:
                async with views.open(settings.workspace) as view:
                    assert await view.connection.scalar(question, {"ids": LARGE}) == len(LARGE)
                reads[True] += 1
            except ViewsUnavailable:
                reads[False] += 1
                await asyncio.sleep(0.02)

    async with Views.connect(settings) as views, asyncio.TaskGroup() as readers:
        for _ in range(READERS):
            readers.create_task(read_on(views))
        for _ in range(KILLS):
            await asyncio.sleep(1.5)
            await asyncio.to_thread(postgres.server.kill)
            await asyncio.to_thread(postgres.server.start)
        await asyncio.sleep(1.5)
        over.set()
    assert reads[True] > 0
    assert reads[False] > 0
