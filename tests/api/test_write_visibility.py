"""Every write asks the visibility that reads ask: all write paths of the OpenAPI document × hidden things.

To a caller who may not see a thing a write answers, letter by letter, as to an id that is nobody's: where the
thing is named in the path, and where a field of the body refers to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from services.api.app import application
from services.api.http.services import Services
from tests.api.conftest import YEAR, Person, given_goal, person

pytestmark = pytest.mark.usefixtures("projector")

MISSING = "nowhere"
"""The id of nothing."""
KINDS = frozenset(
    {"objective", "key_result", "initiative", "scorecard", "conversation", "feedback", "recognition"}
)
"""Path parameters of what may be hidden from an editor."""
OPEN = frozenset({"cycle", "feed", "framework", "kpi", "person", "reading", "token_id", "unit"})
"""Path parameters of what everybody in the workspace may see, or roles alone decide on."""
WITHIN = frozenset({"action", "step"})
"""Path parameters of what lies within a thing that stands before them in the path."""
GOALS = ("objective/retention", "key_result/kept")
REFERRING = frozenset(
    {
        "POST /v1/objectives supports",
        "POST /v1/objectives takes_over",
        "POST /v1/objectives/{objective}/supports supports",
        "POST /v1/initiatives supports",
        "PATCH /v1/initiatives/{initiative} supports",
        "POST /v1/kpis serves",
        "PATCH /v1/kpis/{kpi} serves",
        "POST /v1/scorecards items",
        "PATCH /v1/scorecards/{scorecard} items",
        "POST /v1/conversations about",
        "POST /v1/feedback about",
        "POST /v1/recognitions about",
    }
)
"""Fields of bodies that refer to goals. (A new one that refuses what is nowhere is looked at by itself.)"""

COMPANIONS = {"serves": {"serves_why": "x"}}
"""What a body needs besides a field."""


class Operation(NamedTuple):
    """A write of the OpenAPI document."""

    method: str
    path: str
    parameters: tuple[str, ...]
    """Of the path, in its order."""
    body: dict[str, Any] | None
    """The schema, its references replaced; None without a body."""

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    def at(self, ids: dict[str, str]) -> str:
        """The path with these ids; what lies within a thing is nowhere."""
        return self.path.format(**{name: ids.get(name, MISSING) for name in self.parameters})

    @property
    def example(self) -> dict[str, Any]:
        """The first example of the body, with another id each time it must have one, to be sent again."""
        body = self.body or {}
        example = dict(body.get("examples", [{}])[0])
        example.pop("id", None)
        return example | ({"id": f"new-{secrets.token_hex(8)}"} if "id" in body.get("required", ()) else {})


def writes() -> list[Operation]:
    """Every operation that is no read, but for those that take readings."""
    document = application().openapi()
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method == "get" or path == "/v1/readings":
                continue
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            schema = None if content is None else resolved(content["schema"], document)
            parameters = tuple(
                each["name"] for each in operation.get("parameters", []) if each["in"] == "path"
            )
            found.append(Operation(method.upper(), path, parameters, schema))
    return found


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference replaced; of a choice the one that is not null."""
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "null":
            return resolved(choice, document)
    name = schema.get("$ref", "").rpartition("/")[2]
    if name:
        return resolved(document["components"]["schemas"][name], document)
    if "properties" in schema:
        properties = {name: resolved(each, document) for name, each in schema["properties"].items()}
        return {**schema, "properties": properties}
    return {**schema, "items": resolved(schema["items"], document)} if "items" in schema else schema


def references(schema: dict[str, Any], name: str) -> Iterator[Any]:
    """Values of a field that name a goal, `kind/id`: as id, in full, in a list, as an item of a scorecard."""
    kind, _, id_ = name.partition("/")
    if schema.get("type") == "string" and "pattern" in schema:  # titles and notes may say anything
        yield from (id_, name)
    elif schema.get("type") == "array":
        yield from ([value] for value in references(schema["items"], name))
    elif {"kind", "id", "weight"} <= schema.get("properties", {}).keys():
        yield {"kind": kind, "id": id_, "weight": "100"}


class Company(NamedTuple):
    """Who looks, what is hidden from them, and what they see, by kind."""

    peer: Person
    hidden: dict[str, str]
    seen: dict[str, str]


