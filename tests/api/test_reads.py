"""KPIs, trends, units, feeds, the workspace and the audit trail."""

from __future__ import annotations

import httpx
import pytest

from services.api.http.services import Services
from tests.api.conftest import Person, given_goal, person
from tests.api.given_goals import send_readings

pytestmark = pytest.mark.usefixtures("projector")


async def test_a_trend_has_value_target_and_change_for_each_bucket(anna: Person) -> None:
    """Months in the workspace's zone, the target in force in each, and both times echoed."""
    await given_goal(anna)
    etag = await anna.etag("/v1/kpis/acv")
    target = {"kind": "at_least", "target": "70", "effective_from": "2026-02-01", "reason": "plan"}
    assert (await anna.post("/v1/kpis/acv/targets", target, If_Match=etag)).status_code == 201
    # 31 January 23:30 in Seoul is still January, though it is the 31st at 14:30 UTC; 00:30 is February.
    await send_readings(
        anna,
        ("2026-01-31T23:30:00+09:00", "60"),
        ("2026-02-01T00:30:00+09:00", "66"),
    )
    trend = await anna.read(
        "/v1/kpis/acv/trend", **{"from": "2026-01-01", "to": "2026-02-28"}, as_of="2026-02-28"
    )
    assert (trend["unit"], trend["bucket"], trend["as_of"]) == ("MKRW", "month", "2026-02-28")
    january, february = trend["data"]
    assert (january["label"], january["value"], january["count"], january["target"]) == (
        "2026-01",
        "60",
        1,
        None,
    )
    assert (february["value"], february["target"], february["met"]) == ("66", "70", False)
    assert february["attainment"] == "0.942857"
    assert february["change"] == {"amount": "10", "unit": "percent"}
    weeks = await anna.read(
        "/v1/kpis/acv/trend", **{"from": "2026-01-26", "to": "2026-02-02"}, bucket="week", as_of="2026-02-28"
    )
    assert [bucket["label"] for bucket in weeks["data"]] == ["2026-W05", "2026-W06"]
    assert len((await anna.read("/v1/kpis/acv/trend"))["data"]) == 12


async def test_a_kpi_is_changed_and_retired(anna: Person) -> None:
    """With a reason; its history stays readable."""
    await given_goal(anna)
    etag = await anna.etag("/v1/kpis/acv")
    without = await anna.patch("/v1/kpis/acv", {"cadence": "week"}, If_Match=etag)
    assert (without.status_code, without.json()["code"]) == (422, "reason_required")
    changed = await anna.patch("/v1/kpis/acv", {"cadence": "week", "reason": "faster"}, If_Match=etag)
    assert changed.status_code == 200, changed.text
    retired = await anna.post("/v1/kpis/acv/retire", {"reason": "over"}, If_Match=changed.headers["ETag"])
    assert retired.status_code == 200, retired.text
    kpi = await anna.read("/v1/kpis/acv")
    assert (kpi["cadence"], kpi["retired"]) == ("week", True)
    assert [item["id"] for item in (await anna.read("/v1/kpis"))["data"]] == ["acv"]


async def test_a_kpi_says_what_it_serves_and_what_it_is_watched_with(anna: Person) -> None:
    """A goal and another KPI that exist; itself or nobody is refused."""
    await given_goal(anna)
    kpi = {"name_ko": "리드", "unit": "count", "kind": "delta", "aggregation": "sum", "cadence": "month"}
    purpose = {"serves": "kr-acv", "serves_why": "리드가 많아야 큰 계약을 고를 수 있다"}
    body = {**kpi, **purpose, "id": "leads", "counter_metrics": ["acv"]}
    await anna.created("/v1/kpis", body)
    leads = await anna.read("/v1/kpis/leads")
    assert (leads["serves"], leads["serves_why"]) == (purpose["serves"], purpose["serves_why"])
    assert leads["counter_metrics"] == ["acv"]
    for counter_metrics in (["leads"], ["nobody"]):
        refused = await anna.patch(
            "/v1/kpis/leads",
            {"counter_metrics": counter_metrics, "reason": "x"},
            If_Match=await anna.etag("/v1/kpis/leads"),
        )
        assert (refused.status_code, refused.json()["code"]) == (422, "kpi_purpose_unknown")
    unknown = await anna.post("/v1/kpis", {**body, "id": "more", "serves": "nothing"})
    assert unknown.json()["errors"][0]["pointer"] == "#/serves", unknown.text


