"""What works while PostgreSQL or NATS is away, and that nothing is lost or done twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import psutil
import pytest

from events.ids import Aggregate
from events.objectives.key_result_events import TargetChanged
from services.api.http.services import Services
from services.commands.resolver import Resolver
from tests.api.conftest import Person, given_goal
from tests.api.given_engines_away import nats_server, postgres, without_postgres
from tests.api.given_relative_goals import COST, PATH, given_cost, send
from tests.running import eventually
from tests.servers import TestNats, TestPostgres

__all__ = ["nats_server", "postgres", "without_postgres"]  # fixtures

pytestmark = [pytest.mark.own_database, pytest.mark.faults, pytest.mark.usefixtures("projector")]

TARGETS = "/v1/key-results/kr-acv/targets"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request does not wait for seconds until NATS is back."""
    monkeypatch.setattr("services.api.main.PATIENCE", 0.5)


async def until_connected(services: Services, connected: bool) -> None:
    """Wait until the API has noticed that NATS came or went."""
    for _ in range(500):
        if services.ledger.connected == connected:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not notice")


async def until_ok(anna: Person, path: str) -> httpx.Response:
    """Read until it works again."""
    for _ in range(200):
        response = await anna.get(path)
        if response.status_code == 200:
            return response
        await asyncio.sleep(0.05)
    raise AssertionError(response.text)


async def test_goal_commands_go_on_without_postgresql(
    anna: Person, without_postgres: TestPostgres, services: Services
) -> None:
    """Changes, check-ins, new goals and retries work; views answer 503; afterwards everything is there."""
    etag = await given_goal(anna)
    await anna.read("/v1/objectives/growth")
    without_postgres.server.kill()

    for path in ("/v1/objectives", "/v1/key-results/kr-acv", "/v1/kpis/acv/trend", "/v1/audit"):
        response = await anna.get(path)
        assert (response.status_code, response.json()["code"]) == (503, "views_unavailable"), path
        assert int(response.headers["Retry-After"]) >= 1
    keyed = {"If_Match": etag, "Idempotency_Key": "k"}
    first = await anna.post(TARGETS, {"target": "90", "reason": "more"}, **keyed)
    assert first.status_code == 201, first.text
    again = await anna.post(TARGETS, {"target": "90", "reason": "more"}, **keyed)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    stale = await anna.post(TARGETS, {"target": "95", "reason": "more"}, If_Match=etag)
    assert stale.status_code == 412
    checked_in = await anna.post("/v1/key-results/kr-acv/check-ins", {"confidence": 8})
    assert checked_in.status_code == 201, checked_in.text
    drafted = await anna.post("/v1/objectives", {"id": "sell", "title": "Sell", "cycle": "2026"})
    assert drafted.status_code == 201, drafted.text
    unknown = await anna.post("/v1/key-results/nowhere/check-ins", {"confidence": 8})
    assert unknown.status_code == 404
    ready = (await anna.get("/readyz")).json()
    assert (ready["ready"], ready["nats"], ready["postgresql"]) == (False, True, False)
    assert (await anna.get("/healthz")).status_code == 200

    without_postgres.server.start()
    await until_ok(anna, "/v1/objectives/sell")
    state = await anna.read("/v1/key-results/kr-acv")
    assert (state["measure"]["target"], state["confidence"]) == ("90", 8)


async def test_reads_go_on_without_nats_and_say_how_old_they_are(
    anna: Person, nats_server: TestNats, services: Services
) -> None:
    """Age in seconds; writes answer 503 with Retry-After, and work again when it is back."""
    etag = await given_goal(anna)
    fresh = await anna.get("/v1/objectives/growth")
    assert "Age" not in fresh.headers
    nats_server.server.kill()
    await until_connected(services, False)
    await asyncio.sleep(1)

    old = await anna.get("/v1/objectives/growth")
    assert old.json() == fresh.json()
    assert int(old.headers["Age"]) >= 1
    assert old.headers["Goaltrail-Recorded-At"] == fresh.headers["Goaltrail-Recorded-At"]
    for path, body in (
        (TARGETS, {"target": "90", "reason": "more"}),
        ("/v1/objectives", {"title": "X", "cycle": "2026"}),
    ):
        refused = await anna.post(path, body, If_Match=etag)
        assert (refused.status_code, refused.json()["code"]) == (503, "ledger_unavailable")
        assert int(refused.headers["Retry-After"]) >= 1
    ready = (await anna.get("/readyz")).json()
    assert (ready["ready"], ready["nats"], ready["postgresql"]) == (False, False, True)

    nats_server.server.start()
    await until_connected(services, True)
    assert (await anna.post(TARGETS, {"target": "90", "reason": "more"}, If_Match=etag)).status_code == 201
    assert (await anna.read("/v1/key-results/kr-acv"))["measure"]["target"] == "90"


