"""What other OKR and KPI tools get wrong, found in their code. Each is a promise here."""

from __future__ import annotations

from typing import Any

import pytest

from services.api.http.services import Services
from tests.api.conftest import Person, given_goal, person

pytestmark = pytest.mark.usefixtures("projector")

START = "2026-01-15T09:00:00+09:00"


def acv(source_id: str, observed_at: str, value: str, **more: Any) -> dict[str, Any]:
    """A reading of the KPI."""
    return {"kpi": "acv", "source_id": source_id, "observed_at": observed_at, "value": value, **more}


async def send(anna: Person, *items: dict[str, Any], feed: str = "default") -> dict[str, Any]:
    """The answer to some readings."""
    answer: dict[str, Any] = (await anna.post(f"/v1/readings?feed={feed}", list(items))).json()
    return answer


async def score(anna: Person, key_result: str, as_of: str) -> dict[str, Any]:
    """A key result's score at the end of a day."""
    found: dict[str, Any] = (await anna.read(f"/v1/key-results/{key_result}", as_of=as_of))["score"]
    return found


async def added(anna: Person, etag: str, id_: str, measure: dict[str, Any], **more: Any) -> str:
    """A key result without a KPI on the objective; its new ETag."""
    body = {"id": id_, "title": id_, "measure": measure, "reason": "one more", **more}
    receipt = await anna.created("/v1/objectives/growth/key-results", body, If_Match=etag)
    return f'"{receipt["revision"]}"'


INCREASE = {"kind": "increase", "baseline": "100", "target": "200", "unit": "count"}


async def test_a_check_in_for_an_older_day_does_not_become_the_current_one(anna: Person) -> None:
    """The value is the one for the latest day, whoever was last to report."""
    etag = await given_goal(anna)
    await added(anna, etag, "visitors", INCREASE)
    path = "/v1/key-results/visitors/check-ins"
    await anna.created(path, {"day": "2026-02-20", "value": "180"})
    await anna.created(path, {"day": "2026-02-10", "value": "120"})
    assert (await score(anna, "visitors", "2026-03-01"))["value"] == "180"
    assert (await score(anna, "visitors", "2026-02-15"))["value"] == "120"


async def test_a_correction_is_its_authors(anna: Person, services: Services) -> None:
    """Not that of whoever sent the reading."""
    await given_goal(anna)
    receipt = (await send(anna, acv("a", START, "60")))["receipts"][0]
    boris = await person(anna.http, services, "boris", "editor")
    await boris.created(f"/v1/readings/{receipt['id']}/corrections", {"value": "66", "reason": "반품"})
    anna.position = boris.position
    [reading] = (await anna.read("/v1/readings", kpi="acv"))["data"]
    assert (reading["value"], reading["actor"]) == ("66", "person:boris")
    [correction] = (await anna.read("/v1/audit", type="reading.corrected"))["data"]
    assert correction["actor"] == "person:boris"


async def test_changes_of_one_day_make_one_day(anna: Person) -> None:
    """Readings, a correction and another reading for one day: one point of the trend and of the history."""
    await given_goal(anna)
    answer = await send(anna, acv("a", START, "60"), acv("b", "2026-01-15T10:00:00+09:00", "61"))
    first = answer["receipts"][0]["id"]
    await anna.created(f"/v1/readings/{first}/corrections", {"value": "59", "reason": "typo"})
    await send(anna, acv("c", "2026-01-15T11:00:00+09:00", "62"))
    span = {"from": "2026-01-01", "to": "2026-01-31"}
    trend = await anna.read("/v1/kpis/acv/trend", bucket="day", **span)
    assert [(p["start"], p["value"], p["count"]) for p in trend["data"] if p["count"]] == [
        ("2026-01-15", "62", 3)
    ]
    history = (await anna.read("/v1/key-results/kr-acv/score-history"))["data"]
    of_readings = [point for point in history if point["cause"] == "reading"]
    assert [(point["day"], point["value"]) for point in of_readings] == [("2026-01-31", "62")]


