"""Builds of a projection group: a schema of its own each, and a pointer to the one that reads use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    Table,
    delete,
    event,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateSchema, CreateTable, DropSchema

from projections.control import active, active_version, checkpoint, metadata, poison, row_count, schema_name
from projections.control import numbers as numbers_of
from projections.projection import LATE, Group
from services.ledger import Mark
from services.postgres import damage, lost_rows
from services.projector import labels
from services.projector.labels import Label
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Build:
    """One build of a group for one workspace."""

    workspace: str
    group: Group
    number: int

    @property
    def schema(self) -> str:
        """Where its tables are."""
        return schema_name(self.workspace, self.group.name, self.number)

    def key(self) -> dict[str, object]:
        """Return the columns that name it in the control tables."""
        return {"workspace": self.workspace, "grp": self.group.name, "build": self.number}

    @asynccontextmanager
    async def connect(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """Yield a connection on which the group's tables mean this build's."""
        async with engine.connect() as connection:
            yield await connection.execution_options(schema_translate_map={self.group.name: self.schema})


def projector_engine(settings: Settings, *, pool_size: int = 6) -> AsyncEngine:
    """Connections for writing views.

    Commits don't wait for the disk: rows and checkpoint are lost together and read from the ledger again.
    """
    engine = create_async_engine(
        settings.sqlalchemy_url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=300,
        connect_args={
            "timeout": 5,
            "server_settings": {
                "synchronous_commit": "off",
                "application_name": "goaltrail-projector",
                "jit": "off",
                # A plan that was made while the tables were small must not stay.
                "plan_cache_mode": "force_custom_plan",
            },
        },
    )
    event.listen(engine.sync_engine, "connect", _quick_times)
    return engine


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _quick_times(connection: Any, _record: object) -> None:
    """Halve what asyncpg takes to write a time: a tenth of what a reading costs in COPY (0.6 us each)."""
    connection.run_async(
        lambda driver: driver.set_type_codec(
            "timestamptz",
            schema="pg_catalog",
            format="tuple",
            encoder=lambda time: ((time - _EPOCH) // _MICROSECOND,),
            decoder=lambda microseconds: _EPOCH + timedelta(microseconds=microseconds[0]),
        )
    )


async def prepare_control(engine: AsyncEngine) -> None:
    """Make the control tables if they are not there.

    Add the columns that a version before this one did not have; they may be null, or have a default.
    """
    async with engine.begin() as connection:
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended('goaltrail control', 0))")
        )
        there: dict[str, set[str]] = {}
        columns = (
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'control'"
        )
        for table_name, column_name in await connection.execute(text(columns)):
            there.setdefault(table_name, set()).add(column_name)
        if any(table.name not in there for table in metadata.sorted_tables):
            await connection.execute(CreateSchema("control", if_not_exists=True))
            await connection.run_sync(metadata.create_all)
        for table in metadata.sorted_tables:
            for column in table.columns:
                if column.name not in there.get(table.name, {column.name}):
                    definition = CreateColumn(column).compile(dialect=connection.dialect)
                    await connection.execute(text(f"ALTER TABLE {table.fullname} ADD COLUMN {definition}"))


_DIALECT = make_url("postgresql+asyncpg://").get_dialect()()
_SCHEMA = "the schema of a build"
"""Stands for it in the statements that make its tables, which are compiled once."""


async def create(connection: AsyncConnection, workspace: str, group: Group) -> Build:
    """Make an empty build: schema, tables without late indexes, checkpoint at 0.

    Drops unfinished ones, and those that were replaced. Its number is above that of every schema there is.
    """
    current = await active(connection, workspace, group.name)
    there = await labels.find(connection, workspace, group.name)
    rows = await connection.execute(
        select(checkpoint.c.build, checkpoint.c.differs).where(
            checkpoint.c.workspace == workspace, checkpoint.c.grp == group.name
        )
    )
    numbers = []
    for number, differs in rows:
        numbers.append(number)
        if differs is None and (current is None or number != current.build):
            await forget(connection, Build(workspace, group, number))
    for number, label in there.items():
        if label is not None and label.may_be_dropped:
            await drop(connection, Build(workspace, group, number))
    last = await connection.scalar(
        select(func.coalesce(func.max(active_version.c.build), 0)).where(
            active_version.c.workspace == workspace, active_version.c.grp == group.name
        )
    )
    build = Build(workspace, group, max([last or 0, *numbers, *there]) + 1)
    await connection.execute(CreateSchema(build.schema))
    await labels.put(connection, build.schema, Label(standing="unfinished", version=group.version))
    tables = group.metadata.sorted_tables
    indexes = (index for table in tables for index in table.indexes if not index.info.get(LATE))
    await _run(connection, build, [*map(_making, tables), *map(_making, indexes)])
    await connection.execute(insert(checkpoint).values(**build.key(), position=0))
    return build


async def create_late_indexes(connection: AsyncConnection, build: Build) -> None:
    """Make the indexes that loading did without; harmless when they exist."""
    await _run(connection, build, map(_making, build.group.late_indexes()))


@cache
def _making(what: Table | Index) -> str:
    """Return the statement that makes a table or an index of a group in the schema `_SCHEMA`."""
    statement = CreateTable(what) if isinstance(what, Table) else CreateIndex(what, if_not_exists=True)
    table = what if isinstance(what, Table) else what.table
    assert table is not None
    return str(
        statement.compile(
            dialect=_DIALECT, schema_translate_map={table.schema: _SCHEMA}, render_schema_translate=True
        )
    )


async def _run(connection: AsyncConnection, build: Build, statements: Iterable[str]) -> None:
    """Run statements on a build's schema, all in one message to the server: all of them, or none."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    await driver.execute(";".join(statements).replace(f'"{_SCHEMA}"', f'"{build.schema}"'))


