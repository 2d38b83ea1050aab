"""What tests of relative goals and their neighbours start from."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import YEAR, Person

PATH = "/v1/key-results/less"


COST = {
    "kind": "decrease",
    "unit": "KRW",
    "relative": {"amount": "-5", "of": "previous_year"},
}


async def given_cost(anna: Person, measure: dict[str, Any], *, open_cycle: bool = True) -> str:
    """A cost KPI that is a sum, and a draft with a key result on it for 2026; answers its ETag."""
    await anna.created(
        "/v1/cycles",
        {"id": YEAR, "name": "2026", "start": "2026-01-01", "end": "2026-12-31", "kind": "year"},
    )
    if open_cycle:
        await anna.created(f"/v1/cycles/{YEAR}/open", {})
    definition = {"unit": "KRW", "kind": "delta", "aggregation": "sum", "cadence": "month"}
    await anna.created("/v1/kpis", {"id": "cost", "name_ko": "비용", **definition})
    drafted = await anna.created("/v1/objectives", {"id": "lean", "title": "Lean", "cycle": YEAR})
    added = await anna.created(
        "/v1/objectives/lean/key-results",
        {"id": "less", "title": "Cost −5 %", "measure": measure, "kpi": "cost"},
        If_Match=f'"{drafted["revision"]}"',
    )
    return f'"{added["revision"]}"'


async def send(anna: Person, **values: str) -> None:
    """A reading for each day, named `d20250630="50"`."""
    items = [
        {
            "kpi": "cost",
            "source_id": name,
            "value": value,
            "observed_at": f"{name[1:5]}-{name[5:7]}-{name[7:]}T12:00:00+09:00",
        }
        for name, value in values.items()
    ]
    response = await anna.post("/v1/readings", items)
    assert response.json()["counts"].get("accepted") == len(items), response.text