@pytest.fixture
async def company(anna: Person, http: httpx.AsyncClient, services: Services) -> Company:
    """Two people with an MBO goal and words between them, and an editor beside."""
    await given_goal(anna)
    await anna.created("/v1/org-units", {"id": "sales", "name_ko": "영업팀", "level": "team"})
    ids = [(await anna.created("/v1/people", {"name": name}))["id"] for name in ("owner", "reviewer", "peer")]
    owner, reviewer, peer = [await person(http, services, id_, "editor") for id_ in ids]
    parties = {"owner": ids[0], "reviewer": ids[1]}
    goal = {"id": "retention", "title": "x", "cycle": YEAR, "framework": "mbo", **parties}
    drafted = await anna.created("/v1/objectives", goal)
    measure = {"kind": "at_least", "target": "40", "unit": "MKRW"}
    await anna.created(
        "/v1/objectives/retention/key-results",
        {"id": "kept", "title": "x", "measure": measure},
        If_Match=f'"{drafted["revision"]}"',
    )
    await anna.created("/v1/initiatives", {"id": "calls", "title": "x", "supports": ["kept"]})
    mine = {"id": "mine", "cycle": YEAR, "person": ids[0]}
    await anna.created("/v1/scorecards", mine | {"items": [item("objective", "retention")]})
    about = {"about": "objective/retention"}
    talk = {"parties": [ids[1]], "agenda": "x", "audience": "everyone", **about}
    praise = {"to": [ids[1]], "text": "x", **about}
    hidden = {
        "objective": "retention",
        "key_result": "kept",
        "initiative": "calls",
        "scorecard": "mine",
        "conversation": (await owner.created("/v1/conversations", talk))["id"],
        "feedback": (await owner.created("/v1/feedback", {"to": ids[1], "text": "x"}))["id"],
        "recognition": (await reviewer.created("/v1/recognitions", praise | {"to": [ids[0]]}))["id"],
    }
    await anna.created("/v1/initiatives", {"id": "portal", "title": "x", "supports": ["growth"]})
    ours = {"id": "ours", "cycle": YEAR, "org_unit": "sales"}
    await anna.created("/v1/scorecards", ours | {"items": [item("kpi", "acv")]})
    seen = {
        "objective": "growth",
        "key_result": "kr-acv",
        "initiative": "portal",
        "scorecard": "ours",
        "kpi": "acv",
        "conversation": (await peer.created("/v1/conversations", talk | {"about": None}))["id"],
        "feedback": (await peer.created("/v1/feedback", {"to": ids[1], "text": "x"}))["id"],
        "recognition": (await peer.created("/v1/recognitions", {"to": [ids[1]], "text": "x"}))["id"],
    }
    peer.position = max(each.position for each in (anna, owner, reviewer, peer))
    return Company(peer, hidden, seen)


def item(kind: str, id_: str) -> dict[str, str]:
    """The only item of a scorecard."""
    return {"kind": kind, "id": id_, "weight": "100"}


def told(answer: httpx.Response, *names: str) -> tuple[int, Any]:
    """What an answer tells: status and body, with what was named left blank; of a success only that."""
    if answer.is_success:
        return 200, None
    text = answer.text
    for name in names:
        text = text.replace(name, "…")
    return answer.status_code, text


async def current(peer: Person, path: str) -> str:
    """The ETag of what a path changes; that of nothing for what is not there yet."""
    read = await peer.get(path.removesuffix("/supports"))
    return str(read.headers.get("ETag", '"1"'))


def test_every_write_path_is_looked_at() -> None:
    """A path parameter that is new says whether it names what may be hidden."""
    parameters = {name for operation in writes() for name in operation.parameters}
    assert parameters == KINDS | OPEN | WITHIN


async def test_a_hidden_thing_is_written_to_as_if_it_were_not_there(
    company: Company, services: Services
) -> None:
    """Every path that names one: 404, the same as for an id of nothing; and nothing reaches the ledger."""
    peer, hidden, _seen = company
    head = await services.ledger.head(services.settings.workspace)
    asked = [operation for operation in writes() if KINDS & set(operation.parameters)]
    assert {name for operation in asked for name in operation.parameters} >= KINDS
    for operation in asked:
        parts = [{name: value} for name, value in operation.example.items()]
        for body in (operation.example, *parts):
            there, nowhere = [
                await peer.send(operation.method, operation.at(ids), body, {"If-Match": '"1"'})
                for ids in (hidden, {})
            ]
            case = (operation.name, body, there.text)
            (kind,) = KINDS & set(operation.parameters)
            assert told(there, hidden[kind], MISSING) == told(nowhere, MISSING), case
            assert there.status_code in (404, 422), case
            assert there.status_code == 404 or body is not operation.example, case
    assert await services.ledger.head(services.settings.workspace) == head


