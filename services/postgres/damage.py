"""Damage of views: dropped tables, lost rows, and pages that PostgreSQL can't read any more."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

import asyncpg
from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.projection import Group

Damage = Literal["structure", "rows", "storage"]
"""Something is not there, which the catalogue tells; rows are lost; or something can't be read, which only
reading it tells."""


class RowsLost(Exception):
    """The views do not have what was written to them up to their position."""


_DAMAGES: dict[str, Damage] = {
    "3F000": "structure",  # invalid_schema_name
    "42P01": "structure",  # undefined_table
    "42703": "structure",  # undefined_column
    "42P10": "structure",  # a unique index is missing that rows are told apart by
    "58030": "storage",  # io_error
    "58P01": "storage",  # undefined_file
    "XX000": "storage",  # internal_error, such as a block that can't be read
    "XX001": "storage",  # data_corrupted
    "XX002": "storage",  # index_corrupted
}


def damage_of(error: BaseException) -> Damage | None:
    """Return the kind of damage that an error of PostgreSQL tells of; None if it tells of something else."""
    if isinstance(error, RowsLost):
        return "rows"
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, DBAPIError) or isinstance(cause, asyncpg.PostgresError):
        return _DAMAGES.get(str(getattr(cause, "sqlstate", None)))
    return None


async def what_is_missing(connection: AsyncConnection, builds: Mapping[str, Group]) -> dict[str, str]:
    """Return what of some builds' tables is not there, in words, by schema; whole ones are left out.

    `builds` are groups by schema. PostgreSQL sums up each schema, so that very many are looked at in one go.
    """
    wanted = {schema: _parts_of(group) for schema, group in builds.items()}
    digests = {row[0]: row[1] for row in await connection.execute(_DIGESTS, {"schemas": sorted(builds)})}
    changed = sorted(schema for schema, parts in wanted.items() if digests.get(schema) != _digest(parts))
    there: defaultdict[str, set[_Part]] = defaultdict(set)
    if changed:
        for schema, name, column in await connection.execute(_PARTS, {"schemas": changed}):
            there[schema].add((name, column))
    # Something more than there should be does no harm.
    return {
        schema: _told(sorted(lacking), gone=not there[schema])
        for schema in changed
        if (lacking := wanted[schema] - there[schema])
    }


_Part = tuple[str, str]
"""A table with one of its columns, or an index with none."""


def _parts_of(group: Group) -> frozenset[_Part]:
    """Return what a whole build of a group has."""
    tables = group.metadata.tables.values()
    columns = {(table.name, column.name) for table in tables for column in table.columns}
    keys = {(f"{table.name}_pkey", "") for table in tables if table.primary_key.columns}
    return frozenset(columns | keys | {(str(index.name), "") for table in tables for index in table.indexes})


def _digest(parts: frozenset[_Part]) -> str:
    return hashlib.sha256(",".join(f"{name}.{column}" for name, column in sorted(parts)).encode()).hexdigest()


def _told(lacking: Sequence[_Part], *, gone: bool) -> str:
    if gone:
        return "its schema or all its tables are gone"
    names = [f"{name}.{column}" if column else name for name, column in lacking]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"there is no {', '.join(names[:3])}{more}"


_FROM = """
    FROM pg_namespace n
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'i', 'I')
    LEFT JOIN pg_attribute a
        ON c.relkind IN ('r', 'p') AND a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = ANY(:schemas)
"""
_SCHEMAS = bindparam("schemas", type_=ARRAY(Text))
_PARTS = text(f"SELECT n.nspname, c.relname, coalesce(a.attname, ''){_FROM}").bindparams(_SCHEMAS)
_DIGESTS = text(
    "SELECT n.nspname, encode(sha256(convert_to(string_agg(c.relname || '.' || coalesce(a.attname, ''), ','"
    f" ORDER BY c.relname, a.attname NULLS FIRST), 'UTF8')), 'hex'){_FROM} GROUP BY n.nspname"
).bindparams(_SCHEMAS)
