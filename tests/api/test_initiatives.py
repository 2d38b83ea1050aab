"""Initiatives over HTTP: shown with their goals, in the story of both, and never in a score."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import YEAR, Person, given_goal

pytestmark = pytest.mark.usefixtures("projector")

KEY_RESULT, PORTAL = "/v1/key-results/kr-acv", "/v1/initiatives/portal"
PLANNED = {
    "id": "portal",
    "title": "파트너 포털 공개",
    "owner": "anna",
    "due": "2026-02-27",
    "supports": ["kr-acv"],
}


async def given_initiative(anna: Person) -> str:
    """An active goal and an initiative for its key result. Answers the initiative's ETag."""
    await given_goal(anna)
    receipt = await anna.created("/v1/initiatives", PLANNED)
    return f'"{receipt["revision"]}"'


async def test_it_is_shown_with_the_goal_it_supports(anna: Person) -> None:
    """Under the key result, now and as it was known then; a unit's own is in the list."""
    etag = await given_initiative(anna)
    await anna.created("/v1/org-units", {"id": "sales", "name_ko": "영업팀", "level": "team"})
    await anna.created("/v1/initiatives", {"id": "training", "title": "교육", "org_unit": "sales"})
    before = await anna.read(KEY_RESULT)
    line = {
        "id": "portal",
        "title": "파트너 포털 공개",
        "status": "planned",
        "owner": "anna",
        "owner_name": None,
        "org_unit": None,
        "due": "2026-02-27",
    }
    assert before["initiatives"] == [line]
    [goal] = (await anna.read("/v1/objectives"))["data"]
    assert (goal["initiatives"], goal["key_results"][0]["initiatives"]) == ([], [line])
    answer = await anna.patch(PORTAL, {"supports": ["growth"], "reason": "목표 전체에 필요"}, If_Match=etag)
    assert answer.status_code == 200, answer.text
    goal = await anna.read("/v1/objectives/growth")
    assert (goal["initiatives"], goal["key_results"][0]["initiatives"]) == ([line], [])
    assert (await anna.read(KEY_RESULT, known_at=before["known_at"]))["initiatives"] == [line]

    async def listed(**wanted: str) -> list[str]:
        return [one["id"] for one in (await anna.read("/v1/initiatives", **wanted))["data"]]

    assert await listed() == ["portal", "training"]
    assert await listed(supports="growth") == ["portal"]
    assert await listed(supports="kr-acv") == []
    assert await listed(org_unit="sales") == ["training"]
    assert await listed(status="done") == []
    first = await anna.read("/v1/initiatives", limit=1)
    second = await anna.read("/v1/initiatives", limit=1, cursor=first["next_cursor"])
    assert [one["id"] for page in (first, second) for one in page["data"]] == ["portal", "training"]


async def test_it_never_enters_a_score(anna: Person) -> None:
    """Planned, done and reopened: score, history and the goal's revision stay as they were."""
    await given_goal(anna)
    await anna.created(
        "/v1/readings",
        [{"kpi": "acv", "source_id": "r", "observed_at": "2026-01-15T09:00:00+09:00", "value": "71"}],
    )

    async def figures() -> Any:
        goal = await anna.read("/v1/objectives/growth", as_of="2026-02-01")
        history = await anna.read(f"{KEY_RESULT}/score-history")
        return goal["score"], goal["revision"], goal["key_results"][0]["score"], history["data"]

    before = await figures()
    assert before[0] == "0.7"
    etag = f'"{(await anna.created("/v1/initiatives", PLANNED))["revision"]}"'
    for step, reason in (("start", None), ("finish", None), ("reopen", "빠진 일"), ("drop", "그만")):
        answer = await anna.post(f"{PORTAL}/{step}", {"reason": reason}, If_Match=etag)
        assert answer.status_code == 200, answer.text
        etag = answer.headers["ETag"]
        assert await figures() == before
    assert (await anna.read(PORTAL))["status"] == "dropped"


