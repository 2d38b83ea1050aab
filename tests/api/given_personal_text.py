"""What tests of personal text and their neighbours start from."""

from __future__ import annotations

from typing import Any

import asyncpg

from services.runtime.settings import Settings
from tests.api.conftest import Person, given_goal

REASON, NOTE, WHY = "윗선의 지시로 목표를 올림", "I am ill since Monday", "typed it wrong, sorry"


async def told(anna: Person) -> dict[str, str]:
    """Anna moves a target, checks in and corrects a reading. Answers where her words can be read."""
    etag = await given_goal(anna)
    await anna.created(
        "/v1/key-results/kr-acv/targets",
        {"target": "90", "reason": REASON, "effective_from": "2026-06-01"},
        If_Match=etag,
    )
    await anna.created(
        "/v1/key-results/kr-acv/check-ins", {"day": "2026-03-31", "confidence": 4, "note": NOTE}
    )
    sent = await anna.created(
        "/v1/readings",
        [{"kpi": "acv", "source_id": "a1", "observed_at": "2025-02-01T00:00:00Z", "value": "60"}],
    )
    [receipt] = sent["receipts"]
    await anna.created(f"/v1/readings/{receipt['id']}/corrections", {"value": "61", "reason": WHY})
    return {
        "/v1/key-results/kr-acv/targets": REASON,
        "/v1/key-results/kr-acv/check-ins": NOTE,
        f"/v1/readings/{receipt['id']}": WHY,
        "/v1/audit?about=growth": REASON,
    }


async def rows_with(words: str, settings: Settings, column: str | None = None) -> list[str]:
    """Every row of every view that holds the words, as text."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(settings.database_dsn)
    try:
        tables = await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'"
        )
        found: list[str] = []
        for schema, table in tables:
            if column is not None and table != "version":
                continue
            shown = "t::text" if column is None else f"t.{column}::text"
            rows = await connection.fetch(
                f'SELECT {shown} FROM "{schema}"."{table}" AS t WHERE {shown} LIKE $1', f"%{words}%"
            )
            found += [row[0] for row in rows]
        return found
    finally:
        await connection.close()
