"""Measures over HTTP: between two edges, a count of periods, and another measure for the same key result."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.api.conftest import Person, given_goal

pytestmark = pytest.mark.usefixtures("projector")

SEOUL = ZoneInfo("Asia/Seoul")
FIRST_WEDNESDAY = date(2026, 1, 7)
COUNTED = {
    "kind": "count_of_periods",
    "target": "2",
    "unit": "points",
    "periods": {"of": 3, "each": "at_least", "threshold": "4"},
}


async def given_satisfaction(anna: Person, measure: dict[str, Any]) -> str:
    """A weekly KPI in points and a key result on it; answers the objective's ETag."""
    etag = await given_goal(anna, active=False)
    await anna.created(
        "/v1/kpis",
        {
            "id": "satisfaction",
            "name_ko": "만족도",
            "unit": "points",
            "kind": "gauge",
            "aggregation": "mean",
            "cadence": "week",
        },
    )
    added = await anna.created(
        "/v1/objectives/growth/key-results",
        {"id": "kr-mood", "title": "Content", "measure": measure, "kpi": "satisfaction"},
        If_Match=etag,
    )
    answer = await anna.created("/v1/objectives/growth/activate", {}, If_Match=f'"{added["revision"]}"')
    return f'"{answer["revision"]}"'


async def send_weeks(anna: Person, *values: str) -> None:
    """One reading of the KPI on the Wednesday of each week from 7 January 2026 on, at noon in Seoul."""
    items = []
    for n, value in enumerate(values):
        day = FIRST_WEDNESDAY + timedelta(weeks=n)
        items.append(
            {
                "kpi": "satisfaction",
                "source_id": f"r-{day}",
                "observed_at": f"{day}T12:00:00+09:00",
                "value": value,
            }
        )
    response = await anna.post("/v1/readings", items)
    assert response.json()["counts"].get("accepted") == len(items), response.text


async def score(anna: Person, as_of: str) -> dict[str, Any]:
    """The key result's score at the end of a day."""
    found: dict[str, Any] = (await anna.read("/v1/key-results/kr-mood", as_of=as_of))["score"]
    return found


async def test_periods_are_counted_as_they_end(anna: Person) -> None:
    """At least 4 in 2 of 3 weeks. The year's first week, which has no reading, stays open."""
    await given_satisfaction(anna, COUNTED)
    await send_weeks(anna, "4", "4.5")
    first = await score(anna, "2026-01-11")
    assert (first["value"], first["raw"], first["met"]) == ("1", "0.5", False)
    assert (first["open_periods"], first["unreachable"], first["cadence"]) == (2, False, "week")
    second = await score(anna, "2026-01-18")
    assert (second["value"], second["raw"], second["met"]) == ("2", "1", True)
    assert second["window"] is None
    history = (await anna.read("/v1/key-results/kr-mood/score-history"))["data"]
    points = [(point["day"], point["raw"], point["met"]) for point in history if point["cause"] == "reading"]
    assert points == [("2026-01-11", "0.5", False), ("2026-01-18", "1", True)]


async def test_what_can_no_longer_be_reached_says_so(anna: Person) -> None:
    """Two weeks below 4 leave one of three open, and two are required."""
    await given_satisfaction(anna, COUNTED)
    await send_weeks(anna, "3", "3.9")
    assert (await score(anna, "2026-01-11"))["unreachable"] is False
    late = await score(anna, "2026-01-18")
    assert (late["raw"], late["open_periods"], late["unreachable"]) == ("0", 1, True)


async def test_no_more_periods_can_be_required_than_are_counted(anna: Person) -> None:
    """A target of 4 periods out of 3 is refused with its code; 3 of 3 is a change like any other."""
    etag = await given_satisfaction(anna, COUNTED)
    path = "/v1/key-results/kr-mood/targets"
    change = {"reason": "more", "effective_from": "2026-01-01"}
    refused = await anna.post(path, change | {"target": "4"}, If_Match=etag)
    assert (refused.status_code, refused.json()["code"]) == (422, "more_periods_required_than_counted")
    await anna.created(path, change | {"target": "3"}, If_Match=etag)
    await send_weeks(anna, "4")
    assert (await score(anna, "2026-01-11"))["raw"] == "0.333333"


