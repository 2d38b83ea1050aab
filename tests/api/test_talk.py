"""Conversations, feedback and recognition over HTTP: what is said, taken back, and erased."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.api.http.services import Services
from services.runtime.settings import Settings
from tests.api.conftest import Person, given_goal, person
from tests.api.given_personal_text import rows_with

pytestmark = pytest.mark.usefixtures("projector")

SAID, OTHERWISE = "법무 검토가 늦었습니다", "please share the draft earlier"


@pytest.fixture
async def boris(http: httpx.AsyncClient, services: Services) -> Person:
    """Somebody who reads goals, and talks."""
    return await person(http, services, "boris", "viewer")


async def said(anna: Person) -> dict[str, str]:
    """Anna gives feedback and a recognition and opens a conversation. Answers their paths by kind."""
    await given_goal(anna)
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "feedback": ("/v1/feedback", {"to": "boris", "text": SAID}),
        "recognition": ("/v1/recognitions", {"to": ["boris"], "text": SAID}),
        "conversation": ("/v1/conversations", {"parties": ["boris"], "agenda": SAID}),
    }
    about = {"about": "key_result/kr-acv"}
    return {
        kind: f"{path}/{(await anna.created(path, body | about))['id']}"
        for kind, (path, body) in bodies.items()
    }


async def test_a_conversation_is_held(anna: Person, boris: Person) -> None:
    """Both write notes and agree on actions; finished and reopened ones say so, now and then."""
    talk = (await said(anna))["conversation"]
    note = await boris.created(f"{talk}/notes", {"text": "9일 걸린다"})
    action = await boris.created(
        f"{talk}/actions", {"text": "초안 공유", "owner": "anna", "due": "2026-02-20"}
    )
    before = await boris.read(talk)
    anna.position = boris.position
    await anna.created(f"{talk}/actions/{action['id']}/finish", None)
    shown = await anna.read(talk)
    assert (shown["parties"], shown["about"], shown["audience"]) == (
        ["anna", "boris"],
        "key_result/kr-acv",
        "parties",
    )
    assert (shown["agenda"], shown["notes"]) == (
        SAID,
        [{"id": note["id"], "author": "boris", "text": "9일 걸린다"}],
    )
    assert shown["actions"] == [
        {
            "id": action["id"],
            "author": "boris",
            "text": "초안 공유",
            "owner": "anna",
            "due": "2026-02-20",
            "done": True,
        }
    ]
    then = await anna.read(talk, known_at=before["known_at"])
    assert [each["done"] for each in then["actions"]] == [False]
    await anna.created(f"{talk}/actions/{action['id']}/reopen", None)
    assert [each["done"] for each in (await anna.read(talk))["actions"]] == [False]
    again = {"Idempotency_Key": "note-2"}
    first = await anna.post(f"{talk}/notes", {"text": "x"}, **again)
    second = await anna.post(f"{talk}/notes", {"text": "x"}, **again)
    assert (second.json(), second.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert [each["id"] for each in (await anna.read(talk))["notes"]] == [note["id"], first.json()["id"]]


@pytest.mark.parametrize("step", ["reword", "redact"])
async def test_what_was_taken_back_is_shown_nowhere(anna: Person, boris: Person, step: str) -> None:
    """Not as of an earlier time and not in the trail; that it was said stays, and so do the new words."""
    paths = await said(anna)
    known_at = (await anna.read(paths["feedback"]))["known_at"]
    for kind, path in paths.items():
        words = {"words": "agenda"} if kind == "conversation" else {}
        await anna.created(f"{path}/{step}", words | ({"text": OTHERWISE} if step == "reword" else {}))
    boris.position = anna.position
    for kind, path in paths.items():
        field = "agenda" if kind == "conversation" else "text"
        for reader in (anna, boris):
            now = await reader.read(path)
            assert now[field] == (OTHERWISE if step == "reword" else None)
            then = await reader.read(path, known_at=known_at)
            assert (then[field], then["about"]) == (None, "key_result/kr-acv")
            listed = await reader.get(path.rpartition("/")[0], known_at=known_at)
            assert (SAID in listed.text, path.rpartition("/")[2] in listed.text) == (False, True)
        trail = (await anna.read("/v1/audit", about=f"{kind}/{path.rpartition('/')[2]}"))["data"]
        verb = "given" if kind != "conversation" else "opened"
        assert [entry["type"] for entry in trail] == [f"{kind}.{verb}", f"{kind}.{step}ed"]
        assert trail[0]["data"][field] is None
        assert SAID not in str(trail)


async def test_words_are_sealed_and_go_with_the_key(
    anna: Person, boris: Person, services: Services, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    """No table, message or log holds one; when anna is forgotten hers are erased, boris' stay."""
    paths = await said(anna)
    boris.position = anna.position
    await boris.created(f"{paths['conversation']}/notes", {"text": OTHERWISE})
    async for messages in services.ledger.read(settings.workspace, 0):
        for message in messages:
            assert SAID.encode() not in message.payload
            assert OTHERWISE.encode() not in message.payload
    for words in (SAID, OTHERWISE):
        assert not await rows_with(words, settings)
    out, err = capfd.readouterr()
    assert SAID not in out + err
    assert OTHERWISE not in out + err
    assert await services.keys.destroy(settings.workspace, "person:anna")
    for kind, path in paths.items():
        shown = (await boris.get(path, headers={"Accept-Language": "ko"})).json()
        assert shown["agenda" if kind == "conversation" else "text"] == "[삭제됨]", kind
        listed = await boris.get(path.rpartition("/")[0])
        assert ("[erased]" in listed.text, SAID in listed.text) == (True, False)
    talk = await boris.read(paths["conversation"])
    assert [note["text"] for note in talk["notes"]] == [OTHERWISE]
    trail = await anna.get("/v1/audit?limit=1000")
    assert ("[erased]" in trail.text, OTHERWISE in trail.text) == (True, True)


