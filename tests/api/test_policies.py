"""Policies over HTTP: versions with who and why, and who may set them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from events.policies.defaults import DEFAULTS
from services.api.http.services import Services
from tests.api.conftest import YEAR, Person, given_goal, person
from tests.api.given_policies import reading

pytestmark = pytest.mark.usefixtures("projector")

OKR: dict[str, Any] = DEFAULTS["okr"].model_dump(mode="json")
APPROVED = OKR | {"approve_target_changes": True}


async def test_every_version_stays_with_who_and_why(anna: Person) -> None:
    """The built-in one is version 0; what the record said before can still be read."""
    before = await anna.read("/v1/policies/okr")
    assert (before["version"], before["revision"], before["rules"]) == (0, 0, OKR)
    made = await anna.created("/v1/policies/okr", {"rules": APPROVED, "reason": "분기 합의"}, If_Match='"0"')
    now = await anna.read("/v1/policies/okr")
    assert (now["version"], now["rules"], now["revision"]) == (1, APPROVED, made["revision"])
    assert [(version["version"], version["actor"], version["reason"]) for version in now["versions"]] == [
        (0, None, None),
        (1, "person:anna", "분기 합의"),
    ]
    stale = await anna.post("/v1/policies/okr", {"rules": OKR, "reason": "x"}, If_Match='"1"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    listed = (await anna.read("/v1/policies"))["data"]
    assert [(each["framework"], each["version"]) for each in listed] == [("okr", 1), ("kpi", 0), ("mbo", 0)]
    trail = await anna.get("/v1/audit?about=policy/okr", headers={"Accept-Language": "ko"})
    assert "산정 기준 okr 1판을 정했습니다" in trail.text


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"rules": APPROVED}, "reason_required", "#/reason"),
        (
            {"rules": OKR | {"reward_link": "linked"}, "reason": "x"},
            "okr_reward_linked",
            "#/rules/reward_link",
        ),
    ],
)
async def test_what_is_refused_says_where_and_why(
    anna: Person, body: dict[str, Any], code: str, pointer: str
) -> None:
    """Nothing is set then."""
    refused = await anna.post("/v1/policies/okr", body)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert (await anna.read("/v1/policies/okr"))["version"] == 0


async def test_rules_that_do_not_hang_together_are_not_valid(anna: Person) -> None:
    """The field that is wrong has a code of its own and a Korean sentence."""
    bands = [OKR["usual"]["bands"][1]]
    rules = OKR | {"usual": {"expected_end": "1", "bands": bands}}
    refused = await anna.send(
        "POST", "/v1/policies/okr", {"rules": rules, "reason": "x"}, {"Accept-Language": "ko"}
    )
    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert (error["code"], error["pointer"]) == ("lowest_step_open", "#/rules/usual")
    assert "첫 구간" in error["detail"]


async def test_editors_set_no_policy_and_there_are_three(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """403 for the role, 422 for a framework there is not."""
    editor = await person(http, services, "boris", "editor")
    refused = await editor.post("/v1/policies/okr", {"rules": APPROVED, "reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "role_not_allowed")
    assert (await anna.get("/v1/policies/scrum")).status_code == 422


async def test_a_cycle_keeps_its_policy_and_each_score_names_it(anna: Person) -> None:
    """ACV 50 → 80 at 69.5 is 0.65: success by the built-in bands, also after a new version was set,
    until the cycle adopts that one. What was known before stays readable."""
    await given_goal(anna)
    await reading(anna, "69.5")
    stretch = OKR["stretch"] | {
        "bands": [
            {"code": "short", "name_ko": "미흡", "name_en": "short", "at_least": None},
            {"code": "done", "name_ko": "완료", "name_en": "done", "at_least": "0.7"},
        ]
    }
    await anna.created("/v1/policies/okr", {"rules": OKR | {"stretch": stretch}, "reason": "x"})

    async def judged(**when: str) -> list[tuple[str, int, str]]:
        goal = await anna.read("/v1/objectives/growth", as_of="2026-02-01", **when)
        key_result = await anna.read("/v1/key-results/kr-acv", as_of="2026-02-01", **when)
        [post, _baseline] = (await anna.read("/v1/key-results/kr-acv/targets", as_of="2026-02-01"))["data"]
        assert post["score"]["band"]["code"] in ("success", "short")
        return [
            (score["score"], score["policy"]["version"], score["band"]["code"])
            for score in (goal, goal["key_results"][0]["score"], key_result["score"])
        ]

    assert await judged() == [("0.65", 0, "success")] * 3
    before = (await anna.read("/v1/cycles/2026"))["known_at"]
    silent = await anna.post("/v1/cycles/2026/policies", {"framework": "okr"})
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    await anna.created("/v1/cycles/2026/policies", {"framework": "okr", "reason": "구간을 다시 합의"})
    assert (await anna.read("/v1/cycles/2026"))["policies"] == {"okr": 1, "kpi": 0, "mbo": 0}
    assert await judged() == [("0.65", 1, "short")] * 3
    assert await judged(known_at=before) == [("0.65", 0, "success")] * 3

    await anna.created("/v1/cycles/2026/close", {"reason": "x"})
    refused = await anna.post("/v1/cycles/2026/policies", {"framework": "okr", "version": 0, "reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "cycle_closed")


async def test_a_target_moves_when_somebody_else_approves(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """Where the cycle adopted rules that ask for it: requested, then approved; the trail tells."""
    await given_goal(anna)
    await anna.created("/v1/policies/okr", {"rules": APPROVED, "reason": "x"})
    await anna.created("/v1/cycles/2026/policies", {"framework": "okr", "reason": "x"})
    move = {"target": "90", "reason": "더 높게"}

    async def targets() -> list[str]:
        posts = (await anna.read("/v1/key-results/kr-acv/targets"))["data"]
        return [post["new"] for post in posts if post["what"] == "target"]

    etag = await anna.etag("/v1/key-results/kr-acv")
    await anna.created("/v1/key-results/kr-acv/targets", move, If_Match=etag)
    waiting = (await anna.read("/v1/objectives/growth"))["waiting"]
    assert (waiting["by"], waiting["changes"][0]["data"]["new"]) == ("person:anna", "90")
    own = await anna.post("/v1/objectives/growth/agree", If_Match=await anna.etag("/v1/objectives/growth"))
    assert (own.status_code, own.json()["code"]) == (409, "own_change")
    assert await targets() == ["80"]
    boris = await person(http, services, "boris", "editor")
    await boris.created(
        "/v1/objectives/growth/agree", None, If_Match=await anna.etag("/v1/objectives/growth")
    )
    anna.position = boris.position
    assert await targets() == ["80", "90"]
    trail = (await anna.read("/v1/audit", about="growth", order="desc"))["data"]
    assert [(one["type"], one["actor"]) for one in trail[:3]] == [
        ("key_result.target_changed", "person:boris"),
        ("objective.change_agreed", "person:boris"),
        ("objective.change_proposed", "person:anna"),
    ]
    # No way round: a baseline, another key result and dropping the old one are asked for, too.
    new = {"id": "acv-2", "title": "ACV", "measure": {"kind": "at_least", "target": "60", "unit": "KRW"}}
    for send, path, body in (
        (anna.patch, "key-results/kr-acv", {"baseline": "60"}),
        (anna.post, "objectives/growth/key-results", new),
        (anna.post, "key-results/kr-acv/drop", {}),
    ):
        sent = await send(
            f"/v1/{path}", body | {"reason": "x"}, If_Match=await anna.etag("/v1/objectives/growth")
        )
        assert sent.status_code in (200, 201), sent.text
        anna.position = sent.json()["position"]
    goal = await anna.read("/v1/objectives/growth")
    [kept] = goal["key_results"]
    assert (kept["status"], kept["measure"]["baseline"]) == ("active", "50")
    assert [change["type"] for change in goal["waiting"]["changes"]] == [
        f"goaltrail.key_result.{fact}.v1" for fact in ("baseline_corrected", "added", "dropped")
    ]
    await anna.created("/v1/objectives", {"id": "acv-2", "title": "x", "cycle": YEAR})
    taken = await boris.post("/v1/objectives/growth/agree", If_Match=await anna.etag("/v1/objectives/growth"))
    assert (taken.status_code, taken.json()["code"]) == (409, "key_result_exists")


async def test_a_pending_key_result_has_no_band(anna: Person) -> None:
    """Nothing is graded that has no value."""
    await given_goal(anna)
    score = (await anna.read("/v1/key-results/kr-acv"))["score"]
    assert (score["pending"], score["band"]) == (True, None)


async def test_pace_says_how_it_goes_while_the_cycle_runs(anna: Person) -> None:
    """A stretch key result at 0.7 on 2 July, the 183rd of 365 days: expected are 183/365 × 0.7 = 0.350959.
    A threshold beside it has none and is left out of the objective's. Confidence moves nothing."""
    etag = await given_goal(anna)
    measure = {"kind": "at_least", "target": "4", "unit": "each"}
    await anna.created(
        "/v1/objectives/growth/key-results",
        {"id": "kr-refs", "title": "References", "measure": measure, "reason": "x"},
        If_Match=etag,
    )
    await reading(anna, "71")
    goal = await anna.read("/v1/objectives/growth", as_of="2026-07-02")
    pace = {"score": "0.7", "expected": "0.350959", "pace": "0.349041", "word": "ahead"}
    assert [goal["pace"], *(each["score"]["pace"] for each in goal["key_results"])] == [pace, pace, None]
    assert (goal["elapsed"], goal["score"]) == ("0.50137", "0.35")
    for confidence in (0, 10):
        await anna.created(
            "/v1/key-results/kr-acv/check-ins", {"confidence": confidence, "day": "2026-02-01"}
        )
        again = await anna.read("/v1/objectives/growth", as_of="2026-07-02")
        assert (again["key_results"][0]["confidence"], again["score"]) == (confidence, goal["score"])
        assert (again["pace"], again["band"]) == (goal["pace"], goal["band"])


