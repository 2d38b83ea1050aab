"""Readings over HTTP: sent in each format, listed, corrected and retracted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from services.api.http.services import Services
from tests.api.conftest import Person, person
from tests.api.given_readings import erp, item, send

__all__ = ["erp"]  # a fixture

pytestmark = pytest.mark.usefixtures("projector")


async def sent(sender: Person, *items: Any, **params: str) -> dict[str, Any]:
    """The answer to an array of items that is taken."""
    response = await send(sender, orjson.dumps(items), **params)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_an_array_is_answered_in_order(erp: Person) -> None:
    """Counts, and for each item its receipt."""
    answer = await sent(erp, item("a", "10.50"), item("b", kpi="nothing"), item("a", "10.5"), item("a", "11"))
    assert answer["counts"] == {
        "accepted": 1,
        "duplicate": 1,
        "superseded": 0,
        "conflict": 1,
        "rejected": 1,
    }
    accepted, rejected, duplicate, conflict = answer["receipts"]
    assert accepted["index"] == 0
    assert accepted["source_id"] == "a"
    assert rejected == {
        "index": 1,
        "source_id": "b",
        "id": None,
        "status": "rejected",
        "position": None,
        "code": "unknown_kpi",
        "reason": "there is no KPI nothing",
        "pointer": "#/kpi",
    }
    assert duplicate["position"] == accepted["position"]
    assert duplicate["id"] == conflict["id"] == accepted["id"]
    assert answer["position"] == conflict["position"] == erp.position


async def test_ndjson_is_answered_as_ndjson(erp: Person) -> None:
    """A receipt a line, and a line with the counts; what is wrong with one line harms no other."""
    lines = [orjson.dumps(item(f"n{n}")) for n in range(10)]
    lines[6] = b'{"kpi": "sales", "source_id": "n6"'
    lines[8] = b'{"kpi": "sales", "source_id": "\xff"}'
    body = b"\xef\xbb\xbf" + b"\r\n".join(lines) + b"\n\n"
    response = await send(erp, body, "application/x-ndjson; charset=utf-8")
    assert response.headers["content-type"].startswith("application/x-ndjson")
    *receipts, summary = [json.loads(line) for line in response.text.splitlines()]
    assert [receipt["index"] for receipt in receipts] == list(range(10))
    assert [r["index"] for r in receipts if r["status"] != "accepted"] == [6, 8]
    assert [receipts[n]["code"] for n in (6, 8)] == ["malformed", "not_utf8"]
    assert summary["counts"]["accepted"] == 8
    assert summary["position"] == receipts[9]["position"]


async def test_ndjson_is_taken_while_it_comes_in(erp: Person) -> None:
    """Lines may be cut anywhere; chunks are stored while the rest is still being sent."""

    async def body() -> AsyncIterator[bytes]:
        text = b"".join(orjson.dumps(item(f"n{n}", n)) + b"\n" for n in range(2500))
        for start in range(0, len(text), 7001):
            yield text[start : start + 7001]

    response = await send(erp, body(), "application/x-ndjson")
    assert json.loads(response.text.splitlines()[-1])["counts"]["accepted"] == 2500


async def test_a_batch_of_cloudevents(erp: Person) -> None:
    """The event's id is the source id, its time when it was observed; the rest is its data."""
    event = {
        "specversion": "1.0",
        "id": "SO-1",
        "source": "/erp",
        "type": "sale",
        "time": "2026-03-31T18:00:00+09:00",
        "data": {"kpi": "sales", "value": "10"},
    }
    events = [event, {**event, "id": "SO-2", "specversion": "0.3"}, {**event, "id": "SO-3", "data": "x"}]
    response = await send(erp, orjson.dumps(events), "application/cloudevents-batch+json")
    receipts = response.json()["receipts"]
    assert [r["status"] for r in receipts] == ["accepted", "rejected", "rejected"]
    again = await sent(erp, item("SO-1", "10"))
    assert again["receipts"][0]["status"] == "duplicate"