async def test_a_range_is_scored_by_its_distance(anna: Person) -> None:
    """Between 4 and 6 with a tolerance of 2: 6 is inside, 7 is half lost."""
    measure = {
        "kind": "between",
        "target": "4",
        "upper": "6",
        "unit": "points",
        "grading": "tolerance",
        "tolerance": "2",
    }
    await given_satisfaction(anna, measure)
    await send_weeks(anna, "6", "7")
    inside, outside = await score(anna, "2026-01-11"), await score(anna, "2026-01-18")
    assert (inside["raw"], inside["met"]) == ("1", True)
    assert (outside["raw"], outside["met"]) == ("0.5", False)


async def test_a_kpi_has_no_target_that_counts_periods(anna: Person) -> None:
    """A target of a KPI judges each period by itself; a range is one."""
    await given_satisfaction(anna, COUNTED)
    etag = await anna.etag("/v1/kpis/satisfaction")
    body = {"kind": "count_of_periods", "target": "2", "effective_from": "2099-01-01"}
    refused = await anna.post("/v1/kpis/satisfaction/targets", body, If_Match=etag)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["#/kind"]
    wanted = {"kind": "between", "target": "4", "upper": "6", "grading": "strict", "reason": "plan"}
    await anna.created(
        "/v1/kpis/satisfaction/targets", wanted | {"effective_from": "2026-01-01"}, If_Match=etag
    )
    await send_weeks(anna, "7")
    trend = await anna.read("/v1/kpis/satisfaction/trend", bucket="week", as_of="2026-01-11")
    point = trend["data"][-1]
    assert (point["target"], point["upper"], point["attainment"], point["met"]) == ("4", "6", "0", False)


async def test_a_milestone_counts_its_steps_from_their_days_on(anna: Person) -> None:
    """Marked without If-Match, as a check-in is; reopened with a reason; the history names each cause."""
    etag = await given_goal(anna, active=False)
    steps = [
        {"id": "pilot", "title": "Pilot", "weight": "1"},
        {"id": "rollout", "title": "Roll out", "weight": "3"},
    ]
    added = await anna.created(
        "/v1/objectives/growth/key-results",
        {"id": "crm", "title": "New CRM", "measure": {"kind": "milestone", "steps": steps}},
        If_Match=etag,
    )
    await anna.created("/v1/objectives/growth/activate", {}, If_Match=f'"{added["revision"]}"')
    path = "/v1/key-results/crm"
    active = await anna.etag(path)
    for step, day in (("pilot", "2026-02-02"), ("rollout", "2026-03-02")):
        await anna.created(f"{path}/steps/{step}/done", {"day": day})
    silent = await anna.post(f"{path}/steps/rollout/reopen", {"day": "2026-03-09"})
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    await anna.created(f"{path}/steps/rollout/reopen", {"day": "2026-03-09", "reason": "it broke"})
    unknown = await anna.post(f"{path}/steps/nowhere/done")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "step_unknown")

    shown = await anna.read(path, as_of="2026-03-05")
    assert (shown["score"]["value"], shown["score"]["met"]) == ("1", True)
    assert [step["done_since"] for step in shown["steps"]] == ["2026-02-02", "2026-03-02"]
    later = await anna.read(path, as_of="2026-03-09")
    assert later["score"]["raw"] == "0.25"
    assert [step["done_since"] for step in later["steps"]] == ["2026-02-02", None]
    assert await anna.etag(path) == active
    history = (await anna.read(f"{path}/score-history", **{"from": "2026-02-01"}))["data"]
    assert [
        (point["day"], point["cause"], point["raw"]) for point in history if "step" in point["cause"]
    ] == [
        ("2026-02-02", "key_result.step_done", "0.25"),
        ("2026-03-02", "key_result.step_done", "1"),
        ("2026-03-09", "key_result.step_reopened", "0.25"),
    ]


