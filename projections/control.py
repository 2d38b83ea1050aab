"""The projections' own book-keeping in schema `control`: cursors, pointers and poison.

`checkpoint` is the only cursor there is: the rows of a build up to `position` are committed in the same
transaction that moved it there. `active_version` is the pointer that reads follow. `poison` lists positions
whose event a fold could not take. `row_count` says how many rows the tables have at `position`, and how many
of them `poison` has, so that lost ones are noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    column,
    func,
    select,
    table,
)

from projections.driver import Connection

metadata = MetaData(schema="control")

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("grp", Text, primary_key=True),
    Column("build", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column(
        "recorded_at",
        DateTime(timezone=True),
        comment="the latest time that the server gave to an event up to `position`; null at the start",
    ),
    Column("server_time", DateTime(timezone=True), comment="the server's own time at `position`"),
    Column("ledger", Text, comment="fingerprint of the ledger's first event; null at the start"),
    Column("fingerprint", Text, comment="of the event at `position`; null at the start"),
    Column("epoch", Integer, nullable=False, server_default="1", comment="of the ledger at `position`"),
    Column("differs", Text, comment="why this is of another ledger than there is: set aside, read-only"),
    Column("damaged", Text, comment="what of it is lost or can't be read: it is built anew"),
    Column(
        "lacks_rows",
        Boolean,
        nullable=False,
        server_default="false",
        comment="rows are lost: no read is right",
    ),
)

active_version = Table(
    "active_version",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("grp", Text, primary_key=True),
    Column("build", Integer, nullable=False),
    Column("schema_name", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="the version of the projection group that built it"),
)

poison = Table(
    "poison",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("grp", Text, primary_key=True),
    Column("build", Integer, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False, comment="aggregate whose reads are incomplete because of it"),
    Column("id", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("payload_hash", Text, nullable=False),
    Column("waived", Boolean, nullable=False, default=False),
)

row_count = Table(
    "row_count",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("grp", Text, primary_key=True),
    Column("build", Integer, primary_key=True),
    Column("table_name", Text, primary_key=True, comment="of the build, or `poison`"),
    Column("rows", BigInteger, nullable=False),
)


_HAS_POISON = (
    select(poison.c.position)
    .where(
        poison.c.workspace == active_version.c.workspace,
        poison.c.grp == active_version.c.grp,
        poison.c.build == active_version.c.build,
    )
    .correlate(active_version)
    .exists()
)


@dataclass(frozen=True, slots=True)
class ActiveVersion:
    """Where reads of one group and workspace go, and how far they are."""

    schema_name: str
    build: int
    version: int
    position: int
    recorded_at: datetime | None
    poisoned: bool
    """There are events that it could not take, waived or not."""
    ledger: str | None
    """Fingerprint of the first event of the ledger that it was built from."""
    fingerprint: str | None
    """Of the event at `position`."""
    epoch: int
    """Of the ledger at `position`: 1, and one more for each time that a person accepted a restored ledger."""
    differs: str | None
    """Why it is of another ledger than there is. It is set aside then: perhaps it is the only copy."""
    damaged: str | None
    """What of it is lost or can't be read. A worker builds it anew then, unless it is set aside."""
    lacks_rows: bool
    """Rows are lost: what reads find is not all there was."""


def schema_name(workspace: str, group: str, build: int) -> str:
    """Return the schema of one build: readable, unique, and within PostgreSQL's 63 bytes."""
    tail = f"_{group}_{build}"
    room = 63 - len("ws_") - len(tail)
    if len(workspace) > room:
        digest = hashlib.sha256(workspace.encode()).hexdigest()[:12]
        workspace = f"{workspace[: room - 13]}-{digest}"
    return f"ws_{workspace}{tail}"


async def all_active(
    connection: Connection, workspaces: Collection[str] | None = None
) -> dict[tuple[str, str], ActiveVersion]:
    """Return the builds that reads use now, by workspace and group; only those of `workspaces`, if given."""
    if workspaces is None:
        rows = await connection.execute(_ALL_ACTIVE)
    else:
        rows = await connection.execute(_ACTIVE_OF, {"workspaces": sorted(workspaces)})
    return {(workspace, group): ActiveVersion(*build) for workspace, group, *build in rows}