async def test_numbers_keep_their_digits(erp: Person, anna: Person) -> None:
    """A JSON number is taken as it is written, not as a float."""
    body = b"""[{"kpi": "sales", "source_id": "a", "value": 12345678901234567890.123456789012,
                 "observed_at": "2026-03-31T18:00:00Z"}]"""
    assert (await send(erp, body)).json()["counts"]["accepted"] == 1
    anna.position = erp.position
    listed = await anna.read("/v1/readings", kpi="sales")
    assert listed["data"][0]["value"] == "12345678901234567890.123456789012"


async def test_who_may_send(erp: Person, anna: Person, http: httpx.AsyncClient, services: Services) -> None:
    """A feed sends for itself only; a person for any feed, by default `manual`; a viewer not at all."""
    response = await send(erp, orjson.dumps([item("a")]), feed="crm")
    assert (response.status_code, response.json()["code"]) == (403, "other_feed")
    first = await sent(erp, item("a"))
    assert (await sent(anna, item("a"), feed="erp"))["receipts"][0]["id"] == first["receipts"][0]["id"]
    assert (await sent(anna, item("a")))["counts"]["accepted"] == 1
    viewer = await person(http, services, "vic", "viewer")
    response = await send(viewer, orjson.dumps([item("a")]))
    assert (response.status_code, response.json()["code"]) == (403, "role_not_allowed")


async def test_reasons_in_korean(erp: Person) -> None:
    """Reasons follow Accept-Language."""
    erp.headers["Accept-Language"] = "ko"
    answer = await sent(erp, item("a", unit="USD"))
    assert answer["receipts"][0]["reason"] == "KPI sales의 단위는 KRW인데 USD 단위로 보냈습니다"


async def test_a_declared_feed(erp: Person, anna: Person) -> None:
    """Its zone is used for times without one, and what it sends last holds if it says so."""
    local = item("a", observed_at="2026-03-31T23:30:00")
    assert (await sent(erp, local))["receipts"][0]["code"] == "time_without_zone"
    await anna.created("/v1/feeds", {"id": "erp", "name": "ERP", "zone": "UTC", "revisions": True})
    answer = await sent(erp, local, {**local, "value": "2"}, local)
    assert [r["status"] for r in answer["receipts"]] == ["accepted", "accepted", "accepted"]
    anna.position = erp.position
    assert (await anna.read("/v1/feeds/erp"))["declaration"]["revisions"] == "in_order"
    listed = await anna.read("/v1/readings", kpi="sales", feed="erp")
    assert [(r["value"], r["business_day"], r["revision"]) for r in listed["data"]] == [
        (local["value"], "2026-04-01", 2)
    ]


async def test_listing(erp: Person, anna: Person) -> None:
    """By business day, in pages, filtered; now or as it was known."""
    items = [item(f"n{n}", n, observed_at=f"2026-03-{10 + n:02}T12:00:00+09:00") for n in range(6)]
    await sent(erp, *items[::-1])
    anna.position = erp.position
    page = await anna.read("/v1/readings", kpi="sales", limit=4)
    rest = await anna.read("/v1/readings", kpi="sales", limit=4, cursor=page["next_cursor"])
    assert [r["source_id"] for r in page["data"] + rest["data"]] == [f"n{n}" for n in range(6)]
    assert rest["next_cursor"] is None
    some = await anna.read("/v1/readings", kpi="sales", **{"from": "2026-03-12", "to": "2026-03-13"})
    assert [r["source_id"] for r in some["data"]] == ["n2", "n3"]
    in_ledger_order = await anna.read("/v1/readings", limit=2, feed="erp")
    assert [r["source_id"] for r in in_ledger_order["data"]] == ["n5", "n4"]
    one = await anna.read("/v1/readings", source_id="n3")
    assert [r["value"] for r in one["data"]] == ["3"]
    assert (await anna.read("/v1/readings", known_at="2020-01-01"))["data"] == []


