"""Where reading INTAKE goes on: kept in PostgreSQL, in the services' own schema.

Losing it is harmless: what is taken in again is a duplicate.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, Table, Text, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

metadata = MetaData(schema="service")

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False, comment="of the last delivery that was taken in"),
)

_NAME = "intake"


class Moved(Exception):
    """Another process moved the checkpoint: it is the one that reads now."""


class Checkpoint:
    """The position of the last delivery that was taken in."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def load(self) -> int:
        """Where to go on; makes the table at the first start. Raises SQLAlchemyError, OSError."""
        async with self._engine.begin() as connection:
            await connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended('intake table', 0))")
            )
            await connection.run_sync(metadata.create_all)
            await connection.execute(
                insert(checkpoint).values(name=_NAME, position=0).on_conflict_do_nothing()
            )
            found = await connection.scalar(select(checkpoint.c.position).where(checkpoint.c.name == _NAME))
        return found or 0

    async def move(self, before: int, after: int) -> None:
        """Go on from `after`. Raises Moved, SQLAlchemyError, OSError."""
        async with self._engine.begin() as connection:
            moved = await connection.execute(
                update(checkpoint)
                .where(checkpoint.c.name == _NAME, checkpoint.c.position == before)
                .values(position=after)
            )
        if moved.rowcount != 1:
            raise Moved
