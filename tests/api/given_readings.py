"""What tests of readings and their neighbours start from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.api.http.services import Services
from tests.api.conftest import Person, person


@pytest.fixture
async def erp(http: httpx.AsyncClient, services: Services, anna: Person) -> Person:
    """A feed that may send; there are the KPIs sales (KRW) and rate (a ratio)."""
    await define(anna, "sales")
    await define(anna, "rate", kind="ratio", aggregation="ratio", unit="%")
    return await person(http, services, "feed:erp", "feed")


async def define(anna: Person, id_: str, **fields: str) -> None:
    """Define a KPI."""
    defined = {"name_ko": id_, "unit": "KRW", "kind": "delta", "aggregation": "sum", **fields}
    await anna.created("/v1/kpis", {"id": id_, **defined})


def item(source_id: str, value: Any = "1", **fields: Any) -> dict[str, Any]:
    """A good item."""
    return {
        "kpi": "sales",
        "source_id": source_id,
        "value": value,
        "observed_at": "2026-03-31T18:00:00+09:00",
        **fields,
    }


async def send(
    sender: Person, content: bytes | AsyncIterator[bytes], media_type: str = "application/json", **params: str
) -> httpx.Response:
    """Send a body as it is."""
    headers = sender.headers | {"Content-Type": media_type}
    response = await sender.http.post("/v1/readings", content=content, headers=headers, params=params)
    sender.position = max(sender.position, int(response.headers.get("Goaltrail-Position", 0)))
    return response