async def test_units_make_a_tree_that_may_change(anna: Person) -> None:
    """Created, renamed, moved, archived; what was known before stays readable."""
    for id_, parent in (("company", None), ("sales", "company"), ("growth", "company")):
        await anna.created("/v1/org-units", {"id": id_, "name_ko": id_, "level": "team", "parent": parent})
    before = await anna.read("/v1/org-units/sales")
    moved = await anna.patch(
        "/v1/org-units/sales",
        {"parent": "growth", "name_ko": "영업팀"},
        If_Match=await anna.etag("/v1/org-units/sales"),
    )
    assert moved.status_code == 200, moved.text
    assert (await anna.read("/v1/org-units/sales"))["parent"] == "growth"
    then = await anna.read("/v1/org-units/sales", known_at=before["known_at"])
    assert (then["parent"], then["name_ko"]) == ("company", "sales")
    earlier = await anna.read("/v1/org-units/sales", as_of="2026-01-31")
    assert (earlier["parent"], earlier["as_of"], earlier["name_ko"]) == ("company", "2026-01-31", "영업팀")
    listed = (await anna.read("/v1/org-units", as_of="2026-01-31"))["data"]
    assert {unit["id"]: unit["parent"] for unit in listed}["sales"] == "company"
    circle = await anna.patch(
        "/v1/org-units/growth", {"parent": "sales"}, If_Match=await anna.etag("/v1/org-units/growth")
    )
    assert (circle.status_code, circle.json()["code"]) == (409, "org_unit_below_itself")
    dateless = await anna.patch(
        "/v1/org-units/sales", {"effective_from": "2026-05-01"}, If_Match=moved.headers["ETag"]
    )
    assert (dateless.status_code, dateless.json()["errors"][0]["code"]) == (422, "effective_without_parent")
    ended = await anna.patch("/v1/org-units/sales", {"archived": True}, If_Match=moved.headers["ETag"])
    assert ended.status_code == 200, ended.text
    assert {unit["id"]: unit["archived"] for unit in (await anna.read("/v1/org-units"))["data"]} == {
        "company": False,
        "growth": False,
        "sales": True,
    }


async def test_a_feed_is_registered_and_changed(anna: Person) -> None:
    """null clears what may be empty."""
    await anna.created("/v1/feeds", {"id": "erp", "name": "ERP", "zone": "Asia/Seoul"})
    changed = await anna.patch(
        "/v1/feeds/erp", {"zone": None, "revisions": "in_order"}, If_Match=await anna.etag("/v1/feeds/erp")
    )
    assert changed.status_code == 200, changed.text
    feed = await anna.read("/v1/feeds/erp")
    assert feed["declaration"] == {"zone": None, "revisions": "in_order", "kpis": None}
    assert [item["id"] for item in (await anna.read("/v1/feeds"))["data"]] == ["erp"]


async def test_the_zone_changes_from_a_day_to_come(http: httpx.AsyncClient, services: Services) -> None:
    """Days that began are settled."""
    admin = await person(http, services, "root", "admin")
    etag = await admin.etag("/v1/workspace")
    past = {"zone": "Europe/Berlin", "effective_from": "2020-01-01"}
    refused = await admin.post("/v1/workspace/zone", past, If_Match=etag)
    assert (refused.status_code, refused.json()["code"]) == (422, "zone_change_in_the_past")
    future = {"zone": "Europe/Berlin", "effective_from": "2099-01-01"}
    assert (await admin.post("/v1/workspace/zone", future, If_Match=etag)).status_code == 200
    assert (await admin.read("/v1/workspace"))["zones"][-1] == ["Europe/Berlin", "2099-01-01"]


async def test_the_trail_tells_the_story_of_a_goal(anna: Person) -> None:
    """Every event in order, with author, reason and a sentence in either language."""
    etag = await given_goal(anna)
    await anna.created("/v1/key-results/kr-acv/targets", {"target": "90", "reason": "큰 계약"}, If_Match=etag)
    story = (await anna.read("/v1/audit", about="growth"))["data"]
    assert [entry["type"] for entry in story] == [
        "objective.drafted",
        "key_result.added",
        "objective.activated",
        "key_result.target_changed",
    ]
    changed = story[-1]
    assert (changed["actor"], changed["reason"]) == ("person:anna", "큰 계약")
    assert changed["sentence"].startswith("anna changed the target")
    assert (changed["data"]["old"], changed["data"]["new"]) == ("80", "90")
    anna.headers["Accept-Language"] = "ko"
    korean = (await anna.read("/v1/audit", about="key_result/kr-acv", order="desc"))["data"][0]
    assert "목표치를 바꿨습니다" in korean["sentence"]


