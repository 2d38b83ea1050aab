"""`goaltrail resolve`: relative goals get their targets as periods end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.cli.conftest import Terminal

TODAY = datetime.now(ZoneInfo("Asia/Seoul")).date()
NUMBERS = {"below-zero": "-1", "known": "100"}


def given_goals(terminal: Terminal) -> int:
    """Three KPIs counted by day, each with a key result of +10 % on the day before; the position."""

    def post(path: str, body: Any, **headers: str) -> dict[str, Any]:
        answer: dict[str, Any] = (
            terminal.http.post(path, json=body, headers=headers).raise_for_status().json()
        )
        return answer

    days = {"start": f"{TODAY - timedelta(days=1)}", "end": f"{TODAY + timedelta(days=30)}"}
    post("/v1/cycles", {"id": "now", "name": "now", "kind": "quarter", **days})
    post("/v1/cycles/now/open", {})
    revision = post("/v1/objectives", {"id": "more", "title": "더 많이", "cycle": "now"})["revision"]
    for id_ in ("below-zero", "known", "silent"):
        kpi = {"id": id_, "name_ko": id_, "unit": "count", "kind": "delta", "aggregation": "sum"}
        post("/v1/kpis", {**kpi, "cadence": "day"})
        relative = {"amount": "10", "of": "previous_month"}
        measure = {"kind": "at_least", "unit": "count", "relative": {**relative, "resolve": "each_period"}}
        added = {"id": id_, "title": id_, "measure": measure, "kpi": id_}
        path = "/v1/objectives/more/key-results"
        revision = post(path, added, **{"If-Match": f'"{revision}"'})["revision"]
    return int(post("/v1/objectives/more/activate", {}, **{"If-Match": f'"{revision}"'})["position"])


def test_what_is_known_is_resolved_and_again_changes_nothing(terminal: Terminal) -> None:
    """A base that is not known yet is no failure; one that is refused does not stop the others."""
    position = given_goals(terminal)
    terminal.read("/v1/objectives/more", position)
    nothing = terminal.goaltrail("resolve", "--lang", "en")
    assert (nothing.exit_code, nothing.output.count("[base_unknown]")) == (0, 3), nothing.output
    month_ago = TODAY.replace(day=1) - timedelta(days=1)
    readings = [
        {"kpi": kpi, "source_id": "a", "value": value, "observed_at": f"{month_ago}T09:00:00+09:00"}
        for kpi, value in NUMBERS.items()
    ]
    sent = terminal.http.post("/v1/readings", json=readings).raise_for_status()
    terminal.read("/v1/objectives/more", int(sent.headers["Goaltrail-Position"]))
    done = terminal.json("resolve", "--cycle", "now", code=1)["data"]
    assert [(one["key_result"], one["resolved"] > 0, one["failed"]) for one in done] == [
        ("below-zero", False, True),
        ("known", True, False),
        ("silent", False, False),
    ]
    assert "[base_not_positive]" in done[0]["problem"]
    terminal.read("/v1/objectives/more", int(sent.headers["Goaltrail-Position"]) + done[1]["resolved"])
    again = terminal.goaltrail("resolve", "--lang", "ko")
    assert "known: 새로 확정할 것 없음" in again.output
    assert terminal.goaltrail("resolve", "--cycle", "other").output == "no relative goals to resolve\n"
