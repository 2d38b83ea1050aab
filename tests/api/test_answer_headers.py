"""Headers that do not depend on what an answer says."""

from __future__ import annotations

import re

from services.api.app import application
from services.api.http.services import Services
from tests.api.conftest import Person, person

METHODS = {"DELETE", "GET", "PATCH", "POST", "PUT"}


async def test_allow_names_every_method_of_the_path(anna: Person) -> None:
    """Of each path, to each method that it has not, also where two paths overlap."""
    document = application().openapi()["paths"]
    for template in document:
        path = re.sub(r"\{[^}]*\}", "x", template)
        allowed = {
            method.upper()
            for other, operations in document.items()
            if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", other), path)
            for method in operations
        }
        for method in (METHODS | {"OPTIONS"}) - allowed:
            answer = await anna.http.request(method, path, headers=anna.headers)
            assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed"), path
            assert set(answer.headers["Allow"].split(", ")) == allowed, path


async def test_no_answer_is_stored_or_taken_for_something_else(anna: Person, services: Services) -> None:
    """Neither one that carries a token, nor a problem, nor what no path answers."""
    root = await person(anna.http, services, "root", "admin")
    made = await root.post("/v1/tokens", {"actor": "feed:erp", "role": "feed"})
    assert made.json()["token"]
    answers = [made, await anna.get("/v1/nothing"), await anna.http.get("/v1/objectives")]
    answers += [await anna.http.get(path) for path in ("/healthz", "/openapi.json", "/metrics", "/")]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store", answer.url
        assert answer.headers["X-Content-Type-Options"] == "nosniff", answer.url
