"""A closed cycle cannot be edited through any path: every one that writes a goal is tried."""

from __future__ import annotations

from typing import Any

import pytest

from services.api.app import application
from tests.api.conftest import YEAR, Person, given_goal

pytestmark = pytest.mark.usefixtures("projector")

GOAL, KEY_RESULT = "/v1/objectives/{objective}", "/v1/key-results/{key_result}"
MEASURE = {"kind": "at_least", "target": "10", "unit": "deals"}

WRITES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/objectives"): {"id": "late", "title": "Late", "cycle": YEAR},
    ("PATCH", GOAL): {"title": "x", "owner": "boris", "org_unit": None},
    ("POST", f"{GOAL}/propose"): {},
    ("POST", f"{GOAL}/agree"): {},
    ("POST", f"{GOAL}/send-back"): {},
    ("POST", f"{GOAL}/activate"): {},
    ("POST", f"{GOAL}/grade"): {"grade": "0.5"},
    ("POST", f"{GOAL}/close"): {"comment": "x"},
    ("POST", f"{GOAL}/drop"): {},
    ("POST", f"{GOAL}/reopen"): {},
    ("POST", f"{GOAL}/supports"): {"supports": []},
    ("POST", f"{GOAL}/key-results"): {"id": "deals", "title": "Deals", "measure": MEASURE},
    ("PUT", f"{GOAL}/weights"): {"weights": {"kr-acv": "2"}},
    ("PATCH", KEY_RESULT): {"title": "x", "baseline": "40", "kpi": None, "owner": "boris", "weight": "2"},
    ("POST", f"{KEY_RESULT}/drop"): {},
    ("POST", f"{KEY_RESULT}/targets"): {"target": "90"},
    ("POST", f"{KEY_RESULT}/resolve"): {},
    ("PUT", f"{KEY_RESULT}/trajectory"): {"trajectory": []},
    ("POST", f"{KEY_RESULT}/check-ins"): {"confidence": 5},
    ("POST", f"{KEY_RESULT}/steps/{{step}}/done"): {},
    ("POST", f"{KEY_RESULT}/steps/{{step}}/reopen"): {},
}


def test_every_path_that_writes_a_goal_is_in_the_table() -> None:
    """One that is added must be added here."""
    paths = application().openapi()["paths"]
    writing = {
        (method.upper(), path)
        for path, operations in paths.items()
        for method in operations
        if path.startswith(("/v1/objectives", "/v1/key-results")) and method != "get"
    }
    assert writing == WRITES.keys()


async def test_no_path_edits_a_closed_cycle(anna: Person) -> None:
    """Whether with a reason or not; once the cycle is reopened, with a reason, goals change again."""
    etag = await given_goal(anna)
    await anna.created(f"/v1/cycles/{YEAR}/close", {"reason": "early"})
    for (method, template), body in WRITES.items():
        path = template.format(objective="growth", key_result="kr-acv", step="pilot")
        checks_in = path.endswith("check-ins")
        said = body if checks_in else {**body, "reason": "late"}
        answer = await anna.send(method, path, said, {"If-Match": etag})
        problem = answer.json()
        assert (answer.status_code, problem.get("code"), problem.get("allowed")) == (
            409,
            "cycle_closed",
            ["reopen_cycle"],
        ), f"{method} {path}"
    assert await anna.etag("/v1/objectives/growth") == etag
    assert (await anna.get("/v1/objectives/late")).status_code == 404
    assert (await anna.read("/v1/key-results/kr-acv/check-ins"))["data"] == []

    silent = await anna.post(f"/v1/cycles/{YEAR}/reopen", {})
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    await anna.created(f"/v1/cycles/{YEAR}/reopen", {"reason": "a reading was missing"})
    changed = await anna.patch("/v1/objectives/growth", {"title": "x", "reason": "now"}, If_Match=etag)
    assert changed.status_code == 200, changed.text


async def test_a_cycle_out_of_turn_says_what_is_allowed(anna: Person) -> None:
    """409 with `allowed`, for every step of a cycle."""
    await given_goal(anna)
    for step, allowed in (("open", ["adopt_policy", "close"]), ("reopen", ["adopt_policy", "close"])):
        answer = await anna.post(f"/v1/cycles/{YEAR}/{step}", {"reason": "x"})
        assert (answer.status_code, answer.json()["allowed"]) == (409, allowed)
    await anna.created(f"/v1/cycles/{YEAR}/close", {"reason": "early"})
    for step in ("open", "close"):
        answer = await anna.post(f"/v1/cycles/{YEAR}/{step}", {"reason": "x"})
        assert (answer.status_code, answer.json()["allowed"]) == (409, ["reopen"])