async def test_a_weight_that_is_missing_among_given_ones_is_refused(anna: Person) -> None:
    """It is never left out of the mean in silence."""
    etag = await given_goal(anna, active=False)
    body = {"id": "weighty", "title": "Weighty", "measure": INCREASE, "weight": "2"}
    refused = await anna.post("/v1/objectives/growth/key-results", body, If_Match=etag)
    assert (refused.status_code, refused.json()["code"]) == (422, "weights_mixed")


@pytest.mark.parametrize("kind", ["increase", "decrease"])
async def test_a_baseline_that_equals_the_target_is_refused(anna: Person, kind: str) -> None:
    """It is neither 0 nor one half."""
    etag = await given_goal(anna, active=False)
    measure = {"kind": kind, "baseline": "5", "target": "5.0", "unit": "count"}
    body = {"id": "flat", "title": "Flat", "measure": measure}
    refused = await anna.post("/v1/objectives/growth/key-results", body, If_Match=etag)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "baseline_equals_target")


@pytest.mark.parametrize("kind", ["at_least", "at_most"])
@pytest.mark.parametrize("value", ["99.950", "99.95"])
async def test_meeting_a_threshold_exactly_is_meeting_it(anna: Person, kind: str, value: str) -> None:
    """In exact decimals."""
    etag = await given_goal(anna)
    await added(anna, etag, "uptime", {"kind": kind, "target": "99.95", "unit": "percent"})
    await anna.created("/v1/key-results/uptime/check-ins", {"day": "2026-02-20", "value": value})
    found = await score(anna, "uptime", "2026-03-01")
    assert (found["met"], found["raw"]) == (True, "1")


async def test_progress_the_wrong_way_is_negative(anna: Person) -> None:
    """It is shown as 0, and the raw score says how far below the baseline."""
    etag = await given_goal(anna)
    await added(anna, etag, "cost", {"kind": "decrease", "baseline": "50", "target": "30", "unit": "USD"})
    await anna.created("/v1/key-results/cost/check-ins", {"day": "2026-02-20", "value": "55"})
    found = await score(anna, "cost", "2026-03-01")
    assert (found["raw"], found["score"]) == ("-0.25", "0")


async def test_negative_and_decimal_values_are_values(anna: Person) -> None:
    """A margin from −12.5 to 7.5 percent, at −2.5: half way."""
    etag = await given_goal(anna)
    measure = {"kind": "increase", "baseline": "-12.5", "target": "7.5", "unit": "percent"}
    await added(anna, etag, "margin", measure)
    await anna.created("/v1/key-results/margin/check-ins", {"day": "2026-02-20", "value": "-2.5"})
    assert (await score(anna, "margin", "2026-03-01"))["raw"] == "0.5"


async def test_no_change_of_a_key_result_detaches_its_history(anna: Person) -> None:
    """Whatever changes keeps what was. Unit and direction belong to its measure, the period to its goal."""
    etag = await given_goal(anna)
    await send(anna, acv("a", START, "60"))
    before = await anna.read("/v1/key-results/kr-acv/score-history")
    path = "/v1/key-results/kr-acv"
    for field, value in (("unit", "USD"), ("kind", "decrease"), ("cycle", "2027")):
        refused = await anna.patch(path, {field: value, "reason": "x"}, If_Match=etag)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"#/{field}"), field
    refused = await anna.patch("/v1/kpis/acv", {"unit": "USD", "reason": "x"}, If_Match=etag)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/unit")
    turned = await anna.post(f"{path}/targets", {"target": "40", "reason": "x"}, If_Match=etag)
    assert (turned.status_code, turned.json()["code"]) == (422, "direction_contradicts")
    unlinked = await anna.patch(path, {"kpi": None, "reason": "a figure of our own"}, If_Match=etag)
    assert unlinked.status_code == 200, unlinked.text
    await anna.created(f"{path}/targets", {"target": "90", "reason": "more"}, If_Match=await anna.etag(path))
    then = await anna.read(path, known_at=before["known_at"])
    assert (then["score"]["value"], then["score"]["target"], then["kpi"]) == ("60", "80", "acv")
    history = await anna.read(f"{path}/score-history", known_at=before["known_at"])
    assert history["data"] == before["data"]
    posts = (await anna.read(f"{path}/targets"))["data"]
    assert [post["new"] for post in posts if post["what"] == "target"] == ["80", "90"]
    relinked = await anna.patch(path, {"kpi": "acv", "reason": "back"}, If_Match=await anna.etag(path))
    assert relinked.status_code == 200, relinked.text
    assert (await anna.read(path, as_of="2026-02-01"))["score"]["value"] == "60"