async def test_a_correction_keeps_the_old_value(erp: Person, anna: Person) -> None:
    """The latest counts, all stay on record, with who and why."""
    answer = await sent(erp, item("a", "100"), item("b", "7"))
    id_ = answer["receipts"][0]["id"]
    before = erp.position
    done = await anna.created(f"/v1/readings/{id_}/corrections", {"value": "90", "reason": "반품"})
    assert (done["revision"], done["changed"]) == (1, True)
    again = await anna.created(f"/v1/readings/{id_}/corrections", {"value": "90.0", "reason": "반품"})
    assert (again["position"], again["changed"]) == (done["position"], False)
    shown = await anna.read(f"/v1/readings/{id_}")
    assert [(v["value"], v["status"], v["actor"], v["reason"]) for v in shown["versions"]] == [
        ("100", "recorded", "feed:erp", None),
        ("90", "corrected", "person:anna", "반품"),
    ]
    assert [r["value"] for r in (await anna.read("/v1/readings", kpi="sales"))["data"]] == ["7", "90"]
    assert len((await anna.read("/v1/readings", kpi="sales", versions="all"))["data"]) == 3
    trend = await anna.read(
        "/v1/kpis/sales/trend", bucket="month", **{"from": "2026-03-01", "to": "2026-03-31"}
    )
    assert trend["data"][-1]["value"] == "97"
    # What the source said before does not undo what the person decided: somebody may look again.
    assert (await sent(erp, item("a", "100")))["receipts"][0]["status"] == "conflict"
    assert before < anna.position


async def test_a_correction_may_move_a_reading(erp: Person, anna: Person) -> None:
    """Both periods change; what is left out stays."""
    await sent(erp, item("a", "100", dimensions={"region": "Seoul"}))
    await anna.created(
        "/v1/readings/corrections?feed=erp&kpi=sales&source_id=a",
        {"observed_at": "2026-04-01T00:00:00+09:00", "reason": "4월 매출"},
    )
    (row,) = (await anna.read("/v1/readings", kpi="sales"))["data"]
    assert (row["business_day"], row["value"], row["dimensions"]) == (
        "2026-04-01",
        "100",
        {"region": "Seoul"},
    )
    trend = await anna.read(
        "/v1/kpis/sales/trend", bucket="month", **{"from": "2026-03-01", "to": "2026-04-30"}
    )
    assert [(p["label"], p["value"]) for p in trend["data"]] == [("2026-03", None), ("2026-04", "100")]


async def test_known_from_is_the_first_instant_that_shows_a_version(erp: Person, anna: Person) -> None:
    """Of every member of a batch, and of a correction: it is shown then and not a microsecond before.

    The receipts say so, too, also of what was sent before.
    """
    items = [item(f"n{n}", n) for n in range(50)]
    receipts = (await sent(erp, *items))["receipts"]
    id_ = receipts[7]["id"]
    correction = {"value": "97", "reason": "두 번째 줄"}
    path = f"/v1/readings/{id_}/corrections"
    receipts += [await anna.created(path, correction), await anna.created(path, correction)]
    receipts += (await sent(erp, *items[8:]))["receipts"]
    listed = (await anna.read("/v1/readings", kpi="sales", versions="all"))["data"]
    assert len(listed) == 51
    known_from = {row["position"]: row["known_from"] for row in listed}
    assert [one["known_from"] for one in receipts] == [known_from[one["position"]] for one in receipts]
    batch = [row for row in listed if row["status"] == "recorded"]
    assert len({row["known_from"] for row in batch}) == 1
    assert any(row["recorded_at"] < row["known_from"] for row in batch)
    for row in (listed[0], batch[-1], next(row for row in listed if row["revision"])):
        since = datetime.fromisoformat(row["known_from"])
        path = f"/v1/readings/{row['id']}"
        shown = await anna.read(path, known_at=since.isoformat())
        assert row["position"] in {version["position"] for version in shown["versions"]}
        before = await anna.read(
            "/v1/readings",
            kpi="sales",
            versions="all",
            known_at=(since - timedelta(microseconds=1)).isoformat(),
        )
        assert row["position"] not in {version["position"] for version in before["data"]}