async def test_a_goals_story_tells_of_recognition(anna: Person, boris: Person) -> None:
    """In sentences of both languages, with the words for everybody who reads the trail."""
    paths = await said(anna)
    carla = anna
    carla.headers["Accept-Language"] = "ko"
    [entry] = (await carla.read("/v1/audit", about="kr-acv", type="recognition.given"))["data"]
    assert entry["sentence"] == "anna 님이 boris 님에게 인정과 감사를 전했습니다."
    assert entry["data"]["text"] == SAID
    assert entry["about"] == [
        f"recognition/{paths['recognition'].rpartition('/')[2]}",
        "person/boris",
        "key_result/kr-acv",
    ]
    listed = await boris.read("/v1/recognitions", about="person/boris")
    assert [one["id"] for one in listed["data"]] == [paths["recognition"].rpartition("/")[2]]
    assert (await boris.read("/v1/recognitions", about="person/anna"))["data"] == []


async def test_bad_input_is_explained(anna: Person) -> None:
    """A code and the field for each; nothing is written."""
    paths = await said(anna)
    talk, head = paths["conversation"], anna.position
    for path, body, status, code, pointer in (
        ("/v1/feedback", {"to": "anna", "text": "x"}, 422, "feedback_to_oneself", "#/to"),
        ("/v1/feedback", {"to": "boris"}, 422, "invalid", "#/text"),
        ("/v1/feedback", {"to": "boris", "text": " "}, 422, "invalid", "#/text"),
        ("/v1/feedback", {"to": "boris", "text": "x" * 4001}, 422, "invalid", "#/text"),
        ("/v1/feedback", {"to": "boris", "text": "x", "audience": "everyone"}, 422, "invalid", "#/audience"),
        ("/v1/feedback", {"to": "boris", "text": "x", "about": "growth"}, 422, "invalid", "#/about"),
        ("/v1/feedback", {"to": "boris", "text": "x", "about": "kpi/acv"}, 422, "invalid", "#/about"),
        ("/v1/feedback", {"to": "b", "text": "x", "about": "objective/no"}, 422, "about_unknown", "#/about"),
        (
            "/v1/feedback",
            {"to": "b", "text": "x", "about": "objective/kr-acv"},
            422,
            "about_unknown",
            "#/about",
        ),
        ("/v1/feedback", {"to": "boris", "text": "x", "id": "mine"}, 422, "invalid", "#/id"),
        ("/v1/recognitions", {"to": [], "text": "x"}, 422, "invalid", "#/to"),
        ("/v1/recognitions", {"to": ["anna"], "text": "x"}, 422, "recognition_of_oneself", "#/to"),
        (
            "/v1/conversations",
            {"parties": ["anna"], "agenda": "x"},
            422,
            "conversation_needs_another",
            "#/parties",
        ),
        (
            "/v1/conversations",
            {"parties": ["b"], "agenda": "x", "audience": "all"},
            422,
            "invalid",
            "#/audience",
        ),
        (f"{talk}/actions", {"text": "x", "owner": "eve"}, 422, "not_in_conversation", "#/owner"),
        (f"{talk}/actions/no/finish", None, 404, "action_unknown", None),
        (f"{talk}/narrow", {"audience": "line"}, 409, "audience_wider", "#/audience"),
        (f"{talk}/redact", {}, 422, "words_unknown", "#/words"),
        ("/v1/conversations/nowhere/notes", {"text": "x"}, 404, "conversation_unknown", None),
        ("/v1/feedback/nowhere/redact", {}, 404, "feedback_unknown", None),
        ("/v1/recognitions/nowhere/reword", {"text": "x"}, 404, "recognition_unknown", None),
    ):
        answer = await anna.post(path, body)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (status, code), (path, problem)
        if pointer is not None:
            assert pointer in [error.get("pointer") for error in problem["errors"]], problem
    assert (await anna.get("/v1/feedback?about=kpi/acv")).status_code == 422
    assert int((await anna.get("/v1/workspace")).headers["Goaltrail-Position"]) == head


async def test_nobody_talks_about_whom_there_is_not(anna: Person) -> None:
    """An id of the form that the server makes is a registered person's; other ids are the company's own."""
    never = "0192f3a4-7c1e-7b5d-9f0a-4e2d8c6b0a31"
    for path, whom in (("feedback", {"to": "boris"}), ("recognitions", {"to": ["boris"]})):
        answer = await anna.post(f"/v1/{path}", {**whom, "text": "x", "about": f"person/{never}"})
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, "person_unknown")
        assert problem["errors"][0]["pointer"] == "#/about"
        assert (
            await anna.post(f"/v1/{path}", {**whom, "text": "x", "about": "person/carla"})
        ).status_code == 201
