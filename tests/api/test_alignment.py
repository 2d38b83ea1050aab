"""What supports what, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import Person, given_goal

pytestmark = pytest.mark.usefixtures("projector")


async def supports(anna: Person, objective: str, *goals: str, reason: str | None = None) -> httpx.Response:
    """Say anew what an objective supports."""
    path = f"/v1/objectives/{objective}"
    body: dict[str, Any] = {"supports": goals} | ({} if reason is None else {"reason": reason})
    return await anna.post(f"{path}/supports", body, If_Match=await anna.etag(path))


async def given_team(anna: Person) -> None:
    """The goal of `given_goal` with its key result `kr-acv`, and a draft `team`."""
    await given_goal(anna)
    await anna.created("/v1/objectives", {"id": "team", "title": "Sell more", "cycle": "2026"})


async def test_what_an_objective_supports_changes(anna: Person) -> None:
    """Across and upwards, to objectives and key results; an active one needs a reason."""
    await given_team(anna)
    assert (await supports(anna, "team", "kr-acv", "growth")).status_code == 200
    assert (await anna.read("/v1/objectives/team"))["supports"] == ["kr-acv", "growth"]
    assert (await supports(anna, "team", "kr-acv")).status_code == 200
    assert (await anna.read("/v1/objectives/team"))["supports"] == ["kr-acv"]
    await anna.created("/v1/objectives", {"id": "peer", "title": "Serve well", "cycle": "2026"})
    missing = await supports(anna, "growth", "peer")
    assert (missing.status_code, missing.json()["code"]) == (422, "reason_required")
    assert (await supports(anna, "growth", "peer", reason="they need each other")).status_code == 200
    told = await anna.read("/v1/audit", about="key_result/kr-acv", type="objective.supports_changed")
    assert [entry["data"] for entry in told["data"]] == [
        {"old": [], "new": ["kr-acv", "growth"]},
        {"old": ["kr-acv", "growth"], "new": ["kr-acv"]},
    ]


async def test_a_circle_is_refused_with_the_way_round(anna: Person) -> None:
    """Also over a key result to its objective, and with views that are behind."""
    await given_team(anna)
    path = "/v1/objectives/team"
    written = await anna.post(f"{path}/supports", {"supports": ["kr-acv"]}, If_Match=await anna.etag(path))
    assert written.status_code == 200
    # At once: the views may not have it yet.
    growth = {"supports": ["team"], "reason": "x"}
    etag = (await anna.http.get("/v1/objectives/growth", headers=anna.headers)).headers["ETag"]
    for _ in range(2):
        refused = await anna.post("/v1/objectives/growth/supports", growth, If_Match=etag)
        assert (refused.status_code, refused.json()["code"]) == (409, "supports_itself")
        assert "growth → team → kr-acv → growth" in refused.json()["detail"]
        await anna.read(path)
    own = await supports(anna, "growth", "kr-acv", reason="x")
    assert (own.status_code, own.json()["code"]) == (409, "supports_itself")


async def test_a_key_result_taken_over_is_shown_both_ways_and_scores_alone(anna: Person) -> None:
    """The objective that takes it over has its title; whatever it reaches, the parent's score stays."""
    await given_goal(anna)
    await anna.created("/v1/objectives", {"id": "team", "cycle": "2026", "takes_over": "kr-acv"})
    team = await anna.read("/v1/objectives/team")
    assert (team["title"], team["takes_over"], team["supports"]) == ("ACV 50 → 80", "kr-acv", ["kr-acv"])
    before = await anna.read("/v1/objectives/growth")
    assert before["key_results"][0]["taken_over_by"] == ["team"]
    assert (await anna.read("/v1/key-results/kr-acv"))["taken_over_by"] == ["team"]
    measure = {"kind": "at_least", "target": "5", "unit": "count"}
    await anna.created(
        "/v1/objectives/team/key-results",
        {"id": "deals", "title": "Win 5 deals", "measure": measure},
        If_Match=await anna.etag("/v1/objectives/team"),
    )
    await anna.created("/v1/objectives/team/activate", {}, If_Match=await anna.etag("/v1/objectives/team"))
    await anna.created("/v1/key-results/deals/check-ins", {"value": "5"})
    assert (await anna.read("/v1/objectives/team"))["score"] == "1"
    after = await anna.read("/v1/objectives/growth")
    assert (after["score"], after["pending"]) == (before["score"], ["kr-acv"])
    assert after["score"] == "0"


async def test_an_objective_cannot_have_the_id_of_a_key_result(anna: Person) -> None:
    await given_goal(anna)
    refused = await anna.post("/v1/objectives", {"id": "kr-acv", "title": "x", "cycle": "2026"})
    assert (refused.status_code, refused.json()["code"]) == (409, "key_result_exists")
    again = await anna.post("/v1/objectives", {"id": "growth", "title": "x", "cycle": "2026"})
    assert (again.status_code, again.json()["code"]) == (409, "objective_exists")


LEADS = {"title": "신규 리드 10건 이상", "measure": {"kind": "at_least", "target": "10", "unit": "count"}}