async def test_pace_is_held_against_a_declared_trajectory(anna: Person) -> None:
    """65 are expected on 2 July, which is 0.5 on the way from 50 to 80."""
    etag = await given_goal(anna)
    await reading(anna, "71")
    body = {"trajectory": [{"day": "2026-07-02", "value": "65"}], "reason": "x"}
    declared = await anna.send("PUT", "/v1/key-results/kr-acv/trajectory", body, {"If-Match": etag})
    assert declared.status_code == 200, declared.text
    key_result = await anna.read("/v1/key-results/kr-acv", as_of="2026-07-02")
    assert key_result["score"]["pace"] == {"score": "0.7", "expected": "0.5", "pace": "0.2", "word": "ahead"}


async def test_an_mbo_goal_is_judged_by_its_own_policy(anna: Person) -> None:
    """0.65 of what was agreed is not reached; what is above it is shown up to 1.2."""
    await given_goal(anna)
    await reading(anna, "95")
    goal = {
        "id": "mbo-acv",
        "title": "ACV",
        "cycle": YEAR,
        "framework": "mbo",
        "owner": "anna",
        "reviewer": "b",
    }
    drafted = await anna.created("/v1/objectives", goal)
    for id_, target, etag in (("kr-80", "80", drafted["revision"]), ("kr-120", "120", None)):
        measure = {"kind": "increase", "baseline": "50", "target": target, "unit": "MKRW"}
        etag = f'"{etag}"' if etag else await anna.etag("/v1/objectives/mbo-acv")
        await anna.created(
            "/v1/objectives/mbo-acv/key-results",
            {"id": id_, "title": "ACV", "measure": measure, "kpi": "acv"},
            If_Match=etag,
        )
    read = await anna.read("/v1/objectives/mbo-acv", as_of="2026-07-02")
    scores = [key_result["score"] for key_result in read["key_results"]]
    assert [(score["raw"], score["score"], score["band"]["code"]) for score in scores] == [
        ("1.5", "1.2", "reached"),
        ("0.642857", "0.642857", "not_reached"),
    ]
    assert read["policy"] == {"framework": "mbo", "version": 0}


