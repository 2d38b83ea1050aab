"""Where reading INTAKE goes on: kept in PostgreSQL, in the services' own schema.

Losing it is harmless: what is taken in again is a duplicate.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

metadata = MetaData(schema="service")

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False, comment="of the last delivery that was taken in"),
)

taken_again = Table(
    "taken_again",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("epoch", Integer, nullable=False, comment="of the ledger that its deliveries were taken in for"),
    Column("held_from", BigInteger, comment="the first delivery that was stepped over; null if none was"),
    comment="What INTAKE has to be read again for, after a ledger was restored.",
)

_NAME = "intake"


class Moved(Exception):
    """Another process moved the checkpoint: it is the one that reads now."""


class Checkpoint:
    """The position of the last delivery that was taken in."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def load(self) -> int:
        """Return where to go on; makes the table at the first start. Raises SQLAlchemyError, OSError."""
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

    async def epochs(self) -> dict[str, tuple[int, int | None]]:
        """Return epoch and first delivery that was stepped over, of workspaces that have either."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(taken_again))
            return {workspace: (epoch, held) for workspace, epoch, held in rows}

    async def hold(self, workspace: str, position: int) -> None:
        """Remember that deliveries of a workspace are stepped over from a position on."""
        statement = insert(taken_again).values(workspace=workspace, epoch=1, held_from=position)
        async with self._engine.begin() as connection:
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[taken_again.c.workspace],
                    set_={"held_from": func.least(taken_again.c.held_from, position)},
                )
            )

    async def go_back(self, before: int, after: int, epochs: Mapping[str, int]) -> None:
        """Read again from `after`, for workspaces whose ledger is in an epoch. Raises Moved."""
        async with self._engine.begin() as connection:
            moved = await connection.execute(
                update(checkpoint)
                .where(checkpoint.c.name == _NAME, checkpoint.c.position == before)
                .values(position=after)
            )
            if moved.rowcount != 1:
                raise Moved
            for workspace, epoch in epochs.items():
                row = {"epoch": epoch, "held_from": None}
                statement = insert(taken_again).values(workspace=workspace, **row)
                await connection.execute(
                    statement.on_conflict_do_update(index_elements=[taken_again.c.workspace], set_=row)
                )

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
