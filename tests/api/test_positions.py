"""Positions and times of reads: waiting for a write, days in the workspace's zone, what answers echo."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from events.workspace.state import Workspace
from services.queries.read_context import end_of, start_of
from tests.api.conftest import Person, SettingsFor, given_goal, projecting

SEOUL = Workspace(id="w", name="W", default_language="ko", zones=(("Asia/Seoul", date.min),))
MOVED = SEOUL.model_copy(update={"zones": (("Asia/Seoul", date.min), ("America/New_York", date(2026, 4, 1)))})


def test_a_day_ends_in_the_workspaces_zone() -> None:
    """Seoul is nine hours ahead, so its day is over at 15:00 UTC."""
    assert start_of(date(2026, 3, 31), SEOUL) == datetime(2026, 3, 30, 15, tzinfo=UTC)
    assert end_of(date(2026, 3, 31), SEOUL) == datetime(2026, 3, 31, 14, 59, 59, 999999, tzinfo=UTC)


def test_a_day_ends_where_the_next_one_begins() -> None:
    """Also where the zone changes, and at the end of time."""
    assert end_of(date(2026, 3, 31), MOVED) + timedelta(microseconds=1) == start_of(date(2026, 4, 1), MOVED)
    assert end_of(date.max, SEOUL) == datetime.max.replace(tzinfo=UTC)


def test_an_instant_is_itself() -> None:
    """Whatever the zone."""
    instant = datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert start_of(instant, SEOUL) == end_of(instant, SEOUL) == instant


async def test_a_read_waits_for_its_position(anna: Person, provisioned: SettingsFor) -> None:
    """The projector starts only after the write; the read waits for it."""
    created = await anna.created(
        "/v1/cycles",
        {"id": "c", "name": "C", "start": "2026-01-01", "end": "2026-01-31", "kind": "month"},
    )
    async with projecting(provisioned("projector")):
        response = await anna.get("/v1/cycles/c")
    assert response.status_code == 200, response.text
    assert int(response.headers["Goaltrail-Position"]) >= created["position"]


@pytest.mark.usefixtures("projector")
async def test_a_position_that_does_not_come_is_503_with_retry_after(
    anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the time a read waits."""
    await anna.read("/v1/workspace")
    monkeypatch.setattr("services.queries.read_context.WAIT", 0.3)
    started = time.monotonic()
    response = await anna.get("/v1/cycles", headers={"Goaltrail-Min-Position": "1000000"})
    assert 0.3 <= time.monotonic() - started < 3
    assert (response.status_code, response.json()["code"]) == (503, "position_not_reached")
    assert response.headers["Retry-After"] == "1"


@pytest.mark.usefixtures("projector")
async def test_a_strange_position_is_refused(anna: Person) -> None:
    """Not a number, negative, or beyond every ledger."""
    for strange in ("soon", "-1", str(2**63)):
        response = await anna.get("/v1/cycles", headers={"Goaltrail-Min-Position": strange})
        assert response.status_code == 422
        assert response.json()["errors"][0]["header"] == "Goaltrail-Min-Position"


@pytest.mark.usefixtures("projector")
async def test_answers_echo_both_times(anna: Person) -> None:
    """Asked again with the echoed times, they are the same answer."""
    await given_goal(anna)
    now = await anna.read("/v1/objectives/growth")
    again = await anna.read("/v1/objectives/growth", as_of=now["as_of"], known_at=now["known_at"])
    assert again == now
    listed = await anna.read("/v1/objectives")
    assert {"position", "known_at", "as_of", "next_cursor", "data"} == listed.keys()


@pytest.mark.usefixtures("projector")
async def test_an_instant_counts_as_its_day_in_the_workspaces_zone(anna: Person) -> None:
    """16:00 UTC is the next day in Seoul; an unencoded plus sign is understood."""
    await given_goal(anna)
    late = await anna.read("/v1/objectives/growth", as_of="2026-03-31T16:00:00Z")
    assert late["as_of"] == "2026-04-01"
    response = await anna.get("/v1/objectives/growth?as_of=2026-03-31T16:00:00+09:00")
    assert response.json()["as_of"] == "2026-03-31"


@pytest.mark.usefixtures("projector")
async def test_the_future_is_what_is_known_now(anna: Person) -> None:
    """`known_at` of tomorrow shows everything there is."""
    await given_goal(anna)
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    now = await anna.read("/v1/objectives/growth")
    then = await anna.read("/v1/objectives/growth", known_at=tomorrow)
    assert (then["position"], then["known_at"]) == (now["position"], now["known_at"])
