"""Who reads what people say to each other: every read path, for each sort of reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from services.access.roles import Role
from services.api.http.services import Services
from services.ledger.provision import create_workspace
from services.queries.paging import Cursor
from tests.api.conftest import Person, SettingsFor, given_goal, person, projecting

pytestmark = pytest.mark.usefixtures("projector")

READERS: dict[str, tuple[Role, str | None, str]] = {
    "author": ("editor", "lab", "member"),
    "receiver": ("viewer", "team", "member"),
    "lead": ("editor", "team", "lead"),
    "head": ("editor", "sales", "lead"),
    "author's lead": ("editor", "lab", "lead"),
    "former lead": ("editor", "team", "former lead"),
    "peer": ("editor", "team", "member"),
    "owner": ("owner", None, ""),
    "admin": ("admin", None, ""),
    "auditor": ("auditor", None, ""),
    "hr": ("hr", None, ""),
}
"""Role, unit and what they are there. The team belongs to sales; the lab is beside it."""
TWO = frozenset({"author", "receiver"})
RECEIVERS_LINE = TWO | {"lead", "head"}
BOTH_LINES = RECEIVERS_LINE | {"author's lead"}
EVERYBODY = frozenset(READERS)
WITNESSES = frozenset({"admin", "auditor"})

PATHS = FEEDBACK, RECOGNITION, TALK = "/v1/feedback", "/v1/recognitions", "/v1/conversations"
SAID: dict[str, tuple[str, dict[str, Any], frozenset[str]]] = {
    "feedback to one": (FEEDBACK, {}, TWO),
    "feedback to the line": (FEEDBACK, {"audience": "line"}, RECEIVERS_LINE),
    "recognition": (RECOGNITION, {}, EVERYBODY),
    "talk of two": (TALK, {"audience": "parties"}, TWO),
    "talk with the line": (TALK, {"audience": "line"}, BOTH_LINES),
    "open talk": (TALK, {"audience": "everyone"}, EVERYBODY),
}
"""What is said, where, and who reads it. All of it is about the objective `growth`."""
AUDITS = ("?limit=1000", "?limit=1000&order=desc", "?about=objective/growth")


@dataclass(frozen=True)
class Office:
    """People who talk, and where what they said can be read."""

    people: dict[str, Person]
    ids: dict[str, str]
    said: dict[str, str]
    """Ids."""

    def path(self, what: str) -> str:
        """Where it can be read."""
        return f"{SAID[what][0]}/{self.said[what]}"


def words(what: str) -> str:
    """A text that nobody else may find anywhere."""
    return f"secret {what} secret"


@pytest.fixture
async def office(anna: Person, http: httpx.AsyncClient, services: Services) -> Office:
    """A company in which each of SAID was said once."""
    await given_goal(anna)
    for unit, parent in (("company", None), ("sales", "company"), ("team", "sales"), ("lab", "company")):
        await anna.created("/v1/org-units", {"id": unit, "name_ko": unit, "level": "team", "parent": parent})
    ids = {name: str((await anna.created("/v1/people", {"name": name}))["id"]) for name in READERS}
    for name, (_role, where, place) in READERS.items():
        if where is not None:
            joined = {"org_unit": where, "role": "lead" if "lead" in place else "member"}
            body: dict[str, Any] = {**joined, "effective_from": "2026-01-01"}
            if place == "former lead":
                body["until"] = "2026-01-31"
            await anna.created(f"/v1/people/{ids[name]}/join", body)
    people = {
        name: await person(http, services, ids[name], role)
        for name, (role, _where, _place) in READERS.items()
    }
    author, said = people["author"], {}
    for what, (path, how, _readers) in SAID.items():
        to = {FEEDBACK: ids["receiver"], RECOGNITION: [ids["receiver"]]}.get(path)
        whom = {"parties": [ids["receiver"]]} if to is None else {"to": to}
        text = {"agenda" if path == TALK else "text": words(what)}
        receipt = await author.created(path, {**how, **whom, **text, "about": "objective/growth"})
        said[what] = str(receipt["id"])
    for reader in people.values():
        reader.position = author.position
    return Office(people, ids, said)


async def test_what_was_said_is_read_by_whom_it_is_for(office: Office) -> None:
    """Single reads and lists, now and then: 404 and left out for all others, whatever their role."""
    lists = ("", "?about=objective/growth", f"?about=person/{office.ids['receiver']}", "?known_at=2100-01-01")
    for name, reader in office.people.items():
        listed = {(path, query): await reader.get(path + query) for path in PATHS for query in lists}
        for what, (path, _how, readers) in SAID.items():
            for then in ("", "?known_at=2100-01-01"):
                answer = await reader.get(office.path(what) + then)
                case = (name, what, then)
                if name in readers:
                    assert (answer.status_code, words(what) in answer.text) == (200, True), case
                else:
                    assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), case
                    assert "secret" not in answer.text, case
            for query in lists:
                of_path = listed[path, query]
                case = (name, what, query)
                assert of_path.status_code == 200, case
                assert (words(what) in of_path.text) == (name in readers), case
                assert (office.said[what] in of_path.text) == (name in readers), case
    shown = await office.people["receiver"].read(office.path("talk of two"))
    assert set(shown["names"].values()) == {"author", "receiver"}
    # The former lead led the receiver in January: that is no way to read today what is for the line.
    former = office.people["former lead"]
    first = await office.people["author"].read(FEEDBACK, limit=1)
    january = Cursor.model_validate({"p": former.position, "k": [""], "d": "2026-01-15"}).encode()
    for cursor in (january, first["next_cursor"]):
        assert (await former.read(FEEDBACK, cursor=cursor))["data"] == []


async def test_the_trail_shows_facts_to_witnesses_and_words_to_readers(office: Office) -> None:
    """Whoever may not read it does not find it; administrators and auditors find that it happened."""
    for name, reader in office.people.items():
        if (await reader.get("/v1/audit")).status_code == 403:
            assert READERS[name][0] in ("viewer", "hr")
            continue
        trails = [(await reader.read("/v1/audit" + query))["data"] for query in AUDITS]
        for what, (path, _how, readers) in SAID.items():
            kind = path.removeprefix("/v1/").removesuffix("s")
            aggregate = f"{kind}/{office.said[what]}"
            for trail in (*trails, (await reader.read("/v1/audit", about=aggregate))["data"]):
                found = [
                    entry
                    for entry in trail
                    if entry["about"][0] == aggregate and entry["type"] != "private_text.read"
                ]
                assert bool(found) == (name in readers or name in WITNESSES), (name, what)
                assert (words(what) in str(trail)) == (name in readers), (name, what)
                for entry in found:
                    assert entry["actor"] == f"person:{office.ids['author']}"
                    text = entry["data"]["agenda" if path == TALK else "text"]
                    assert text == (words(what) if name in readers else None), (name, what)


async def test_nobody_else_writes_in_it_or_learns_that_it_is_there(office: Office) -> None:
    """For whom it is not, and for a line that may only read, there is nothing to change."""
    for name in ("lead", "peer", "owner", "admin"):
        for what in ("feedback to the line", "talk with the line"):
            path = office.path(what)
            steps: list[tuple[str, Any]] = [("redact", {"words": "agenda"}), ("reword", {"text": "x"})]
            if what.startswith("talk"):
                steps += [
                    ("notes", {"text": "x"}),
                    ("actions", {"text": "x"}),
                    ("narrow", {"audience": "line"}),
                ]
            for step, body in steps:
                answer = await office.people[name].post(f"{path}/{step}", body)
                assert answer.status_code == 404, (name, step, answer.text)
    refused = await office.people["receiver"].post(f"{office.path('recognition')}/redact", {})
    assert (refused.status_code, refused.json()["code"]) == (403, "words_of_another")
    auditor = await office.people["auditor"].post(FEEDBACK, {"to": "x", "text": "x"})
    assert (auditor.status_code, auditor.json()["code"]) == (403, "role_not_allowed")


async def test_narrowing_closes_the_past_too(office: Office) -> None:
    """After a party made an open conversation one of two, nobody else reads it as of any time."""
    before = (await office.people["peer"].read(office.path("open talk")))["known_at"]
    author, peer = office.people["author"], office.people["peer"]
    wider = await author.post(f"{office.path('talk of two')}/narrow", {"audience": "everyone"})
    assert (wider.status_code, wider.json()["code"]) == (409, "audience_wider")
    await office.people["receiver"].created(f"{office.path('open talk')}/narrow", {"audience": "parties"})
    peer.position = office.people["receiver"].position
    for query in ("", f"?known_at={before.replace('+', '%2B')}"):
        assert (await peer.get(office.path("open talk") + query)).status_code == 404
    trail = await peer.get("/v1/audit?limit=1000")
    assert words("open talk") not in trail.text
    assert (await author.read(office.path("open talk")))["agenda"] == words("open talk")


async def test_words_about_a_goal_that_is_not_seen_are_not_seen(anna: Person, office: Office) -> None:
    """A recognition for an MBO goal is for those who see the goal; others cannot even talk about it."""
    author, receiver = office.ids["author"], office.ids["receiver"]
    goal = {"id": "mbo", "title": "…", "cycle": "2026", "framework": "mbo", "org_unit": "lab"}
    anna.position = office.people["author"].position
    await anna.created("/v1/objectives", goal | {"owner": author, "reviewer": receiver})
    body = {"to": [receiver], "text": words("praise"), "about": "objective/mbo"}
    receipt = await office.people["author"].created(RECOGNITION, body)
    for name, reader in office.people.items():
        reader.position = office.people["author"].position
        sees = name in BOTH_LINES or READERS[name][0] in ("owner", "admin", "auditor", "hr")
        answer = await reader.get(f"{RECOGNITION}/{receipt['id']}")
        assert answer.status_code == (200 if sees else 404), name
        assert (words("praise") in (await reader.get(RECOGNITION)).text) == sees, name
    peer = await office.people["peer"].post(RECOGNITION, body)
    assert (peer.status_code, peer.json()["code"]) == (422, "about_unknown")


async def test_another_workspace_reads_nothing(
    office: Office, http: httpx.AsyncClient, services: Services, provisioned: SettingsFor
) -> None:
    """Not even somebody of the same id who administers it."""
    other = f"{services.settings.workspace[:20]}-b"
    await create_workspace(provisioned("operator"), other, name="Other", zone="UTC")
    settings = provisioned("projector").model_copy(update={"workspace": other})
    async with projecting(settings):
        stranger = await person(http, services, office.ids["author"], "admin", workspace=other)
        for what, (path, _body, _readers) in SAID.items():
            assert (await stranger.get(office.path(what))).status_code == 404
            assert (await stranger.read(path))["data"] == []
            assert (await stranger.post(f"{office.path(what)}/redact", {})).status_code == 404
        assert "secret" not in (await stranger.get("/v1/audit?limit=1000")).text


async def test_reading_what_was_said_to_others_goes_on_record(office: Office) -> None:
    """By every way to read the words, once a day for each reader and thing; told to its parties."""
    ways = {
        "feedback to the line": ("lead", "head"),
        "talk with the line": ("lead", "head", "author's lead"),
    }
    for name, reader in office.people.items():
        for path in (office.path("feedback to the line"), FEEDBACK, office.path("talk with the line")):
            await reader.get(path)
        if READERS[name][0] in ("editor", "owner", "admin", "auditor"):
            await reader.read("/v1/audit", limit=1000)
            await reader.read("/v1/audit", limit=1000, order="desc")
    admin, receiver = office.people["admin"], office.people["receiver"]
    admin.position = max(reader.position for reader in office.people.values())
    trail = (await admin.read("/v1/audit", type="private_text.read", limit=1000))["data"]
    names = {f"person:{id_}": name for name, id_ in office.ids.items()}
    recorded = sorted((entry["about"][0], names[entry["actor"]]) for entry in trail)
    kinds = {FEEDBACK: "feedback", TALK: "conversation"}
    assert recorded == sorted(
        (f"{kinds[SAID[what][0]]}/{office.said[what]}", name)
        for what, names_ in ways.items()
        for name in names_
    )
    for entry in trail:
        assert {office.ids["author"], office.ids["receiver"]} == set(entry["data"]["parties"])
    for what, names_ in ways.items():
        mine = await receiver.read(office.path(what), known_at="2100-01-01")
        assert set(mine["read_by"]) == {f"person:{office.ids[name]}" for name in names_}
        for other in names_:
            assert (await office.people[other].read(office.path(what)))["read_by"] == {}
    shown = await receiver.get(office.path("feedback to the line"))
    after = await office.people["author"].get(office.path("feedback to the line"))
    assert shown.headers["ETag"] == after.headers["ETag"]


async def test_the_audit_trail_alone_is_a_way_to_read(office: Office) -> None:
    """Whoever finds the words in the trail has read them, too."""
    lead, author = office.people["lead"], office.people["author"]
    assert words("feedback to the line") in str(await lead.read("/v1/audit", limit=1000))
    author.position = (await lead.read(FEEDBACK))["position"]
    read = await author.read("/v1/audit", type="private_text.read")
    assert {entry["actor"] for entry in read["data"]} == {f"person:{office.ids['lead']}"}
    assert len(read["data"]) == 2
