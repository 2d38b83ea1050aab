"""What the driver reads is what SQLAlchemy would read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Integer,
    Numeric,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.types import TypeEngine

from services.postgres.read_pool import ReadPool
from services.runtime.settings import Settings

VALUES: dict[str, tuple[TypeEngine[Any], Any]] = {
    "text": (Text(), "목표 'x' \"y\""),
    "small": (Integer(), 7),
    "large": (BigInteger(), 2**62),
    "decimal": (Numeric(), Decimal("-12345678901234567890.000000000001")),
    "flag": (Boolean(), True),
    "day": (Date(), date(2026, 3, 31)),
    "instant": (DateTime(timezone=True), datetime(2026, 3, 31, 9, 0, 0, 123456, UTC)),
    "id": (Uuid(), UUID("b0c4d1f2-3a5e-5f60-8172-93a4b5c6d7e8")),
    "texts": (ARRAY(Text()), ["a", "b,c", ""]),
    "days": (ARRAY(Date()), [date(2026, 1, 1)]),
    "json": (JSONB(), {"value": "1.50", "list": [1, None, {"x": True}]}),
}
"""Every type of the views' tables and of the parameters of their statements."""


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[ReadPool]:
    """One connection."""
    made = ReadPool(
        settings, name="test", connections=1, connect_timeout=5.0, query_timeout=10.0, planner={"jit": "off"}
    )
    yield made
    await made.close()


async def both(settings: Settings, pool: ReadPool, statement: Any, values: dict[str, Any]) -> list[Any]:
    """The rows by SQLAlchemy; those by the driver are the same."""
    engine = create_async_engine(settings.sqlalchemy_url)
    async with engine.connect() as connection:
        expected = list(await connection.execute(statement, values))
    await engine.dispose()
    async with pool.connection(snapshot=True) as driver:
        found = list(await driver.execute(statement, values))
    assert found == expected
    assert [tuple(map(type, row)) for row in found] == [tuple(map(type, row)) for row in expected]
    return found


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("null", [False, True], ids=["value", "null"])
async def test_values_of_each_type_come_back(
    settings: Settings, pool: ReadPool, name: str, null: bool
) -> None:
    """As parameters and as columns, with one of a kind that is null."""
    type_, value = VALUES[name]
    value = None if null else value
    if null and name == "json":  # SQLAlchemy tells JSON's null from none at all
        return
    statement = select(cast(bindparam("value", type_=type_), type_).label("value"))
    (row,) = await both(settings, pool, statement, {"value": value})
    assert row.value == value


async def test_rows_are_named_and_parameters_have_defaults(settings: Settings, pool: ReadPool) -> None:
    """A parameter may stand twice, and a constant beside it."""
    number = bindparam("number", type_=BigInteger())
    statement = select(
        (number + 1).label("next"), (number * 2).label("double"), literal_column("'x'", Text).label("x")
    )
    (row,) = await both(settings, pool, statement.limit(1), {"number": 4})
    assert (row.next, row.double, row.x) == (5, 8, "x")


async def test_several_jsons_are_a_parameter_only(settings: Settings, pool: ReadPool) -> None:
    """The driver would give their texts, so reading them is refused."""
    jsons = bindparam("jsons", type_=ARRAY(JSONB()))
    parts = {"jsons": [{}, {"kind": "kpi"}]}
    assert await both(settings, pool, select(func.cardinality(jsons)), parts) == [(2,)]
    with pytest.raises(TypeError, match="jsons"):
        await both(settings, pool, select(jsons), parts)


async def test_a_snapshot_is_of_one_moment_and_ends(pool: ReadPool) -> None:
    """The next user of the connection sees what came since; one that is cancelled gives it back."""
    now = select(func.transaction_timestamp())
    async with pool.connection(snapshot=True) as driver:
        assert await driver.scalar(now) == await driver.scalar(now)
        first = await driver.scalar(now)
    async with pool.connection(snapshot=True) as driver:
        assert await driver.scalar(now) > first

    async def hang() -> None:
        async with pool.connection(snapshot=True) as driver:
            await driver.scalar(select(func.pg_sleep(30)))

    hanging = asyncio.create_task(hang())
    await asyncio.sleep(0.2)
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    async with pool.connection(snapshot=True) as driver:
        assert await driver.scalar(now) > first
