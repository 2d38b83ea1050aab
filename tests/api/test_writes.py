"""What every write promises: it can be repeated, it is guarded, and its answer lets it be read."""

from __future__ import annotations

import asyncio

import httpx
import orjson
import pytest

from services.api.app import create_app
from services.api.http.services import Services
from services.api.main import connected
from tests.api.conftest import Person, SettingsFor, given_goal, person

pytestmark = pytest.mark.usefixtures("projector")

TARGETS = "/v1/key-results/kr-acv/targets"
MORE = {"target": "90", "reason": "more"}


async def head(services: Services) -> int:
    """Where the ledger stands."""
    return await services.ledger.head(services.settings.workspace)


async def test_a_repeated_request_gets_the_first_answer(anna: Person, services: Services) -> None:
    """Same status, body, ETag, position and Location; one event; and it says that it is a repetition."""
    etag = await given_goal(anna)
    headers = {"If_Match": etag, "Idempotency_Key": "k-1"}
    first = await anna.post(TARGETS, MORE, **headers)
    await anna.read("/v1/workspace")
    before = await head(services)
    again = await anna.post(TARGETS, {"reason": "more", "target": "90"}, **headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    for name in ("ETag", "Goaltrail-Position", "Location"):
        assert first.headers[name] == again.headers[name]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await head(services) == before


async def test_an_immediate_repetition_is_answered_by_the_ledger(anna: Person) -> None:
    """Before any view has it: the aggregate's own events tell."""
    etag = await given_goal(anna)
    headers = {"If_Match": etag, "Idempotency_Key": "k-1"}
    answers = [await anna.post(TARGETS, MORE, **headers) for _ in range(5)]
    assert {answer.text for answer in answers} == {answers[0].text}
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, *["true"] * 4]


async def test_a_repeated_creation_without_an_id_makes_one_thing(anna: Person, services: Services) -> None:
    """The id follows from the key."""
    await given_goal(anna)
    draft = {"title": "Sell", "cycle": "2026"}
    answers = [await anna.post("/v1/objectives", draft, Idempotency_Key="k-2") for _ in range(3)]
    assert {answer.json()["id"] for answer in answers} == {answers[0].json()["id"]}
    assert {answer.status_code for answer in answers} == {201}
    key_result = {"title": "K", "measure": {"kind": "at_least", "target": "5", "unit": "x"}}
    path = f"/v1/objectives/{answers[0].json()['id']}/key-results"
    added = [
        await anna.post(path, key_result, If_Match=answers[0].headers["ETag"], Idempotency_Key="k-3")
        for _ in range(3)
    ]
    assert {answer.text for answer in added} == {added[0].text}
    goal = await anna.read(f"/v1/objectives/{answers[0].json()['id']}")
    assert [item["id"] for item in goal["key_results"]] == [added[0].json()["id"]]


async def test_a_key_means_one_request(anna: Person) -> None:
    """Another body, another path, another goal: 422."""
    etag = await given_goal(anna)
    assert (await anna.post(TARGETS, MORE, If_Match=etag, Idempotency_Key="k")).status_code == 201
    for path, body in (
        (TARGETS, {"target": "95", "reason": "more"}),
        (TARGETS, {"target": "90", "reason": "other"}),
        ("/v1/objectives/growth/drop", {"reason": "more"}),
        ("/v1/objectives", {"title": "Other", "cycle": "2026"}),
        ("/v1/cycles/2026/close", {"reason": "more"}),
    ):
        guard = {} if path.startswith("/v1/cycles") else {"If_Match": etag}
        response = await anna.post(path, body, Idempotency_Key="k", **guard)
        assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused"), path
    await anna.read("/v1/workspace")
    later = await anna.post(TARGETS, {"target": "95", "reason": "more"}, If_Match=etag, Idempotency_Key="k")
    assert (later.status_code, later.json()["code"]) == (422, "idempotency_key_reused")


async def test_null_and_nothing_are_different_requests(anna: Person) -> None:
    """What a PATCH leaves out is not what it clears."""
    etag = await given_goal(anna)
    first = await anna.patch(
        "/v1/objectives/growth", {"title": "X", "reason": "r"}, If_Match=etag, Idempotency_Key="k"
    )
    assert first.status_code == 200
    other = await anna.patch(
        "/v1/objectives/growth",
        {"title": "X", "owner": None, "reason": "r"},
        If_Match=etag,
        Idempotency_Key="k",
    )
    assert other.status_code == 422


async def test_a_key_is_its_callers_own(anna: Person, http: httpx.AsyncClient, services: Services) -> None:
    """Two people may use the same one."""
    etag = await given_goal(anna)
    boris = await person(http, services, "boris", "editor")
    first = await anna.post(TARGETS, MORE, If_Match=etag, Idempotency_Key="k")
    second = await boris.post(
        TARGETS, {"target": "95", "reason": "r"}, If_Match=first.headers["ETag"], Idempotency_Key="k"
    )
    assert second.status_code == 201, second.text