async def activate(connection: AsyncConnection, build: Build) -> None:
    """Let reads use this build. A live worker on the old one finds its checkpoint gone and follows."""
    before = await active(connection, build.workspace, build.group.name)
    if before is not None and before.differs is None and before.build != build.number:
        replaced = Label(standing="replaced", version=before.version)
        await _label(connection, Build(build.workspace, build.group, before.build), replaced)
    await _label(connection, build, Label(standing="live", version=build.group.version))
    await _point_to(connection, build, build.group.version)


async def _point_to(connection: AsyncConnection, build: Build, version: int) -> None:
    pointer = {
        "workspace": build.workspace,
        "grp": build.group.name,
        "build": build.number,
        "schema_name": build.schema,
        "version": version,
    }
    statement = upsert(active_version).values(pointer)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[active_version.c.workspace, active_version.c.grp],
            set_={name: statement.excluded[name] for name in ("build", "schema_name", "version")},
        )
    )


async def forget(connection: AsyncConnection, build: Build) -> None:
    """Remove a build's book-keeping, so that nobody can write to it any more."""
    for table in (checkpoint, poison, row_count):
        await connection.execute(
            delete(table).where(
                table.c.workspace == build.workspace,
                table.c.grp == build.group.name,
                table.c.build == build.number,
            )
        )


async def drop(connection: AsyncConnection, build: Build) -> None:
    """Remove a build, with its tables if their schema says that they may be dropped."""
    await forget(connection, build)
    label = (await labels.find(connection, build.workspace, build.group.name)).get(build.number)
    if label is not None and label.may_be_dropped:
        await connection.execute(DropSchema(build.schema, cascade=True))


async def find_again(connection: AsyncConnection, workspace: str, group: Group) -> Build | None:
    """Let reads use the newest build again to which the pointer is lost; None if there is none.

    Builds that are set aside are known by what their schemas say, also if all control tables are lost.
    """
    there = await labels.find(connection, workspace, group.name)
    known = await numbers_of(connection, workspace, group.name)
    found: list[int] = []
    for number, label in there.items():
        build = Build(workspace, group, number)
        if label is None or label.may_be_dropped:
            continue
        if label.standing == "set aside" and number not in known:
            said = label.model_dump(include=set(_KEPT))
            await connection.execute(insert(checkpoint).values(**build.key(), **said))
        elif number not in known:
            continue
        found.append(number)
    if not found:
        return None
    build, label = Build(workspace, group, max(found)), there[max(found)]
    assert label is not None
    await _point_to(connection, build, label.version)
    return build


async def label_as_live(connection: AsyncConnection, build: Build) -> None:
    """Put a label on a build that reads use, where a version before this one did not."""
    there = await labels.find(connection, build.workspace, build.group.name)
    if build.number in there and there[build.number] is None:
        await _label(connection, build, Label(standing="live", version=build.group.version))