async def test_the_trail_is_filtered_and_paged(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """By author, type and recording time; pages join to the whole in both directions."""
    await given_goal(anna)
    boris = await person(http, services, "boris", "owner")
    boris.position = anna.position
    await boris.created("/v1/org-units", {"id": "u", "name_ko": "U", "level": "team"})
    anna.position = boris.position
    by_boris = (await anna.read("/v1/audit", actor="person:boris"))["data"]
    assert [entry["type"] for entry in by_boris] == ["org_unit.created"]
    added = (await anna.read("/v1/audit", type="key_result.added"))["data"]
    assert [entry["about"][0] for entry in added] == ["objective/growth"]
    everything = (await anna.read("/v1/audit", limit=1000))["data"]
    since = await anna.read("/v1/audit", **{"from": added[0]["recorded_at"]})
    assert since["data"][0] == added[0]
    until = await anna.read("/v1/audit", to=added[0]["recorded_at"])
    assert until["data"][-1] == added[0]
    assert (await anna.read("/v1/audit", to="2020-01-01"))["data"] == []
    for order, whole in (("asc", everything), ("desc", everything[::-1])):
        pages, cursor = [], None
        while True:
            page = await anna.read(
                "/v1/audit", limit=3, order=order, **({"cursor": cursor} if cursor else {})
            )
            pages += page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert pages == whole


async def test_a_goal_whose_event_cannot_be_read_says_so(anna: Person, services: Services) -> None:
    """Rubbish put on the ledger by hand: only that goal reads incomplete, and it can still be changed."""
    etag = await given_goal(anna)
    await anna.created("/v1/objectives", {"id": "other", "title": "Other", "cycle": "2026"})
    workspace = services.settings.workspace
    await services.ledger.client.request(f"ledger.{workspace}.objective.growth", b"rubbish", timeout=2)
    anna.position = await services.ledger.head(workspace)
    listed = (await anna.read("/v1/objectives"))["data"]
    assert {item["id"]: item["incomplete"] for item in listed} == {"growth": True, "other": False}
    assert (await anna.read("/v1/key-results/kr-acv"))["incomplete"] is True
    changed = await anna.patch("/v1/objectives/growth", {"title": "X", "reason": "r"}, If_Match=etag)
    assert changed.status_code == 200, changed.text
    assert (await anna.read("/v1/objectives/growth"))["title"] == "X"


async def test_a_kpi_whose_events_cannot_be_read_says_so(anna: Person, services: Services) -> None:
    """Rubbish as an event of a KPI, or as one of its readings: it, the list and the trend, but not before."""
    await given_goal(anna)
    kpi = {"name_ko": "K", "unit": "KRW", "kind": "delta", "aggregation": "sum"}
    for id_ in ("visits", "fine"):
        before = (await anna.created("/v1/kpis", kpi | {"id": id_}))["position"]
    known = (await anna.read("/v1/kpis/fine"))["known_at"]
    workspace = services.settings.workspace
    for subject in ("kpi.visits", "reading.acv"):
        await services.ledger.client.request(f"ledger.{workspace}.{subject}", b"rubbish", timeout=2)
    anna.position = await services.ledger.head(workspace)
    assert anna.position == before + 2
    listed = (await anna.read("/v1/kpis"))["data"]
    assert {kpi["id"]: kpi["incomplete"] for kpi in listed} == {"acv": True, "fine": False, "visits": True}
    for id_ in ("acv", "visits", "fine"):
        for path in (f"/v1/kpis/{id_}", f"/v1/kpis/{id_}/trend"):
            assert (await anna.read(path))["incomplete"] is (id_ != "fine"), path
            assert (await anna.read(path, known_at=known))["incomplete"] is False, path
    assert (await anna.read("/v1/key-results/kr-acv"))["incomplete"] is True
