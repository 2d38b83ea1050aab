"""People over the API: who they are, where they belong, and that nobody else learns it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.access.roles import Role
from services.api.http.services import Services
from services.runtime.settings import Settings
from tests.api.conftest import Person, person
from tests.api.given_people import MAIL, NAME, NEW_NAME
from tests.api.given_personal_text import rows_with

pytestmark = [pytest.mark.own_database, pytest.mark.usefixtures("projector")]

WORDS = (NAME, NEW_NAME, MAIL, "혼인")


async def registered(anna: Person, name: str = NAME, **more: Any) -> str:
    """The id of somebody new."""
    receipt = await anna.created("/v1/people", {"name": name, **more})
    return str(receipt["id"])


async def units(anna: Person) -> None:
    """A company with two divisions, and a team that belongs to the first until April."""
    for id_, level, parent in (
        ("company", "company", None),
        ("growth", "division", "company"),
        ("product", "division", "company"),
        ("team", "team", "growth"),
    ):
        body = {"id": id_, "name_ko": id_, "level": level, "parent": parent}
        await anna.created("/v1/org-units", body)
    etag = await anna.etag("/v1/org-units/team")
    moved = {"parent": "product", "effective_from": "2026-05-01"}
    assert (await anna.patch("/v1/org-units/team", moved, If_Match=etag)).status_code == 200


async def test_a_person_gets_an_id_that_says_nothing(anna: Person) -> None:
    """The server makes it; the same request with the same key gets the same one."""
    first = await anna.post("/v1/people", {"name": NAME, "mail": MAIL}, Idempotency_Key="suro")
    again = await anna.post("/v1/people", {"name": NAME, "mail": MAIL}, Idempotency_Key="suro")
    assert first.status_code == again.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    id_ = first.json()["id"]
    assert id_ == again.json()["id"]
    assert (len(id_), id_.count("-")) == (36, 4)
    assert first.headers["Location"] == f"/v1/people/{id_}"
    shown = await anna.read(f"/v1/people/{id_}")
    assert (shown["name"], shown["mail"], shown["forgotten"]) == (NAME, MAIL, False)
    refused = await anna.post("/v1/people", {"id": "suro", "name": NAME})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/id")


async def test_a_person_is_renamed_with_a_reason(anna: Person) -> None:
    """What was known before stays readable by known_at; the trail says who did it."""
    id_ = await registered(anna, mail=MAIL)
    before = (await anna.get(f"/v1/people/{id_}")).headers["ETag"]
    known = (await anna.read(f"/v1/people/{id_}"))["known_at"]
    path = f"/v1/people/{id_}"
    no_reason = await anna.patch(path, {"name": NEW_NAME}, If_Match=before)
    assert (no_reason.status_code, no_reason.json()["code"]) == (422, "reason_required")
    done = await anna.patch(path, {"name": NEW_NAME, "mail": None, "reason": "혼인"}, If_Match=before)
    assert len(done.json()["event_ids"]) == 2
    assert (await anna.patch(path, {"name": NAME, "reason": "x"}, If_Match=before)).status_code == 412
    shown = await anna.read(path)
    assert (shown["name"], shown["mail"]) == (NEW_NAME, None)
    assert (await anna.read(path, known_at=known))["name"] == NAME
    entries = (await anna.read("/v1/audit", about=f"person/{id_}"))["data"]
    assert [entry["type"] for entry in entries] == [
        "person.registered",
        "person.renamed",
        "person.mail_changed",
    ]
    assert (entries[1]["reason"], entries[1]["data"]) == ("혼인", {"name": NEW_NAME})
    assert entries[1]["sentence"] == f"anna changed the name of the person {NEW_NAME}."


async def test_members_and_units_are_those_of_the_day(anna: Person) -> None:
    """A team that moves in May, with all in it, belongs to the old place in April."""
    await units(anna)
    lead, member = await registered(anna, "가"), await registered(anna, "나")
    for id_, unit, role, until in (
        (lead, "team", "lead", None),
        (member, "team", "member", "2026-04-30"),
        (member, "product", "member", None),
    ):
        body = {"org_unit": unit, "role": role, "effective_from": "2026-01-01", "until": until}
        await anna.created(f"/v1/people/{id_}/join", body)

    async def members(unit: str, day: str, **more: Any) -> list[tuple[str, str]]:
        listed = await anna.read(f"/v1/org-units/{unit}/members", as_of=day, **more)
        return [(one["name"], one["org_unit"]) for one in listed["data"]]

    assert await members("team", "2026-04-30") == [("가", "team"), ("나", "team")]
    assert await members("team", "2026-05-01") == [("가", "team")]
    assert await members("growth", "2026-04-30", below=True) == [("가", "team"), ("나", "team")]
    assert await members("growth", "2026-05-01", below=True) == []
    assert await members("product", "2026-05-01", below=True) == [("나", "product"), ("가", "team")]
    assert await members("team", "2025-12-31") == []
    april = await anna.read(f"/v1/people/{member}", as_of="2026-04-30")
    assert april["org_units"] == ["product", "team"]
    assert len(april["memberships"]) == 2
    listed = await anna.read("/v1/people", org_unit="team", as_of="2026-05-01")
    assert [one["name"] for one in listed["data"]] == ["가"]


async def test_a_list_comes_in_pages(anna: Person) -> None:
    """Each person once, by id."""
    ids = {await registered(anna, f"사람 {n}") for n in range(5)}
    found: list[str] = []
    cursor = None
    for _ in range(3):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        listed = await anna.read("/v1/people", **query)
        found += [one["id"] for one in listed["data"]]
        cursor = listed["next_cursor"]
    assert cursor is None
    assert found == sorted(ids)


BAD = [
    ("", {}, 422, "invalid", "#/name"),
    ("", {"name": " "}, 422, "invalid", "#/name"),
    ("", {"name": 1}, 422, "invalid", "#/name"),
    ("", {"name": "가", "mail": "no"}, 422, "invalid", "#/mail"),
    ("", {"name": "가", "mail": ["a@b"]}, 422, "invalid", "#/mail"),
    ("", {"name": "가", "memberships": []}, 422, "invalid", "#/memberships"),
    ("", {"name": "가", "reason": "x" * 5000}, 422, "invalid", "#/reason"),
    ("/{id}/join", {}, 422, "invalid", "#/org_unit"),
    ("/{id}/join", {"org_unit": "Sales Team"}, 422, "invalid", "#/org_unit"),
    ("/{id}/join", {"org_unit": "nowhere"}, 422, "org_unit_unknown", "#/org_unit"),
    ("/{id}/join", {"org_unit": "company", "role": "boss"}, 422, "invalid", "#/role"),
    ("/{id}/join", {"org_unit": "company", "effective_from": "soon"}, 422, "invalid", "#/effective_from"),
    (
        "/{id}/join",
        {"org_unit": "company", "effective_from": "2026-02-01", "until": "2026-01-31"},
        422,
        "membership_ends_before_it_begins",
        "#/until",
    ),
    ("/{id}/leave", {"org_unit": "company"}, 409, "not_a_member", None),
    ("/{id}/leave", {"org_unit": "company", "until": "0001-01-01"}, 409, "not_a_member", None),
    ("/nobody/join", {"org_unit": "company"}, 404, "person_unknown", None),
    ("/nobody/leave", {"org_unit": "company"}, 404, "person_unknown", None),
    ("/No Body/join", {"org_unit": "company"}, 422, "invalid", None),
]


async def test_bad_input_says_where_and_why(anna: Person) -> None:
    """A table: what is sent, and the answer."""
    await anna.created("/v1/org-units", {"id": "company", "name_ko": "전사", "level": "company"})
    id_ = await registered(anna)
    for path, body, status, code, pointer in BAD:
        answer = await anna.post(f"/v1/people{path.format(id=id_)}", body)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (status, code), (path, body, problem)
        if pointer is not None:
            assert problem["errors"][0]["pointer"] == pointer, (path, body, problem)
    assert (await anna.get("/v1/people/nobody")).status_code == 404
    assert (await anna.get("/v1/org-units/nowhere/members")).status_code == 404
    assert (await anna.get("/v1/people?org_unit=No Where")).status_code == 422


async def test_who_may_do_what(anna: Person, http: httpx.AsyncClient, services: Services) -> None:
    """hr keeps the list, every role but feeds reads it."""
    id_ = await registered(anna)
    roles: list[tuple[Role, int, int]] = [("hr", 200, 201), ("editor", 200, 403), ("viewer", 200, 403)]
    for role, reads, writes in roles:
        other = await person(http, services, f"some-{role}", role)
        other.position = anna.position
        assert (await other.get(f"/v1/people/{id_}")).status_code == reads
        assert (await other.post("/v1/people", {"name": "다"})).status_code == writes
    feed = await person(http, services, "feed:erp", "feed")
    assert (await feed.get("/v1/people")).status_code == 403


async def test_names_are_stored_and_logged_nowhere(
    anna: Person, services: Services, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    """Ledger, views and logs hold neither name nor mail nor why it changed: only answers do."""
    id_ = await registered(anna, mail=MAIL)
    path = f"/v1/people/{id_}"
    change = {"name": NEW_NAME, "mail": MAIL, "reason": "혼인"}
    assert (await anna.patch(path, change, If_Match=await anna.etag(path))).status_code == 200
    await anna.post("/v1/people", {"name": NAME, "mail": f"{MAIL} {MAIL}"})
    await anna.post(path, {"name": NAME})
    assert NEW_NAME in (await anna.get("/v1/people")).text
    async for messages in services.ledger.read(settings.workspace, 0):
        for message in messages:
            assert not [word for word in WORDS if word.encode() in message.payload]
    for word in WORDS:
        assert not await rows_with(word, settings)
    assert await rows_with(f"enc:1:person.{id_}:name:", settings)
    assert await rows_with(f"enc:1:person.{id_}:reason:", settings)
    out, err = capfd.readouterr()
    assert not [word for word in WORDS if word in out + err]
