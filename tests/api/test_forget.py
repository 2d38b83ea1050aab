"""Forgetting a person: their words and name are gone everywhere, the facts and every table stay."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from projections.groups import GROUPS
from services.api.http.services import Services
from services.ledger import Ledger
from services.ledger.provision import create_workspace
from services.projector.builds import projector_engine
from services.projector.rebuild import rebuild
from services.runtime.settings import Settings
from tests.api.conftest import Person, SettingsFor, person, projecting
from tests.api.given_people import MAIL, NAME
from tests.api.given_personal_text import told
from tests.faults.tables import Tables

pytestmark = pytest.mark.usefixtures("projector")

WHY = {"reason": "퇴사 뒤 삭제 요청"}


@pytest.fixture
async def boss(http: httpx.AsyncClient, services: Services) -> Person:
    """An administrator."""
    return await person(http, services, "boss", "admin")


@pytest.fixture
async def suro(boss: Person, http: httpx.AsyncClient, services: Services) -> Person:
    """A registered person with a token, an owner."""
    id_ = (await boss.created("/v1/people", {"name": NAME, "mail": MAIL}))["id"]
    return await person(http, services, id_, "owner")


async def id_of(boss: Person) -> str:
    """The only person's id."""
    [one] = (await boss.read("/v1/people"))["data"]
    return str(one["id"])


async def test_words_and_name_are_gone_everywhere(boss: Person, suro: Person) -> None:
    """Each answer says so in the reader's language; the facts stay under the id."""
    places = await told(suro)
    boss.position = suro.position
    id_ = await id_of(boss)
    places |= {f"/v1/people/{id_}": NAME, f"/v1/audit?about=person/{id_}": MAIL}
    for path, words in places.items():
        assert words in (await boss.get(path)).text, path
    done = await boss.created(f"/v1/people/{id_}/forget", WHY)
    assert (done["already"], done["key_destroyed"], done["tokens_revoked"]) == (False, True, 1)
    for path, words in places.items():
        english, korean = await boss.get(path), await boss.get(path, headers={"Accept-Language": "ko"})
        assert words not in english.text + korean.text
        assert ("[erased]" in english.text, "[삭제됨]" in korean.text) == (True, True), path
    shown = await boss.read(f"/v1/people/{id_}")
    assert (shown["name"], shown["mail"], shown["forgotten"]) == ("[erased]", "[erased]", True)
    [entry] = (await boss.read("/v1/audit", type="person.forgotten"))["data"]
    assert (entry["reason"], id_ in entry["sentence"]) == (WHY["reason"], True)
    targets = await boss.read("/v1/key-results/kr-acv/targets")
    assert f"person:{id_}" in [post["actor"] for post in targets["data"]]


async def test_nothing_new_comes_of_whoever_was_forgotten(boss: Person, suro: Person) -> None:
    """Their tokens are revoked, none is made, and nobody records anything new of them."""
    id_ = await id_of(boss)
    unit = {"id": "sales", "name_ko": "영업", "level": "team"}
    await boss.created("/v1/org-units", unit)
    await boss.created(f"/v1/people/{id_}/join", {"org_unit": "sales"})
    await boss.created(f"/v1/people/{id_}/forget", WHY)
    assert (await suro.get("/v1/objectives")).status_code == 401
    token = await boss.post("/v1/tokens", {"actor": f"person:{id_}", "role": "viewer"})
    assert (token.status_code, token.json()["code"]) == (409, "person_forgotten")
    for path, body in (("join", {"org_unit": "sales"}), ("leave", {"org_unit": "sales"})):
        refused = await boss.post(f"/v1/people/{id_}/{path}", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "person_forgotten")
    again = await boss.created(f"/v1/people/{id_}/forget", WHY)
    assert (again["already"], again["event_ids"], again["key_destroyed"]) == (True, [], False)


async def test_whoever_only_acted_can_be_forgotten(boss: Person, anna: Person) -> None:
    """`person:anna` was never registered; she has written and holds a token."""
    places = await told(anna)
    boss.position = anna.position
    assert (await boss.created("/v1/people/anna/forget", WHY))["key_destroyed"]
    for path, words in places.items():
        answer = await boss.get(path)
        assert words not in answer.text
        assert "[erased]" in answer.text
    shown = await boss.read("/v1/people/anna")
    assert (shown["name"], shown["forgotten"]) == ("[erased]", True)
    assert (await anna.get("/v1/objectives")).status_code == 401


