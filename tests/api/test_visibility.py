"""Who sees an MBO goal: every way to read it, by everybody there is."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from services.access.roles import Role
from services.api.http.services import Services
from tests.api.conftest import YEAR, Person, person
from tests.api.given_visibility import GOAL, KPI, SECRET, WHY, given_company

pytestmark = pytest.mark.usefixtures("projector")

SINGLE = (
    GOAL,
    f"{GOAL}?known_at=2100-01-01",
    "/v1/key-results/kept",
    "/v1/key-results/kept/targets",
    "/v1/key-results/kept/check-ins",
    "/v1/key-results/kept/score-history",
    "/v1/initiatives/calls",
    "/v1/advice?objective=retention",
)
"""What is answered 404 to whoever does not see the goal."""
LISTS = (
    "/v1/objectives",
    f"/v1/objectives?cycle={YEAR}&known_at=2100-01-01",
    f"/v1/alignment?cycle={YEAR}",
    f"/v1/advice?cycle={YEAR}",
    "/v1/initiatives",
    "/v1/initiatives?supports=kept",
    "/v1/audit?limit=1000",
    "/v1/audit?about=kept",
    "/v1/audit?about=objective/retention",
    "/v1/audit?order=desc&type=objective.drafted",
)
"""What leaves the goal out."""
WRITES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("PATCH", GOAL, {"title": "x"}),
    ("POST", f"{GOAL}/propose", {}),
    (
        "POST",
        f"{GOAL}/key-results",
        {"title": "x", "measure": {"kind": "at_least", "target": "1", "unit": "x"}},
    ),
    ("POST", "/v1/key-results/kept/targets", {"target": "1"}),
    ("POST", "/v1/key-results/kept/check-ins", {"confidence": 5}),
    ("POST", "/v1/key-results/kept/drop", {"reason": "x"}),
)


async def test_every_read_shows_an_mbo_goal_to_those_who_see_it_and_to_nobody_else(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """404 where it is asked for by id, left out of lists, advice and the audit trail; now and then."""
    ids = await given_company(anna)
    seen: dict[str, tuple[str, Role]] = {
        "owner": (ids["owner"], "editor"),
        "reviewer": (ids["reviewer"], "viewer"),
        "line lead": (ids["line lead"], "viewer"),
        "head of the company": (ids["head"], "editor"),
        "reviewer's lead": (ids["reviewer's lead"], "viewer"),
        "hr": ("carla", "hr"),
        "auditor": ("dora", "auditor"),
        "admin": ("root", "admin"),
    }
    unseen: dict[str, tuple[str, Role]] = {
        "peer": (ids["peer"], "editor"),
        "stranger": ("emil", "editor"),
        "viewer": ("fritz", "viewer"),
    }
    for who, (id_, role) in (seen | unseen).items():
        reader = await person(http, services, id_, role)
        reader.position = anna.position
        for path in SINGLE:
            answer = await reader.get(path)
            assert answer.status_code == (200 if who in seen else 404), (who, path, answer.text)
            assert SECRET not in answer.text or who in seen, (who, path)
        for path in LISTS:
            if role in ("viewer", "hr") and path.startswith("/v1/audit"):
                continue
            answer = await reader.get(path)
            assert answer.status_code == 200, (who, path, answer.text)
            assert (SECRET in answer.text) == (who in seen), (who, path)
        kpi = (await reader.get("/v1/kpis/visits")).json()
        assert (kpi["serves"], kpi["serves_why"]) == (("kept", WHY) if who in seen else (None, None)), who
        for path in ("/v1/kpis", "/v1/kpis?known_at=2100-01-01", f"/v1/alignment?cycle={YEAR}"):
            assert (WHY in (await reader.get(path)).text) == (who in seen), (who, path)


async def test_a_goal_that_is_not_seen_cannot_be_changed_nor_taken_over(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """404, whatever If-Match says; a key result of it is as unknown as one that is not there."""
    ids = await given_company(anna)
    peer = await person(http, services, ids["peer"], "editor")
    peer.position = anna.position
    for method, path, body in WRITES:
        answer = await peer.send(method, path, body, {"If-Match": '"1"'})
        assert answer.status_code == 404, (path, answer.text)
        assert SECRET not in answer.text
    unknown = await peer.post("/v1/key-results/nothing/targets", {"target": "1"}, If_Match='"1"')
    hidden = await peer.post("/v1/key-results/kept/targets", {"target": "1"}, If_Match='"1"')
    assert unknown.text.replace("nothing", "kept") == hidden.text
    for path, refers, code in (
        ("/v1/objectives", {"title": "x", "cycle": YEAR, "supports": ["retention"]}, "supports_unknown"),
        ("/v1/initiatives", {"title": "x", "supports": ["kept"]}, "supports_unknown"),
        ("/v1/kpis", KPI | {"serves": "kept", "serves_why": "x"}, "kpi_purpose_unknown"),
    ):
        refused = await peer.post(path, refers)
        assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    there = await peer.post("/v1/objectives", {"id": "retention", "title": "x", "cycle": YEAR})
    assert (there.status_code, there.json()["code"]) == (409, "objective_exists")
    assert not there.json().get("allowed"), "what is allowed now tells how far the goal is"
    body = {"id": "mine", "cycle": YEAR, "takes_over": "kept"}
    taken = await peer.post("/v1/objectives", body)
    nowhere = await peer.post("/v1/objectives", body | {"takes_over": "nothing"})
    assert taken.status_code == nowhere.status_code == 422
    assert taken.text.replace("kept", "nothing") == nowhere.text


async def test_a_lead_of_yesterday_sees_the_goal_no_longer(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """The line is today's, also where the past is read."""
    ids = await given_company(anna)
    lead = await person(http, services, ids["line lead"], "viewer")
    await anna.created(
        f"/v1/people/{ids['line lead']}/leave",
        {"org_unit": "sales", "until": "2026-01-31", "reason": "x"},
    )
    lead.position = anna.position
    assert (await lead.get(f"{GOAL}?as_of=2026-01-15")).status_code == 404


