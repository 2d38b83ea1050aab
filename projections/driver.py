"""Statements that SQLAlchemy writes once, and asyncpg runs.

A read is some ten short statements, and running one through SQLAlchemy takes its process four times what the
driver takes (docs/adr/0032). Only the text, the order of the parameters and the types come from SQLAlchemy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import ARRAY, JSON, BindParameter, ColumnElement, CompoundSelect, Select, Table
from sqlalchemy.engine import IteratorResult, Result, ScalarResult, make_url
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.visitors import iterate

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Selecting: TypeAlias = Select[Any] | CompoundSelect[Any]
Rows: TypeAlias = Result[*tuple[Any, ...]]
_Convert: TypeAlias = Callable[[Any], Any] | None

_DIALECT = make_url("postgresql+asyncpg://").get_dialect()()
_QUOTE = _DIALECT.identifier_preparer.quote
_NUMERIC = 1700
"""What PostgreSQL calls the type of decimals; no other one's conversion depends on it."""
_MARK = "goaltrail_build_of_"
_MARKED = re.compile(rf"{_MARK}(\w+)")


class DriverConnection:
    """A connection of asyncpg on which tables of a group are those of one build.

    It takes the statements that AsyncConnection takes and answers with the same rows; instead of `in_` they
    compare with `any_` of an array. Keep a statement as a constant: each object is written once.
    """

    def __init__(self, driver: Driver, schemas: Mapping[str, str]) -> None:
        """`schemas`: the schema of the build that is read, by group."""
        self._driver = driver
        self._schemas = schemas

    async def execute(self, statement: Selecting, parameters: Mapping[str, Any] | None = None) -> Rows:
        """Return all rows of a statement. Raises asyncpg's errors."""
        written = _written(statement)
        values = written.values(parameters or {})
        records = await self._driver.fetch(written.text(self._schemas), *values)
        return IteratorResult(written.columns, iter(written.rows(records)))

    async def scalar(self, statement: Selecting, parameters: Mapping[str, Any] | None = None) -> Any:
        """Return the first column of the first row; None if there is no row."""
        return (await self.execute(statement, parameters)).scalar()

    async def scalars(
        self, statement: Selecting, parameters: Mapping[str, Any] | None = None
    ) -> ScalarResult[Any]:
        """Return the first column of all rows."""
        return (await self.execute(statement, parameters)).scalars()

    async def rollback(self) -> None:
        """End the snapshot: what is read from now on is of the moment in which it is read."""
        await self._driver.execute("ROLLBACK")

    def with_schemas(self, schemas: Mapping[str, str]) -> DriverConnection:
        """Return the same connection on other builds."""
        return DriverConnection(self._driver, schemas)


Connection: TypeAlias = AsyncConnection | DriverConnection
"""What a query runs on."""


class _Written(NamedTuple):
    """A statement as the driver takes it."""

    parts: Sequence[str]
    """The text, cut where the name of a build's schema goes."""
    schemas: Sequence[str]
    """The schema behind each part but the last: a group, or one that stands for itself."""
    parameters: Sequence[tuple[str, Any, _Convert]]
    """Name, default, and what makes the value that the driver takes, in the order of the text."""
    columns: SimpleResultMetaData
    converts: Sequence[tuple[int, Callable[[Any], Any]]]
    """The columns that the driver gives otherwise than SQLAlchemy, and what converts them."""

    def text(self, schemas: Mapping[str, str]) -> str:
        """Return the text for some builds."""
        text = self.parts[0]
        for schema, part in zip(self.schemas, self.parts[1:], strict=True):
            text += _QUOTE(schemas.get(schema, schema)) + part
        return text

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """Return the values of the parameters in their order."""
        values = []
        for name, default, convert in self.parameters:
            value = parameters.get(name, default)
            values.append(value if convert is None else convert(value))
        return values

    def rows(self, records: Iterable[asyncpg.Record]) -> Iterable[Sequence[Any]]:
        """Return rows with the values that SQLAlchemy would give."""
        if not self.converts:
            return map(tuple, records)
        return map(self._converted, records)

    def _converted(self, record: asyncpg.Record) -> Sequence[Any]:
        row = list(record)
        for index, convert in self.converts:
            row[index] = convert(row[index])
        return row


_written_once: WeakKeyDictionary[Selecting, _Written] = WeakKeyDictionary()


def _written(statement: Selecting) -> _Written:
    found = _written_once.get(statement)
    if found is None:
        found = _written_once[statement] = _write(statement)
    return found


def _write(statement: Selecting) -> _Written:
    tables = (element for element in iterate(statement) if isinstance(element, Table))
    compiled = statement.compile(
        dialect=_DIALECT,
        schema_translate_map={table.schema: f"{_MARK}{table.schema}" for table in tables},
        render_schema_translate=True,
    )
    pieces = _MARKED.split(compiled.string)
    columns = statement.selected_columns
    found = [_reading(column) for column in columns]
    return _Written(
        parts=pieces[::2],
        schemas=pieces[1::2],
        parameters=[
            (name, compiled.params[name], _converting(compiled.binds[name]))
            for name in compiled.positiontup or ()
        ],
        columns=SimpleResultMetaData(columns.keys()),
        converts=[(index, convert) for index, convert in enumerate(found) if convert is not None],
    )


def _reading(column: ColumnElement[Any]) -> _Convert:
    if isinstance(column.type, JSON):  # SQLAlchemy lets a connection read it
        return lambda text: None if text is None else json.loads(text)
    if isinstance(column.type, ARRAY) and isinstance(column.type.item_type, JSON):
        raise TypeError(f"{column} is of a type that no statement reads yet")
    return column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, _NUMERIC)


def _converting(bind: BindParameter[Any]) -> _Convert:
    return bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
