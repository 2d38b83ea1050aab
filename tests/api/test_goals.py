"""Goals over HTTP: written, changed, scored, read now and then."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import Person, given_goal
from tests.api.given_goals import send_readings

pytestmark = pytest.mark.usefixtures("projector")


async def test_a_goal_is_read_as_it_was_written(anna: Person) -> None:
    """The objective with its key result, the ETag of the last answer, both times and the position."""
    etag = await given_goal(anna)
    response = await anna.get("/v1/objectives/growth")
    assert response.status_code == 200, response.text
    assert response.headers["ETag"] == etag
    goal = response.json()
    assert goal["status"] == "active"
    assert goal["position"] >= anna.position
    assert {"as_of", "known_at"} <= goal.keys()
    [key_result] = goal["key_results"]
    assert key_result["measure"]["target"] == "80"
    assert key_result["score"]["pending"] is True
    assert goal["pending"] == ["kr-acv"]


async def test_the_score_follows_the_readings(anna: Person) -> None:
    """ACV 50 → 80, at 71: 0.7, in the key result and in its objective."""
    await given_goal(anna)
    await send_readings(anna, ("2026-01-15T09:00:00+09:00", "60"), ("2026-02-20T09:00:00+09:00", "71"))
    goal = await anna.read("/v1/objectives/growth", as_of="2026-03-01")
    assert goal["key_results"][0]["score"]["value"] == "71"
    assert (goal["score"], goal["weakest"], goal["pending"]) == ("0.7", "kr-acv", [])
    then = await anna.read("/v1/key-results/kr-acv", as_of="2026-02-10")
    assert (then["as_of"], then["score"]["value"], then["score"]["raw"]) == ("2026-02-10", "60", "0.333333")


async def test_what_was_known_then_is_told_then(anna: Person) -> None:
    """`known_at` leaves out what was recorded later: readings and changes alike."""
    etag = await given_goal(anna)
    await send_readings(anna, ("2026-01-15T09:00:00+09:00", "60"))
    before = (await anna.read("/v1/workspace"))["known_at"]
    await asyncio.sleep(0.01)
    await send_readings(anna, ("2026-02-20T09:00:00+09:00", "71"))
    await anna.created(
        "/v1/key-results/kr-acv/targets",
        {"target": "90", "reason": "more", "effective_from": "2026-01-01"},
        If_Match=etag,
    )
    now = await anna.read("/v1/objectives/growth", as_of="2026-03-01")
    then = await anna.read("/v1/objectives/growth", as_of="2026-03-01", known_at=before)
    assert (now["score"], then["score"]) == ("0.525", "0.333333")
    assert then["known_at"] == before
    assert then["position"] < now["position"]
    nothing = await anna.get("/v1/objectives/growth", known_at="2020-01-01")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")


async def test_targets_tell_how_they_evolved(anna: Person) -> None:
    """Who, when, why, and the score against each; the reason is readable here and sealed on the ledger."""
    etag = await given_goal(anna)
    await send_readings(anna, ("2026-02-20T09:00:00+09:00", "71"))
    answer = await anna.created(
        "/v1/key-results/kr-acv/targets",
        {"target": "90", "reason": "큰 고객을 얻었습니다", "effective_from": "2026-03-01"},
        If_Match=etag,
    )
    posts = (await anna.read("/v1/key-results/kr-acv/targets", as_of="2026-03-01"))["data"]
    assert [(post["what"], post["new"], post["in_force"]) for post in posts] == [
        ("target", "80", False),
        ("baseline", "50", True),
        ("target", "90", True),
    ]
    assert [post["score"] and post["score"]["raw"] for post in posts] == ["0.7", None, "0.525"]
    assert posts[2]["reason"] == "큰 고객을 얻었습니다"
    assert (posts[2]["actor"], posts[2]["position"]) == ("person:anna", answer["position"])
    assert posts[2]["event_id"] == answer["event_ids"][0]
    before = (await anna.read("/v1/key-results/kr-acv/targets", as_of="2026-02-28"))["data"]
    assert [post["in_force"] for post in before] == [True, True, False]


async def test_score_history_names_each_cause(anna: Person) -> None:
    """Readings and the change of a target each have a row."""
    etag = await given_goal(anna)
    await send_readings(anna, ("2026-01-15T09:00:00+09:00", "60"), ("2026-02-20T09:00:00+09:00", "71"))
    await anna.created(
        "/v1/key-results/kr-acv/targets",
        {"target": "90", "reason": "more", "effective_from": "2026-03-10"},
        If_Match=etag,
    )
    history = await anna.read("/v1/key-results/kr-acv/score-history")
    points = [(point["day"], point["cause"], point["raw"]) for point in history["data"]]
    assert ("2026-01-31", "reading", "0.333333") in points
    assert ("2026-02-28", "reading", "0.7") in points
    assert ("2026-03-10", "key_result.target_changed", "0.525") in points
    march = await anna.read(
        "/v1/key-results/kr-acv/score-history", **{"from": "2026-03-01", "to": "2026-03-31"}
    )
    assert {point["day"] for point in march["data"]} == {"2026-03-10"}
    first = await anna.read("/v1/key-results/kr-acv/score-history", limit=1)
    rest = await anna.read("/v1/key-results/kr-acv/score-history", limit=1000, cursor=first["next_cursor"])
    assert first["data"] + rest["data"] == history["data"]


async def test_score_history_is_told_as_it_was_known(anna: Person) -> None:
    """Also in the middle of a recorded day, of which only the last scores are stored."""
    await given_goal(anna)
    path = "/v1/key-results/kr-acv/score-history"
    await send_readings(anna, ("2026-01-15T09:00:00+09:00", "60"))
    recorded = await anna.read("/v1/workspace")
    early = recorded["known_at"]
    before = await anna.read(path)
    await asyncio.sleep(0.01)
    await send_readings(anna, ("2026-01-20T09:00:00+09:00", "71"))
    now = [(point["day"], point["raw"]) for point in (await anna.read(path))["data"]]
    # Any instant before the second reading: no event was recorded just then.
    between = (datetime.fromisoformat(early) + timedelta(milliseconds=1)).isoformat()
    shown = await anna.read(path, known_at=between)
    [computed] = [point for point in shown["data"] if point["cause"] == "reading"]
    assert (computed["position"], computed["recorded_at"]) == (recorded["position"], early)
    then = [(point["day"], point["raw"]) for point in shown["data"]]
    assert ("2026-01-31", "0.7") in now
    assert ("2026-01-31", "0.333333") in then
    assert ("2026-01-31", "0.7") not in then
    assert [(point["day"], point["raw"]) for point in before["data"]] == then


async def test_check_ins_are_listed_and_change_no_etag(anna: Person) -> None:
    """The latest first, with their notes in clear; confidence shows beside the score."""
    etag = await given_goal(anna)
    await anna.created("/v1/key-results/kr-acv/check-ins", {"confidence": 4})
    await anna.created("/v1/key-results/kr-acv/check-ins", {"confidence": 7, "note": "좋아지고 있습니다"})
    reports = (await anna.read("/v1/key-results/kr-acv/check-ins"))["data"]
    assert [(report["confidence"], report["note"]) for report in reports] == [
        (7, "좋아지고 있습니다"),
        (4, None),
    ]
    assert await anna.etag("/v1/objectives/growth") == etag
    today = datetime.now(UTC).date().isoformat()
    assert (await anna.read("/v1/key-results/kr-acv"))["confidence"] == 7
    assert reports[0]["day"] in (today, (await anna.read("/v1/key-results/kr-acv"))["checked_in"])


async def test_a_patch_changes_several_things_at_once(anna: Person) -> None:
    """All or none: one answer, events next to each other."""
    etag = await given_goal(anna)
    answer = await anna.patch(
        "/v1/objectives/growth", {"title": "Grow more", "owner": "boris", "reason": "new lead"}, If_Match=etag
    )
    receipt = answer.json()
    assert len(receipt["event_ids"]) == 2
    goal = await anna.read("/v1/objectives/growth")
    assert (goal["title"], goal["owner"]) == ("Grow more", "boris")
    refused = await anna.patch(
        "/v1/key-results/kr-acv",
        {"title": "X", "baseline": "80", "reason": "x"},
        If_Match=answer.headers["ETag"],
    )
    assert refused.status_code == 422
    assert (await anna.read("/v1/key-results/kr-acv"))["title"] == "ACV 50 → 80"


async def test_a_key_result_is_unlinked_and_linked_again(anna: Person) -> None:
    """null takes the value from check-ins; a KPI's id takes it from there."""
    etag = await given_goal(anna)
    unlinked = await anna.patch("/v1/key-results/kr-acv", {"kpi": None, "reason": "x"}, If_Match=etag)
    await anna.created("/v1/key-results/kr-acv/check-ins", {"value": "65"})
    state = await anna.read("/v1/key-results/kr-acv")
    assert (state["kpi"], state["score"]["value"], state["score"]["raw"]) == (None, "65", "0.5")
    linked = await anna.patch(
        "/v1/key-results/kr-acv", {"kpi": "acv", "reason": "y"}, If_Match=unlinked.headers["ETag"]
    )
    assert linked.status_code == 200, linked.text
    assert (await anna.read("/v1/key-results/kr-acv"))["score"]["pending"] is True


