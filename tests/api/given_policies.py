"""What tests of policies and their neighbours start from."""

from __future__ import annotations

from tests.api.conftest import Person


async def reading(anna: Person, value: str) -> None:
    """The average contract value of January, which goes from 50 to 80."""
    await anna.created(
        "/v1/readings",
        [{"kpi": "acv", "source_id": "r", "observed_at": "2026-01-15T09:00:00+09:00", "value": value}],
    )