async def test_a_range_moves_with_both_edges(anna: Person) -> None:
    """From 4–6 to 7–9 in February: targets, score and history show both edges."""
    measure = {"kind": "between", "target": "4", "upper": "6", "unit": "points", "grading": "strict"}
    etag = await given_satisfaction(anna, measure)
    path = "/v1/key-results/kr-mood"
    change = {"target": "7", "upper": "9", "reason": "season", "effective_from": "2026-02-01"}
    await anna.created(f"{path}/targets", change, If_Match=etag)
    await send_weeks(anna, *["8"] * 5)
    january, february = await score(anna, "2026-01-31"), await score(anna, "2026-02-01")
    assert [(s["target"], s["upper"], s["met"]) for s in (january, february)] == [
        ("4", "6", False),
        ("7", "9", True),
    ]
    first, second = (await anna.read(f"{path}/targets", as_of="2026-02-10"))["data"]
    assert (first["new"], first["upper"], first["score"]["raw"], first["in_force"]) == ("4", "6", "0", False)
    assert (second["old"], second["old_upper"]) == ("4", "6")
    assert (second["new"], second["upper"], second["score"]["raw"]) == ("7", "9", "1")
    history = (await anna.read(f"{path}/score-history"))["data"]
    (moved,) = [point for point in history if point["cause"] == "key_result.range_changed"]
    assert (moved["day"], moved["target"], moved["upper"]) == ("2026-02-01", "7", "9")
    (told,) = (await anna.read("/v1/audit", type="key_result.range_changed"))["data"]
    assert "from 4 to 6 into 7 to 9" in told["sentence"]