async def test_key_results_hang_directly_on_a_unit(anna: Person) -> None:
    """One objective without words of its own holds them all; it lives and scores as any other."""
    await given_goal(anna)
    await anna.created("/v1/org-units", {"id": "sales", "name_ko": "영업팀", "level": "team"})
    path = "/v1/org-units/sales/key-results"
    first = await anna.post(path, {"id": "leads", "cycle": "2026", **LEADS}, Idempotency_Key="one")
    assert (first.status_code, first.headers["Location"]) == (201, "/v1/key-results/leads")
    again = await anna.post(path, {"id": "leads", "cycle": "2026", **LEADS}, Idempotency_Key="one")
    assert again.json() == first.json()
    await anna.created(path, {"id": "calls", "cycle": "2026", **LEADS})
    (holder,) = (await anna.read("/v1/objectives", org_unit="sales", cycle="2026"))["data"]
    assert (holder["direct"], holder["status"]) == (True, "drafted")
    assert [key_result["id"] for key_result in holder["key_results"]] == ["leads", "calls"]
    assert (await anna.read("/v1/key-results/leads"))["objective"] == holder["id"]
    objective = f"/v1/objectives/{holder['id']}"
    await anna.created(f"{objective}/activate", {}, If_Match=await anna.etag(objective))
    await anna.created("/v1/key-results/leads/check-ins", {"value": "5"})
    assert (await anna.read(objective))["score"] == "0.25"
    advice = await anna.read("/v1/advice", objective=holder["id"])
    assert {piece["kind"] for piece in advice["data"]} == {"key_result"}


async def test_direct_key_results_need_a_unit_and_a_cycle(anna: Person) -> None:
    await given_goal(anna)
    unknown = await anna.post("/v1/org-units/nothing/key-results", {"cycle": "2026", **LEADS})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "org_unit_unknown")
    await anna.created("/v1/org-units", {"id": "sales", "name_ko": "영업팀", "level": "team"})
    nowhere = await anna.post("/v1/org-units/sales/key-results", {"cycle": "nothing", **LEADS})
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "cycle_unknown")


async def test_the_alignment_of_a_cycle_is_read_now_and_then(anna: Person) -> None:
    """With scores, units and owners; what was not known then is not there."""
    await given_goal(anna)
    for id_, parent in (("company", None), ("sales", "company")):
        unit = {"id": id_, "name_ko": f"{id_} 조직", "name_en": id_, "level": "team", "parent": parent}
        await anna.created("/v1/org-units", unit)
    patched = {"org_unit": "company", "owner": "boris", "reason": "it is the company's"}
    path = "/v1/objectives/growth"
    assert (await anna.patch(path, patched, If_Match=await anna.etag(path))).status_code == 200
    alone = await anna.read("/v1/alignment", cycle="2026")
    assert (alone["not_carried"], alone["cycles"]) == (["growth"], ["2026"])
    goal = {"id": "team", "title": "더 판다", "cycle": "2026", "org_unit": "sales", "takes_over": "kr-acv"}
    await anna.created("/v1/objectives", goal)
    await anna.created("/v1/objectives", {**goal, "id": "loose", "takes_over": None})
    calls = {"id": "calls", "name_ko": "통화", "unit": "count", "kind": "delta", "aggregation": "sum"}
    served = {"org_unit": "sales", "serves": "growth", "serves_why": "통화가 계약을 만듭니다"}
    await anna.created("/v1/kpis", calls | served)
    await anna.created("/v1/initiatives", {"id": "fair", "title": "박람회", "supports": ["kr-acv"]})
    await anna.created("/v1/initiatives", {"id": "idle", "title": "서류 정리", "org_unit": "sales"})
    target = {"kind": "at_least", "target": "100", "effective_from": "2026-01-01", "reason": "작년만큼"}
    await anna.created("/v1/kpis/calls/targets", target, If_Match=await anna.etag("/v1/kpis/calls"))
    made = {"kpi": "calls", "source_id": "a", "value": "95", "observed_at": "2026-03-02T09:00:00+09:00"}
    await anna.created("/v1/readings", [made])
    read = await anna.read("/v1/alignment", cycle="2026", as_of="2026-03-31")
    (growth,) = read["top"]
    assert (growth["id"], growth["org_unit_ko"], growth["owner"]) == ("growth", "company 조직", "boris")
    assert [one["why"] for one in growth["carried_by"]["kpis"]] == ["통화가 계약을 만듭니다"]
    (acv,) = growth["key_results"]
    assert [one["title"] for one in acv["carried_by"]["initiatives"]] == ["박람회"]
    (team,) = acv["carried_by"]["objectives"]
    assert (acv["taken_over_by"], team["takes_over"], team["org_unit_en"]) == (["team"], "kr-acv", "sales")
    assert (read["not_carried"], [one["id"] for one in read["orphans"]["objectives"]]) == ([], ["loose"])
    assert [one["id"] for one in read["orphans"]["kpis"]] == []
    assert [one["id"] for one in read["orphans"]["initiatives"]] == ["idle"]
    (calls_read,) = growth["carried_by"]["kpis"]
    assert (calls_read["status"]["code"], calls_read["status"]["attainment"]) == ("healthy", "0.95")
    assert await anna.read("/v1/alignment", as_of="2026-03-31") == read
    before = await anna.read("/v1/alignment", cycle="2026", known_at=alone["known_at"])
    assert (before["top"], before["orphans"]) == (alone["top"], alone["orphans"])
    assert (await anna.get("/v1/alignment?cycle=nothing")).status_code == 404
