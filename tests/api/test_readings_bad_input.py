"""Bodies that can't be taken as a whole: a problem document says why."""

from __future__ import annotations

import orjson
import pytest

from tests.api.conftest import Person
from tests.api.given_readings import define, erp, item, send

__all__ = ["erp"]  # a fixture

pytestmark = pytest.mark.usefixtures("projector")

NDJSON = "application/x-ndjson"
EVENTS = "application/cloudevents-batch+json"
LINE = orjson.dumps(item("a")) + b"\n"


NOT_TAKEN: list[tuple[bytes, str, int, str]] = [
    (b"[]", "application/json", 422, "empty_batch"),
    (b"  ", NDJSON, 422, "empty_batch"),
    (b"\xef\xbb\xbf", NDJSON, 422, "empty_batch"),
    (b"[]", EVENTS, 422, "empty_batch"),
    (b"", "application/json", 400, "not_an_array"),
    (b"{}", "application/json", 400, "not_an_array"),
    (b'"x"', EVENTS, 400, "not_an_array"),
    (b"[1, ]", "application/json", 400, "invalid_json"),
    (b"[1 2]", "application/json", 400, "invalid_json"),
    (b"[1, 2", "application/json", 400, "invalid_json"),
    (b"[1] 2", "application/json", 400, "invalid_json"),
    (b"[" * 100_000, "application/json", 400, "invalid_json"),
    (b'["\xc3\x28"]', "application/json", 400, "not_utf8"),
    (LINE, "text/csv", 415, "media_type"),
    (LINE, "", 415, "media_type"),
    (LINE, "application/json; charset=utf-8", 400, "not_an_array"),
]


async def test_what_is_not_taken(erp: Person) -> None:
    """Nothing of it is."""
    for content, media_type, status, code in NOT_TAKEN:
        response = await send(erp, content, media_type)
        assert (response.status_code, response.json()["code"]) == (status, code), (
            content[:20],
            response.text,
        )
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("digits", [b"1" * 5000, b"1e99999999999999999999"])
async def test_a_number_that_nobody_can_read_is_rejected_by_itself(erp: Person, digits: bytes) -> None:
    """Its neighbours are taken, and no advice for programmers is given."""
    body = orjson.dumps([item("a"), item("b", "DIGITS"), item("c")]).replace(b'"DIGITS"', digits)
    response = await send(erp, body)
    assert response.status_code == 200, response.text
    receipts = response.json()["receipts"]
    assert [receipt["status"] for receipt in receipts] == ["accepted", "rejected", "accepted"]
    assert (receipts[1]["code"], receipts[1]["pointer"]) == ("invalid_number", "#/value")
    assert "at most" in receipts[1]["reason"]


async def test_a_bom_before_an_array(erp: Person) -> None:
    """Is no part of it."""
    response = await send(erp, b"\xef\xbb\xbf [" + LINE + b"]")
    assert response.json()["counts"]["accepted"] == 1


@pytest.mark.parametrize("media_type", ["application/json", NDJSON])
async def test_too_many_items(erp: Person, media_type: str) -> None:
    """100,001 are one too many; of an array nothing is taken then."""
    lines = [LINE.strip()] * 100_001
    body = b"\n".join(lines) if media_type == NDJSON else b"[" + b",".join(lines) + b"]"
    response = await send(erp, body, media_type)
    assert (response.status_code, response.json()["code"]) == (413, "too_many_items")
    again = await send(erp, b"[" + LINE + b"]")
    assert again.json()["counts"]["duplicate" if media_type == NDJSON else "accepted"] == 1


@pytest.mark.parametrize("media_type", ["application/json", NDJSON])
async def test_a_body_that_is_too_large(erp: Person, media_type: str) -> None:
    """Over 50 MiB, whether or not it says so before."""
    response = await send(erp, b" " * (50 * 1024 * 1024 + 1), media_type)
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


async def test_one_bad_item_of_an_array(erp: Person) -> None:
    """Is rejected by itself, whatever it is."""
    items = [item("a"), 1, None, [], "x", item("b", source_version="x"), item("c")]
    receipts = (await send(erp, orjson.dumps(items))).json()["receipts"]
    assert [receipt["index"] for receipt in receipts if receipt["status"] == "accepted"] == [0, 6]
    assert [r["code"] for r in receipts if r["status"] == "rejected"] == [
        *["not_an_object"] * 4,
        "source_version_invalid",
    ]
    assert receipts[5]["source_id"] == "b"


async def test_another_workspaces_kpi(erp: Person, anna: Person) -> None:
    """Does not exist here."""
    await define(anna, "elsewhere")
    erp_other = (await send(erp, orjson.dumps([item("a", kpi="elsewhere-too")]))).json()
    assert erp_other["receipts"][0]["code"] == "unknown_kpi"
