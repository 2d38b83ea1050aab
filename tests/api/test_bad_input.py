"""Bad input: each gets a clear problem document that names what it concerns, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import structlog

from services.api.app import application
from services.api.http.services import Services
from tests.api.conftest import Person, given_goal

pytestmark = pytest.mark.usefixtures("projector")

CYCLE = {"id": "c1", "name": "C", "start": "2026-01-01", "end": "2026-03-31", "kind": "quarter"}
KPI = {"id": "k1", "name_ko": "K", "unit": "x", "kind": "gauge", "aggregation": "last"}
KEY_RESULT = {"id": "k", "title": "K", "measure": {"kind": "at_least", "target": "5", "unit": "x"}}
TARGET = {"target": "90", "reason": "more"}


class Bad(NamedTuple):
    """A request and what is wrong with it."""

    name: str
    method: str
    path: str
    body: Any
    status: int
    code: str
    pointer: str | None = None


def without(body: dict[str, Any], field: str) -> dict[str, Any]:
    """A body that lacks a field."""
    return {name: value for name, value in body.items() if name != field}


FIELDS = [
    Bad("no name", "POST", "/v1/cycles", without(CYCLE, "name"), 422, "missing", "#/name"),
    Bad("blank name", "POST", "/v1/cycles", CYCLE | {"name": "  "}, 422, "string_too_short", "#/name"),
    Bad("name too long", "POST", "/v1/cycles", CYCLE | {"name": "x" * 501}, 422, "string_too_long", "#/name"),
    Bad("unknown field", "POST", "/v1/cycles", CYCLE | {"colour": "red"}, 422, "extra_forbidden", "#/colour"),
    Bad("upper-case id", "POST", "/v1/cycles", CYCLE | {"id": "Q1"}, 422, "string_pattern_mismatch", "#/id"),
    Bad("id with a dot", "POST", "/v1/cycles", CYCLE | {"id": "a.b"}, 422, "string_pattern_mismatch", "#/id"),
    Bad("id with a star", "POST", "/v1/cycles", CYCLE | {"id": "a*"}, 422, "string_pattern_mismatch", "#/id"),
    Bad("id of a slash", "POST", "/v1/cycles", CYCLE | {"id": "a/b"}, 422, "string_pattern_mismatch", "#/id"),
    Bad(
        "31 February",
        "POST",
        "/v1/cycles",
        CYCLE | {"end": "2026-02-31"},
        422,
        "date_from_datetime_parsing",
        "#/end",
    ),
    Bad("ends first", "POST", "/v1/cycles", CYCLE | {"end": "2025-12-31"}, 422, "cycle_dates", "#/end"),
    Bad("no object", "POST", "/v1/cycles", [CYCLE], 422, "model_attributes_type", "#"),
    Bad("kind unknown", "POST", "/v1/kpis", KPI | {"kind": "vibes"}, 422, "literal_error", "#/kind"),
    Bad(
        "a sum of levels",
        "POST",
        "/v1/kpis",
        KPI | {"aggregation": "sum"},
        422,
        "aggregation_does_not_fit",
        "#/aggregation",
    ),
    Bad(
        "no such unit",
        "POST",
        "/v1/kpis",
        KPI | {"org_unit": "nowhere"},
        422,
        "org_unit_unknown",
        "#/org_unit",
    ),
    Bad(
        "no such cycle",
        "POST",
        "/v1/objectives",
        {"title": "O", "cycle": "nowhere"},
        422,
        "cycle_unknown",
        "#/cycle",
    ),
    Bad("no title", "POST", "/v1/objectives", {"cycle": "2026"}, 422, "title_missing", "#/title"),
    Bad(
        "takes over nothing",
        "POST",
        "/v1/objectives",
        {"cycle": "2026", "takes_over": "growth"},
        422,
        "key_result_unknown",
        "#/takes_over",
    ),
    Bad(
        "supports nothing",
        "POST",
        "/v1/objectives",
        {"title": "O", "cycle": "2026", "supports": ["nothing"]},
        422,
        "supports_unknown",
        "#/supports",
    ),
    Bad(
        "baseline equals target",
        "POST",
        "/v1/objectives/growth/key-results",
        KEY_RESULT | {"measure": {"kind": "increase", "baseline": "5", "target": "5", "unit": "x"}},
        422,
        "baseline_equals_target",
        "#/measure",
    ),
    Bad(
        "target of nothing",
        "POST",
        "/v1/objectives/growth/key-results",
        KEY_RESULT | {"measure": {"kind": "at_least", "target": "0", "unit": "x"}},
        422,
        "target_not_positive",
        "#/measure",
    ),
    Bad(
        "another unit than the KPI's",
        "POST",
        "/v1/objectives/growth/key-results",
        KEY_RESULT | {"kpi": "acv"},
        422,
        "unit_differs",
        "#/kpi",
    ),
    Bad(
        "a field in a list",
        "POST",
        "/v1/objectives",
        {"title": "O", "cycle": "2026", "supports": ["ok", "NOT OK"]},
        422,
        "string_pattern_mismatch",
        "#/supports/1",
    ),
    Bad(
        "no reason",
        "POST",
        "/v1/key-results/kr-acv/targets",
        {"target": "90"},
        422,
        "reason_required",
        "#/reason",
    ),
    Bad(
        "40 digits",
        "POST",
        "/v1/key-results/kr-acv/targets",
        TARGET | {"target": "1" * 40},
        422,
        "value_error",
        "#/target",
    ),
    Bad(
        "13 fraction digits",
        "POST",
        "/v1/key-results/kr-acv/targets",
        TARGET | {"target": "0.1234567890123"},
        422,
        "value_error",
        "#/target",
    ),
    Bad(
        "a number that is none",
        "POST",
        "/v1/key-results/kr-acv/targets",
        TARGET | {"target": "NaN"},
        422,
        "value_error",
        "#/target",
    ),
    Bad(
        "infinity",
        "POST",
        "/v1/key-results/kr-acv/targets",
        TARGET | {"target": "Infinity"},
        422,
        "value_error",
        "#/target",
    ),
    Bad(
        "a day outside the cycle",
        "POST",
        "/v1/key-results/kr-acv/targets",
        TARGET | {"effective_from": "2027-01-01"},
        422,
        "day_outside_cycle",
        "#/effective_from",
    ),
    Bad(
        "confidence of 11",
        "POST",
        "/v1/key-results/kr-acv/check-ins",
        {"confidence": 11},
        422,
        "less_than_equal",
        "#/confidence",
    ),
    Bad("an empty check-in", "POST", "/v1/key-results/kr-acv/check-ins", {}, 422, "check_in_empty"),
    Bad(
        "a value beside the KPI's",
        "POST",
        "/v1/key-results/kr-acv/check-ins",
        {"value": "60"},
        422,
        "value_comes_from_kpi",
        "#/value",
    ),
    Bad("nothing to change", "PATCH", "/v1/objectives/growth", {"reason": "x"}, 422, "nothing_to_change"),
    Bad("no such goal", "PATCH", "/v1/objectives/nowhere", {"title": "X"}, 404, "objective_unknown"),
    Bad("no such key result", "POST", "/v1/key-results/nowhere/targets", TARGET, 404, "not_found"),
    Bad("active already", "POST", "/v1/objectives/growth/activate", {}, 409, "objective_active"),
    Bad("a step too far", "POST", "/v1/cycles/2026/open", {}, 409, "cycle_not_planned"),
    Bad("exists already", "POST", "/v1/cycles", CYCLE | {"id": "2026"}, 409, "cycle_exists"),
    Bad(
        "path id too strange",
        "PATCH",
        "/v1/objectives/Growth%20",
        {"title": "X"},
        422,
        "string_pattern_mismatch",
    ),
    Bad(
        "an unknown zone",
        "POST",
        "/v1/feeds",
        {"id": "f", "name": "F", "zone": "Mars/Base"},
        422,
        "zone_unknown",
    ),
]


async def test_each_field_error_names_its_field(anna: Person, services: Services) -> None:
    """A stable code, the right status, a JSON pointer; and the ledger is as it was."""
    etag = await given_goal(anna)
    head = await services.ledger.head(services.settings.workspace)
    wrong = []
    for bad in FIELDS:
        # Cycles have another ETag, and need none.
        headers = {} if bad.path.startswith("/v1/cycles") else {"If-Match": etag}
        response = await anna.send(bad.method, bad.path, bad.body, headers)
        document = response.json()
        codes = [document.get("code"), *(error["code"] for error in document.get("errors", []))]
        pointers = [error.get("pointer") for error in document.get("errors", [])]
        if (
            response.status_code != bad.status
            or bad.code not in codes
            or (bad.pointer is not None and bad.pointer not in pointers)
            or response.headers["Content-Type"] != "application/problem+json"
        ):
            wrong.append((bad.name, response.status_code, document))
    assert wrong == []
    assert await services.ledger.head(services.settings.workspace) == head


BODIES = {
    "broken JSON": (b'{"id": "c1",', 400, "invalid_json"),
    "NaN": (b'{"target": NaN}', 400, "invalid_json"),
    "a member twice": (b'{"id": "c1", "limits": {"a": 1, "b": 2, "a": 1}}', 400, "named_twice"),
    "wrong UTF-8": (b'{"name": "\xff"}', 400, "not_utf8"),
    "a NUL character": (b'{"name": "a\\u0000b"}', 400, "nul_character"),
    "half a surrogate": (
        b'{"id":"c","name":"\\ud800","start":"2026-01-01","end":"2026-01-02","kind":"other"}',
        400,
        "lone_surrogate",
    ),
    "a NUL in deep nesting": (b"[" * 30 + b'"\\u0000"' + b"]" * 30, 400, "nul_character"),
    "a NUL in a name": (b'{"a\\u0000b": 1}', 400, "nul_character"),
    "half a character in a name": (b'{"\\uDC00": 1}', 400, "lone_surrogate"),
    "half a character in a name that stands twice": (b'{"\\uDC00": 1, "\\uDC00": 1}', 400, "named_twice"),
    "nested too deep": (b"[" * 100_000, 413, "body_too_complex"),
    "33 levels": (b"[" * 33 + b"]" * 33, 413, "body_too_complex"),
    "too many values": (b"[" + b"1," * 5000 + b"1]", 413, "body_too_complex"),
    "too many names": (
        b'{"a":{' + b",".join(b'"%d":0' % n for n in range(5000)) + b"}}",
        413,
        "body_too_complex",
    ),
    "brackets in a text": (b'{"id": "' + b"[" * 100_000 + b'\\""}', 422, "missing"),
    "a number of 10,000 digits": (b'{"target": ' + b"1" * 10_000 + b"}", 400, "invalid_json"),
    "an exponent of 20 digits": (b'{"target": 1e99999999999999999999}', 400, "invalid_json"),
    "no body": (b"", 422, "missing"),
    "too large": (b'{"name": "' + b"x" * 300_000 + b'"}', 413, "body_too_large"),
}


@pytest.mark.parametrize("name", BODIES)
async def test_each_broken_body_is_explained(anna: Person, name: str) -> None:
    """Whatever comes instead of JSON."""
    content, status, code = BODIES[name]
    response = await anna.http.post(
        "/v1/cycles", content=content, headers={**anna.headers, "Content-Type": "application/json"}
    )
    document = response.json()
    codes = [document["code"], *(error["code"] for error in document.get("errors", []))]
    assert (response.status_code, code in codes) == (status, True), document
    assert not any(word in response.text for word in ("sys.", "decimal.", "recursion"))


async def test_a_byte_order_mark_is_no_error(anna: Person) -> None:
    """Some editors write one in front of UTF-8."""
    content = '\ufeff{"id":"c9","name":"분기","start":"2026-01-01","end":"2026-03-31","kind":"quarter"}'
    response = await anna.http.post(
        "/v1/cycles",
        content=content.encode(),
        headers={**anna.headers, "Content-Type": "application/json"},
    )
    assert response.status_code == 201, response.text


async def test_fractions_are_never_rounded(anna: Person) -> None:
    """A JSON number keeps all its digits on the way to the ledger and back as a string."""
    etag = await given_goal(anna)
    body = b'{"target": 12345678901234567890.123456789012, "reason": "exact"}'
    response = await anna.http.post(
        "/v1/key-results/kr-acv/targets",
        content=body,
        headers={**anna.headers, "Content-Type": "application/json", "If-Match": etag},
    )
    assert response.status_code == 201, response.text
    anna.position = int(response.headers["Goaltrail-Position"])
    goal = await anna.read("/v1/key-results/kr-acv")
    assert goal["measure"]["target"] == "12345678901234567890.123456789012"


PARAMETERS = [
    ("/v1/objectives?as_of=yesterday", "time_unreadable", "as_of"),
    ("/v1/objectives?as_of=2026-02-31", "time_unreadable", "as_of"),
    ("/v1/objectives?known_at=2026-03-01T12:00:00", "time_without_offset", "known_at"),
    ("/v1/objectives?known_at=9999-12-31T23:59:59-12:00", "time_out_of_range", "known_at"),
    ("/v1/objectives?limit=0", "greater_than_equal", "limit"),
    ("/v1/objectives?limit=1001", "less_than_equal", "limit"),
    ("/v1/objectives?limit=many", "int_parsing", "limit"),
    ("/v1/objectives?cursor=nonsense", "cursor_invalid", "cursor"),
    ("/v1/objectives?cursor=eyJwIjotMX0", "cursor_invalid", "cursor"),
    ("/v1/objectives?status=famous", "literal_error", "status"),
    ("/v1/objectives?cycle=a%00b", "nul_character", "cycle"),
    ("/v1/objectives?cycle=a%0Ab", "string_pattern_mismatch", "cycle"),
    ("/v1/kpis/acv/trend?bucket=fortnight", "literal_error", "bucket"),
    ("/v1/kpis/acv/trend?from=2026-02-01&to=2026-01-01", "trend_range", "from"),
    ("/v1/kpis/acv/trend?from=1000-02-01&to=2026-01-01&bucket=day", "trend_range", "from"),
    ("/v1/audit?about=%27;drop", "string_pattern_mismatch", "about"),
    ("/v1/audit?type=everything", "string_pattern_mismatch", "type"),
    ("/v1/audit?from=now", "time_unreadable", "from"),
    ("/v1/objectives?as_off=2026-01-31", "parameter_unknown", "as_off"),
    ("/v1/kpis/acv/trend?bucket=day&form=2026-01-01", "parameter_unknown", "form"),
    ("/v1/audit?AS_OF=2026-01-31", "parameter_unknown", "AS_OF"),
    ("/v1/tokens?x", "parameter_unknown", "x"),
]


async def test_each_parameter_error_names_its_parameter(anna: Person) -> None:
    """422 with the parameter's name."""
    await given_goal(anna)
    wrong = []
    for path, code, parameter in PARAMETERS:
        response = await anna.get(path)
        document = response.json()
        errors = [(error["code"], error.get("parameter")) for error in document.get("errors", [])]
        if response.status_code != 422 or (code, parameter) not in errors:
            wrong.append((path, response.status_code, document))
    assert wrong == []


