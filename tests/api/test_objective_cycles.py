"""An objective that moves to another cycle, over HTTP: reads of before and after, and its whole history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.api.conftest import YEAR, Person, given_goal

pytestmark = pytest.mark.usefixtures("projector")

GOAL, ACV, CALLS = "/v1/objectives/growth", "/v1/key-results/kr-acv", "/v1/key-results/calls"
BEFORE = "2026-02-10"
TODAY = datetime.now(ZoneInfo("Asia/Seoul")).date()
NEXT = {"id": "next", "name": "next", "kind": "other", "start": f"{TODAY}", "end": f"{TODAY + timedelta(60)}"}


async def given_moved_target_and_check_in(anna: Person) -> None:
    """An active goal: ACV at 71 of 50 → 80, and calls that stand at 4 of 8; the next cycle is planned."""
    etag = await given_goal(anna)
    reading = {"kpi": "acv", "source_id": "r", "observed_at": "2026-01-15T09:00:00+09:00", "value": "71"}
    await anna.created("/v1/readings", [reading])
    measure = {"kind": "at_least", "target": "10", "unit": "calls"}
    calls = {"id": "calls", "title": "Calls", "measure": measure, "reason": "more"}
    added = await anna.created(f"{GOAL}/key-results", calls, If_Match=etag)
    moved = {"target": "8", "effective_from": "2026-02-01", "reason": "fewer people"}
    await anna.created(f"{CALLS}/targets", moved, If_Match=f'"{added["revision"]}"')
    await anna.created(f"{CALLS}/check-ins", {"day": "2026-02-01", "value": "4", "confidence": 6})
    await anna.created("/v1/cycles", NEXT)


async def history(anna: Person, **when: Any) -> Any:
    """All that was reported on the calls and set for them, and the scores of both key results."""
    reads = (f"{CALLS}/check-ins", f"{CALLS}/targets", f"{CALLS}/score-history", f"{ACV}/score-history")
    return [(await anna.read(path, **(when if path.endswith("targets") else {})))["data"] for path in reads]


async def test_a_moved_objective_keeps_its_history_and_is_scored_in_its_new_cycle(anna: Person) -> None:
    await given_moved_target_and_check_in(anna)
    before = await anna.read(GOAL, as_of=BEFORE)
    assert [one["score"]["score"] for one in before["key_results"]] == ["0.7", "0.5"]
    lived = await history(anna, as_of=BEFORE)
    etag = await anna.etag(GOAL)
    silent = await anna.patch(GOAL, {"cycle": "next"}, If_Match=etag)
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    moved = await anna.patch(GOAL, {"cycle": "next", "reason": "it takes longer"}, If_Match=etag)
    assert moved.status_code == 200, moved.text

    # As of before the move all is as it was; since then it counts in the next cycle.
    then = await anna.read(GOAL, as_of=BEFORE)
    assert {k: then[k] for k in ("cycle", "score", "elapsed", "pace", "earlier_cycles")} == {
        k: before[k] for k in ("cycle", "score", "elapsed", "pace", "earlier_cycles")
    }
    now = await anna.read(GOAL)
    assert (now["cycle"], now["earlier_cycles"]) == ("next", [{"cycle": YEAR, "until": f"{TODAY}"}])
    assert [one["score"]["pending"] for one in now["key_results"]] == [True, True]
    for cycle, as_of, found in (
        ("next", f"{TODAY}", ["growth"]),
        (YEAR, f"{TODAY}", []),
        ("next", BEFORE, []),
        (YEAR, BEFORE, ["growth"]),
    ):
        listed = await anna.read("/v1/objectives", cycle=cycle, as_of=as_of)
        assert [one["id"] for one in listed["data"]] == found, (cycle, as_of)

    # Nothing of before is detached; the move itself is one more row.
    check_ins, targets, *scores = await history(anna, as_of=BEFORE)
    assert [check_ins, targets] == lived[:2]
    for rows, earlier in zip(scores, lived[2:], strict=True):
        *kept, last = sorted(rows, key=lambda row: row["position"])
        assert kept == sorted(earlier, key=lambda row: row["position"])
        assert (last["cause"], last["day"], last["raw"]) == ("objective.cycle_changed", f"{TODAY}", None)

    await anna.created(f"{CALLS}/check-ins", {"value": "6"})
    assert (await anna.read(CALLS))["score"]["score"] == "0.75"
    items = [{"kind": "key_result", "id": "calls", "weight": "100"}]
    await anna.created("/v1/org-units", {"id": "sales", "name_ko": "영업", "level": "team"})
    await anna.created("/v1/scorecards", {"id": "card", "cycle": "next", "org_unit": "sales", "items": items})
    assert (await anna.read("/v1/scorecards/card"))["score"] == "0.75"
    [told] = (await anna.read("/v1/audit", about="cycle/next", type="objective.cycle_changed"))["data"]
    assert told["sentence"].endswith(f"moved the objective growth from the cycle {YEAR} to next.")

    await anna.created(f"/v1/cycles/{YEAR}/close", {"reason": "over"})
    etag = await anna.etag(GOAL)
    back = await anna.patch(GOAL, {"cycle": YEAR, "reason": "back"}, If_Match=etag)
    assert (back.status_code, back.json()["code"]) == (409, "cycle_closed")
    nowhere = await anna.patch(GOAL, {"cycle": "nowhere", "reason": "back"}, If_Match=etag)
    assert (nowhere.status_code, nowhere.json()["errors"][0]["pointer"]) == (422, "#/cycle")


async def test_a_draft_that_moves_has_one_answer_about_its_target(anna: Person) -> None:
    """It holds from the new cycle's first day; what it had before holds on no day."""
    etag = await given_goal(anna, active=False)
    first = await anna.created(f"{ACV}/targets", {"target": "90"}, If_Match=etag)
    await anna.created("/v1/cycles", NEXT)
    etag = f'"{first["revision"]}"'
    assert (await anna.patch(GOAL, {"cycle": "next"}, If_Match=etag)).status_code == 200
    read = await anna.read(ACV)
    assert [(fact["target"], fact["effective_from"]) for fact in read["targets"]] == [("90", f"{TODAY}")]
    posts = [post for post in (await anna.read(f"{ACV}/targets"))["data"] if post["what"] == "target"]
    assert [(post["new"], post["effective_from"], post["in_force"]) for post in posts] == [
        ("80", None, False),
        ("90", f"{TODAY}", True),
    ]
