"""Clocks that differ: /readyz, metrics and the log tell it, and nothing is recorded on a day to come."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import func, text, update

from projections.control import checkpoint
from services.api.http.services import Services
from services.api.main import connected
from services.ledger import recorded
from services.projector.builds import projector_engine
from tests.api.conftest import Person, SettingsFor, given_goal, person
from tests.api.everything import given_everything
from tests.api.operations import writes
from tests.given_clocks import MovedClock
from tests.running import eventually
from tests.servers import TestNats

pytestmark = [pytest.mark.own_system, pytest.mark.usefixtures("projector")]


@pytest.fixture(scope="module")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestNats]:
    """A server on which every workspace has views: only then /readyz can be ready."""
    nats = TestNats(tmp_path_factory.mktemp("nats"))
    with nats.server:
        yield nats


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    """The clock of the API."""
    return MovedClock(monkeypatch)


async def given_set_back(settings_for: SettingsFor, workspace: str, by: timedelta) -> None:
    """What views know after the server's clock was set back: an event of before has a later time than now."""
    engine = projector_engine(settings_for("projector"))
    async with engine.begin() as connection:
        await connection.execute(
            update(checkpoint)
            .where(checkpoint.c.workspace == workspace)
            .values(recorded_at=func.now() + text(f"interval '{by.total_seconds()} s'"))
        )
    await engine.dispose()


async def warned(http: httpx.AsyncClient) -> dict[str, Any]:
    """What /readyz says while everything works."""
    answer = await http.get("/readyz")
    assert answer.status_code == 200, "readings go on, so it stays ready"
    found: dict[str, Any] = answer.json()
    assert found["ready"]
    return found


@pytest.mark.parametrize(
    ("ahead", "codes", "says"),
    [
        (0.0, [], ""),
        (3.0, [], ""),
        (-3.0, [], ""),
        (7.0, ["clock_differs"], "ahead of the one of NATS"),
        (-7.0, ["clock_differs"], "behind the one of NATS"),
        (86400.0 * 365, ["clock_differs"], "503 clock_ahead"),
    ],
)
async def test_a_clock_away_from_the_servers_is_told(
    http: httpx.AsyncClient, moved: MovedClock, ahead: float, codes: list[str], says: str
) -> None:
    """By more than 5 s, in both directions; what asking took is no difference."""
    moved.ahead = timedelta(seconds=ahead)
    found = await warned(http)
    assert [warning["code"] for warning in found["warnings"]] == codes
    assert says in "".join(warning["text"] for warning in found["warnings"])
    assert abs(found["clock_ahead_seconds"] - ahead) < 2
    assert found["clock_set_back_seconds"] == 0
    metrics = (await http.get("/metrics")).text
    [line] = [line for line in metrics.splitlines() if line.startswith("goaltrail_clock_ahead_seconds ")]
    assert abs(float(line.split()[1]) - ahead) < 2


async def test_a_step_back_of_the_servers_clock_is_told_until_it_has_caught_up(
    http: httpx.AsyncClient, provisioned: SettingsFor, workspace: str
) -> None:
    """Its newest event on record is later than the clock."""
    await given_set_back(provisioned, workspace, timedelta(hours=2))
    found = await warned(http)
    assert [warning["code"] for warning in found["warnings"]] == ["clock_set_back"]
    assert "known_at" in found["warnings"][0]["text"]
    assert 7190 < found["clock_set_back_seconds"] <= 7200
    metrics = (await http.get("/metrics")).text
    assert "goaltrail_clock_set_back_seconds 71" in metrics
    await given_set_back(provisioned, workspace, timedelta(seconds=-1))
    found = await warned(http)
    assert (found["warnings"], found["clock_set_back_seconds"]) == ([], 0)


