"""An MBO goal over HTTP: agreed by both parties, changed only when both say yes."""

from __future__ import annotations

import httpx
import pytest

from services.api.http.services import Services
from tests.api.conftest import YEAR, Person, given_goal, person

pytestmark = pytest.mark.usefixtures("projector")

GOAL = "/v1/objectives/retention"
MEASURED = (("objective", "retention"), ("key_result", "kept"))


async def given_mbo_goal(anna: Person, boris: Person) -> None:
    """Anna's goal with one key result, agreed with boris and active."""
    await given_goal(anna)
    drafted = await anna.created(
        "/v1/objectives",
        {
            "id": "retention",
            "title": "담당 고객 유지",
            "cycle": YEAR,
            "framework": "mbo",
            "owner": "anna",
            "reviewer": "boris",
        },
    )
    await anna.created(
        f"{GOAL}/key-results",
        {
            "id": "kept",
            "title": "유지한 고객 40곳 이상",
            "measure": {"kind": "at_least", "target": "40", "unit": "customers"},
        },
        If_Match=f'"{drafted["revision"]}"',
    )
    for who, step in ((anna, "propose"), (boris, "agree"), (anna, "activate")):
        who.position = max(anna.position, boris.position)
        await who.created(f"{GOAL}/{step}", {}, If_Match=await who.etag(GOAL))
    anna.position = boris.position = max(anna.position, boris.position)


async def test_a_target_moves_when_the_other_party_agrees(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """Until then the old target counts, and reads show what waits for whom."""
    boris = await person(http, services, "boris", "editor")
    await given_mbo_goal(anna, boris)
    await anna.created("/v1/key-results/kept/check-ins", {"value": "20"})
    await anna.created(
        "/v1/key-results/kept/targets",
        {"target": "50", "reason": "담당 고객이 늘었습니다"},
        If_Match=await anna.etag(GOAL),
    )
    goal = await anna.read(GOAL)
    assert (goal["framework"], goal["ambition"], goal["score"]) == ("mbo", "committed", "0.5")
    assert (goal["waiting"]["by"], goal["waiting"]["agreed_by"]) == ("person:anna", [])
    [change] = goal["waiting"]["changes"]
    assert change["type"] == "goaltrail.key_result.target_changed.v1"
    assert (change["data"]["old"], change["data"]["new"]) == ("40", "50")

    boris.position = anna.position
    [growth] = (await anna.read("/v1/kpis/acv"))["key_results"]
    assert (growth["id"], growth["objective"], growth["framework"]) == ("kr-acv", "growth", "okr")
    await boris.created(f"{GOAL}/agree", {}, If_Match=await boris.etag(GOAL))
    goal = await boris.read(GOAL)
    assert (goal["waiting"], goal["score"]) == (None, "0.4")
    [first, moved] = (await boris.read("/v1/key-results/kept/targets"))["data"]
    assert (first["asked_by"], first["asked_why"]) == (None, None)
    assert (moved["actor"], moved["reason"]) == ("person:boris", None)
    assert (moved["asked_by"], moved["asked_why"]) == ("person:anna", "담당 고객이 늘었습니다")
    trail = await boris.read("/v1/audit", about="key_result/kept", limit=100)
    assert [entry["type"] for entry in trail["data"]][-2:] == [
        "objective.change_proposed",
        "key_result.target_changed",
    ]


async def test_what_goes_beyond_the_target_counts_up_to_the_cap_of_the_policy(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """54 of 40 is 1.35: 1.2 of the key result and of its goal, on every page."""
    await given_mbo_goal(anna, await person(http, services, "boris", "editor"))
    await anna.created("/v1/key-results/kept/check-ins", {"value": "54"})
    goal = await anna.read(GOAL)
    assert (goal["score"], goal["band"]["code"]) == ("1.2", "reached")
    assert (goal["key_results"][0]["score"]["score"], goal["key_results"][0]["score"]["raw"]) == (
        "1.2",
        "1.35",
    )
    await anna.created("/v1/org-units", {"id": "sales", "name_ko": "영업", "level": "team"})
    items = [{"kind": kind, "id": id_, "weight": "50"} for kind, id_ in MEASURED]
    await anna.created("/v1/scorecards", {"id": "card", "cycle": YEAR, "org_unit": "sales", "items": items})
    card = await anna.read("/v1/scorecards/card")
    assert (card["score"], [item["score"] for item in card["items"]]) == ("1.2", ["1.2", "1.2"])
    aligned = await anna.read("/v1/alignment")
    tops = [*aligned["top"], *aligned["orphans"]["objectives"]]
    assert [top["score"] for top in tops if top["id"] == "retention"] == ["1.2"]


async def test_an_mbo_goal_is_not_activated_without_agreement(anna: Person) -> None:
    """409 with the parties that are missing and what is allowed instead."""
    await given_goal(anna)
    body = {"id": "retention", "title": "x", "cycle": YEAR, "framework": "mbo", "owner": "anna"}
    same = await anna.post("/v1/objectives", body | {"reviewer": "anna"})
    assert (same.status_code, same.json()["code"]) == (422, "parties_same")
    assert same.json()["errors"][0]["pointer"] == "#/reviewer"
    await anna.created("/v1/objectives", body)
    early = await anna.post(f"{GOAL}/propose", {}, If_Match=await anna.etag(GOAL))
    assert (early.status_code, early.json()["code"]) == (409, "party_missing")
    changed = await anna.patch(GOAL, {"reviewer": "boris"}, If_Match=await anna.etag(GOAL))
    refused = await anna.post(f"{GOAL}/activate", {}, If_Match=changed.headers["ETag"])
    assert (refused.status_code, refused.json()["code"]) == (409, "agreement_missing")
    assert "person:boris" in refused.json()["detail"]
    proposed = await anna.post(f"{GOAL}/propose", {}, If_Match=changed.headers["ETag"])
    again = await anna.post(f"{GOAL}/agree", {}, If_Match=proposed.headers["ETag"])
    assert (again.status_code, again.json()["event_ids"]) == (200, [])


async def test_what_waits_closes_no_circle_when_it_is_agreed(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """Another goal came to support this one in the meantime: the change can only be sent back."""
    boris = await person(http, services, "boris", "editor")
    await given_mbo_goal(anna, boris)
    for goal, other in (("retention", "growth"), ("growth", "kept")):
        path = f"/v1/objectives/{goal}"
        body = {"supports": [other], "reason": "x"}
        await anna.created(f"{path}/supports", body, If_Match=await anna.etag(path))
    boris.position = anna.position
    refused = await boris.post(f"{GOAL}/agree", {}, If_Match=await boris.etag(GOAL))
    assert (refused.status_code, refused.json()["code"]) == (409, "supports_itself")
    assert "retention → growth → kept → retention" in refused.json()["detail"]
