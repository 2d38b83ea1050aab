"""Advice over HTTP: on a cycle, a unit, an objective, now and then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.api.conftest import Person, given_goal

pytestmark = pytest.mark.usefixtures("projector")


_ON_A_DRAFT = {"objective_is_number", "too_few_key_results", "personal_objective"}


async def given_bad_form(anna: Person) -> None:
    """Two units below a company, each with an objective whose text is a figure."""
    await given_goal(anna)
    for id_, parent in (("company", None), ("sales", "company"), ("service", "company")):
        await anna.created("/v1/org-units", {"id": id_, "name_ko": id_, "level": "team", "parent": parent})
    for id_, unit in (("revenue", "sales"), ("calls", "service")):
        goal = {"id": id_, "title": "매출 10% 증가", "cycle": "2026", "org_unit": unit, "owner": "anna"}
        await anna.created("/v1/objectives", goal)


async def codes(anna: Person, **asked: Any) -> set[tuple[str, str]]:
    """(item, code) of all advice."""
    return {(piece["id"], piece["code"]) for piece in (await anna.read("/v1/advice", **asked))["data"]}


async def test_advice_is_given_on_a_cycle_a_unit_and_an_objective(anna: Person) -> None:
    """A unit with those below it; an objective with its key results and without KPIs."""
    await given_bad_form(anna)
    everything = await codes(anna)
    assert {("revenue", "objective_is_number"), ("calls", "objective_is_number")} <= everything
    assert {("growth", "owner_missing"), ("kr-acv", "owner_missing"), ("acv", "owner_missing")} <= everything
    assert await codes(anna, cycle="2026") == everything
    assert {item for item, _ in await codes(anna, unit="sales")} == {"revenue"}
    assert {item for item, _ in await codes(anna, unit="company")} == {"revenue", "calls"}
    assert {item for item, _ in await codes(anna, objective="growth")} == {"growth", "kr-acv"}


async def test_a_unit_has_below_it_what_was_there_on_the_day(anna: Person) -> None:
    """What moved away stays in the past of the unit that it left."""
    await given_bad_form(anna)
    moved = {"parent": "service", "effective_from": "2099-01-01", "reason": "reorganised"}
    path = "/v1/org-units/sales"
    assert (await anna.patch(path, moved, If_Match=await anna.etag(path))).status_code == 200
    assert {item for item, _ in await codes(anna, unit="service", cycle="2026")} == {"calls"}
    later = await codes(anna, unit="service", cycle="2026", as_of="2099-01-01")
    assert {item for item, _ in later} == {"calls", "revenue"}


async def test_a_piece_of_advice_names_item_rule_and_source(anna: Person) -> None:
    """In both languages at once."""
    await given_bad_form(anna)
    found = (await anna.read("/v1/advice", objective="revenue"))["data"]
    piece = next(one for one in found if one["code"] == "objective_is_number")
    assert (piece["severity"], piece["kind"], piece["id"]) == ("warning", "objective", "revenue")
    assert (piece["cycle"], piece["seed"]) == ("2026", "001 4.2")
    assert "매출 10% 증가" in piece["message_ko"]
    assert "매출 10% 증가" in piece["message_en"]


async def test_a_late_move_is_told_by_when_it_was_recorded(anna: Person) -> None:
    """The day it is said to hold from does not hide it; what was known before does not show it."""
    cycle = {"id": "past", "name": "past", "start": "2020-01-01", "end": "2020-03-31", "kind": "quarter"}
    await anna.created("/v1/cycles", cycle)
    await anna.created("/v1/cycles/past/open", {})
    drafted = await anna.created("/v1/objectives", {"id": "grow", "title": "Grow", "cycle": "past"})
    key_result = {
        "id": "kr",
        "title": "ACV",
        "measure": {"kind": "increase", "baseline": "50", "target": "80", "unit": "MKRW"},
    }
    path = "/v1/objectives/grow"
    added = await anna.created(f"{path}/key-results", key_result, If_Match=f'"{drafted["revision"]}"')
    draft = await anna.created(
        "/v1/key-results/kr/targets", {"target": "90"}, If_Match=f'"{added["revision"]}"'
    )
    active = await anna.created(f"{path}/activate", {}, If_Match=f'"{draft["revision"]}"')
    before = await anna.read(path)
    assert ("kr", "target_moved_late") not in await codes(anna, objective="grow")
    moved = {"target": "60", "effective_from": "2020-01-01", "reason": "it was too much"}
    await anna.created("/v1/key-results/kr/targets", moved, If_Match=f'"{active["revision"]}"')
    late = ("kr", "target_moved_late")
    assert late in await codes(anna, objective="grow")
    assert late in await codes(anna, cycle="past", as_of="2020-01-15")
    assert late not in await codes(anna, objective="grow", known_at=before["known_at"])
    days = {"kind": "at_most", "target": "5", "unit": "days"}
    patch = {"measure": days, "reason": "it says more"}
    receipt = (await anna.patch("/v1/key-results/kr", patch, If_Match=await anna.etag(path))).json()
    assert "target_moved_late" in {one["code"] for one in receipt["advice"]}
    told = (await anna.read("/v1/advice", objective="grow"))["data"]
    moves = [one["message_en"] for one in told if one["code"] == "target_moved_late"]
    assert [move.rsplit(": ", 1)[1] for move in moves] == ["90 → 60.", "60 MKRW → 5 days."]

    kpi = {"id": "acv", "name_ko": "ACV", "unit": "MKRW", "kind": "gauge", "aggregation": "mean"}
    await anna.created("/v1/kpis", kpi)
    for target, first, told in (("80", "2020-01-01", False), ("60", "2020-02-01", True)):
        set_to = {"kind": "at_least", "target": target, "effective_from": first, "reason": "too much"}
        etag = await anna.etag("/v1/kpis/acv")
        receipt = await anna.created("/v1/kpis/acv/targets", set_to, If_Match=etag)
        assert ("kpi_target_moved_late" in {one["code"] for one in receipt["advice"]}) == told
        assert (("acv", "kpi_target_moved_late") in await codes(anna, cycle="past")) == told


async def test_a_move_while_behind_pace_is_told_by_what_was_known_before(anna: Person) -> None:
    """Half of the cycle is over: 1 of 100 is behind, 90 is not. What was reported later excuses nothing."""
    today = datetime.now(ZoneInfo("Asia/Seoul")).date()
    start, end = (today + timedelta(days=n) for n in (-50, 50))
    cycle = {"id": "half", "name": "half", "start": f"{start}", "end": f"{end}", "kind": "quarter"}
    await anna.created("/v1/cycles", cycle)
    await anna.created("/v1/cycles/half/open", {})
    await anna.created("/v1/objectives", {"id": "grow", "title": "Grow", "cycle": "half"})
    path = "/v1/objectives/grow"
    for id_ in ("slow", "fast", "silent"):
        measure = {"kind": "increase", "baseline": "0", "target": "100", "unit": "count"}
        key_result = {"id": id_, "title": id_, "measure": measure}
        await anna.created(f"{path}/key-results", key_result, If_Match=await anna.etag(path))
    await anna.created(f"{path}/activate", {}, If_Match=await anna.etag(path))
    for id_, value in (("slow", "1"), ("fast", "90")):
        report = {"value": value, "day": f"{start}"}
        await anna.created(f"/v1/key-results/{id_}/check-ins", report)
    for id_ in ("slow", "fast", "silent"):
        moved = {"target": "80", "reason": "it was too much"}
        await anna.created(f"/v1/key-results/{id_}/targets", moved, If_Match=await anna.etag(path))
    await anna.created("/v1/key-results/slow/check-ins", {"value": "80", "day": f"{start}"})
    for asked in ({"objective": "grow"}, {"cycle": "half"}, {}):
        found = (await anna.read("/v1/advice", **asked))["data"]
        [piece] = [one for one in found if one["code"] == "target_moved_while_behind"]
        assert piece["id"] == "slow"
        assert "100 → 80. Before, the score was 0.01 and 0.3" in piece["message_en"]


async def test_a_receipt_carries_the_advice_on_what_was_written(anna: Person) -> None:
    """Of an objective, a key result, a KPI and its target; a retry gets the same."""
    await given_goal(anna)
    body = {"title": "매출 10% 증가", "cycle": "2026", "owner": "anna"}
    drafted = await anna.created("/v1/objectives", body, Idempotency_Key="draft")
    told = {(piece["id"], piece["code"]) for piece in drafted["advice"]}
    assert told == {(drafted["id"], code) for code in _ON_A_DRAFT}
    assert drafted["advice"] == (await anna.read("/v1/advice", objective=drafted["id"]))["data"]
    assert await anna.created("/v1/objectives", body, Idempotency_Key="draft") == drafted
    kept = {"title": "4.5점 이상 유지", "reason": "x"}
    path = "/v1/key-results/kr-acv"
    answer = await anna.patch(path, kept, If_Match=await anna.etag(path))
    assert {piece["code"] for piece in answer.json()["advice"]} == {"keep_belongs_to_kpi", "owner_missing"}
    same = await anna.patch(path, kept, If_Match=answer.headers["ETag"])
    assert same.json()["advice"] == []


async def test_a_kpi_and_its_target_are_advised_on_at_once(anna: Person) -> None:
    kpi = {"id": "uptime", "name_ko": "가동률", "unit": "percent", "kind": "gauge", "aggregation": "mean"}
    defined = await anna.created("/v1/kpis", kpi)
    assert {piece["code"] for piece in defined["advice"]} == {
        "owner_missing",
        "org_unit_missing",
        "target_missing",
    }
    target = {"kind": "at_least", "target": "99", "effective_from": "2099-01-01"}
    path = "/v1/kpis/uptime"
    answer = await anna.created(f"{path}/targets", target, If_Match=await anna.etag(path))
    assert "high_target_without_tolerance" in {piece["code"] for piece in answer["advice"]}


async def test_a_retired_counter_metric_is_none_to_a_kpi_with_pay_on_it(anna: Person) -> None:
    """By the list, and by the receipt of what is written on the KPI then."""
    for id_ in ("returns", "calls"):
        kpi = {"id": id_, "name_ko": id_, "unit": "count", "kind": "delta", "aggregation": "sum"}
        await anna.created("/v1/kpis", kpi)
    path, told = "/v1/kpis/calls", ("calls", "bonus_without_counter_metric")
    paid = {"reward": {"share": "20"}, "counter_metrics": ["returns"], "reason": "bonus"}
    await anna.patch(path, paid, If_Match=await anna.etag(path))
    assert told not in await codes(anna)
    await anna.created(
        "/v1/kpis/returns/retire", {"reason": "x"}, If_Match=await anna.etag("/v1/kpis/returns")
    )
    assert told in await codes(anna)
    answer = await anna.patch(path, {"owner": "anna", "reason": "x"}, If_Match=await anna.etag(path))
    assert told[1] in {piece["code"] for piece in answer.json()["advice"]}


async def test_a_late_move_is_told_by_its_receipt_and_by_the_receipts_of_retries(anna: Person) -> None:
    """Before and after the views have it; a check-in says nothing."""
    cycle = {"id": "past", "name": "past", "start": "2020-01-01", "end": "2020-03-31", "kind": "quarter"}
    await anna.created("/v1/cycles", cycle)
    await anna.created("/v1/cycles/past/open", {})
    drafted = await anna.created("/v1/objectives", {"id": "grow", "title": "Grow", "cycle": "past"})
    measure = {"kind": "increase", "baseline": "50", "target": "80", "unit": "MKRW"}
    added = await anna.created(
        "/v1/objectives/grow/key-results",
        {"id": "kr", "title": "ACV", "measure": measure, "owner": "anna"},
        If_Match=f'"{drafted["revision"]}"',
    )
    active = await anna.created("/v1/objectives/grow/activate", {}, If_Match=f'"{added["revision"]}"')
    moved = {"target": "60", "effective_from": "2020-01-01", "reason": "it was too much"}
    sent = {"If_Match": f'"{active["revision"]}"', "Idempotency_Key": "move"}
    first = await anna.created("/v1/key-results/kr/targets", moved, **sent)
    assert [piece["code"] for piece in first["advice"]] == ["target_moved_late"]
    assert await anna.created("/v1/key-results/kr/targets", moved, **sent) == first
    await anna.read("/v1/key-results/kr")
    assert await anna.created("/v1/key-results/kr/targets", moved, **sent) == first
    report = await anna.created("/v1/key-results/kr/check-ins", {"value": "55", "day": "2020-02-01"})
    assert report["advice"] == []


async def test_advice_comes_in_pages(anna: Person) -> None:
    """Each piece once, all at the position of the first page."""
    await given_bad_form(anna)
    whole = (await anna.read("/v1/advice"))["data"]
    paged: list[Any] = []
    cursor = None
    while True:
        page = await anna.read("/v1/advice", limit=3, **({} if cursor is None else {"cursor": cursor}))
        assert len(page["data"]) <= 3
        paged += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        await anna.created("/v1/objectives", {"title": "매출 30% 증가", "cycle": "2026"})
    assert paged == whole


@pytest.mark.parametrize("asked", ["unit", "objective", "cycle"])
async def test_what_there_is_not_is_404(anna: Person, asked: str) -> None:
    """Silence would look like good form."""
    await given_goal(anna)
    response = await anna.get(f"/v1/advice?{asked}=nothing")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