async def test_a_target_of_a_kpi_moves_when_somebody_else_approves(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """The first one holds at once; the KPI shows what waits, and the trail tells, with the reasons."""
    await given_goal(anna)
    asking = DEFAULTS["kpi"].model_dump(mode="json") | {"approve_target_changes": True}
    await anna.created("/v1/policies/kpi", {"rules": asking, "reason": "x"})
    boris = await person(http, services, "boris", "editor")

    async def target(value: str, reason: str) -> Any:
        """Set or asked for by anna; the KPI afterwards."""
        body = {"kind": "at_least", "target": value, "effective_from": "2026-01-01", "reason": reason}
        await anna.created("/v1/kpis/acv/targets", body, If_Match=await anna.etag("/v1/kpis/acv"))
        return await anna.read("/v1/kpis/acv")

    async def decide(who: Person, step: str, body: dict[str, str] | None = None) -> Any:
        """A step on the KPI as anna knows it."""
        etag = await anna.etag("/v1/kpis/acv")
        answer = await who.post(f"/v1/kpis/acv/{step}", body, If_Match=etag)
        anna.position = max(anna.position, who.position)
        return answer.json().get("code", answer.status_code)

    async def targets() -> list[str]:
        return [one["target"] for one in (await anna.read("/v1/kpis/acv/targets"))["data"]]

    assert (await target("80", "계획"))["waiting"] is None
    waiting = (await target("90", "더 높게"))["waiting"]
    assert (waiting["by"], waiting["changes"][0]["data"]["new"]["target"]) == ("person:anna", "90")
    assert await targets() == ["80"]
    assert await decide(anna, "agree") == "own_change"
    assert (await boris.post("/v1/kpis/acv/agree")).json()["code"] == "if_match_missing"
    assert await decide(boris, "send-back") == "reason_required"
    assert await decide(boris, "send-back", {"reason": "아직 이릅니다"}) == 200
    assert await decide(boris, "agree") == "nothing_waits"
    await target("95", "한 번 더")
    assert await decide(boris, "agree") == 200
    assert (await anna.read("/v1/kpis/acv"))["waiting"] is None
    assert await targets() == ["80", "95"]
    trail = (await anna.read("/v1/audit", about="kpi/acv", order="desc"))["data"]
    assert [(one["type"], one["actor"], one["reason"]) for one in trail[:5]] == [
        ("kpi.target_set", "person:boris", None),
        ("kpi.change_agreed", "person:boris", None),
        ("kpi.change_proposed", "person:anna", "한 번 더"),
        ("kpi.change_sent_back", "person:boris", "아직 이릅니다"),
        ("kpi.change_proposed", "person:anna", "더 높게"),
    ]

    await target("97", "연초부터")
    await anna.created("/v1/cycles/2026/close", {"reason": "x"})
    assert await decide(boris, "agree") == "cycle_closed"
    assert await decide(anna, "send-back", {"reason": "늦었습니다"}) == 200
