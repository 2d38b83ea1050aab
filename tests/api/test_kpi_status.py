"""The status of a KPI and the standing of a key result: bands, no target, and readings that are stale."""

from __future__ import annotations

from typing import Any

import pytest

from events.policies.defaults import DEFAULTS
from tests.api.conftest import YEAR, Person, given_goal
from tests.api.given_policies import reading

pytestmark = pytest.mark.usefixtures("projector")


async def status(anna: Person, day: str) -> Any:
    """Of the KPI in the list and by itself, which say the same."""
    kpi = await anna.read("/v1/kpis/acv", as_of=day)
    [listed] = (await anna.read("/v1/kpis", as_of=day))["data"]
    assert listed["status"] == kpi["status"]
    return kpi["status"]


async def codes(anna: Person) -> list[str | None]:
    """Of the buckets of January and February in the trend."""
    found = await anna.read("/v1/kpis/acv/trend", **{"from": "2026-01-01", "to": "2026-02-28"})
    return [point["status"] and point["status"]["code"] for point in found["data"]]


async def test_a_kpi_without_a_target_says_so(anna: Person) -> None:
    """In the list, by itself and in its trend; its value is there."""
    await given_goal(anna)
    await reading(anna, "71")
    found = await status(anna, "2026-02-01")
    assert (found["code"], found["name_ko"], found["value"], found["band"]) == (
        "no_target",
        "목표치 없음",
        "71",
        None,
    )
    assert await codes(anna) == ["no_target", "no_target"]


async def test_a_kpi_is_healthy_until_its_readings_are_stale(anna: Person) -> None:
    """72 of at least 80 is exactly 0.9. January's reading is fresh for 1.5 Februaries: until 14 March."""
    await given_goal(anna)
    await reading(anna, "72")
    target = {"kind": "at_least", "target": "80", "effective_from": "2026-01-01", "reason": "계획"}
    await anna.created("/v1/kpis/acv/targets", target, If_Match=await anna.etag("/v1/kpis/acv"))
    fresh, stale = await status(anna, "2026-03-14"), await status(anna, "2026-03-15")
    assert (fresh["code"], fresh["attainment"], fresh["period"]) == ("healthy", "0.9", "2026-01")
    assert fresh["readings"] == {"last": "2026-01-15", "latest": "2026-03-14", "stale": False}
    assert (stale["code"], stale["band"]["code"]) == ("stale", "healthy")
    assert await codes(anna) == ["healthy", "no_value"]
    assert (await status(anna, "1000-01-01"))["code"] == "no_target"
    assert (await status(anna, "9999-12-31"))["code"] == "no_value"


async def test_the_trend_names_the_policy_that_judges_all_its_buckets(anna: Person) -> None:
    """The newest KPI policy, by what was on record: 72 of 80 is healthy until 0.95 is asked for."""
    await given_goal(anna)
    await reading(anna, "72")
    target = {"kind": "at_least", "target": "80", "effective_from": "2026-01-01", "reason": "계획"}
    await anna.created("/v1/kpis/acv/targets", target, If_Match=await anna.etag("/v1/kpis/acv"))
    path, january = "/v1/kpis/acv/trend", {"from": "2026-01-01", "to": "2026-01-31"}
    before = await anna.read(path, **january)
    rules = DEFAULTS["kpi"].model_dump(mode="json")
    rules["usual"]["bands"][-1]["at_least"] = "0.95"
    await anna.created("/v1/policies/kpi", {"rules": rules, "reason": "stricter"})
    after = await anna.read(path, **january)
    then = await anna.read(path, **january, known_at=before["known_at"])
    assert [(found["policy"], found["data"][0]["status"]["code"]) for found in (before, after, then)] == [
        ({"framework": "kpi", "version": 0}, "healthy"),
        ({"framework": "kpi", "version": 1}, "watch"),
        ({"framework": "kpi", "version": 0}, "healthy"),
    ]


async def test_stale_readings_override_a_good_pace_and_never_the_score(anna: Person) -> None:
    """The key result is ahead until its KPI is silent for too long; check-ins are counted apart."""
    await given_goal(anna)
    assert (await anna.read("/v1/objectives/growth"))["standing"] == "pending"
    await reading(anna, "80")
    await anna.created("/v1/key-results/kr-acv/check-ins", {"confidence": 9, "day": "2026-03-11"})
    shown = {
        day: await anna.read("/v1/key-results/kr-acv", as_of=day) for day in ("2026-03-14", "2026-03-30")
    }
    assert [each["standing"] for each in shown.values()] == ["ahead", "stale"]
    goals = [await anna.read("/v1/objectives/growth", as_of=day) for day in shown]
    assert [goal["standing"] for goal in goals] == ["ahead", "stale"]
    assert [each["readings"]["stale"] for each in shown.values()] == [False, True]
    assert [each["check_ins"]["latest"] for each in shown.values()] == ["2026-03-25"] * 2
    assert [each["check_ins"]["stale"] for each in shown.values()] == [False, True]
    assert [each["score"]["score"] for each in shown.values()] == ["1", "1"]


async def test_a_cycle_says_how_often_people_check_in(anna: Person) -> None:
    """Every week unless it says otherwise."""
    await given_goal(anna)
    assert (await anna.read(f"/v1/cycles/{YEAR}"))["check_ins"] == "week"
    later = {"id": "2027", "name": "2027", "start": "2027-01-01", "end": "2027-12-31", "kind": "year"}
    await anna.created("/v1/cycles", {**later, "check_ins": "month"})
    assert (await anna.read("/v1/cycles/2027"))["check_ins"] == "month"
