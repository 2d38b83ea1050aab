"""The history of a score and reads `as_of` a day tell the same, whatever came in which order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.api.conftest import Person

pytestmark = pytest.mark.usefixtures("projector")

GOAL, KPI = "/v1/objectives/sold", "/v1/kpis/sales"
WINDOWS: dict[str, dict[str, Any]] = {
    "whole": {"target": "1000"},
    "latest": {"target": "100", "window": {"kind": "latest_complete_period"}},
    "rolling": {"target": "300", "window": {"kind": "rolling", "periods": 2}},
}
TODAY = datetime.now(ZoneInfo("Asia/Seoul")).date()
DAYS = [f"2025-{month:02d}-{day}" for month in range(1, 11) for day in ("01", "15", "28")] + [f"{TODAY}"]


async def _given_sales(anna: Person) -> None:
    """A KPI with readings from January to October but March, and a goal without key results."""
    cycle = {"id": "2025", "name": "2025", "start": "2025-01-01", "end": "2025-12-31", "kind": "year"}
    await anna.created("/v1/cycles", cycle)
    kpi = {"id": "sales", "name_ko": "매출", "unit": "deals", "kind": "delta", "aggregation": "sum"}
    await anna.created("/v1/kpis", kpi | {"cadence": "month"})
    readings = [
        {"kpi": "sales", "source_id": f"r{month}", "value": f"{20 * month}", "period": f"2025-{month:02d}"}
        for month in (1, 2, 4, 5, 6, 7, 8, 9, 10)
    ]
    assert (await anna.created("/v1/readings", readings))["counts"]["accepted"] == 9
    await anna.created("/v1/objectives", {"id": "sold", "title": "x", "cycle": "2025"})


async def _scores(anna: Person, key_result: str, **when: str) -> dict[str, Any]:
    found = {}
    for day in DAYS:
        read = (await anna.read(f"/v1/key-results/{key_result}", as_of=day, **when))["score"]
        found[day] = (read["raw"], read["score"])
    return found


async def _told(anna: Person, key_result: str, **when: str) -> dict[str, Any]:
    """What the last point on or before each day says; before all of them there is no score."""
    history = (await anna.read(f"/v1/key-results/{key_result}/score-history", limit=1000, **when))["data"]
    found = {}
    for day in DAYS:
        until = [point for point in history if point["day"] <= day]
        found[day] = (until[-1]["raw"], until[-1]["score"]) if until else (None, "0")
    return found


async def test_the_last_point_up_to_a_day_is_the_score_of_that_day(anna: Person) -> None:
    """After readings that were on record first, and each change that holds for other days than its own."""
    await _given_sales(anna)
    for id_, measure in WINDOWS.items():
        body = {
            "id": id_,
            "title": id_,
            "kpi": "sales",
            "measure": measure | {"kind": "at_least", "unit": "deals"},
        }
        await anna.created(f"{GOAL}/key-results", body, If_Match=await anna.etag(GOAL))
    await anna.created(f"{GOAL}/activate", {}, If_Match=await anna.etag(GOAL))
    known: list[tuple[str, str, dict[str, Any]]] = []

    async def check() -> None:
        for id_ in WINDOWS:
            scores = await _scores(anna, id_)
            assert await _told(anna, id_) == scores, id_
            known.append(((await anna.read("/v1/workspace"))["known_at"], id_, scores))

    await check()
    assert known[0][2]["2025-06-28"] == ("0.24", "0.24")
    for id_ in WINDOWS:
        target = {"target": "500", "effective_from": "2025-05-10", "reason": "x"}
        path = f"/v1/key-results/{id_}"
        await anna.created(f"{path}/targets", target, If_Match=await anna.etag(path))
    await check()
    for cadence, since in (("quarter", "2025-07-01"), ("month", "2025-08-10"), ("month", "2025-02-01")):
        body = {"cadence": cadence, "effective_from": since, "reason": "x"}
        assert (await anna.patch(KPI, body, If_Match=await anna.etag(KPI))).json()["event_ids"]
        await check()
    late = {"kpi": "sales", "source_id": "r3", "value": "70", "period": "2025-03"}
    await anna.created("/v1/readings", [late])
    await check()
    for id_ in WINDOWS:
        path = f"/v1/key-results/{id_}"
        measure = {"kind": "decrease", "baseline": "500", "target": "50", "unit": "deals"}
        answer = await anna.patch(path, {"measure": measure, "reason": "x"}, If_Match=await anna.etag(path))
        assert answer.is_success, answer.text
    await check()
    following = {"id": "next", "name": "next", "kind": "other", "start": f"{TODAY}"}
    await anna.created("/v1/cycles", following | {"end": f"{TODAY + timedelta(60)}"})
    moved = await anna.patch(GOAL, {"cycle": "next", "reason": "x"}, If_Match=await anna.etag(GOAL))
    assert moved.is_success, moved.text
    await check()
    for known_at, id_, scores in known[:: len(WINDOWS) + 1]:
        assert await _told(anna, id_, known_at=known_at) == scores, (known_at, id_)
