"""`goaltrail trend` at a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from events.policies.defaults import DEFAULTS
from services.ledger import Ledger
from services.runtime.settings import Role, Settings
from tests.cli.conftest import Terminal

WAITS = "a change of its target waits for approval"


def test_a_target_that_waits_for_approval_is_said_and_does_not_count(terminal: Terminal) -> None:
    """The line stands above the table, in which the target that was approved is in force."""
    terminal.define("sales")
    rules = DEFAULTS["kpi"].model_dump(mode="json") | {"approve_target_changes": True}
    reading = {"kpi": "sales", "source_id": "r", "period": "2026-03-01", "value": "90"}
    target = {"kind": "at_least", "target": "100", "effective_from": "2026-01-01", "reason": "계획"}
    made = terminal.http.post("/v1/policies/kpi", json={"rules": rules, "reason": "승인"}).raise_for_status()
    terminal.http.post("/v1/readings", json=[reading]).raise_for_status()
    shown = ("trend", "sales", "--from", "2026-03-01", "--to", "2026-03-31", "--lang", "en")
    terminal.read("/v1/kpis/sales", made.json()["position"])
    for asked, waits in (("100", False), ("50", True)):
        etag = terminal.http.get("/v1/kpis/sales").headers["ETag"]
        answer = terminal.http.post(
            "/v1/kpis/sales/targets", json=target | {"target": asked}, headers={"If-Match": etag}
        ).raise_for_status()
        terminal.read("/v1/kpis/sales", answer.json()["position"])
        output = terminal.goaltrail(*shown).output
        assert (WAITS in output, "100" in output, "50" in output) == (waits, True, False)


def test_a_kpi_of_which_something_could_not_be_read_says_so(
    terminal: Terminal, settings_for: Callable[[Role], Settings], workspace: str
) -> None:
    """In both languages, also above a table that can't be shown because no reading is left."""
    terminal.define("sales")

    async def rubbish() -> int:
        async with await Ledger.connect(settings_for("api")) as ledger:
            await ledger.client.request(f"ledger.{workspace}.reading.sales", b"rubbish", timeout=2)
            return await ledger.head(workspace)

    terminal.read("/v1/kpis/sales", asyncio.run(rubbish()))
    for lang, said in (("ko", "일부 기록을 읽지 못함"), ("en", "part of its record can't be read")):
        assert said in terminal.goaltrail("trend", "sales", "--lang", lang).output
