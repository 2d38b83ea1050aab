"""Rows that views have lost: each table of a build has as many as its worker counted when it wrote them.

To count them takes long where there are many. So it is done once by each process that writes views, and again
when PostgreSQL tells that rows were deleted or a table got another file, as with TRUNCATE: nobody ever
deletes rows of views.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Select, Text, bindparam, func, literal, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import CompoundSelect

from projections.control import poison, row_count
from projections.projection import Group


class Trace(NamedTuple):
    """What changes when rows of a build are deleted."""

    deleted: int
    """Rows of its tables, also by transactions that were rolled back; begins anew when PostgreSQL crashed."""
    files: int
    """Stands for the names of the files of its tables."""
    counted: int
    """Tables whose rows are counted."""
    poison: int
    """Positions that are known as poison."""


async def traces(connection: AsyncConnection, schemas: Collection[str]) -> dict[str, Trace]:
    """Return the traces of builds that reads use, by schema: one question for very many."""
    rows = await connection.execute(_TRACES, {"schemas": sorted(schemas)})
    return {schema: Trace(*trace) for schema, *trace in rows}


async def find_lost_rows(
    connection: AsyncConnection, workspace: str, group: Group, build: int, schema: str
) -> str | None:
    """Return which tables of a build have other rows than were written, in words; None if all are there.

    Counts all of them. The tables themselves must be there.
    """
    tables = await connection.execution_options(schema_translate_map={group.name: schema})
    key = {"workspace": workspace, "grp": group.name, "build": build}
    differing = [
        f"{name} has {there:,} rows instead of {written or 0:,}"
        for name, there, written in await tables.execute(_counts(group), key)
        if there != (written or 0)
    ]
    return ", ".join(differing) or None


def _counts(group: Group) -> CompoundSelect[Any]:
    """Return a statement for the rows that each table has, and had when it was written, in one snapshot."""
    here = [row_count.c[name] == bindparam(name) for name in _KEY]
    poisoned = select(func.count()).where(*(poison.c[name] == bindparam(name) for name in _KEY))

    def compared(name: str, there: Select[Any]) -> Select[Any]:
        written = select(row_count.c.rows).where(*here, row_count.c.table_name == name)
        return select(literal(name), there.scalar_subquery(), written.scalar_subquery())

    tables = group.metadata.sorted_tables
    return union_all(
        *(compared(table.name, select(func.count()).select_from(table)) for table in tables),
        compared(poison.name, poisoned),
    )


_KEY = ("workspace", "grp", "build")
_TRACES = text("""
    SELECT a.schema_name, CAST(sum(pg_stat_get_tuples_deleted(c.oid)) AS bigint),
        hashtextextended(string_agg(CAST(c.relfilenode AS text), ',' ORDER BY c.oid), 0),
        (SELECT count(*) FROM control.row_count r
            WHERE (r.workspace, r.grp, r.build) = (a.workspace, a.grp, a.build)),
        (SELECT count(*) FROM control.poison p
            WHERE (p.workspace, p.grp, p.build) = (a.workspace, a.grp, a.build))
    FROM control.active_version a
    JOIN pg_namespace n ON n.nspname = a.schema_name
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
    WHERE a.schema_name = ANY(:schemas)
    GROUP BY a.workspace, a.grp, a.build, a.schema_name
""").bindparams(bindparam("schemas", type_=ARRAY(Text)))