async def _label(connection: AsyncConnection, build: Build, label: Label) -> None:
    if await _is_there(connection, build):
        await labels.put(connection, build.schema, label)


async def set_aside(connection: AsyncConnection, build: Build, why: str) -> None:
    """Keep a build as it is, as evidence: nobody can write to it any more, and reads are refused."""
    found = await connection.execute(
        update(checkpoint)
        .where(*_is(build))
        .values(differs=why)
        .returning(*(checkpoint.c[name] for name in _KEPT))
    )
    kept = found.mappings().one_or_none()
    if kept is not None and await _is_there(connection, build):
        version = await _version_of(connection, build)
        await labels.put(connection, build.schema, Label(standing="set aside", version=version, **kept))
        await connection.execute(
            text(f'REVOKE {_WRITING} ON ALL TABLES IN SCHEMA "{build.schema}" FROM {_OWNER}')
        )


async def mark_damaged(
    connection: AsyncConnection, build: Build, why: str, *, lacks_rows: bool = False
) -> None:
    """Keep what of a build is lost or can't be read, for all who ask how the views are.

    Where it lacks rows no read is answered.
    """
    await connection.execute(update(checkpoint).where(*_is(build)).values(damaged=why, lacks_rows=lacks_rows))


async def what_is_missing(connection: AsyncConnection, build: Build) -> str | None:
    """Return what of a build's tables is not there, in words; None if all is."""
    return (await damage.what_is_missing(connection, {build.schema: build.group})).get(build.schema)


async def find_lost_rows(connection: AsyncConnection, build: Build) -> str | None:
    """Return which tables of a build have other rows than were written, in words; None if all are there."""
    return await lost_rows.find_lost_rows(
        connection, build.workspace, build.group, build.number, build.schema
    )


async def take_back(connection: AsyncConnection, build: Build) -> None:
    """Let a build that was set aside go on: the ledger that it was built from is there again."""
    await connection.execute(update(checkpoint).where(*_is(build)).values(differs=None))
    if await _is_there(connection, build):
        version = await _version_of(connection, build)
        await labels.put(connection, build.schema, Label(standing="live", version=version))
        await connection.execute(
            text(f'GRANT {_WRITING} ON ALL TABLES IN SCHEMA "{build.schema}" TO {_OWNER}')
        )


_KEPT = ("position", "recorded_at", "ledger", "fingerprint", "epoch", "differs")
"""What of its checkpoint the label of a build says that is set aside."""


async def _version_of(connection: AsyncConnection, build: Build) -> int:
    """Return the version of the group that made a build that reads use."""
    version: int | None = await connection.scalar(
        select(active_version.c.version).where(
            *(active_version.c[name] == value for name, value in build.key().items())
        )
    )
    return build.group.version if version is None else version


async def _is_there(connection: AsyncConnection, build: Build) -> bool:
    """Return whether a build's schema is there: somebody may have dropped it."""
    found = await connection.scalar(text("SELECT to_regnamespace(:name)"), {"name": f'"{build.schema}"'})
    return found is not None


_WRITING = "INSERT, UPDATE, DELETE, TRUNCATE"
_OWNER = "CURRENT_USER"
"""Even an owner may not write what is revoked; only the owner can give the right back."""


async def recognise(connection: AsyncConnection, build: Build, mark: Mark) -> None:
    """Keep by what a build's ledger is recognised, where a version before this one did not."""
    await connection.execute(
        update(checkpoint)
        .where(*_is(build), checkpoint.c.position == mark.position, checkpoint.c.fingerprint.is_(None))
        .values(ledger=mark.ledger, fingerprint=mark.fingerprint)
    )


async def standing_of(connection: AsyncConnection, build: Build) -> tuple[Mark, int, datetime | None] | None:
    """Return up to where a build is and of which ledger, its epoch, and the latest time of an event.

    None if it is gone or set aside.
    """
    row = (
        await connection.execute(
            select(
                checkpoint.c.position,
                checkpoint.c.ledger,
                checkpoint.c.fingerprint,
                checkpoint.c.epoch,
                checkpoint.c.recorded_at,
            ).where(*_is(build), checkpoint.c.differs.is_(None))
        )
    ).one_or_none()
    return None if row is None else (Mark(*row[:3]), row[3], row[4])


def _is(build: Build) -> list[ColumnElement[bool]]:
    return [checkpoint.c[name] == value for name, value in build.key().items()]
