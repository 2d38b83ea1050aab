"""Dual control: a token for another person, and a lead, take a second person where there are two admins."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from services.api.http.services import Services
from tests.api.conftest import Person, person

pytestmark = pytest.mark.usefixtures("projector")


async def administrators(http: httpx.AsyncClient, services: Services) -> tuple[Person, Person]:
    """Two of them."""
    return await person(http, services, "root", "admin"), await person(http, services, "ruth", "admin")


async def waiting(admin: Person) -> list[dict[str, Any]]:
    """What waits for a second person."""
    found: list[dict[str, Any]] = (await admin.read("/v1/approvals"))["data"]
    return found


async def asked_for(admin: Person, who: str = "person:carla") -> dict[str, Any]:
    """A token for another person that an administrator asked for."""
    answer = await admin.post("/v1/tokens", {"actor": who, "role": "viewer"})
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    assert made["state"] == "pending"
    return made


async def test_one_administrator_makes_tokens_and_leads_alone(
    http: httpx.AsyncClient, services: Services
) -> None:
    """Nobody could say yes; the second administrator's token is the last that one makes alone."""
    root = await person(http, services, "root", "admin")
    made = await root.post("/v1/tokens", {"actor": "person:ruth", "role": "admin"})
    assert (made.status_code, made.json()["state"]) == (201, "valid")
    await asked_for(root)
    own = await root.post("/v1/tokens", {"actor": "person:root", "role": "editor"})
    feed = await root.post("/v1/tokens", {"actor": "feed:erp", "role": "feed"})
    assert (own.status_code, feed.status_code) == (201, 201)


async def test_a_token_for_another_person_opens_nothing_before_a_second_person_says_yes(
    http: httpx.AsyncClient, services: Services
) -> None:
    """Not to who asked; who gets it reads of it, though no trail is theirs to read."""
    root, ruth = await administrators(http, services)
    made = await asked_for(root)
    carla = Person(http, made["token"])
    assert (await carla.get("/v1/objectives")).status_code == 401
    approve = f"/v1/tokens/{made['id']}/approve"
    alone = await root.post(approve)
    assert (alone.status_code, alone.json()["code"]) == (403, "own_request")
    owner = await person(http, services, "dora", "owner")
    assert (await owner.post(approve)).status_code == 403
    ruth.position = root.position
    assert [(one["what"], one["id"], one["own"]) for one in await waiting(ruth)] == [
        ("token", made["id"], False)
    ]
    for _ in range(2):
        assert (await ruth.post(approve)).status_code == 204
    carla.position = ruth.position
    await carla.read("/v1/objectives")
    assert await waiting(ruth) == []
    told = (await carla.read("/v1/audit/mine"))["data"]
    assert [(one["type"], one["actor"]) for one in told] == [
        ("access.token_approved", "person:ruth"),
        ("access.token_requested", "person:root"),
    ]
    assert (await carla.get("/v1/audit")).status_code == 403


async def test_a_token_that_is_refused_never_opens_anything(
    http: httpx.AsyncClient, services: Services
) -> None:
    """Nor does one whose stored record says otherwise than the ledger."""
    root, ruth = await administrators(http, services)
    made = await asked_for(root)
    record = services.access.find(services.settings.workspace, made["id"])
    assert record is not None
    assert not await services.access.backed(record.model_copy(update={"pending": False}))
    assert (await ruth.http.delete(f"/v1/tokens/{made['id']}", headers=ruth.headers)).status_code == 204
    late = await ruth.post(f"/v1/tokens/{made['id']}/approve")
    assert (late.status_code, late.json()["code"]) == (409, "token_revoked")
    assert (await Person(http, made["token"]).get("/v1/objectives")).status_code == 401


async def test_revoking_the_other_one_makes_no_second_person_superfluous(
    http: httpx.AsyncClient, services: Services
) -> None:
    """Whoever ceased to be an administrator counts for some days more."""
    root, _ruth = await administrators(http, services)
    for record in services.access.list(services.settings.workspace):
        if record.actor == "person:ruth":
            await root.http.delete(f"/v1/tokens/{record.id}", headers=root.headers)
    await asked_for(root)


async def test_nobody_becomes_a_lead_without_a_second_person(
    http: httpx.AsyncClient, services: Services
) -> None:
    """Neither by hr nor by an administrator alone; the unit's people are told."""
    root, ruth = await administrators(http, services)
    hr = await person(http, services, "hannah", "hr")
    await root.created("/v1/org-units", {"id": "sales", "name_ko": "영업팀", "level": "team"})
    ids = [(await hr.created("/v1/people", {"name": name}))["id"] for name in ("lead", "member")]
    reader = await person(http, services, ids[1], "viewer")
    joined = {"org_unit": "sales", "effective_from": "2026-01-01"}
    await hr.created(f"/v1/people/{ids[1]}/join", joined)
    path = f"/v1/people/{ids[0]}"

    async def leads() -> list[str]:
        ruth.position = max(one.position for one in (root, ruth, hr))
        members = (await ruth.read("/v1/org-units/sales/members"))["data"]
        return [one["person"] for one in members if one["role"] == "lead"]

    for by, say_yes in ((hr, root), (root, ruth)):
        await by.created(f"{path}/join", joined | {"role": "lead"})
        assert await leads() == []
        again = await by.post(f"{path}/join", joined | {"role": "lead"})
        assert (again.status_code, again.json()["code"]) == (409, "lead_requested")
        assert (await hr.post(f"{path}/approve-lead", {"org_unit": "sales"})).status_code == 403
        assert [(one["what"], one["id"], one["org_unit"]) for one in await waiting(ruth)] == [
            ("lead", ids[0], "sales")
        ]
        if by is root:
            alone = await root.post(f"{path}/approve-lead", {"org_unit": "sales"})
            assert (alone.status_code, alone.json()["code"]) == (403, "own_request")
            await root.created(f"{path}/refuse-lead", {"org_unit": "sales"})
            assert await leads() == []
            await root.created(f"{path}/join", joined | {"role": "lead"})
        await say_yes.created(f"{path}/approve-lead", {"org_unit": "sales"})
        assert await leads() == [ids[0]]
        assert await waiting(ruth) == []
        await root.created(f"{path}/leave", {"org_unit": "sales", "until": "2025-12-31"})
    reader.position = root.position
    told = {one["type"] for one in (await reader.read("/v1/audit/mine"))["data"]}
    wanted = {"person.lead_requested", "person.lead_approved", "person.lead_refused"}
    assert told & wanted == wanted


