"""Driving a build the way a worker does, and reading all of its tables back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.projection import Group
from services.ledger import StoredMessage
from services.projector import builds
from services.projector.writer import BuildWriter, decode
from services.runtime.settings import Settings
from tests.projections.contract.histories import WORKSPACE

Tables = dict[str, list[tuple[Any, ...]]]


@asynccontextmanager
async def control(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """An engine on a database with the control tables."""
    engine = builds.projector_engine(settings)
    await builds.prepare_control(engine)
    try:
        yield engine
    finally:
        await engine.dispose()


async def new_build(engine: AsyncEngine, group: Group, *, loading: bool = False) -> builds.Build:
    """An empty build that is nobody's yet; others of the group are left alone."""
    async with engine.begin() as connection:
        build = await builds.create(connection, WORKSPACE, group)
        await builds.activate(connection, build)
        if not loading:
            await builds.create_late_indexes(connection, build)
    return build


async def tables_after(
    engine: AsyncEngine,
    group: Group,
    messages: Sequence[StoredMessage],
    *,
    batches: Sequence[int] = (),
    restarts: Sequence[int] = (),
    loading: bool = False,
    poison: Sequence[int] = (),
    waived: Sequence[int] = (),
) -> Tables:
    """The tables after the messages, cut into batches at `batches`; a fresh worker begins at `restarts`.

    `poison` says which positions the fold must not take, `waived` which ones it is told to step over.
    """
    build = await new_build(engine, group, loading=loading)

    def new_writer() -> BuildWriter:
        return BuildWriter(engine, build, loading=loading, waived=frozenset(waived))

    writer = new_writer()
    await writer.start()
    start = 0
    poisoned: list[int] = []
    for end in [*sorted({cut for cut in batches if 0 < cut < len(messages)}), len(messages)]:
        await writer.write(decode(messages[start:end]))
        if end in restarts:
            poisoned += writer.poisoned
            writer = new_writer()
            await writer.start()
        start = end
    assert [*poisoned, *writer.poisoned] == [*poison]
    return await tables_of(engine, build)


async def tables_of(engine: AsyncEngine, build: builds.Build) -> Tables:
    """Every row of every table of a build, in one order and with one text for equal numbers."""
    found: Tables = {}
    async with build.connect(engine) as connection:
        for table in build.group.metadata.sorted_tables:
            rows = await connection.execute(select(table).order_by(*table.primary_key.columns))
            found[table.name] = [tuple(map(_plain, row)) for row in rows]
    return found


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value