async def test_a_retraction(erp: Person, anna: Person) -> None:
    """The reading counts no longer, until a person corrects it again."""
    id_ = (await sent(erp, item("a", "100")))["receipts"][0]["id"]
    done = await anna.created(f"/v1/readings/{id_}/retractions", {"reason": "중복"})
    assert (done["revision"], done["changed"]) == (1, True)
    assert (await anna.created(f"/v1/readings/{id_}/retractions", {"reason": "중복"}))["changed"] is False
    (row,) = (await anna.read("/v1/readings", kpi="sales"))["data"]
    assert (row["status"], row["value"]) == ("retracted", None)
    assert (await sent(erp, item("a", "100")))["receipts"][0]["status"] == "conflict"
    back = await anna.created(f"/v1/readings/{id_}/corrections", {"value": "100", "reason": "중복이 아님"})
    assert (back["revision"], back["changed"]) == (2, True)
    (row,) = (await anna.read("/v1/readings", kpi="sales"))["data"]
    assert (row["status"], row["value"]) == ("corrected", "100")


async def test_a_repeated_correction_does_not_undo_a_later_one(erp: Person, anna: Person) -> None:
    """With an Idempotency-Key the first answer is given again, whatever happened since."""
    id_ = (await sent(erp, item("a", "100")))["receipts"][0]["id"]
    path = f"/v1/readings/{id_}/corrections"
    first = await anna.created(path, {"value": "90", "reason": "one"}, Idempotency_Key="k1")
    await anna.created(path, {"value": "80", "reason": "two"})
    replayed = await anna.post(path, {"value": "90", "reason": "one"}, Idempotency_Key="k1")
    assert replayed.json() == first
    assert replayed.headers["Idempotent-Replayed"] == "true"
    (row,) = (await anna.read("/v1/readings", kpi="sales"))["data"]
    assert row["value"] == "80"
    other = await anna.post(path, {"value": "70", "reason": "one"}, Idempotency_Key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_what_is_disputed_can_be_seen(erp: Person, anna: Person) -> None:
    """Other content is kept beside the reading, once, and counts for nothing."""
    answer = await sent(erp, item("a", "100"), item("a", "120"))
    anna.position = erp.position
    shown = await anna.read(f"/v1/readings/{answer['receipts'][0]['id']}")
    assert [version["value"] for version in shown["versions"]] == ["100"]
    again = await sent(erp, item("a", "120"))
    assert again["receipts"][0]["status"] == "conflict"
    assert [(d["value"], d["position"]) for d in shown["disputes"]] == [
        ("120", again["receipts"][0]["position"])
    ]


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("00000000-0000-5000-8000-000000000000", {"value": "1", "reason": "x"}, 404, "not_found"),
    ("not-an-id", {"value": "1", "reason": "x"}, 422, "invalid"),
    ("{id}", {"value": "1"}, 422, "invalid"),
    ("{id}", {"value": "1", "reason": " "}, 422, "invalid"),
    ("{id}", {"reason": "x"}, 422, "nothing_to_change"),
    ("{id}", {"numerator": "1", "reason": "x"}, 422, "parts_not_allowed"),
    ("{id}", {"value": "1", "unit": "USD", "reason": "x"}, 422, "wrong_unit"),
    ("{id}", {"observed_at": "2999-01-01T00:00:00Z", "reason": "x"}, 422, "in_the_future"),
    ("{id}", {"value": 1e400, "reason": "x"}, 400, "invalid_json"),
]


async def test_corrections_that_are_refused(erp: Person, anna: Person) -> None:
    """A problem document says why, and nothing is appended."""
    id_ = (await sent(erp, item("a", "100")))["receipts"][0]["id"]
    for path, body, status, code in REFUSED:
        response = await anna.http.post(
            f"/v1/readings/{path.format(id=id_)}/corrections",
            content=json.dumps(body).encode(),
            headers=anna.headers | {"Content-Type": "application/json"},
        )
        assert (response.status_code, response.json()["code"]) == (status, code), response.text
    anna.position = erp.position
    assert len((await anna.read(f"/v1/readings/{id_}"))["versions"]) == 1


async def test_a_feed_corrects_only_its_own(erp: Person, anna: Person) -> None:
    """Another feed's reading is not its business."""
    id_ = (await sent(anna, item("a"), feed="crm"))["receipts"][0]["id"]
    response = await erp.post(f"/v1/readings/{id_}/corrections", {"value": "2", "reason": "x"})
    assert (response.status_code, response.json()["code"]) == (403, "other_feed")
