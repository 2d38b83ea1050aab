"""Many rows in one statement: the columns travel as arrays and are unnested by PostgreSQL.

Decimals travel as text: the driver takes a third of the time to write them so, and PostgreSQL less to read
them (measured on rows of `kpi_day`: 4.7 against 8.5 us each, and 19 against 32 ms for 2,000 of them).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, Numeric, Table, Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import Insert, insert


def insert_given(table: Table) -> Insert:
    """Return INSERT … SELECT from one array per column of the table; for `ON CONFLICT` to be added."""
    names = [column.name for column in table.columns]
    given = func.unnest(
        *(
            bindparam(column.name, type_=ARRAY(Text() if _is_number(column) else column.type))
            for column in table.columns
        )
    )
    rows = given.table_valued(*names, name="given").render_derived().columns
    values = [
        cast(rows[column.name], column.type) if _is_number(column) else rows[column.name]
        for column in table.columns
    ]
    return insert(table).from_select(names, select(*values))


def arrays(table: Table, rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """Return rows, with a value for every column in the table's order, as the arrays of `insert_given`."""
    columns = zip(*rows, strict=True)
    return {
        column.name: _texts(values) if _is_number(column) else list(values)
        for column, values in zip(table.columns, columns, strict=True)
    }


def _is_number(column: Column[Any]) -> bool:
    return isinstance(column.type, Numeric)


def _texts(values: Iterable[object]) -> list[str | None]:
    return [None if value is None else str(value) for value in values]