async def test_forgetting_is_refused_where_it_must_be(
    boss: Person, suro: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """Without a reason, by others than administrators, of nobody, and of the last administrator."""
    id_ = await id_of(boss)
    for who, whom, body, status, code in (
        (boss, id_, {}, 422, "reason_required"),
        (boss, id_, {"reason": " "}, 422, "reason_required"),
        (boss, id_, {"reason": 1}, 422, "invalid"),
        (boss, id_, {**WHY, "yes": True}, 422, "invalid"),
        (boss, "nobody", WHY, 404, "person_unknown"),
        (boss, "boss", WHY, 409, "last_admin_token"),
        (suro, id_, WHY, 403, "role_not_allowed"),
    ):
        refused = await who.post(f"/v1/people/{whom}/forget", body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), (whom, body)
    assert (await boss.read(f"/v1/people/{id_}"))["name"] == NAME
    assert services.keys.forgotten(services.settings.workspace, f"person:{id_}") is False


async def test_another_workspaces_people_are_left_alone(
    boss: Person,
    suro: Person,
    http: httpx.AsyncClient,
    services: Services,
    provisioned: SettingsFor,
) -> None:
    """Nobody reads, changes or forgets them; forgetting an id here leaves the same id there."""
    id_ = await id_of(boss)
    other = f"{services.settings.workspace[:20]}-b"
    await create_workspace(provisioned("operator"), other, name="Other", zone="UTC")
    async with projecting(provisioned("projector").model_copy(update={"workspace": other})):
        eve = await person(http, services, "eve", "admin", workspace=other)
        assert (await eve.read("/v1/people"))["data"] == []
        assert (await eve.get(f"/v1/people/{id_}")).status_code == 404
        for path, body in (("join", {"org_unit": "sales"}), ("forget", WHY)):
            refused = await eve.post(f"/v1/people/{id_}/{path}", body)
            assert (refused.status_code, refused.json()["code"]) == (404, "person_unknown")
        namesake = await person(http, services, id_, "viewer", workspace=other)
        assert (await eve.created(f"/v1/people/{id_}/forget", WHY))["tokens_revoked"] == 1
        assert (await namesake.get("/v1/objectives")).status_code == 401
    shown = await suro.read(f"/v1/people/{id_}")
    assert (shown["name"], shown["forgotten"]) == (NAME, False)


async def test_tables_stay_as_they_were(
    boss: Person, suro: Person, settings_for: SettingsFor, settings: Settings, tmp_path: Path
) -> None:
    """Built anew from the ledger before and after, they differ by what forgetting recorded, and only that."""
    await told(suro)
    boss.position = suro.position
    id_ = await id_of(boss)
    before = await rebuilt(settings_for, settings, tmp_path / "before")
    forgotten = await boss.created(f"/v1/people/{id_}/forget", WHY)
    assert (await boss.get("/v1/objectives")).status_code == 200
    for group in GROUPS:
        await caught_up(boss, group)
    live = await dumped(settings, tmp_path / "live")
    after = await rebuilt(settings_for, settings, tmp_path / "after")
    assert after == live
    new = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert all(before[name] <= after[name] for name in after)
    assert new.keys() == {"state.version", "state.moment", "audit.trail"}
    first = forgotten["position"]
    for rows in new.values():
        for row in rows:
            assert any(str(position) in row.split("\t") for position in (first, first + 1)), row


async def caught_up(boss: Person, group: str) -> None:
    """Both groups have all that is on the ledger: an answer of each waited for it."""
    path = "/v1/audit" if group == "audit" else "/v1/people"
    assert (await boss.get(path)).status_code == 200


async def rebuilt(settings_for: SettingsFor, settings: Settings, directory: Path) -> dict[str, set[str]]:
    """All tables, once they were built anew from the ledger."""
    engine = projector_engine(settings_for("projector"))
    try:
        async with await Ledger.connect(settings_for("projector")) as ledger:
            for group in GROUPS.values():
                await rebuild(engine, ledger, settings.workspace, group)
    finally:
        await engine.dispose()
    return await dumped(settings, directory)


async def dumped(settings: Settings, directory: Path) -> dict[str, set[str]]:
    """The rows of every table, by its name."""
    await asyncio.to_thread(directory.mkdir)
    files = await Tables(settings).dump(directory)
    return {path.name: set(path.read_text().splitlines()) for path in files}
