"""Scorecards over HTTP: scored and graded by the policies of the cycle, seen by whom they concern."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from events.policies.defaults import DEFAULTS
from services.access.roles import Role
from services.api.http.services import Services
from tests.api.conftest import YEAR, Person, given_goal, person
from tests.api.given_visibility import given_company

pytestmark = pytest.mark.usefixtures("projector")

QUARTER = {"id": "q1", "name": "Q1", "start": "2026-01-01", "end": "2026-03-31", "kind": "quarter"}
SUM = {"kind": "delta", "aggregation": "sum"}
PAYOUT = [
    {"grade": "C", "pay_factor": "0.5"},
    {"grade": "B", "at_least": "0.7", "pay_factor": "1"},
    {"grade": "A", "at_least": "0.9", "pay_factor": "1.5"},
]


async def given_kpi_and_key_result(anna: Person) -> None:
    """ACV at 71: the KPI's target at least 60 is passed (1.183333), the key result 50 → 80 stands at 0.7."""
    await given_goal(anna)
    await anna.created(
        "/v1/readings",
        [{"kpi": "acv", "source_id": "r", "observed_at": "2026-01-15T09:00:00+09:00", "value": "71"}],
    )
    await anna.created(
        "/v1/kpis/acv/targets",
        {"kind": "at_least", "target": "60", "effective_from": "2026-01-01", "reason": "계획"},
        If_Match=await anna.etag("/v1/kpis/acv"),
    )