async def test_its_story_is_in_the_goals_story(anna: Person) -> None:
    """The audit trail of the key result tells each step of the work for it, in sentences."""
    etag = await given_initiative(anna)
    etag = (await anna.post(f"{PORTAL}/start", None, If_Match=etag)).headers["ETag"]
    changed = await anna.patch(PORTAL, {"due": "2026-03-13", "reason": "결제 연동 지연"}, If_Match=etag)
    await anna.post(f"{PORTAL}/finish", None, If_Match=changed.headers["ETag"])
    anna.headers["Accept-Language"] = "ko"
    story = (await anna.read("/v1/audit", about="key_result/kr-acv"))["data"]
    told = [(entry["type"], entry["sentence"]) for entry in story if entry["type"].startswith("initiative")]
    assert told == [
        ("initiative.planned", "anna 님이 실행과제 ‘파트너 포털 공개’를 계획했습니다(기한 2026-02-27)."),
        ("initiative.started", "anna 님이 실행과제 ‘파트너 포털 공개’를 시작했습니다."),
        ("initiative.replanned", "anna 님이 실행과제 ‘파트너 포털 공개’의 계획을 바꿨습니다."),
        ("initiative.finished", "anna 님이 실행과제 ‘파트너 포털 공개’를 완료했습니다."),
    ]
    assert [entry["reason"] for entry in story if entry["reason"]] == ["결제 연동 지연"]


async def test_nothing_of_it_changes_while_the_cycle_is_closed(anna: Person) -> None:
    """Every path that writes an initiative; and none joins a goal of the closed cycle."""
    etag = await given_initiative(anna)
    await anna.created("/v1/org-units", {"id": "sales", "name_ko": "영업팀", "level": "team"})
    free = await anna.created("/v1/initiatives", {"id": "free", "title": "교육", "org_unit": "sales"})
    await anna.created(f"/v1/cycles/{YEAR}/close", {"reason": "early"})
    attempts: list[tuple[str, str, dict[str, Any], str]] = [
        ("POST", "/v1/initiatives", PLANNED | {"id": "late"}, etag),
        ("PATCH", PORTAL, {"title": "x", "reason": "x"}, etag),
        *(
            ("POST", f"{PORTAL}/{step}", {"reason": "x"}, etag)
            for step in ("start", "finish", "drop", "reopen")
        ),
        ("PATCH", "/v1/initiatives/free", {"supports": ["growth"], "reason": "x"}, f'"{free["revision"]}"'),
    ]
    for method, path, body, revision in attempts:
        answer = await anna.send(method, path, body, {"If-Match": revision})
        problem = answer.json()
        assert (answer.status_code, problem.get("code"), problem.get("allowed")) == (
            409,
            "cycle_closed",
            ["reopen_cycle"],
        ), f"{method} {path}"
    assert await anna.etag(PORTAL) == etag


async def test_bad_input_is_explained(anna: Person) -> None:
    """A code and the field for each; nothing is written."""
    etag = await given_initiative(anna)
    for method, path, body, status, code, pointer in (
        ("POST", "/v1/initiatives", {"title": "x"}, 422, "initiative_for_nothing", "#/supports"),
        (
            "POST",
            "/v1/initiatives",
            {"title": "x", "supports": ["no"]},
            422,
            "supports_unknown",
            "#/supports",
        ),
        ("POST", "/v1/initiatives", {"title": "x", "supports": ["NO"]}, 422, "invalid", "#/supports/0"),
        ("POST", "/v1/initiatives", {"title": "x", "org_unit": "no"}, 422, "org_unit_unknown", "#/org_unit"),
        ("POST", "/v1/initiatives", {"supports": ["growth"]}, 422, "invalid", "#/title"),
        ("POST", "/v1/initiatives", PLANNED | {"due": "2026-02-30"}, 422, "invalid", "#/due"),
        ("POST", "/v1/initiatives", PLANNED | {"score": "1"}, 422, "invalid", "#/score"),
        ("POST", "/v1/initiatives", PLANNED, 409, "initiative_exists", None),
        ("PATCH", PORTAL, {"title": "x"}, 422, "reason_required", "#/reason"),
        ("POST", f"{PORTAL}/reopen", {"reason": "x"}, 409, "initiative_planned", None),
        ("POST", "/v1/initiatives/nowhere/start", {}, 404, "initiative_unknown", None),
    ):
        answer = await anna.send(method, path, body, {"If-Match": etag})
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (status, code), problem
        if pointer is not None:
            assert pointer in [error.get("pointer") for error in problem["errors"]], problem
    assert (await anna.post(f"{PORTAL}/start", {})).status_code == 428
    assert (await anna.post(f"{PORTAL}/start", {}, If_Match='"1"')).status_code == 412
    assert await anna.etag(PORTAL) == etag