async def test_weights_are_set_together(anna: Person) -> None:
    """The objective's score is the weighted mean."""
    etag = await given_goal(anna)
    added = await anna.created(
        "/v1/objectives/growth/key-results",
        {"id": "deals", "title": "Deals", "measure": {"kind": "at_least", "target": "10", "unit": "deals"},
         "reason": "scope"},
        If_Match=etag,
    )  # fmt: skip
    weighed = await anna.send(
        "PUT",
        "/v1/objectives/growth/weights",
        {"weights": {"kr-acv": "3", "deals": "1"}, "reason": "focus"},
        {"If-Match": f'"{added["revision"]}"'},
    )
    assert weighed.status_code == 200, weighed.text
    await anna.created("/v1/key-results/deals/check-ins", {"value": "10", "day": "2026-01-10"})
    await send_readings(anna, ("2026-01-15T09:00:00+09:00", "65"))
    goal = await anna.read("/v1/objectives/growth", as_of="2026-01-31")
    assert goal["score"] == "0.625"


async def test_objectives_are_filtered_and_paged(anna: Person) -> None:
    """Pages join to the whole list; the cursor keeps to what was known when it began."""
    await given_goal(anna, active=False)
    for n in range(5):
        await anna.created(
            "/v1/objectives", {"id": f"o-{n}", "title": f"O {n}", "cycle": "2026", "owner": "boris"}
        )
    first = await anna.read("/v1/objectives", limit=2, owner="boris")
    await anna.created("/v1/objectives", {"id": "o-9", "title": "Later", "cycle": "2026", "owner": "boris"})
    ids: list[str] = [item["id"] for item in first["data"]]
    cursor = first["next_cursor"]
    while cursor is not None:
        page = await anna.read("/v1/objectives", limit=2, owner="boris", cursor=cursor)
        assert page["position"] == first["position"]
        ids += [item["id"] for item in page["data"]]
        cursor = page["next_cursor"]
    assert ids == [f"o-{n}" for n in range(5)]
    assert {item["id"] for item in (await anna.read("/v1/objectives", status="drafted"))["data"]} >= {
        "growth"
    }


