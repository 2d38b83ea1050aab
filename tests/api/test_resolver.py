"""Relative goals get their targets by themselves: nobody calls in these tests once the resolver runs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY

from events.ids import Aggregate
from events.objectives.key_result_events import RelativeResolved
from services.api.http.services import Services
from services.api.main import connected
from services.commands.resolver import Resolver
from tests.api.conftest import Person, SettingsFor
from tests.api.given_process import api, until_up
from tests.api.given_relative_goals import COST, PATH, given_cost, send
from tests.given_clocks import MovedClock
from tests.running import eventually

pytestmark = pytest.mark.usefixtures("projector")

MONTHLY = {**COST, "relative": {"amount": "-5", "of": "previous_month", "resolve": "each_period"}}


def resolver(services: Services, now: Callable[[], datetime] | None = None) -> Resolver:
    """A resolver that looks often, for the test's workspace."""
    return Resolver(
        services.ledger,
        services.views,
        services.goals,
        after=timedelta(minutes=services.settings.resolve_goals_after),
        only={services.settings.workspace},
        look=0.05,
        now=now or (lambda: datetime.now(UTC)),
    )


def told() -> float:
    """What the metric says."""
    return REGISTRY.get_sample_value("goaltrail_goals_resolved_total") or 0


async def targets(anna: Person) -> list[tuple[str, str]]:
    """From which days the goal's resolved targets hold."""
    found: list[dict[str, Any]] = (await anna.read(PATH))["targets"]
    return [(target["effective_from"], target["target"]) for target in found if target["base"]]


async def test_two_at_once_make_one_event_of_what_activation_could_not_know(
    anna: Person, services: Services, settings_for: SettingsFor
) -> None:
    """The base was not on record then; the resolver is named as the one who did it."""
    etag = await given_cost(anna, COST)
    await anna.created("/v1/objectives/lean/activate", {}, If_Match=etag)
    await send(anna, d20250630="100")
    await anna.read(PATH)
    before = told()
    async with (
        connected(settings_for("api")) as other,
        resolver(services).running(),
        resolver(other).running(),
    ):
        assert await eventually(lambda: targets(anna)) == [("2026-01-01", "95")]
    events = await services.ledger.load(services.settings.workspace, Aggregate("objective", "lean"))
    resolved = [event.event for event in events if isinstance(event.event.data, RelativeResolved)]
    assert [event.actor for event in resolved] == ["system:resolver"]
    assert told() == before + 1


async def test_a_clock_ahead_makes_goals_wait(
    anna: Person, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is resolved on a day that is not there yet, and that is no failure."""
    etag = await given_cost(anna, COST)
    await anna.created("/v1/objectives/lean/activate", {}, If_Match=etag)
    await send(anna, d20250630="100")
    await anna.read(PATH)
    moved = MovedClock(monkeypatch)
    moved.ahead = timedelta(days=2)
    with structlog.testing.capture_logs() as lines:
        async with resolver(services).running():

            async def waits() -> bool:
                return any("clock" in str(line.get("because")) for line in lines)

            await eventually(waits)
            assert await targets(anna) == []
            moved.ahead = timedelta(0)
            assert await eventually(lambda: targets(anna)) == [("2026-01-01", "95")]
    assert not [line for line in lines if line["log_level"] in ("warning", "error")]


async def test_a_target_of_a_period_comes_as_it_begins(anna: Person, services: Services) -> None:
    """Ten minutes after midnight in Seoul, which is 15:00 UTC; a corrected base waits for a person."""
    etag = await given_cost(anna, MONTHLY)
    await anna.created("/v1/objectives/lean/activate", {}, If_Match=etag)
    await send(anna, d20260115="100", d20260210="0", d20260310="200")
    await anna.read(PATH)
    now = datetime(2026, 3, 31, 15, 9, tzinfo=UTC)
    async with resolver(services, lambda: now).running():
        february = await eventually(lambda: targets(anna))
        assert february == [("2026-02-01", "95")], "nothing follows from a base of 0"
        await send(anna, d20260116="100")
        now = datetime(2026, 3, 31, 15, 11, tzinfo=UTC)

        async def april() -> bool:
            return await targets(anna) == [*february, ("2026-04-01", "190")]

        await eventually(april)


@pytest.mark.own_database
async def test_the_process_of_the_api_does_it(anna: Person, provisioned: SettingsFor) -> None:
    """Nobody sends it a request; it says what it did, and ends with 0 when it is told to."""
    etag = await given_cost(anna, COST)
    await anna.created("/v1/objectives/lean/activate", {}, If_Match=etag)
    await send(anna, d20250630="100")
    await anna.read(PATH)
    async with api(provisioned("api")) as (process, address):
        await until_up(address)
        await eventually(lambda: targets(anna))
        process.send_signal(signal.SIGTERM)
        _out, err = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0, err.decode()
    assert '"a relative goal is resolved"' in err.decode()