async def test_a_parameter_that_is_misspelt_is_told_what_was_meant(anna: Person) -> None:
    """The nearest name; else all there are."""
    for path, told in (
        ("/v1/objectives?as_off=2026-01-31", "There is no parameter 'as_off' here; did you mean 'as_of'?"),
        (
            "/v1/audit/recordings?x=1",
            "There is no parameter 'x' here; this path takes kpi, limit, cursor, known_at.",
        ),
        ("/v1/workspace?x=1", "There is no parameter 'x' here; this path takes known_at."),
    ):
        assert (await anna.get(path)).json()["detail"] == told


HEADERS: list[tuple[dict[str, str], int, str]] = [
    ({"Idempotency-Key": ""}, 422, "idempotency_key_length"),
    ({"Idempotency-Key": "k" * 256}, 422, "idempotency_key_length"),
    ({"If-Match": "1843"}, 412, "etag_unknown"),
    ({"If-Match": 'w/"1843"'}, 412, "etag_unknown"),
    ({"If-Match": 'W/"1"'}, 412, "stale"),
    ({"If-Match": "*"}, 412, "etag_unknown"),
    ({"If-Match": '"1"'}, 412, "stale"),
    ({}, 428, "if_match_missing"),
]


async def test_each_header_error_is_explained(anna: Person) -> None:
    """Keys of a wrong length, and If-Match that is missing, strange or stale."""
    etag = await given_goal(anna)
    for headers, status, code in HEADERS:
        given = {"If-Match": etag} | headers if headers and "If-Match" not in headers else headers
        response = await anna.send("POST", "/v1/key-results/kr-acv/targets", TARGET, given)
        assert (response.status_code, response.json()["code"]) == (status, code), headers
    stale = await anna.send("POST", "/v1/key-results/kr-acv/targets", TARGET, {"If-Match": '"1"'})
    assert stale.headers["ETag"] == etag
    weak = await anna.send("POST", "/v1/key-results/kr-acv/targets", TARGET, {"If-Match": f"W/{etag}"})
    assert weak.status_code == 201, "a proxy that packs answers makes their ETags weak"