async def test_turning_it_off_takes_two(http: httpx.AsyncClient, services: Services) -> None:
    """The second administrator asks for the same; turning it on is done at once."""
    root, ruth = await administrators(http, services)

    async def set_(by: Person, required: bool) -> httpx.Response:
        by.position = max(root.position, ruth.position)
        etag = await by.etag("/v1/workspace")
        body = {"required": required, "reason": "x"}
        return await by.post("/v1/workspace/dual-control", body, If_Match=etag)

    assert (await set_(root, False)).status_code == 200
    assert (await set_(root, False)).json()["code"] == "own_request"
    ruth.position = root.position
    assert [one["what"] for one in await waiting(ruth)] == ["dual_control_off"]
    await asked_for(root)
    assert (await set_(ruth, False)).status_code == 200
    assert (await root.post("/v1/tokens", {"actor": "person:emil", "role": "viewer"})).status_code == 201
    assert (await set_(ruth, True)).status_code == 200
    await asked_for(root, "person:fritz")


async def test_nobody_puts_others_below_themselves_alone(http: httpx.AsyncClient, services: Services) -> None:
    """Whatever change leads to it, today or later; somebody else makes it, and those concerned are told."""
    root, ruth = await administrators(http, services)
    boss = (await root.created("/v1/people", {"name": "boss"}))["id"]
    hr, other = await person(http, services, boss, "hr"), await person(http, services, "hugo", "hr")
    units = {"company": None, "empty": "company", "part": "empty", "sales": "company", "staff": "company"}
    for unit, parent in units.items():
        body = {"id": unit, "name_ko": unit, "level": "team", "parent": parent}
        await root.created("/v1/org-units", body)
    await root.created(f"/v1/people/{boss}/join", {"org_unit": "empty", "role": "lead"})
    ruth.position = root.position
    await ruth.created(f"/v1/people/{boss}/approve-lead", {"org_unit": "empty"})
    ids: dict[str, str] = {}
    for name, joined in {
        "seller": [{"org_unit": "sales"}],
        "new": [],
        "both": [{"org_unit": "staff"}, {"org_unit": "part", "until": "2027-12-31"}],
    }.items():
        ids[name] = (await root.created("/v1/people", {"name": name}))["id"]
        for one in joined:
            await root.created(f"/v1/people/{ids[name]}/join", {"effective_from": "2024-01-01"} | one)
    reader = await person(http, services, ids["seller"], "viewer")

    async def change(by: Person, path: str, body: dict[str, Any]) -> httpx.Response:
        by.position = max(root.position, ruth.position, hr.position, other.position)
        if path.startswith("/v1/org-units/"):
            return await by.patch(path, body | {"reason": "x"}, If_Match=await by.etag(path))
        return await by.post(path, body | {"reason": "x"})

    below = {"name_ko": "below", "level": "part", "parent": "empty"}
    assert (await change(hr, "/v1/org-units", below | {"id": "new-part"})).status_code == 201
    for path, asked in (
        ("/v1/org-units/sales", {"parent": "empty"}),
        ("/v1/org-units/sales", {"parent": "new-part", "effective_from": "2999-01-01"}),
        (f"/v1/people/{ids['new']}/join", {"org_unit": "empty"}),
        (f"/v1/people/{ids['new']}/join", {"org_unit": "part", "effective_from": "2999-01-01"}),
        (f"/v1/people/{ids['seller']}/join", {"org_unit": "new-part", "until": "2999-01-01"}),
    ):
        refused = await change(hr, path, asked)
        assert (refused.status_code, refused.json().get("code")) == (403, "own_line"), (path, asked)
        assert refused.json()["title"] == "It takes a second person"
        assert re.search(r"put (1 person|\d+ persons) below you", refused.json()["detail"])
    # Below others hr works as ever, and who stands below already may move about.
    for path, asked in (
        (f"/v1/people/{ids['new']}/join", {"org_unit": "sales"}),
        (f"/v1/people/{ids['both']}/join", {"org_unit": "new-part", "until": "2027-06-30"}),
        ("/v1/org-units/part", {"parent": "new-part"}),
        ("/v1/org-units/staff", {"parent": "sales"}),
    ):
        done = await change(hr, path, asked)
        assert done.status_code in (200, 201), done.text
    done = await change(other, "/v1/org-units/sales", {"parent": "empty"})
    assert done.status_code == 200, done.text
    reader.position = other.position
    told = [(one["type"], one["actor"]) for one in (await reader.read("/v1/audit/mine"))["data"]]
    assert ("org_unit.moved", "person:hugo") in told
    assert told.count(("person.joined_unit", "person:root")) == 1
