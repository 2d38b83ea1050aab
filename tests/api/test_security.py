"""Who may do what, and that nothing crosses a workspace's border."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import httpx
import pytest

from services.access.roles import Role
from services.api.app import application
from services.api.http.services import Services
from services.ledger.provision import create_workspace
from tests.api.conftest import Person, SettingsFor, given_goal, person, projecting

ROLES = get_args(Role)
READERS = {"admin", "owner", "editor", "viewer", "auditor", "hr"}
EDITORS = {"admin", "owner", "editor"}
TALKERS = READERS - {"auditor"}
STRUCTURE = {"admin", "owner", "hr"}
OWNERS = {"admin", "owner"}
TRAIL = {"admin", "owner", "editor", "auditor"}
SENDERS = {"admin", "owner", "editor", "feed"}

ROUTES: list[tuple[str, str, set[str]]] = [
    ("GET", "/v1/objectives", READERS),
    ("GET", "/v1/objectives/o", READERS),
    ("POST", "/v1/objectives", EDITORS),
    ("PATCH", "/v1/objectives/o", EDITORS),
    ("POST", "/v1/objectives/o/activate", EDITORS),
    ("POST", "/v1/objectives/o/drop", EDITORS),
    ("POST", "/v1/objectives/o/reopen", EDITORS),
    ("POST", "/v1/objectives/o/key-results", EDITORS),
    ("PUT", "/v1/objectives/o/weights", EDITORS),
    ("GET", "/v1/key-results/k", READERS),
    ("PATCH", "/v1/key-results/k", EDITORS),
    ("POST", "/v1/key-results/k/drop", EDITORS),
    ("GET", "/v1/key-results/k/targets", READERS),
    ("POST", "/v1/key-results/k/targets", EDITORS),
    ("GET", "/v1/key-results/k/check-ins", READERS),
    ("POST", "/v1/key-results/k/check-ins", EDITORS),
    ("GET", "/v1/key-results/k/score-history", READERS),
    ("GET", "/v1/conversations", READERS),
    ("GET", "/v1/conversations/c", READERS),
    ("POST", "/v1/conversations", TALKERS),
    ("POST", "/v1/conversations/c/notes", TALKERS),
    ("POST", "/v1/conversations/c/actions/a/finish", TALKERS),
    ("GET", "/v1/feedback", READERS),
    ("GET", "/v1/feedback/f", READERS),
    ("POST", "/v1/feedback", TALKERS),
    ("POST", "/v1/feedback/f/redact", TALKERS),
    ("GET", "/v1/recognitions", READERS),
    ("GET", "/v1/recognitions/r", READERS),
    ("POST", "/v1/recognitions", TALKERS),
    ("POST", "/v1/recognitions/r/redact", TALKERS),
    ("GET", "/v1/kpis", READERS),
    ("POST", "/v1/kpis", EDITORS),
    ("GET", "/v1/kpis/k", READERS),
    ("PATCH", "/v1/kpis/k", EDITORS),
    ("POST", "/v1/kpis/k/retire", EDITORS),
    ("POST", "/v1/kpis/k/agree", EDITORS),
    ("POST", "/v1/kpis/k/send-back", EDITORS),
    ("GET", "/v1/kpis/k/targets", READERS),
    ("POST", "/v1/kpis/k/targets", EDITORS),
    ("GET", "/v1/kpis/k/trend", READERS),
    ("GET", "/v1/cycles", READERS),
    ("POST", "/v1/cycles", OWNERS),
    ("GET", "/v1/cycles/c", READERS),
    ("POST", "/v1/cycles/c/open", OWNERS),
    ("POST", "/v1/cycles/c/close", OWNERS),
    ("POST", "/v1/cycles/c/reopen", OWNERS),
    ("GET", "/v1/org-units", READERS),
    ("POST", "/v1/org-units", STRUCTURE),
    ("GET", "/v1/org-units/u", READERS),
    ("PATCH", "/v1/org-units/u", STRUCTURE),
    ("GET", "/v1/feeds", READERS),
    ("POST", "/v1/feeds", OWNERS),
    ("GET", "/v1/feeds/f", READERS),
    ("PATCH", "/v1/feeds/f", OWNERS),
    ("GET", "/v1/alignment", READERS),
    ("GET", "/v1/scorecards", READERS),
    ("POST", "/v1/scorecards", EDITORS | {"hr"}),
    ("GET", "/v1/scorecards/s", READERS),
    ("PATCH", "/v1/scorecards/s", EDITORS | {"hr"}),
    ("POST", "/v1/initiatives", EDITORS),
    ("GET", "/v1/initiatives", READERS),
    ("GET", "/v1/initiatives/i", READERS),
    ("PATCH", "/v1/initiatives/i", EDITORS),
    ("POST", "/v1/initiatives/i/drop", EDITORS),
    ("POST", "/v1/initiatives/i/finish", EDITORS),
    ("POST", "/v1/initiatives/i/reopen", EDITORS),
    ("POST", "/v1/initiatives/i/start", EDITORS),
    ("PUT", "/v1/key-results/k/trajectory", EDITORS),
    ("POST", "/v1/key-results/k/steps/s/done", EDITORS),
    ("POST", "/v1/key-results/k/steps/s/reopen", EDITORS),
    ("POST", "/v1/org-units/u/key-results", EDITORS),
    ("GET", "/v1/org-units/u/members", READERS),
    ("POST", "/v1/people", STRUCTURE),
    ("GET", "/v1/people", READERS),
    ("GET", "/v1/people/p", READERS),
    ("PATCH", "/v1/people/p", STRUCTURE),
    ("POST", "/v1/people/p/join", STRUCTURE),
    ("POST", "/v1/people/p/leave", STRUCTURE),
    ("POST", "/v1/people/p/approve-lead", {"admin"}),
    ("POST", "/v1/people/p/refuse-lead", STRUCTURE),
    ("POST", "/v1/people/p/forget", {"admin"}),
    ("GET", "/v1/policies", READERS),
    ("GET", "/v1/policies/okr", READERS),
    ("POST", "/v1/policies/okr", OWNERS),
    ("GET", "/v1/advice", READERS),
    ("GET", "/v1/audit", TRAIL),
    ("GET", "/v1/audit/recordings", TRAIL),
    ("GET", "/v1/audit/mine", READERS),
    ("GET", "/v1/approvals", {"admin"}),
    ("GET", "/v1/workspace", READERS),
    ("POST", "/v1/workspace/zone", {"admin"}),
    ("POST", "/v1/workspace/dual-control", {"admin"}),
    ("POST", "/v1/readings", SENDERS),
    ("GET", "/v1/tokens", {"admin"}),
    ("POST", "/v1/tokens", {"admin"}),
]


@pytest.mark.usefixtures("projector")
async def test_every_role_may_do_what_it_may(http: httpx.AsyncClient, services: Services) -> None:
    """403 `role_not_allowed` for everything else, whatever else is wrong with the request."""
    wrong = []
    for role in ROLES:
        name = "feed:erp" if role == "feed" else f"person:{role}"
        caller = await person(http, services, name, role)
        for method, path, allowed in ROUTES:
            response = await http.request(method, path, headers=caller.headers)
            refused = response.status_code == 403 and response.json()["code"] == "role_not_allowed"
            if refused == (role in allowed):
                wrong.append((role, method, path, response.status_code))
    assert wrong == []


def test_no_route_is_forgotten() -> None:
    """The table above has every operation that needs a token, but those of readings and single tokens."""
    listed = {(method, path.count("/"), path.split("/")[2]) for method, path, _ in ROUTES}
    document: dict[str, Any] = application().openapi()
    forgotten = [
        (method.upper(), path)
        for path, operations in document["paths"].items()
        if path.startswith("/v1/") and not path.startswith(("/v1/readings/", "/v1/tokens/"))
        for method in operations
        if (method.upper(), path.count("/"), path.split("/")[2]) not in listed
    ]
    assert forgotten == [("GET", "/v1/readings")]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "token_missing"),
        ({"Authorization": "Bearer"}, "token_missing"),
        ({"Authorization": "Basic YW5uYTpwdw=="}, "token_missing"),
        ({"Authorization": "Bearer nonsense"}, "token_invalid"),
        ({"Authorization": "Bearer " + "x" * 5000}, "token_invalid"),
    ],
)
async def test_without_a_valid_token_nothing_is_told(
    http: httpx.AsyncClient, headers: dict[str, str], code: str
) -> None:
    """401 with WWW-Authenticate."""
    for path in ("/v1/objectives", "/v1/tokens", "/v1/audit"):
        response = await http.get(path, headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, code)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_an_expired_token_is_refused(http: httpx.AsyncClient, services: Services) -> None:
    """From its last second on."""
    ends = datetime.now(UTC) + timedelta(seconds=0.3)
    issued = await services.access.issue(
        services.settings.workspace, "person:anna", "viewer", expires_at=ends
    )
    while datetime.now(UTC) <= ends:
        pass
    response = await http.get("/v1/objectives", headers={"Authorization": f"Bearer {issued.token}"})
    assert (response.status_code, response.json()["code"]) == (401, "token_invalid")


async def test_another_workspaces_goals_do_not_exist(
    anna: Person, http: httpx.AsyncClient, services: Services, provisioned: SettingsFor
) -> None:
    """Every read and write by id is 404, lists are empty, and the same id can be used."""
    other = f"{services.settings.workspace[:20]}-b"
    await create_workspace(provisioned("operator"), other, name="Other", zone="UTC")
    settings = provisioned("projector")
    async with projecting(settings), projecting(settings.model_copy(update={"workspace": other})):
        await given_goal(anna)
        eve = await person(http, services, "eve", "admin", workspace=other)
        for path in (
            "/v1/objectives/growth",
            "/v1/key-results/kr-acv",
            "/v1/key-results/kr-acv/targets",
            "/v1/key-results/kr-acv/check-ins",
            "/v1/key-results/kr-acv/score-history",
            "/v1/kpis/acv",
            "/v1/kpis/acv/targets",
            "/v1/kpis/acv/trend",
            "/v1/cycles/2026",
        ):
            response = await eve.get(path, headers={"Goaltrail-Min-Position": "1"})
            assert (response.status_code, response.json()["code"]) == (404, "not_found"), path
        for method, path, body in (
            ("POST", "/v1/key-results/kr-acv/targets", {"target": "1"}),
            ("POST", "/v1/key-results/kr-acv/check-ins", {"confidence": 1}),
            ("PATCH", "/v1/objectives/growth", {"title": "Mine"}),
            ("POST", "/v1/cycles/2026/close", {}),
            ("PATCH", "/v1/kpis/acv", {"cadence": "week"}),
        ):
            response = await eve.send(method, path, body, {"If-Match": '"1"'})
            assert response.status_code == 404, (path, response.text)
        assert (await eve.read("/v1/objectives"))["data"] == []
        assert (await eve.read("/v1/audit", about="growth"))["data"] == []
        mine = await eve.post(
            "/v1/cycles",
            {"id": "2026", "name": "Ours", "start": "2026-01-01", "end": "2026-12-31", "kind": "year"},
        )
        assert mine.status_code == 201
        assert (await anna.read("/v1/cycles/2026"))["name"] == "2026"