async def test_who_takes_a_key_result_over_is_told_to_those_who_see_them(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """Not even the id of an MBO goal is in the key result of everybody that it takes over."""
    ids = await given_company(anna)
    mine = {"framework": "mbo", "owner": ids["owner"], "reviewer": ids["reviewer"]}
    await anna.created("/v1/objectives", {"id": "bonus", "cycle": YEAR, "takes_over": "kr-acv", **mine})
    await anna.created("/v1/objectives", {"id": "team", "cycle": YEAR, "takes_over": "kr-acv"})
    for who, expected in (("peer", ["team"]), ("line lead", ["bonus", "team"])):
        reader = await person(http, services, ids[who], "viewer")
        reader.position = anna.position
        assert (await reader.read("/v1/key-results/kr-acv"))["taken_over_by"] == expected
        assert ("bonus" in (await reader.get("/v1/alignment")).text) == ("bonus" in expected)


async def test_not_even_the_id_of_a_goal_that_is_not_seen_is_told(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """In no read of what names it: goals, work, scorecards, alignment and the audit trail."""
    ids = await given_company(anna)
    named = {"supports": ["kept", "growth"], "cycle": YEAR}
    await anna.created("/v1/objectives", {"id": "both", "title": "Both"} | named)
    await anna.created("/v1/objectives", {"id": "taken", "takes_over": "kept", "cycle": YEAR, "title": "T"})
    etag = await anna.etag("/v1/objectives/growth")
    await anna.created(
        "/v1/objectives/growth/supports", {"supports": ["retention"], "reason": "x"}, If_Match=etag
    )
    await anna.created("/v1/initiatives", {"id": "work", "title": "Work", "supports": ["kept", "growth"]})
    items = [
        {"kind": "key_result", "id": "kept", "weight": "50"},
        {"kind": "kpi", "id": "acv", "weight": "50"},
    ]
    await anna.created("/v1/scorecards", {"id": "card", "cycle": YEAR, "org_unit": "sales", "items": items})
    paths = [
        "/v1/objectives",
        "/v1/objectives/both",
        "/v1/objectives/both?known_at=2100-01-01",
        "/v1/objectives/taken",
        "/v1/objectives/growth",
        f"/v1/alignment?cycle={YEAR}",
        f"/v1/advice?cycle={YEAR}",
        "/v1/initiatives",
        "/v1/initiatives/work",
        "/v1/initiatives?supports=growth",
        "/v1/scorecards",
        "/v1/scorecards/card",
        "/v1/kpis",
        "/v1/audit?limit=1000",
        "/v1/audit?about=both",
        "/v1/audit?about=growth&order=desc",
    ]
    for who, told in (("peer", False), ("line lead", True)):
        reader = await person(http, services, ids[who], "editor")
        reader.position = anna.position
        everything = ""
        for path in paths:
            answer = await reader.get(path)
            assert answer.status_code == 200, (path, answer.text)
            everything += answer.text
            assert told or not ({"kept", "retention"} & set(re.findall(r"[a-z]+", answer.text))), (
                path,
                answer.text,
            )
        assert told == ("kept" in everything)
        for about in ("kept", "key_result/kept", "objective/retention"):
            found = (await reader.read("/v1/audit", about=about))["data"]
            assert bool(found) == told, about
    peer = await person(http, services, ids["peer"], "editor")
    peer.position = anna.position
    assert (await peer.read("/v1/objectives/both"))["supports"] == ["growth"]
    assert (await peer.read("/v1/initiatives/work"))["supports"] == ["growth"]
    assert (await peer.read("/v1/scorecards/card"))["items"][0]["id"] is None


async def test_text_about_a_goal_that_is_not_seen_is_withheld_from_the_trail(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """With its id go the words that say how something serves it, and why something came to refer to it."""
    ids = await given_company(anna)
    hidden = f"{SECRET}: {WHY}"

    async def change(method: str, path: str, what: dict[str, Any], reason: str) -> None:
        of = path.removesuffix("/supports")
        headers = {"If-Match": await anna.etag(of)}
        done = await anna.send(method, path, what | {"reason": reason}, headers)
        assert done.status_code in (200, 201), done.text

    await change("PATCH", "/v1/kpis/visits", {"serves_why": f"{hidden} 2"}, hidden)
    await change("PATCH", "/v1/kpis/visits", {"leading": True}, "told")
    await change("PATCH", "/v1/kpis/visits", {"serves": "kr-acv", "serves_why": "told"}, hidden)
    await anna.created("/v1/objectives", {"id": "other", "title": "Other", "cycle": YEAR})
    for supports, reason in ((["kept"], hidden), ([], hidden), (["other"], "told")):
        await change("POST", "/v1/objectives/growth/supports", {"supports": supports}, reason)
    await anna.created("/v1/initiatives", {"id": "work", "title": "Work", "supports": ["kept", "growth"]})
    await change("PATCH", "/v1/initiatives/work", {"title": "Work!"}, "told")
    await change("PATCH", "/v1/initiatives/work", {"supports": ["growth"]}, hidden)
    acv = {"kind": "kpi", "id": "acv", "weight": "40"}
    kept = {"kind": "key_result", "id": "kept", "weight": "50"}
    seen = [{"kind": "key_result", "id": "kr-acv", "weight": "50"}, acv | {"weight": "50"}]
    body = {"id": "card", "cycle": YEAR, "org_unit": "sales", "items": seen, "reason": "told"}
    await anna.created("/v1/scorecards", body)
    await change("PATCH", "/v1/scorecards/card", {"items": [kept, acv | {"weight": "50"}]}, hidden)
    items = [kept, acv, {"kind": "key_result", "id": "kr-acv", "weight": "10"}]
    await change("PATCH", "/v1/scorecards/card", {"items": items}, "told")
    await change("PATCH", "/v1/scorecards/card", {"items": seen}, hidden)
    for who, told in (("peer", False), ("line lead", True)):
        reader = await person(http, services, ids[who], "editor")
        reader.position = anna.position
        entries = (await reader.read("/v1/audit", limit=1000))["data"]
        found = [entry for entry in entries if any(words in str(entry) for words in (SECRET, WHY))]
        assert bool(found) == told, found
        reasons = [entry["reason"] for entry in entries if entry["reason"] == "told"]
        assert len(reasons) == 5, [entry["reason"] for entry in entries]