async def active(connection: Connection, workspace: str, group: str) -> ActiveVersion | None:
    """Return the build that reads use now, with its checkpoint; None before the first one is made."""
    row = (await connection.execute(_ACTIVE, {"workspace": workspace, "grp": group})).one_or_none()
    return None if row is None else ActiveVersion(*row[2:])


_ALL_ACTIVE = select(
    active_version.c.workspace,
    active_version.c.grp,
    active_version.c.schema_name,
    active_version.c.build,
    active_version.c.version,
    checkpoint.c.position,
    checkpoint.c.recorded_at,
    _HAS_POISON,
    checkpoint.c.ledger,
    checkpoint.c.fingerprint,
    checkpoint.c.epoch,
    checkpoint.c.differs,
    checkpoint.c.damaged,
    checkpoint.c.lacks_rows,
).join(
    checkpoint,
    and_(
        checkpoint.c.workspace == active_version.c.workspace,
        checkpoint.c.grp == active_version.c.grp,
        checkpoint.c.build == active_version.c.build,
    ),
)
_ACTIVE_OF = _ALL_ACTIVE.where(active_version.c.workspace == any_(bindparam("workspaces", type_=ARRAY(Text))))
_ACTIVE = _ALL_ACTIVE.where(
    active_version.c.workspace == bindparam("workspace"), active_version.c.grp == bindparam("grp")
)
"""Made once: every read begins with it, and putting it together takes longer than running it."""


async def set_aside(connection: Connection, workspace: str, group: str) -> list[tuple[int, str]]:
    """Return epoch and schema of the builds of a group that are set aside, newest first.

    Those whose schema somebody dropped are left out: that is how they are got rid of.
    """
    rows = await connection.execute(
        select(checkpoint.c.epoch, checkpoint.c.build)
        .where(
            checkpoint.c.workspace == workspace,
            checkpoint.c.grp == group,
            checkpoint.c.differs.is_not(None),
        )
        .order_by(checkpoint.c.build.desc())
    )
    schemas = [(epoch, schema_name(workspace, group, build)) for epoch, build in rows]
    there = await connection.scalars(_SCHEMAS_THERE, {"names": [schema for _, schema in schemas]})
    left = set(there)
    return [(epoch, schema) for epoch, schema in schemas if schema in left]


_NAMESPACES = table("pg_namespace", column("nspname", Text), schema="pg_catalog")
_SCHEMAS_THERE = select(_NAMESPACES.c.nspname).where(
    _NAMESPACES.c.nspname == any_(bindparam("names", type_=ARRAY(Text)))
)


async def numbers(connection: Connection, workspace: str, group: str) -> set[int]:
    """Return the numbers of the builds of a group that have a checkpoint."""
    rows = await connection.scalars(
        select(checkpoint.c.build).where(checkpoint.c.workspace == workspace, checkpoint.c.grp == group)
    )
    return set(rows)


async def building(connection: Connection, workspace: str, group: str) -> int | None:
    """Return the position of a build that nobody reads yet; None if there is none."""
    last: int | None = await connection.scalar(
        select(func.max(checkpoint.c.position)).where(
            checkpoint.c.workspace == workspace, checkpoint.c.grp == group
        )
    )
    return last


@dataclass(frozen=True, slots=True)
class Poison:
    """An event that a fold could not take: its aggregate reads incomplete until it is cured or waived."""

    position: int
    kind: str
    id: str
    error: str
    waived: bool


async def poisoned(connection: Connection, workspace: str, group: str) -> list[Poison]:
    """Return the poison positions of the active build, oldest first."""
    rows = await connection.execute(_POISONED, {"workspace": workspace, "grp": group})
    return [Poison(*row) for row in rows]


_POISONED = (
    select(poison.c.position, poison.c.kind, poison.c.id, poison.c.error, poison.c.waived)
    .join(
        active_version,
        and_(
            poison.c.workspace == active_version.c.workspace,
            poison.c.grp == active_version.c.grp,
            poison.c.build == active_version.c.build,
        ),
    )
    .where(poison.c.workspace == bindparam("workspace"), poison.c.grp == bindparam("grp"))
    .order_by(poison.c.position)
)
