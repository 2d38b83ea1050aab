"""Many rows in one statement: the columns travel as arrays and are unnested by PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Table, bindparam, func, select
from sqlalchemy.dialects.postgresql import Insert, insert


def insert_given(table: Table) -> Insert:
    """INSERT … SELECT from one array per column of the table; for `ON CONFLICT` to be added."""
    given = func.unnest(*(bindparam(column.name, type_=ARRAY(column.type)) for column in table.columns))
    rows = given.table_valued(*(column.name for column in table.columns), name="given").render_derived()
    return insert(table).from_select(list(table.columns), select(*rows.columns))


def arrays(table: Table, rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """Rows, with a value for every column of the table in its order, as the arrays of `insert_given`."""
    columns = zip(*rows, strict=True)
    return {column.name: list(values) for column, values in zip(table.columns, columns, strict=True)}