async def test_of_two_at_once_one_is_asked_to_come_again(anna: Person) -> None:
    """409 while the first is in flight; afterwards its answer.

    Whether the first still is, when the second is looked at, is up to the machine: some pair meets in time.
    """
    etag = await given_goal(anna)
    for n in range(20):
        body, headers = (
            {"target": str(90 + n), "reason": "more"},
            {"If_Match": etag, "Idempotency_Key": f"k-{n}"},
        )
        answers = await asyncio.gather(*(anna.post(TARGETS, body, **headers) for _ in range(2)))
        made, second = sorted(answers, key=lambda answer: answer.status_code)
        assert made.status_code == 201, made.text
        if second.status_code == 409:
            break
        assert second.json() == made.json()
        etag = made.headers["ETag"]
    assert second.json()["code"] == "idempotency_key_in_flight"
    assert second.headers["Retry-After"]
    again = await anna.post(TARGETS, body, **headers)
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_two_processes_racing_answer_alike(
    anna: Person, services: Services, provisioned: SettingsFor
) -> None:
    """One event, two equal receipts."""
    etag = await given_goal(anna)
    async with connected(provisioned("api")) as other:
        transport = httpx.ASGITransport(create_app(other))
        async with httpx.AsyncClient(transport=transport, base_url="http://other") as http:
            twin = Person(http, anna.headers["Authorization"].removeprefix("Bearer "))
            for n in range(5):
                before = await head(services)
                body = {"target": str(90 + n), "reason": "more"}
                answers = await asyncio.gather(
                    *(
                        caller.post(TARGETS, body, If_Match=etag, Idempotency_Key=f"k-{n}")
                        for caller in (anna, twin)
                    )
                )
                assert [answer.status_code for answer in answers] == [201, 201]
                assert answers[0].json() == answers[1].json()
                assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 1
                assert await head(services) == before + 1
                etag = answers[0].headers["ETag"]


async def test_two_changes_of_one_read_are_not_both_made(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """The second is told to read again, and with what it reads it succeeds."""
    etag = await given_goal(anna)
    boris = await person(http, services, "boris", "editor")
    answers = await asyncio.gather(
        anna.post(TARGETS, MORE, If_Match=etag),
        boris.post(TARGETS, {"target": "70", "reason": "less"}, If_Match=etag),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 412]
    boris.position = anna.position = max(anna.position, boris.position)
    current = await boris.etag("/v1/key-results/kr-acv")
    assert current == next(answer.headers["ETag"] for answer in answers if answer.status_code == 412)
    assert (await boris.post(TARGETS, {"target": "75", "reason": "r"}, If_Match=current)).status_code == 201


async def test_a_chain_of_changes_needs_no_reads_between(anna: Person) -> None:
    """Each answer's ETag is good for the next change, though no view may have it yet."""
    etag = await given_goal(anna)
    for target in range(81, 101):
        answer = await anna.post(TARGETS, {"target": str(target), "reason": "up"}, If_Match=etag)
        assert answer.status_code == 201, answer.text
        etag = answer.headers["ETag"]
    posts = (await anna.read(TARGETS))["data"]
    assert [post["new"] for post in posts if post["what"] == "target"] == [str(n) for n in range(80, 101)]


async def test_a_write_is_read_at_its_position(anna: Person) -> None:
    """Goaltrail-Position of the answer as Goaltrail-Min-Position of the read, at once."""
    etag = await given_goal(anna)
    for target in range(81, 91):
        answer = await anna.post(TARGETS, {"target": str(target), "reason": "up"}, If_Match=etag)
        etag = answer.headers["ETag"]
        state = await anna.read("/v1/key-results/kr-acv")
        assert state["measure"]["target"] == str(target)


async def test_events_carry_the_requests_id(anna: Person) -> None:
    """So that a line in the log and an entry of the trail can be put together."""
    etag = await given_goal(anna)
    response = await anna.post(TARGETS, MORE, If_Match=etag, X_Request_Id="abc-123")
    assert response.headers["X-Request-Id"] == "abc-123"
    trail = (await anna.read("/v1/audit", about="kr-acv", order="desc"))["data"]
    assert trail[0]["correlation_id"] == "abc-123"


async def test_the_hash_of_a_request_does_not_confirm_a_guess(anna: Person, services: Services) -> None:
    """It stays on the ledger when a text is erased: the same text under another key has another hash."""
    await given_goal(anna)
    body = {"confidence": 4, "note": "연봉 협상이 깨졌다"}
    for key in ("one", "two"):
        response = await anna.post("/v1/key-results/kr-acv/check-ins", body, Idempotency_Key=key)
        assert response.status_code == 201
    payloads = [
        message.payload
        async for messages in services.ledger.read(services.settings.workspace, 0)
        for message in messages
    ]
    hashes = [orjson.loads(payload).get("request") for payload in payloads if b"checked_in" in payload]
    assert len(hashes) == len(set(hashes)) == 2
    assert None not in hashes
