"""What the views hold, read past the API: by SQL, in the schema that reads use."""

from __future__ import annotations

from pathlib import Path

import asyncpg
from sqlalchemy import Numeric, Table

from projections.groups import GROUPS
from services.runtime.settings import Settings

_ACTIVE = "SELECT schema_name FROM control.active_version WHERE workspace = $1 AND grp = $2"


class Tables:
    """The tables of one workspace."""

    def __init__(self, settings: Settings) -> None:
        """`settings` of an operator, who may read everything."""
        self._dsn = settings.database_dsn
        self._workspace = settings.workspace

    async def readings(self) -> list[tuple[int, str]]:
        """Position and source id of every version of every reading."""
        connection = await asyncpg.connect(self._dsn)
        try:
            schema = await connection.fetchval(_ACTIVE, self._workspace, "state")
            rows = await connection.fetch(f'SELECT position, source_id FROM "{schema}".reading')
        finally:
            await connection.close()
        return [(row["position"], row["source_id"]) for row in rows]

    async def recordings(self) -> int:
        """How many ordinary readings the audit trail has summed up."""
        connection = await asyncpg.connect(self._dsn)
        try:
            schema = await connection.fetchval(_ACTIVE, self._workspace, "audit")
            return int(await connection.fetchval(f'SELECT sum(n) FROM "{schema}".recording'))
        finally:
            await connection.close()

    async def poison(self) -> int:
        """How many positions could not be folded."""
        connection = await asyncpg.connect(self._dsn)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM control.poison"))
        finally:
            await connection.close()

    async def dump(self, directory: Path) -> list[Path]:
        """Every row of every table in text files, ordered, with one text for equal numbers."""
        connection = await asyncpg.connect(self._dsn)
        files = []
        try:
            await connection.execute("SET timezone TO 'UTC'")
            for group in GROUPS.values():
                schema = await connection.fetchval(_ACTIVE, self._workspace, group.name)
                for table in group.metadata.sorted_tables:
                    files.append(directory / f"{group.name}.{table.name}")
                    await connection.copy_from_query(_everything(schema, table), output=files[-1])
        finally:
            await connection.close()
        return files


def _everything(schema: str, table: Table) -> str:
    columns = [
        f'trim_scale("{column.name}")' if isinstance(column.type, Numeric) else f'"{column.name}"'
        for column in table.columns
    ]
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    return f'SELECT {", ".join(columns)} FROM "{schema}"."{table.name}" ORDER BY {keys}'