async def test_a_trajectory_is_declared_and_read(anna: Person) -> None:
    """It changes the goal, so it takes If-Match and a reason; the score stays as it is."""
    etag = await given_goal(anna)
    path = "/v1/key-results/kr-acv"
    way = [{"day": "2026-02-28", "value": "60"}]
    blind = await anna.send("PUT", f"{path}/trajectory", {"trajectory": way, "reason": "plan"})
    assert (blind.status_code, blind.json()["code"]) == (428, "if_match_missing")
    body = {"trajectory": [{"day": "2027-02-28", "value": "60"}], "reason": "plan"}
    late = await anna.send("PUT", f"{path}/trajectory", body, {"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (422, "day_outside_cycle")
    assert late.json()["errors"][0]["pointer"] == "#/trajectory/0/day"
    done = await anna.send(
        "PUT", f"{path}/trajectory", {"trajectory": way, "reason": "plan"}, {"If-Match": etag}
    )
    assert done.status_code == 200, done.text
    shown = await anna.read(path)
    assert (shown["trajectory"], shown["score"]["pending"]) == (way, True)


async def test_a_kpi_counts_or_says_that_it_averages_ratios(anna: Person) -> None:
    """A count starts at 0 and grows with every delta; a mean of finished percentages is told apart."""
    etag = await given_goal(anna, active=False)
    definition = {"name_ko": "계약", "unit": "deals", "kind": "delta", "aggregation": "count"}
    await anna.created("/v1/kpis", {"id": "satisfaction", **definition})
    measure = {"kind": "increase", "target": "4", "unit": "deals"}
    await anna.created(
        "/v1/objectives/growth/key-results",
        {"id": "kr-mood", "title": "4 deals", "measure": measure, "kpi": "satisfaction"},
        If_Match=etag,
    )
    path = "/v1/key-results/kr-mood"
    lower = await anna.post(
        f"{path}/targets", {"target": "-4", "reason": "x"}, If_Match=await anna.etag(path)
    )
    assert (lower.status_code, lower.json()["errors"][0]["code"]) == (422, "direction_contradicts"), "from 0"
    await send_weeks(anna, "500", "-20", "3")
    counted = await score(anna, "2026-01-31")
    assert (counted["value"], counted["baseline"], counted["raw"]) == ("3", "0", "0.75")
    assert counted["window"]["kind"] == "cycle_to_date"
    wrong = await anna.post("/v1/kpis", {"id": "x", **definition, "aggregation": "mean"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "aggregation_does_not_fit")
    assert "sum, count" in wrong.json()["errors"][0]["detail"]
    ratios = {"name_ko": "정시율", "unit": "percent", "kind": "gauge", "aggregation": "mean"}
    await anna.created("/v1/kpis", {"id": "on-time", **ratios})
    kpis = {kpi["id"]: kpi["mean_of_ratios"] for kpi in (await anna.read("/v1/kpis"))["data"]}
    assert (kpis["on-time"], kpis["satisfaction"]) == (True, False)


async def test_another_measure_counts_from_its_day_on(anna: Person) -> None:
    """With values of its own, and a KPI that has its unit; each target is scored in its own measure only."""
    etag = await given_goal(anna)
    path, today = "/v1/key-results/kr-acv", datetime.now(SEOUL).date()
    reading = {"kpi": "acv", "source_id": "r", "observed_at": "2026-01-15T09:00:00+09:00", "value": "65"}
    await anna.created("/v1/readings", [reading])
    deals = {"kind": "increase", "baseline": "10", "target": "30", "unit": "deals"}
    same = {"kind": "increase", "baseline": "50", "target": "90", "unit": "MKRW"}
    refused = await anna.patch(path, {"measure": same, "reason": "more"}, If_Match=etag)
    assert (refused.status_code, refused.json()["code"]) == (422, "measure_same")
    changed = await anna.patch(path, {"measure": deals, "reason": "they say more"}, If_Match=etag)
    assert changed.status_code == 200, changed.text

    now = await anna.read(path)
    assert (now["kpi"], now["score"]["pending"], now["score"]["target"]) == (None, True, "30")
    [earlier] = now["earlier_measures"]
    assert (earlier["measure"]["unit"], earlier["kpi"], earlier["until"]) == ("MKRW", "acv", f"{today}")
    yesterday = f"{today - timedelta(days=1)}"
    late = await anna.post(f"{path}/check-ins", {"day": yesterday, "value": "12"})
    assert (late.status_code, late.json()["code"]) == (422, "day_before_measure")
    await anna.created(f"{path}/check-ins", {"value": "15"})
    assert (await anna.read(path))["score"]["score"] == "0.25"
    for as_of in (yesterday, "2026-02-01"):
        then = await anna.read(path, as_of=as_of)
        assert (then["measure"]["unit"], then["score"]["score"]) == ("MKRW", "0.5"), as_of
        assert (await anna.read("/v1/objectives/growth", as_of=as_of))["score"] == "0.5"

    shown = [(await anna.read(f"{path}/targets", as_of=day))["data"] for day in (f"{today}", yesterday)]
    scores = [
        [post["score"] and post["score"]["score"] for post in posts if post["what"] == "target"]
        for posts in shown
    ]
    assert scores == [[None, "0.25"], ["0.5", None]]
    in_force = [[post["unit"] for post in posts if post["in_force"]] for posts in shown]
    assert in_force == [["deals", "deals"], ["MKRW", "MKRW"]]

    wrong = await anna.patch(path, {"kpi": "acv", "reason": "x"}, If_Match=await anna.etag(path))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unit_differs")
    back = {"measure": {"kind": "decrease", "baseline": "90", "target": "40", "unit": "MKRW"}, "kpi": "acv"}
    linked = await anna.patch(path, back | {"reason": "back"}, If_Match=await anna.etag(path))
    assert linked.status_code == 200, linked.text
    assert (await anna.read(path))["score"]["score"] == "0.5"
    told = (await anna.read("/v1/audit", about="key_result/kr-acv", type="key_result.measure_changed"))[
        "data"
    ]
    assert told[0]["sentence"].endswith(
        f"measures the key result kr-acv otherwise, target 80 MKRW → 30 deals, from {today} on."
    )
