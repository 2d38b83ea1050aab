"""`goaltrail resolve`: relative goals get their targets as periods end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.cli.conftest import Terminal

TODAY = datetime.now(ZoneInfo("Asia/Seoul")).date()
START = TODAY - timedelta(days=1)
"""Of the cycle."""
NUMBERS = {"below-zero": "-1", "known": "100", "once": "100"}


def given_goals(terminal: Terminal) -> int:
    """Four KPIs counted by day, each with a key result of +10 % on the month before; the position."""

    def post(path: str, body: Any, **headers: str) -> dict[str, Any]:
        answer: dict[str, Any] = (
            terminal.http.post(path, json=body, headers=headers).raise_for_status().json()
        )
        return answer

    days = {"start": f"{START}", "end": f"{TODAY + timedelta(days=30)}"}
    post("/v1/cycles", {"id": "now", "name": "now", "kind": "quarter", **days})
    post("/v1/cycles/now/open", {})
    revision = post("/v1/objectives", {"id": "more", "title": "더 많이", "cycle": "now"})["revision"]
    for id_ in ("below-zero", "known", "once", "silent"):
        kpi = {"id": id_, "name_ko": id_, "unit": "count", "kind": "delta", "aggregation": "sum"}
        post("/v1/kpis", {**kpi, "cadence": "day"})
        relative = {"amount": "10", "of": "previous_month"}
        relative["resolve"] = "cycle_start" if id_ == "once" else "each_period"
        measure = {"kind": "at_least", "unit": "count", "relative": relative}
        added = {"id": id_, "title": id_, "measure": measure, "kpi": id_}
        path = "/v1/objectives/more/key-results"
        revision = post(path, added, **{"If-Match": f'"{revision}"'})["revision"]
    return int(post("/v1/objectives/more/activate", {}, **{"If-Match": f'"{revision}"'})["position"])


def test_what_is_known_is_resolved_and_again_changes_nothing(terminal: Terminal) -> None:
    """A base that is not known yet is no failure; one that is refused does not stop the others.

    One that was corrected since is adopted with a reason, and never without.
    """
    position = given_goals(terminal)
    terminal.read("/v1/objectives/more", position)
    nothing = terminal.goaltrail("resolve", "--lang", "en")
    assert (nothing.exit_code, nothing.output.count("[base_unknown]")) == (0, 4), nothing.output
    month_ago = {"once": START.replace(day=1) - timedelta(days=1)}
    last_month = TODAY.replace(day=1) - timedelta(days=1)
    readings = [
        {"kpi": kpi, "source_id": "a", "value": value, "period": f"{month_ago.get(kpi, last_month)}"}
        for kpi, value in NUMBERS.items()
    ]
    sent = terminal.http.post("/v1/readings", json=readings).raise_for_status()
    terminal.read("/v1/objectives/more", int(sent.headers["Goaltrail-Position"]))
    done = terminal.json("resolve", "--cycle", "now", code=1)["data"]
    assert [(one["key_result"], one["resolved"] > 0, one["failed"]) for one in done] == [
        ("below-zero", False, True),
        ("known", True, False),
        ("once", True, False),
        ("silent", False, False),
    ]
    assert "[base_not_positive]" in done[0]["problem"]
    terminal.read(
        "/v1/objectives/more", int(sent.headers["Goaltrail-Position"]) + sum(one["resolved"] for one in done)
    )
    again = terminal.goaltrail("resolve", "--lang", "ko")
    assert "known: 새로 확정할 것 없음" in again.output
    late = [readings[-1] | {"source_id": "b"}]
    sent = terminal.http.post("/v1/readings", json=late).raise_for_status()
    terminal.read("/v1/objectives/more", int(sent.headers["Goaltrail-Position"]))
    assert "once" not in terminal.goaltrail("resolve").output
    adopting = ("resolve", "--reason", "a late invoice")
    adopted = terminal.json(*adopting, code=1)["data"]
    assert [one["resolved"] for one in adopted if one["key_result"] == "once"] == [1]
    terminal.read("/v1/objectives/more", int(sent.headers["Goaltrail-Position"]) + 1)
    assert "once" not in terminal.goaltrail(*adopting).output
    assert terminal.goaltrail("resolve", "--cycle", "other").output == "no relative goals to resolve\n"
