"""The reference of the views' tables, from SQLAlchemy's metadata."""

from __future__ import annotations

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from projections import control
from projections.groups import GROUPS
from projections.projection import LATE

HEAD = """# Tables of the views

Written by `make docs` from `projections/`.

Everything in PostgreSQL follows from the ledger: it may be dropped, and is then built again. Each build of a
group of views has a schema of its own, `ws_<workspace>_<group>_<build>`; `control.active_version` says which
one reads use now. `goaltrail rebuild` makes the next one. These tables are what the API reads; any version
may change them.

Facts are rows that are only ever added. To read the state as known at a position, take the rows up to it; of
several versions of one thing the one with the highest position counts.
"""

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def views_reference() -> str:
    """Tables, columns and indexes of each group and of the book-keeping."""
    parts = [HEAD]
    for name, group in GROUPS.items():
        parts.append(f"\n## Group `{name}`, version {group.version}\n")
        parts += [_table(table) for table in group.metadata.sorted_tables]
    parts.append("\n## Book-keeping (schema `control`)\n\nOne for all workspaces.\n")
    parts += [_table(table) for table in control.metadata.sorted_tables]
    return "".join(parts)


def _table(table: Table) -> str:
    rows = "".join(_row(column) for column in table.columns)
    return (
        f"\n### {table.name}\n\n"
        + (f"{table.comment}\n\n" if table.comment else "")
        + f"| column | type | meaning |\n|---|---|---|\n{rows}\n"
        + f"Primary key: {_names(list(table.primary_key.columns))}.{_indexes(table)}\n"
    )


def _row(column: Column[object]) -> str:
    kind = column.type.compile(dialect=_DIALECT).lower() + (", null" if column.nullable else "")
    return f"| `{column.name}` | {kind} | {column.comment or ''} |\n"


def _indexes(table: Table) -> str:
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    return "".join(
        f" Index: {_names(list(index.columns))}{' (made after loading)' if index.info.get(LATE) else ''}."
        for index in indexes
    )


def _names(columns: list[Column[object]]) -> str:
    return ", ".join(f"`{column.name}`" for column in columns)