async def test_a_ledger_that_dies_under_way_loses_and_doubles_nothing(
    anna: Person, nats_server: TestNats, services: Services
) -> None:
    """Every change is repeated with its key until it is answered; each is on the ledger exactly once."""
    await given_goal(anna)
    wanted = [str(81 + n) for n in range(30)]

    async def change() -> None:
        etag = await anna.etag("/v1/objectives/growth")
        for target in wanted:
            for _ in range(60):
                answer = await anna.post(
                    TARGETS,
                    {"target": target, "reason": "up"},
                    If_Match=etag,
                    Idempotency_Key=f"to-{target}",
                )
                if answer.status_code == 201:
                    break
                assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.1)
            etag = answer.headers["ETag"]

    async def disturb() -> None:
        for pause in (0.1, 0.3):
            await asyncio.sleep(pause)
            await asyncio.to_thread(nats_server.server.kill)
            await asyncio.to_thread(nats_server.server.start)

    await asyncio.gather(change(), disturb())
    events = await services.ledger.load(services.settings.workspace, Aggregate("objective", "growth"))
    changes = [event.event.data for event in events if isinstance(event.event.data, TargetChanged)]
    assert [str(data.new) for data in changes] == wanted
    posts = (await anna.read(TARGETS))["data"]
    assert [post["new"] for post in posts if post["what"] == "target"] == ["80", *wanted]


async def test_relative_goals_are_resolved_once_the_engines_are_back(
    anna: Person, nats_server: TestNats, without_postgres: TestPostgres, services: Services
) -> None:
    """The resolver waits for either, and asks nobody to start it again."""
    etag = await given_cost(anna, COST)
    await anna.created("/v1/objectives/lean/activate", {}, If_Match=etag)
    await send(anna, d20250630="100")
    await anna.read(PATH)
    nats_server.server.kill()
    await until_connected(services, False)
    async with Resolver(
        services.ledger, services.views, services.goals, after=timedelta(0), look=0.05
    ).running():
        await asyncio.sleep(0.3)
        without_postgres.server.kill()
        await asyncio.sleep(0.3)
        without_postgres.server.start()
        nats_server.server.start()
        await until_connected(services, True)
        await until_ok(anna, PATH)

        async def resolved() -> bool:
            response = await anna.get(PATH)
            return response.status_code == 200 and response.json()["score"]["target"] == "95"

        await eventually(resolved)


async def test_engines_that_hang_count_as_away(
    anna: Person,
    nats_server: TestNats,
    postgres: TestPostgres,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever asks whether we are ready is answered, also while an engine holds the line and says nothing."""
    monkeypatch.setattr("services.api.operations.health.PATIENCE", 0.5)
    for server, away in ((nats_server.server, "nats"), (postgres.server, "postgresql")):
        assert server.process is not None
        parent = psutil.Process(server.process.pid)
        family = [parent, *parent.children()]
        try:
            for process in family:
                process.suspend()
            async with asyncio.timeout(10):
                answer = await anna.get("/readyz")
        finally:
            for process in family:
                process.resume()
        found = answer.json()
        assert (answer.status_code, found[away], found["nats"] or found["postgresql"]) == (503, False, True)
        assert {(group["lag_events"], group["lag_seconds"]) for group in found["groups"]} == {(None, None)}
        await until_ok(anna, "/readyz")
