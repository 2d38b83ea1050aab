"""One workspace that asks for very much at once: it is told so, and nobody else notices."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import func, select

from services.api.http.services import Services
from services.ledger.provision import create_workspace
from services.postgres.views import CONNECTIONS, MOST_QUEUED, MOST_WAITING, Views, ViewsBusy, ViewsUnavailable
from tests.api.conftest import Person, SettingsFor, given_goal, person, projecting
from tests.running import eventually

pytestmark = pytest.mark.own_system

FAR = {"Goaltrail-Min-Position": "1000000000"}


@pytest.fixture
async def eve(http: httpx.AsyncClient, services: Services, provisioned: SettingsFor) -> AsyncIterator[Person]:
    """An owner of another workspace with a goal; the views of both are kept up to date."""
    other = f"{services.settings.workspace[:20]}-b"
    await create_workspace(provisioned("operator"), other, name="Other", zone="UTC")
    settings = provisioned("projector")
    async with projecting(settings), projecting(settings.model_copy(update={"workspace": other})):
        eve = await person(http, services, "eve", "owner", workspace=other)
        await given_goal(eve)
        yield eve


async def test_waiting_for_a_far_position_keeps_nobody_else_from_reading(
    anna: Person, eve: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """Hundreds wait, or are told that too many do; the others' reads and all writes go on."""
    await given_goal(anna)
    viewer = await person(http, services, "vera", "viewer")
    # Their connections are there already: hundreds of requests in one process are slow to make new ones.
    await asyncio.gather(*(each.read("/v1/objectives") for each in (anna, eve) for _ in range(10)))
    asked = [asyncio.create_task(viewer.get("/v1/objectives", FAR)) for _ in range(MOST_WAITING + 100)]
    await asyncio.sleep(0)
    answered_meanwhile = 0
    for _ in range(20):
        await eve.read("/v1/objectives/growth")
        await eve.created("/v1/key-results/kr-acv/check-ins", {"confidence": 5})
        await anna.created("/v1/key-results/kr-acv/check-ins", {"confidence": 5})
        answered_meanwhile += not all(task.done() for task in asked)
    assert answered_meanwhile
    await anna.read("/v1/objectives/growth")
    told = Counter(answer.json()["code"] for answer in await asyncio.gather(*asked))
    assert told.keys() == {"position_not_reached", "views_busy"}
    assert (await anna.get("/readyz")).json()["postgresql"]


async def test_those_who_wait_hold_no_connection_and_are_answered_together(
    anna: Person, eve: Person, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many who wait for the next write take no more connections than one of them, and all get it."""
    monkeypatch.setattr("services.queries.read_context.WAIT", 30.0)
    monkeypatch.setattr(services.views._slots, "_patience", 30.0)  # all of them go on at once
    await given_goal(anna)
    head = await services.ledger.head(services.settings.workspace)
    wanted = {"Goaltrail-Min-Position": str(head + 1)}
    waiting = [asyncio.create_task(anna.get("/v1/objectives", wanted)) for _ in range(MOST_QUEUED // 2)]
    pool = services.views._pool._pool

    async def quiet() -> bool:
        for _ in range(30):
            await asyncio.sleep(0.01)
            if pool.get_size() - pool.get_idle_size() > 1:
                return False
        return True

    await eventually(quiet)
    assert not any(task.done() for task in waiting)
    await anna.created("/v1/key-results/kr-acv/check-ins", {"confidence": 5})
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}


async def test_slow_reads_of_one_workspace_leave_connections_to_others_and_to_its_writes(
    anna: Person, eve: Person, services: Services
) -> None:
    """Its further reads are told that the workspace is busy, not that PostgreSQL is away."""
    await given_goal(anna)
    release = asyncio.Event()

    async def read_slowly() -> None:
        async with services.views.open(services.settings.workspace) as view:
            await view.connection.scalar(select(1))
            await release.wait()

    slow = [asyncio.create_task(read_slowly()) for _ in range(CONNECTIONS)]
    await asyncio.sleep(0.3)
    await eve.read("/v1/objectives/growth")
    await eve.created("/v1/key-results/kr-acv/check-ins", {"confidence": 5})
    written = await anna.post("/v1/key-results/kr-acv/check-ins", {"confidence": 5})
    assert written.status_code == 201, written.text
    refused = await anna.get("/v1/objectives")
    assert (refused.status_code, refused.json()["code"]) == (503, "views_busy")
    assert refused.headers["Retry-After"] == "1"
    release.set()
    ended = await asyncio.gather(*slow, return_exceptions=True)
    assert {type(one) for one in ended} <= {type(None), ViewsBusy}
    await anna.read("/v1/objectives")


async def test_a_read_that_takes_too_long_says_nothing_of_others(
    provisioned: SettingsFor, eve: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends by itself, and PostgreSQL is away for nobody."""
    monkeypatch.setattr("services.postgres.views.QUERY_TIMEOUT", 0.2)
    settings = provisioned("api")
    async with Views.connect(settings) as views:
        with pytest.raises(ViewsUnavailable):
            async with views.open(settings.workspace) as view:
                await view.connection.scalar(select(func.pg_sleep(5)))
        async with views.open(settings.workspace) as view:
            assert view.position > 0