async def test_a_hidden_goal_is_referred_to_as_if_it_were_not_there(company: Company) -> None:
    """Every field of every body that can name a goal: refused as unknown, as an id of nothing is."""
    peer, _hidden, seen = company
    referring = set()
    for operation in writes():
        where = operation.at(seen)
        for field, schema in (operation.body or {}).get("properties", {}).items():
            if field == "id":
                continue  # an id stays taken, whoever has it
            for goal in GOALS:
                nowhere = f"{goal.partition('/')[0]}/{MISSING}"
                for value, other in zip(references(schema, goal), references(schema, nowhere), strict=True):
                    refused, hidden = [
                        await peer.send(
                            operation.method,
                            where,
                            operation.example | COMPANIONS.get(field, {}) | {field: named},
                            {"If-Match": await current(peer, where)},
                        )
                        for named in (other, value)
                    ]
                    case = (operation.name, field, value, hidden.text)
                    assert told(hidden, goal.partition("/")[2], MISSING) == told(refused, MISSING), case
                    if refused.status_code == 422 and "unknown" in refused.json()["code"]:
                        referring.add(f"{operation.name} {field}")
    assert referring >= REFERRING


async def test_what_is_referred_to_already_is_not_told_and_stays(anna: Person, company: Company) -> None:
    """What everybody sees and somebody tied to a hidden goal: others can neither guess it nor untie it."""
    peer, _hidden, _seen = company
    await anna.created("/v1/objectives", {"id": "open", "title": "x", "cycle": YEAR, "supports": ["kept"]})
    await anna.created("/v1/initiatives", {"id": "both", "title": "x", "supports": ["kept", "growth"]})
    kpi = {"id": "k", "name_ko": "x", "unit": "x", "kind": "gauge", "aggregation": "last"}
    await anna.created("/v1/kpis", kpi | {"serves": "kept", "serves_why": "x"})
    kept, other = ({"kind": "key_result", "id": id_, "weight": "40"} for id_ in ("kept", "kr-acv"))
    acv, all_of_it = ({"kind": "kpi", "id": "acv", "weight": weight} for weight in ("60", "20"))
    card = {"id": "c", "cycle": YEAR, "org_unit": "sales", "items": [kept, acv]}
    await anna.created("/v1/scorecards", card)
    await anna.created("/v1/scorecards", card | {"id": "d"})
    peer.position = anna.position
    restated = set()
    for method, path, read, field, guess, unsaid, stays in (
        ("POST", "/v1/objectives/open/supports", "/v1/objectives/open", "supports", ["kept"], [], ["kept"]),
        ("PATCH", "/v1/initiatives/both", None, "supports", ["kept"], ["kr-acv"], ["kr-acv", "kept"]),
        ("PATCH", "/v1/kpis/k", None, "serves", "kept", None, "kept"),
        ("PATCH", "/v1/kpis/k", None, "serves", "kept", "growth", "growth"),
        ("PATCH", "/v1/scorecards/c", None, "items", [kept, acv], [acv], [kept, acv]),
        ("PATCH", "/v1/scorecards/d", None, "items", [kept], [all_of_it, other], [all_of_it, other, kept]),
    ):
        etag = await peer.etag(read or path)
        body, more = {"reason": "x"}, COMPANIONS.get(field, {})
        guessed = await peer.send(method, path, body | more | {field: guess}, {"If-Match": etag})
        assert guessed.status_code == 422, guessed.text
        assert "unknown" in guessed.json()["code"]
        body |= more if unsaid else {}
        answer = await peer.send(method, path, body | {field: unsaid}, {"If-Match": etag})
        assert answer.is_success, answer.text
        anna.position = peer.position
        held = (await anna.read(read or path))[field]
        if field == "items":
            held = [{name: item[name] for name in ("kind", "id", "weight")} for item in held]
        assert held == stays, path
        restated.add(f"{method} {path.split('/')[2]} {field}")
    # Every field that states anew what something refers to.
    again = (name.split() for name in REFERRING if "PATCH" in name or "}/" in name)
    assert restated == {f"{method} {path.split('/')[2]} {field}" for method, path, field in again}
    alone = {"items": [acv | {"weight": "100"}], "reason": "x"}
    refused = await peer.patch("/v1/scorecards/c", alone, If_Match=await peer.etag("/v1/scorecards/c"))
    assert (refused.status_code, refused.json()["code"]) == (422, "weights_not_100")
    assert "withheld" in refused.json()["detail"]


async def test_a_circle_over_a_hidden_goal_does_not_name_it(anna: Person, company: Company) -> None:
    """It is refused all the same."""
    peer, _hidden, _seen = company
    await anna.created("/v1/objectives", {"id": "open", "title": "x", "cycle": YEAR, "supports": ["kept"]})
    etag = await anna.etag("/v1/objectives/retention")
    body = {"supports": ["growth"]}
    assert (await anna.post("/v1/objectives/retention/supports", body, If_Match=etag)).is_success
    peer.position = anna.position
    etag = await peer.etag("/v1/objectives/growth")
    circle = {"supports": ["open"], "reason": "x"}
    answer = await peer.post("/v1/objectives/growth/supports", circle, If_Match=etag)
    assert (answer.status_code, answer.json()["code"]) == (409, "supports_itself")
    assert "kept" not in answer.text
    assert "retention" not in answer.text