def card(*items: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """A scorecard's body."""
    lines = [{"kind": kind, "id": id_, "weight": weight} for kind, id_, weight in items]
    return {"id": "card", "cycle": YEAR, "items": lines} | more


async def test_a_unit_is_judged_by_kpis_and_key_results(anna: Person) -> None:
    """50 × 71/60 + 30 × 0.7 + 20 × 0 = 80.166667 of 100: watch; no grade without a payout table."""
    await given_kpi_and_key_result(anna)
    await anna.created("/v1/org-units", {"id": "sales", "name_ko": "영업", "level": "team"})
    await anna.created(
        "/v1/kpis",
        {"id": "visits", "name_ko": "방문", "unit": "count", "kind": "delta", "aggregation": "sum"},
    )
    items = (("kpi", "acv", "50"), ("key_result", "kr-acv", "30"), ("kpi", "visits", "20"))
    short = await anna.post("/v1/scorecards", card(*items[:2], org_unit="sales"))
    assert (short.status_code, short.json()["code"]) == (422, "weights_not_100")
    unknown = await anna.post("/v1/scorecards", card(("kpi", "nothing", "100"), org_unit="sales"))
    assert (unknown.status_code, unknown.json()["code"]) == (422, "item_unknown")
    await anna.created("/v1/scorecards", card(*items, org_unit="sales"))
    shown = await anna.read("/v1/scorecards/card", as_of="2026-02-10")
    assert [(one["score"], one["points"], one["pending"]) for one in shown["items"]] == [
        ("1.183333", "59.166667", False),
        ("0.7", "21", False),
        ("0", "0", True),
    ]
    assert (shown["score"], shown["pending"], shown["band"]["code"]) == ("0.801667", ["visits"], "watch")
    assert shown["policy"] == {"framework": "kpi", "version": 0}
    assert (shown["payout_table"], shown["grade"], shown["pay_factor"]) == (False, None, None)
    [listed] = (await anna.read("/v1/scorecards", cycle=YEAR, as_of="2026-02-10"))["data"]
    assert listed == {field: shown[field] for field in listed}


async def test_a_monthly_target_of_a_sum_is_one_for_each_month_that_is_over(anna: Person) -> None:
    """450 a month against at least 900: 0.5 in the trend of each month, and 1,350 of 2,700 on the card."""
    await given_goal(anna)
    await anna.created("/v1/org-units", {"id": "sales", "name_ko": "영업", "level": "team"})
    await anna.created("/v1/cycles", QUARTER)
    await anna.created("/v1/kpis", {"id": "sold", "name_ko": "매출", "unit": "KRW", **SUM})
    target = {"kind": "at_least", "target": "900", "effective_from": "2026-01-01", "reason": "계획"}
    await anna.created("/v1/kpis/sold/targets", target, If_Match=await anna.etag("/v1/kpis/sold"))
    readings = [
        {"kpi": "sold", "source_id": f"r{n}", "observed_at": f"2026-{n:02}-10T09:00:00+09:00", "value": "450"}
        for n in range(1, 5)
    ]
    await anna.created("/v1/readings", readings)
    sold = ("kpi", "sold", "100")
    await anna.created("/v1/scorecards", card(sold, org_unit="sales", cycle="q1"))
    await anna.created("/v1/scorecards", card(sold, org_unit="sales", id="of-the-year"))
    for id_, day, months in (
        ("card", "2026-01-30", 0),
        ("card", "2026-05-10", 3),
        ("of-the-year", "2026-05-10", 4),
    ):
        shown = await anna.read(f"/v1/scorecards/{id_}", as_of=day)
        [item] = shown["items"]
        if not months:
            assert (item["pending"], item["raw"], item["totals"]) == (True, None, None), "no month is over"
            continue
        assert (item["raw"], shown["score"], shown["band"]["code"]) == ("0.5", "0.5", "problem")
        sums = item["totals"]
        assert (sums["periods"], sums["value"], sums["target"]) == (
            months,
            str(450 * months),
            str(900 * months),
        )
    trend = await anna.read(
        "/v1/kpis/sold/trend", **{"from": "2026-03-01", "to": "2026-03-31", "bucket": "month"}
    )
    assert trend["data"][0]["attainment"] == "0.5"


async def test_a_goal_of_a_longer_cycle_counts_as_it_was_when_the_cards_own_was_over(anna: Person) -> None:
    """The key result of the year goes from 0.7 to 1 in April; on the card of the first quarter it stays."""
    await given_goal(anna)
    observed = {"2026-03-15": "71", "2026-04-15": "80"}
    readings = [
        {"kpi": "acv", "source_id": day, "observed_at": f"{day}T09:00:00+09:00", "value": value}
        for day, value in observed.items()
    ]
    await anna.created("/v1/readings", readings)
    await anna.created("/v1/cycles", QUARTER)
    await anna.created("/v1/org-units", {"id": "sales", "name_ko": "영업", "level": "team"})
    items = [("key_result", "kr-acv", "60"), ("objective", "growth", "40")]
    await anna.created("/v1/scorecards", card(*items, org_unit="sales", cycle="q1"))
    for day, score in (("2026-03-31", "0.7"), ("2026-05-10", "1")):
        assert (await anna.read("/v1/objectives/growth", as_of=day))["score"] == score
        assert (await anna.read("/v1/scorecards/card", as_of=day))["score"] == "0.7"


async def test_grade_and_pay_factor_come_from_the_policy_that_the_cycle_adopts(anna: Person) -> None:
    await given_kpi_and_key_result(anna)
    await anna.created("/v1/org-units", {"id": "sales", "name_ko": "영업", "level": "team"})
    await anna.created("/v1/scorecards", card(("kpi", "acv", "100"), org_unit="sales"))
    rules = DEFAULTS["kpi"].model_dump(mode="json") | {"payout": PAYOUT, "shown_cap": "1.1"}
    await anna.created("/v1/policies/kpi", {"rules": rules, "reason": "보상표"})
    shown = await anna.read("/v1/scorecards/card", as_of="2026-02-10")
    assert (shown["score"], shown["payout_table"]) == ("1.183333", False), "the cycle pins version 0"
    await anna.created(
        f"/v1/cycles/{YEAR}/policies",
        {"framework": "kpi", "version": 1, "reason": "올해부터"},
        If_Match=await anna.etag(f"/v1/cycles/{YEAR}"),
    )
    shown = await anna.read("/v1/scorecards/card", as_of="2026-02-10")
    assert (shown["score"], shown["grade"], shown["pay_factor"]) == ("1.1", "A", "1.5")
    before = await anna.etag("/v1/scorecards/card")
    silent = await anna.patch(
        "/v1/scorecards/card",
        {"items": card(("key_result", "kr-acv", "100"))["items"]},
        If_Match=before,
    )
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    await anna.patch(
        "/v1/scorecards/card",
        {"items": card(("key_result", "kr-acv", "100"))["items"], "reason": "핵심 결과로 봅니다"},
        If_Match=before,
    )
    shown = await anna.read("/v1/scorecards/card", as_of="2026-02-10")
    assert (shown["score"], shown["grade"]) == ("0.7", "B")
    trail = await anna.read("/v1/audit", about="card")
    assert [entry["type"] for entry in trail["data"]] == ["scorecard.drawn_up", "scorecard.changed"]


async def test_a_persons_scorecard_is_seen_by_the_person_and_the_line(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """And on a unit's scorecard an MBO goal of others is withheld, with the total that it would give away."""
    ids = await given_company(anna)
    await anna.created("/v1/scorecards", card(("objective", "retention", "100"), person=ids["owner"]))
    of_unit = card(("objective", "retention", "40"), ("kpi", "acv", "60"), org_unit="sales", id="unit-card")
    await anna.created("/v1/scorecards", of_unit)
    for who, sees in (("owner", True), ("line lead", True), ("reviewer", False), ("peer", False)):
        reader = await person(http, services, ids[who], "editor")
        reader.position = anna.position
        assert (await reader.get("/v1/scorecards/card")).status_code == (200 if sees else 404), who
        if sees:
            assert (await reader.read("/v1/scorecards/card"))["person_name"] == "sales member", who
        advice = (await reader.read("/v1/advice"))["data"]
        counted = [one["name_ko"] for one in advice if one["kind"] == "person"]
        assert counted == (["sales member"] if sees else []), "the reviewer may see one of many goals"
        listed = [one["id"] for one in (await reader.read("/v1/scorecards"))["data"]]
        assert listed == (["card", "unit-card"] if sees else ["unit-card"]), who
        trail = await reader.read("/v1/audit", about="scorecard/card")
        assert bool(trail["data"]) == sees, who
        shown = await reader.read("/v1/scorecards/unit-card")
        withheld = [one["withheld"] for one in shown["items"]]
        assert withheld == [who == "peer", False], who
        assert (shown["score"] is None) == (who == "peer"), who
    mine = card(("kpi", "acv", "100"), person=ids["owner"])
    drawers: list[tuple[str, Role, int]] = [
        (ids["line lead"], "editor", 201),
        (ids["owner"], "editor", 201),
        ("carla", "hr", 201),
        (ids["reviewer"], "editor", 403),
        (ids["peer"], "editor", 403),
        (ids["line lead"], "viewer", 403),
    ]
    for n, (id_, role, status) in enumerate(drawers):
        drawer = await person(http, services, id_, role)
        assert (await drawer.post("/v1/scorecards", mine | {"id": f"mine-{n}"})).status_code == status
    refused = await (await person(http, services, "emil", "editor")).post("/v1/scorecards", mine)
    assert refused.status_code == 409, "the id is taken, whosever it is"
    peer = await person(http, services, ids["peer"], "editor")
    change = {"items": card(("kpi", "acv", "100"))["items"], "reason": "x"}
    hidden = await peer.patch("/v1/scorecards/card", change, If_Match='"1"')
    assert (hidden.status_code, hidden.json()["code"]) == (404, "scorecard_unknown")
    taken = await peer.post(
        "/v1/scorecards", card(("objective", "retention", "100"), org_unit="sales", id="x")
    )
    assert (taken.status_code, taken.json()["code"]) == (422, "item_unknown")