async def test_what_is_not_there_is_a_problem_document_too(anna: Person) -> None:
    """Unknown paths and methods."""
    for method, path, status, code in (
        ("GET", "/v1/nothing", 404, "not_found"),
        ("DELETE", "/v1/objectives", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
    ):
        response = await anna.send(method, path)
        assert (response.status_code, response.json()["code"]) == (status, code)


async def test_problems_are_told_in_korean_when_that_is_preferred(anna: Person) -> None:
    """Accept-Language decides title, detail and the fields' details; the code stays."""
    anna.headers["Accept-Language"] = "fr, ko;q=0.9, en;q=0.2"
    response = await anna.post("/v1/cycles", without(CYCLE, "name"))
    assert response.headers["Content-Language"] == "ko"
    document = response.json()
    assert document["title"] == "올바르지 않은 값입니다"
    assert document["errors"] == [{"pointer": "#/name", "code": "missing", "detail": "필수 값이 없습니다"}]


async def test_a_wrong_media_type_is_told(anna: Person) -> None:
    """A form is no JSON."""
    response = await anna.http.post("/v1/cycles", data={"id": "c1"}, headers=anna.headers)
    assert response.status_code == 415, response.text
    assert response.json()["code"] == "media_type"


@pytest.fixture
def broken_path() -> Iterator[str]:
    """A path of the application that fails as nobody expected."""

    async def broken() -> None:
        raise RuntimeError("secret detail")

    paths = application()
    paths.add_api_route("/v1/broken", broken)
    yield "/v1/broken"
    paths.router.routes.pop()


async def test_nothing_of_the_inside_shows(anna: Person, broken_path: str) -> None:
    """What nobody expected is a 500 problem with the request's id, never a traceback."""

    with structlog.testing.capture_logs() as logs:
        response = await anna.get(broken_path, headers={"X-Request-Id": "r-1"})
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["request failed"]
    assert response.status_code == 500
    assert response.json()["request_id"] == "r-1"
    assert "secret" not in response.text
