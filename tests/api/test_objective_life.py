"""The life of an objective over HTTP: its steps, its end, and what reopening keeps."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.api.http.services import Services
from services.runtime.settings import Settings
from tests.api.conftest import Person, given_goal, person
from tests.api.given_personal_text import rows_with

pytestmark = [pytest.mark.own_database, pytest.mark.usefixtures("projector")]

GOAL = "/v1/objectives/growth"
REFLECTION, COMMENT = "더 일찍 시작했어야 합니다", "we go on with retention"


async def step(anna: Person, name: str, body: dict[str, Any], etag: str) -> str:
    """A step that is taken. Answers the new ETag."""
    answer = await anna.post(f"{GOAL}/{name}", body, If_Match=etag)
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


async def ended(anna: Person) -> str:
    """An objective that was graded and closed. Answers its ETag."""
    etag = await step(anna, "grade", {"grade": "0.85", "reflection": REFLECTION}, await given_goal(anna))
    return await step(anna, "close", {"comment": COMMENT}, etag)


async def test_an_objective_is_proposed_sent_back_and_agreed(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """Answers and audit trail say who did what; what is proposed does not change."""
    etag = await step(anna, "propose", {}, await given_goal(anna, active=False))
    change = await anna.patch(GOAL, {"title": "x"}, If_Match=etag)
    assert (change.status_code, change.json()["code"]) == (409, "objective_proposed")
    assert change.json()["allowed"] == ["agree", "send_back", "drop"]
    silent = await anna.post(f"{GOAL}/send-back", {}, If_Match=etag)
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    etag = await step(anna, "send-back", {"reason": "목표치 근거 보완"}, etag)
    assert (await anna.read(GOAL))["proposed_by"] is None
    etag = await step(anna, "propose", {}, etag)
    boris = await person(http, services, "boris", "editor")
    boris.position = anna.position
    etag = await step(boris, "agree", {}, etag)
    etag = await step(boris, "activate", {}, etag)
    goal = await boris.read(GOAL)
    assert (goal["status"], goal["proposed_by"], goal["agreed_by"]) == (
        "active",
        "person:anna",
        ["person:boris"],
    )
    trail = await boris.get("/v1/audit?about=growth", headers={"Accept-Language": "ko"})
    for words in ("초안을 제안했습니다", "초안을 돌려보냈습니다", "목표치 근거 보완", "합의했습니다"):
        assert words in trail.text


async def test_the_own_grade_stands_beside_the_score(anna: Person) -> None:
    """ACV 50 → 80 at 71 is 0.7; its people say 0.85, and what they learnt can be read, also in lists."""
    etag = await given_goal(anna)
    await anna.created(
        "/v1/readings",
        [{"kpi": "acv", "source_id": "r", "observed_at": "2026-01-15T09:00:00+09:00", "value": "71"}],
    )
    await step(anna, "grade", {"grade": "0.85", "reflection": REFLECTION}, etag)
    goal = await anna.read(GOAL, as_of="2026-02-01")
    assert (goal["status"], goal["score"], goal["own_grade"]) == ("graded", "0.7", "0.85")
    [grade] = goal["grades"]
    assert (grade["reflection"], grade["actor"], grade["edition"]) == (REFLECTION, "person:anna", 1)
    [listed] = (await anna.read("/v1/objectives", status="graded"))["data"]
    assert listed["grades"] == [grade]


async def test_reopening_keeps_grade_and_closing_comment(anna: Person) -> None:
    """Both can be read afterwards, and the sentences of the audit trail tell the whole life."""
    etag = await ended(anna)
    refused = await anna.post(f"{GOAL}/reopen", {}, If_Match=etag)
    assert (refused.status_code, refused.json()["code"]) == (422, "reason_required")
    await step(anna, "reopen", {"reason": "실적 누락"}, etag)
    goal = await anna.read(GOAL)
    assert (goal["status"], goal["edition"], goal["own_grade"]) == ("active", 2, None)
    assert [closing["comment"] for closing in goal["closings"]] == [COMMENT]
    assert [(grade["grade"], grade["reflection"]) for grade in goal["grades"]] == [("0.85", REFLECTION)]
    trail = await anna.get("/v1/audit?about=growth", headers={"Accept-Language": "ko"})
    for words in ("자기 평가를 남겼습니다: 0.85", "마감을 마쳤습니다", "다시 시작했습니다", "실적 누락"):
        assert words in trail.text


async def test_what_was_said_at_the_end_is_sealed_and_goes_with_the_key(
    anna: Person, services: Services, settings: Settings
) -> None:
    """No table and no message holds the words; without the key the answer says so."""
    await ended(anna)
    assert (await anna.read(GOAL))["closings"][0]["comment"] == COMMENT
    async for messages in services.ledger.read(settings.workspace, 0):
        for message in messages:
            assert REFLECTION.encode() not in message.payload
            assert COMMENT.encode() not in message.payload
    for words in (REFLECTION, COMMENT):
        assert not await rows_with(words, settings)
    assert await services.keys.destroy(settings.workspace, "person:anna")
    goal = (await anna.get(GOAL, headers={"Accept-Language": "ko"})).json()
    assert (goal["grades"][0]["reflection"], goal["closings"][0]["comment"]) == ("[삭제됨]", "[삭제됨]")
    assert goal["own_grade"] == "0.85"


async def test_a_step_out_of_turn_says_what_is_allowed(anna: Person) -> None:
    """409 with `allowed` in the problem document, for steps, changes and check-ins."""
    etag = await ended(anna)
    attempts: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"{GOAL}/propose", {}),
        ("POST", f"{GOAL}/agree", {}),
        ("POST", f"{GOAL}/send-back", {"reason": "x"}),
        ("POST", f"{GOAL}/activate", {}),
        ("POST", f"{GOAL}/grade", {"grade": "0.5"}),
        ("POST", f"{GOAL}/close", {}),
        ("POST", f"{GOAL}/drop", {"reason": "x"}),
        ("PATCH", GOAL, {"title": "x", "reason": "x"}),
        ("POST", "/v1/key-results/kr-acv/check-ins", {"confidence": 5}),
        ("POST", "/v1/key-results/kr-acv/targets", {"target": "90", "reason": "x"}),
    ]
    for method, path, body in attempts:
        answer = await anna.send(method, path, body, {"If-Match": etag})
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["allowed"]) == (
            409,
            "objective_closed",
            ["reopen"],
        ), path
    assert await anna.etag(GOAL) == etag


async def test_steps_follow_the_conventions(anna: Person) -> None:
    """If-Match is needed, a stale one is refused, and a retry gets the first answer."""
    etag = await given_goal(anna)
    path, body = f"{GOAL}/grade", {"grade": "0.5"}
    assert (await anna.post(path, body)).status_code == 428
    assert (await anna.post(path, body, If_Match='"1"')).status_code == 412
    first = await anna.post(path, body, If_Match=etag, Idempotency_Key="grade-1")
    again = await anna.post(path, body, If_Match=etag, Idempotency_Key="grade-1")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    too_much = await anna.post(path, {"grade": "1.5"}, If_Match=first.headers["ETag"])
    assert (too_much.status_code, too_much.json()["errors"][0]["pointer"]) == (422, "#/grade")
