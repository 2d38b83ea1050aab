"""What tests of goals and their neighbours start from."""

from __future__ import annotations

from tests.api.conftest import Person


async def send_readings(anna: Person, *values: tuple[str, str]) -> None:
    """Readings of the KPI: (instant, value)."""
    items = [
        {"kpi": "acv", "source_id": f"r-{instant}", "observed_at": instant, "value": value}
        for instant, value in values
    ]
    response = await anna.post("/v1/readings", items)
    assert response.json()["counts"].get("accepted") == len(items), response.text