async def test_things_without_an_id_get_one(anna: Person) -> None:
    """It is in the receipt and in Location."""
    await given_goal(anna)
    response = await anna.post("/v1/objectives", {"title": "New", "cycle": "2026"})
    receipt: dict[str, Any] = response.json()
    assert response.headers["Location"] == f"/v1/objectives/{receipt['id']}"
    goal = await anna.read(response.headers["Location"])
    assert goal["title"] == "New"


async def test_a_goal_lives_and_ends(anna: Person) -> None:
    """Dropped with a reason, reopened with a reason; in a closed cycle nothing changes."""
    etag = await given_goal(anna)
    dropped = await anna.post("/v1/objectives/growth/drop", {"reason": "no"}, If_Match=etag)
    assert dropped.status_code == 200, dropped.text
    change = await anna.patch("/v1/objectives/growth", {"title": "X"}, If_Match=dropped.headers["ETag"])
    assert (change.status_code, change.json()["allowed"]) == (409, ["reopen"])
    back = await anna.post(
        "/v1/objectives/growth/reopen", {"reason": "yes"}, If_Match=dropped.headers["ETag"]
    )
    assert back.status_code == 200, back.text
    await anna.created("/v1/cycles/2026/close", {"reason": "early"})
    closed = await anna.patch(
        "/v1/objectives/growth", {"title": "X", "reason": "late"}, If_Match=back.headers["ETag"]
    )
    assert (closed.status_code, closed.json()["code"]) == (409, "cycle_closed")
    await anna.created("/v1/cycles/2026/reopen", {"reason": "not yet"})
    again = await anna.patch(
        "/v1/objectives/growth", {"title": "X", "reason": "now"}, If_Match=back.headers["ETag"]
    )
    assert again.status_code == 200, again.text