@pytest.mark.parametrize(
    "measure",
    [
        pytest.param({"kind": "increase", "baseline": "3", "target": "9", "unit": "deals"}, id="unit"),
        pytest.param({"kind": "decrease", "baseline": "90", "target": "40", "unit": "MKRW"}, id="direction"),
        pytest.param({"kind": "at_most", "target": "5", "unit": "days"}, id="both"),
    ],
)
async def test_a_key_result_that_is_measured_otherwise_keeps_its_history(
    anna: Person, measure: dict[str, Any]
) -> None:
    """Targets, check-ins and scores of before stay, and stay what they were."""
    etag = await given_goal(anna)
    await send(anna, acv("a", START, "60"))
    path = "/v1/key-results/kr-acv"
    await anna.created(f"{path}/check-ins", {"day": "2026-02-01", "confidence": 6})
    reads = ("check-ins", "score-history", "targets")
    before = {read: (await anna.read(f"{path}/{read}"))["data"] for read in reads}
    was = await anna.read(path, as_of="2026-02-01")
    changed = await anna.patch(path, {"measure": measure, "reason": "it says more"}, If_Match=etag)
    assert changed.status_code == 200, changed.text
    then = await anna.read(path, as_of="2026-02-01")
    for field in ("measure", "targets", "kpi", "score", "confidence"):
        assert then[field] == was[field], field
    after = {read: (await anna.read(f"{path}/{read}"))["data"] for read in reads}
    assert after["check-ins"] == before["check-ins"]
    kept = [row for row in after["score-history"] if row["cause"] != "key_result.measure_changed"]
    assert kept == before["score-history"]
    posts = [(post["what"], post["new"], post["unit"]) for post in after["targets"]]
    assert posts[:2] == [("target", "80", "MKRW"), ("baseline", "50", "MKRW")]
    assert posts[2] == ("target", measure["target"], measure["unit"])


async def test_nothing_that_has_a_history_can_be_deleted(anna: Person) -> None:
    """Dropping it keeps it readable."""
    etag = await given_goal(anna)
    for path in ("objectives/growth", "key-results/kr-acv", "kpis/acv", "cycles/2026"):
        assert (await anna.send("DELETE", f"/v1/{path}")).status_code == 405, path
    dropped = await anna.post("/v1/objectives/growth/drop", {"reason": "other plans"}, If_Match=etag)
    assert dropped.status_code == 200, dropped.text
    goal = await anna.read("/v1/objectives/growth")
    assert (goal["status"], goal["key_results"][0]["measure"]["target"]) == ("dropped", "80")


async def test_one_bad_kpi_does_not_stop_the_others(anna: Person) -> None:
    """Its readings are rejected, each with a reason; those around them are stored."""
    await given_goal(anna)
    answer = await send(
        anna, acv("a", START, "60"), {**acv("b", START, "61"), "kpi": "nobody"}, acv("c", START, "62")
    )
    assert [receipt["status"] for receipt in answer["receipts"]] == ["accepted", "rejected", "accepted"]


async def test_one_instant_from_two_zones_is_one_business_day(anna: Person) -> None:
    """31 March, 16:30 in London (summer time) and 1 April, 00:30 in Seoul: the workspace's day decides."""
    await given_goal(anna)
    await anna.created("/v1/feeds", {"id": "london", "name": "London", "zone": "Europe/London"})
    await anna.created("/v1/feeds", {"id": "seoul", "name": "Seoul", "zone": "Asia/Seoul"})
    for feed, at in (("london", "2026-03-31T16:30:00"), ("seoul", "2026-04-01T00:30:00")):
        assert (await send(anna, acv("a", at, "60"), feed=feed))["counts"]["accepted"] == 1
    found = (await anna.read("/v1/readings", kpi="acv"))["data"]
    assert {(reading["observed_at"], reading["business_day"]) for reading in found} == {
        ("2026-03-31T15:30:00Z", "2026-04-01")
    }
