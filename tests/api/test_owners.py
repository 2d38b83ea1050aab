"""Owners who are registered people: named beside their ids, and known when they are written."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from services.api.http.services import Services
from tests.api.conftest import Person, given_goal, person

pytestmark = pytest.mark.usefixtures("projector")

NAME = "김수로"
INITIATIVE = {"id": "visits", "title": "고객 방문", "supports": ["kr-acv"]}


@pytest.fixture
async def boss(http: httpx.AsyncClient, services: Services) -> Person:
    """An administrator, with an active goal."""
    made = await person(http, services, "boss", "admin")
    await given_goal(made)
    return made


async def patched(boss: Person, path: str, body: dict[str, str], read: str | None = None) -> httpx.Response:
    """A change that is based on the latest read."""
    return await boss.patch(path, body | {"reason": "담당 변경"}, If_Match=await boss.etag(read or path))


async def test_names_stand_beside_the_ids(boss: Person) -> None:
    """Of owners of objectives, key results, KPIs and initiatives, and in the sentences of the trail."""
    id_ = (await boss.created("/v1/people", {"name": NAME}))["id"]
    await boss.created("/v1/initiatives", INITIATIVE | {"owner": id_})
    for path in ("/v1/objectives/growth", "/v1/key-results/kr-acv", "/v1/kpis/acv"):
        assert (await patched(boss, path, {"owner": id_})).status_code == 200
    [objective] = (await boss.read("/v1/objectives"))["data"]
    [key_result] = objective["key_results"]
    shown = [objective, key_result, *key_result["initiatives"]]
    shown += [await boss.read(path) for path in ("/v1/objectives/growth", "/v1/key-results/kr-acv")]
    shown += [await boss.read(path) for path in ("/v1/kpis/acv", "/v1/initiatives/visits")]
    shown += [(await boss.read(path))["data"][0] for path in ("/v1/kpis", "/v1/initiatives")]
    assert [(one["owner"], one["owner_name"]) for one in shown] == [(id_, NAME)] * 9
    entries = (await boss.read("/v1/audit", type="objective.owner_changed"))["data"]
    assert entries[0]["sentence"].endswith(f"to {NAME}.")

    await boss.created(f"/v1/people/{id_}/forget", {"reason": "요청"})
    objective = await boss.read("/v1/objectives/growth")
    assert (objective["owner"], objective["owner_name"]) == (id_, None)
    entries = (await boss.read("/v1/audit", type="objective.owner_changed"))["data"]
    assert entries[0]["sentence"].endswith(f"to {id_}.")


async def test_an_owner_that_the_company_named_itself_stays(boss: Person) -> None:
    """Ids such as `anna`, written before anybody was registered, are readable and writable as ever."""
    assert (await patched(boss, "/v1/objectives/growth", {"owner": "anna"})).status_code == 200
    shown = await boss.read("/v1/objectives/growth")
    assert (shown["owner"], shown["owner_name"]) == ("anna", None)


async def test_an_owner_who_is_nobody_is_refused(boss: Person) -> None:
    """An id that looks like ours and is nobody's is a mistake; so is somebody who was forgotten."""
    gone = (await boss.created("/v1/people", {"name": NAME}))["id"]
    await boss.created(f"/v1/people/{gone}/forget", {"reason": "요청"})
    for owner, status, code in ((str(uuid4()), 422, "person_unknown"), (gone, 409, "person_forgotten")):
        answers = [
            await patched(boss, path, {"owner": owner})
            for path in ("/v1/objectives/growth", "/v1/key-results/kr-acv", "/v1/kpis/acv")
        ]
        draft = {"title": "Grow more", "cycle": "2026", "owner": owner}
        answers.append(await boss.post("/v1/objectives", draft))
        answers.append(await boss.post("/v1/initiatives", INITIATIVE | {"owner": owner}))
        mbo = draft | {"owner": "anna", "reviewer": owner, "framework": "mbo"}
        reviewed = await boss.post("/v1/objectives", mbo)
        for path, body, pointer in (
            ("feedback", {"to": owner, "text": "좋았습니다"}, "#/to"),
            ("recognitions", {"to": ["anna", owner], "text": "고맙습니다"}, "#/to/1"),
            ("conversations", {"parties": [owner], "agenda": "다음 분기"}, "#/parties/0"),
        ):
            said = await boss.post(f"/v1/{path}", body)
            assert (said.status_code, said.json()["code"]) == (status, code)
            assert said.json()["errors"][0]["pointer"] == pointer
        assert {(one.status_code, one.json()["code"]) for one in (*answers, reviewed)} == {(status, code)}
        assert {one.json()["errors"][0]["pointer"] for one in answers} == {"#/owner"}
        assert reviewed.json()["errors"][0]["pointer"] == "#/reviewer"
