"""NULs in paths and queries, and cursors that no list gave: told as problems, never a failure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from services.api.app import application
from services.api.http.services import Services
from tests.api.conftest import YEAR, Person, person
from tests.api.everything import READS, given_everything
from tests.api.operations import Write, writes

pytestmark = pytest.mark.usefixtures("projector")

NEEDED = READS | {"/v1/alignment": f"?cycle={YEAR}"}
"""The parameters without which a path says little."""
OTHER_LISTS = ["/v1/readings?kpi=acv"]
"""Lists whose order, and so whose cursor, depends on a parameter."""

DAY = "2025-01-01"
LATE = 2**63 - 1
KEYS: list[Any] = [
    [],
    [""],
    ["\0"],
    ["a\0b"],
    ["a\nb"],
    ["x" * 1900],
    [DAY],
    ["0000-01-01"],
    ["20250101"],
    [0],
    [-1],
    [1.5],
    [LATE],
    [LATE + 1],
    [-(2**63) - 1],
    [10**400],
    [True],
    [None],
    [[]],
    [DAY, 1],
    [DAY, LATE],
    [DAY, LATE + 1],
    [DAY, -(2**63) - 1],
    [DAY, "1"],
    ["9999-12-31", 1],
    ["0001-01-01", 1],
    ["\0", 1],
    [1, DAY],
    [DAY, 1, 1],
    ["a", "b", "c", "d"],
    "\0",
    None,
]
TIMES: list[Any] = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00-14:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59+14:00",
    "2025-01-01T00:00:00",
    "2025-01-01",
    10**18,
    -(10**18),
    "\0",
]
DAYS: list[Any] = ["0001-01-01", "9999-12-31", "2025-01-01T12:00:00Z", 10**18, -(10**18), "\0"]


class Parameter(NamedTuple):
    """A text that an operation takes in its path or query."""

    method: str
    template: str
    place: str
    name: str


def parameters() -> Iterator[Parameter]:
    """Every text of every path and query, from the OpenAPI document."""
    for template, methods in application().openapi()["paths"].items():
        for method, operation in methods.items():
            for one in operation.get("parameters", []):
                schema = one["schema"]
                kinds = {part.get("type") for part in [schema, *schema.get("anyOf", [])]}
                if one["in"] == "path" or (one["in"] == "query" and "string" in kinds):
                    yield Parameter(method.upper(), template, one["in"], one["name"])


def cursors() -> Iterator[str]:
    """Cursors as somebody may write them, who knows how ours look."""
    good: dict[str, Any] = {"p": 10**6, "k": [DAY, 1], "t": "2025-01-01T00:00:00Z", "d": DAY}
    fields = [good | {"k": keys} for keys in KEYS]
    fields += [good | {"k": keys, "t": time} for keys in ([0], ["a"], [DAY, 1]) for time in TIMES]
    fields += [good | {"k": keys, "d": day} for keys in ([0], ["a"], [DAY, 1]) for day in DAYS]
    fields += [good | {"k": [0], "p": position} for position in (-1, 0, LATE, LATE + 1, "\0", None)]
    fields += [good | {"k": [0], "e": epoch} for epoch in (0, 1, 2, 10**30, "\0", None)]
    yield from (encoded(json.dumps(one).encode()) for one in fields)
    for text in (b"", b"{}", b"[]", b"null", b"\0", b"\xff", b"[" * 1200, b'{"p":1,"k":["\\ud800"]}'):
        yield encoded(text)
    yield from ("%00", "a", "=", "가", "x" * 2001)


def encoded(text: bytes) -> str:
    """As a cursor stands in a URL."""
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def is_told(answer: Any) -> bool:
    """Whether an answer is a problem with what was asked."""
    return answer.status_code in (404, 422) and answer.headers["content-type"] == "application/problem+json"


async def test_a_nul_in_a_path_or_a_query_is_told_so(anna: Person, services: Services) -> None:
    """Every one of them, alone and in the middle of a text."""
    ids = {"token_id": "x", "position": "1"} | await given_everything(anna)
    root = await person(anna.http, services, "root", "admin")
    root.position = anna.position
    examples: dict[tuple[str, str], Write] = {(one.method, one.template): one for one in writes()}
    asked = list(parameters())
    assert {one.template for one in asked} >= {"/v1/initiatives/{initiative}/drop", "/v1/readings"}
    for one in asked:
        write = examples.get((one.method, one.template))
        for text in ("%00", "a%00b"):
            path = one.template.format(**ids | ({one.name: text} if one.place == "path" else {}))
            if one.place == "query":
                path += f"{NEEDED.get(one.template, '?')}&{one.name}={text}"
            answer = await root.send(
                one.method, path, write and write.example, {"If-Match": '"1"', "Goaltrail-Min-Position": "1"}
            )
            assert is_told(answer), (one, text, answer.text)
            assert answer.json()["errors"][0]["parameter"] == one.name, (one, text, answer.text)


async def test_an_id_in_a_path_is_of_one_form() -> None:
    """A parameter that is declared without a pattern would reach the statements as it came."""
    for template, methods in application().openapi()["paths"].items():
        for method, operation in methods.items():
            for one in operation.get("parameters", []):
                if one["in"] == "path":
                    schema = one["schema"]
                    assert {"pattern", "format", "enum"} & set(schema) or schema["type"] == "integer", (
                        method,
                        template,
                        one,
                    )


async def test_a_forged_cursor_is_answered_or_told(anna: Person, services: Services) -> None:
    """Every list with every cursor: none of them is signed, so anybody can write one."""
    ids = await given_everything(anna)
    root = await person(anna.http, services, "root", "admin")
    root.position = anna.position
    lists = [one.template for one in parameters() if one.name == "cursor"]
    assert {"/v1/objectives", "/v1/readings", "/v1/key-results/{key_result}/score-history"} <= set(lists)
    for template in [*lists, *OTHER_LISTS]:
        caller = anna if re.match("/v1/(feedback|audit/mine)", template) else root
        told = 0
        for cursor in cursors():
            path = template.format(**ids)
            query = NEEDED.get(template, "" if "?" in path else "?")
            answer = await caller.get(f"{path}{query}&cursor={cursor}")
            where = (template, cursor, answer.text)
            if answer.status_code in (200, 409):  # 409: of another epoch
                continue
            assert is_told(answer), where
            told += answer.json()["code"] == "cursor_invalid"
        assert told > len(KEYS), template