async def test_a_change_is_logged_once_also_while_nobody_asks(
    provisioned: SettingsFor, moved: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line when it begins, and one when it is over."""
    monkeypatch.setattr("services.api.operations.health.CLOCKS_EVERY", 0.05)

    async def logged(event: str) -> bool:
        return any(line["event"] == event for line in lines)

    with structlog.testing.capture_logs() as lines:
        async with connected(provisioned("api")):
            for _ in range(2):
                moved.ahead = timedelta(minutes=5)
                await eventually(lambda: logged("clock_differs"))
                await asyncio.sleep(0.3)
                moved.ahead = timedelta(0)
                await eventually(lambda: logged("clock_differs_no_longer"))
                told = [line["event"] for line in lines if line["event"].startswith("clock")]
                assert told == ["clock_differs", "clock_differs_no_longer"]
                begun = next(line for line in lines if line["event"] == "clock_differs")
                assert begun["log_level"] == "warning"
                assert 295 < begun["ahead_seconds"] < 301
                lines.clear()


# --- writes


async def test_no_write_is_recorded_on_a_day_to_come(
    http: httpx.AsyncClient, services: Services, anna: Person, moved: MovedClock
) -> None:
    """Whichever operation is asked for while the clock is two days ahead: refused, or without such a day."""
    ids = await given_everything(anna)
    workspace = services.settings.workspace
    before = await services.ledger.head(workspace)
    moved.ahead = timedelta(days=2)
    callers = [anna, await person(http, services, "root", "admin")]
    refused = set()
    for write in writes():
        if write.media_type != "application/json":
            continue
        path = write.template.format_map({"token_id": "none"} | ids)
        found = await anna.get(path)
        headers = {"If-Match": found.headers["ETag"]} if "ETag" in found.headers else {}
        for caller in callers:
            answer = await caller.send(write.method, path, write.example, headers)
            if answer.status_code == 503:
                assert answer.json()["code"] == "clock_ahead", answer.text
                refused.add((write.method, write.template))
    async for messages in services.ledger.read(workspace, before):
        today = (await services.ledger.now(workspace)).date() + timedelta(days=1)  # at the most, in Seoul
        for message in messages:
            event = recorded(message).event
            assert event.business_day is None or event.business_day <= today, event
    assert ("POST", "/v1/key-results/{key_result}/check-ins") in refused
    assert len(refused) > 15


async def test_what_was_refused_is_carried_out_once_the_clock_is_right(
    anna: Person, services: Services, moved: MovedClock
) -> None:
    """With the same Idempotency-Key: nothing remembers the refusal."""
    await given_goal(anna)
    path, body = "/v1/key-results/kr-acv/check-ins", {"confidence": 5}
    head = await services.ledger.head(services.settings.workspace)
    moved.ahead = timedelta(days=2)
    answer = await anna.post(path, body, Idempotency_Key="k")
    assert (answer.status_code, answer.json()["code"]) == (503, "clock_ahead")
    assert "Retry-After" in answer.headers
    assert await services.ledger.head(services.settings.workspace) == head
    moved.ahead = timedelta(0)
    answer = await anna.post(path, body, Idempotency_Key="k")
    assert (answer.status_code, answer.headers.get("Idempotency-Replayed")) == (201, None)


@pytest.mark.parametrize("ahead", [-400, -3, 0, 3, 400])
async def test_the_ledgers_clock_alone_says_what_is_of_the_future(
    anna: Person, moved: MovedClock, ahead: int
) -> None:
    """Of readings, whole periods and corrections, however many days the clock of the process is away."""
    await given_goal(anna)
    await anna.created("/v1/feeds", {"id": "erp", "name": "ERP"})
    moved.ahead = timedelta(days=ahead)
    now = datetime.now(UTC)
    times = {"now": now, "tomorrow": now + timedelta(hours=23), "later": now + timedelta(hours=25)}
    items = [
        {"kpi": "acv", "source_id": name, "observed_at": time.isoformat(), "value": "1"}
        for name, time in times.items()
    ]
    days = {"today": now, "soon": now + timedelta(days=3)}
    items += [
        {"kpi": "acv", "source_id": name, "period": str(day.date()), "value": "1"}
        for name, day in days.items()
    ]
    receipts = (await anna.post("/v1/readings?feed=erp", items)).json()["receipts"]
    statuses = {receipt["source_id"]: receipt["status"] for receipt in receipts}
    assert statuses == {
        **dict.fromkeys(("now", "tomorrow", "today"), "accepted"),
        **dict.fromkeys(("later", "soon"), "rejected"),
    }
    path = "/v1/readings/corrections?feed=erp&kpi=acv&source_id=now"
    for name, status in (("tomorrow", 200), ("later", 422)):
        body = {"observed_at": times[name].isoformat(), "reason": "x"}
        assert (await anna.post(path, body)).status_code == status, name
