"""Reading the versions of readings: for intake, which must know every id, and for people.

Every function takes a connection on which the schema `state` means the active build.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Text,
    Uuid,
    any_,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)

from events.readings.identity import Version
from projections.control import active_version, poison
from projections.driver import Connection
from projections.state.tables import confirmation, dispute, metadata, moment, reading

_IDS = bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))
_POISON = "poison"
_VERSIONS = union_all(
    select(
        reading.c.id,
        reading.c.position,
        reading.c.status,
        reading.c.revision,
        reading.c.content,
        reading.c.source_version,
        (reading.c.observed_at > reading.c.recorded_at).label("ahead"),
    ).where(reading.c.id == any_(_IDS)),
    select(
        dispute.c.id,
        dispute.c.position,
        literal_column("'disputed'", Text),
        literal_column("0", Integer),
        dispute.c.content,
        dispute.c.source_version,
        false(),
    ).where(dispute.c.id == any_(_IDS)),
    select(
        confirmation.c.id,
        confirmation.c.position,
        literal_column("'confirmed'", Text),
        literal_column("0", Integer),
        confirmation.c.content,
        confirmation.c.source_version,
        false(),
    ).where(confirmation.c.id == any_(_IDS)),
    # In the same statement, as every chunk of readings asks it.
    select(
        null(),
        poison.c.position,
        literal_column(f"'{_POISON}'", Text),
        literal_column("0", Integer),
        null(),
        null(),
        false(),
    )
    .join(
        active_version,
        (poison.c.workspace == active_version.c.workspace)
        & (poison.c.grp == active_version.c.grp)
        & (poison.c.build == active_version.c.build),
    )
    .where(
        poison.c.workspace == bindparam("workspace"),
        poison.c.grp == metadata.schema,
        poison.c.kind == "reading",
    ),
)


class OnRecord(NamedTuple):
    """What the tables say about some readings."""

    versions: dict[str, list[Version]]
    """By id, oldest first; nothing for an unknown one."""
    poison: frozenset[int]
    """Positions of readings that are in no table, because the fold could not take them."""


async def on_record(connection: Connection, workspace: str, ids: Sequence[str]) -> OnRecord:
    """Return everything that is on record for some readings.

    Ids are UUIDs as text: making UUIDs of them takes longer than looking them up.
    """
    found: dict[str, list[Version]] = {}
    poisoned: list[int] = []
    for id_, position, kind, revision, content, source_version, ahead in await connection.execute(
        _VERSIONS, {"ids": ids, "workspace": workspace}
    ):
        if kind == _POISON:
            poisoned.append(position)
        else:
            version = Version(position, kind, revision, content.hex, source_version, ahead)
            found.setdefault(str(id_), []).append(version)
    for versions in found.values():
        if len(versions) > 1:
            versions.sort()
    return OnRecord(found, frozenset(poisoned))


async def kpi_of(connection: Connection, id_: str) -> str | None:
    """Return the KPI of a reading; None if there is no such reading."""
    found: str | None = await connection.scalar(_KPI_OF, {"id": id_})
    return found


_ID = bindparam("id", type_=Uuid(as_uuid=False))
_POSITION = bindparam("position", type_=BigInteger)
_KPI_OF = select(reading.c.kpi).where(reading.c.id == _ID).limit(1)


async def positions_of(
    connection: Connection, kpi: str, first: date, last: date, position: int
) -> tuple[int, int]:
    """Return the positions of the first and the last reading of some days, up to a position; 0 for none."""
    parameters = {"kpi": kpi, "first": first, "last": last, "position": position}
    lowest, highest = (await connection.execute(_POSITIONS_OF, parameters)).one()
    return lowest or 0, highest or 0


_POSITIONS_OF = select(func.min(reading.c.position), func.max(reading.c.position)).where(
    reading.c.kpi == bindparam("kpi", type_=Text),
    reading.c.business_day.between(bindparam("first", type_=Date), bindparam("last", type_=Date)),
    reading.c.position <= _POSITION,
)


def _known_from(position: ColumnElement[int], of: FromClause) -> ColumnElement[datetime]:
    """Return when an event became known: a read of the past begins at the end of an atomic batch."""
    return (
        select(moment.c.recorded_at)
        .where(moment.c.position >= position)
        .order_by(moment.c.position)
        .limit(1)
        .correlate(of)
        .scalar_subquery()
        .label("known_from")
    )


async def known_from(connection: Connection, positions: Sequence[int]) -> dict[int, datetime]:
    """Return from when on some events are known, by position; they are in the views."""
    if not positions:
        return {}
    rows = await connection.execute(_KNOWN_FROM, {"positions": list(positions)})
    return {position: since for position, since in rows if since is not None}


_WANTED = (
    func.unnest(bindparam("positions", type_=ARRAY(BigInteger)))
    .table_valued("position")
    .render_derived("wanted")
)
_KNOWN_FROM = select(_WANTED.c.position, _known_from(_WANTED.c.position, _WANTED))
_SHOWN = select(reading, _known_from(reading.c.position, reading))
"""Versions of readings as they are shown."""


class Filter(NamedTuple):
    """Which readings are wanted; None does not matter."""

    kpi: str | None = None
    feed: str | None = None
    source_id: str | None = None
    first: date | None = None
    """Business days from here …"""
    last: date | None = None
    """… to here, both included."""
    all_versions: bool = False
    """Else only the version in force at the position."""


class Place(NamedTuple):
    """Where a row stands in a list."""

    business_day: date
    position: int


async def list_readings(
    connection: Connection, wanted: Filter, position: int, after: Place | None, limit: int
) -> list[Any]:
    """Return rows of `reading` as known at a position, after a place in the list.

    Those of one KPI are by business day, then by position; else they are by position.
    """
    columns = reading.c
    conditions: list[ColumnElement[bool]] = [columns.position <= position]
    if wanted.kpi is not None:
        conditions.append(columns.kpi == wanted.kpi)
    if wanted.feed is not None:
        conditions.append(columns.feed == wanted.feed)
    if wanted.source_id is not None:
        conditions.append(columns.source_id == wanted.source_id)
    if wanted.first is not None:
        conditions.append(columns.business_day >= wanted.first)
    if wanted.last is not None:
        conditions.append(columns.business_day <= wanted.last)
    by_day = wanted.kpi is not None
    if after is not None and by_day:
        conditions.append(tuple_(columns.business_day, columns.position) > tuple(after))
    elif after is not None:
        conditions.append(columns.position > after.position)
    if not wanted.all_versions:
        later = reading.alias("later")
        conditions.append(
            ~exists().where(
                later.c.id == columns.id,
                later.c.position > columns.position,
                later.c.position <= position,
            )
        )
    order = (columns.business_day, columns.position) if by_day else (columns.position,)
    rows = await connection.execute(_SHOWN.where(*conditions).order_by(*order).limit(limit))
    return list(rows)


async def versions(connection: Connection, id_: str, position: int) -> list[Any]:
    """Return every version of one reading as known at a position, oldest first."""
    return list(await connection.execute(_ALL_VERSIONS, {"id": id_, "position": position}))


async def disputes(connection: Connection, id_: str, position: int) -> list[Any]:
    """Return the other content that was sent for one reading as known at a position, oldest first."""
    return list(await connection.execute(_DISPUTES, {"id": id_, "position": position}))


async def confirmations(connection: Connection, id_: str, position: int) -> list[Any]:
    """Return the newer versions that said what was in force, as known at a position, oldest first."""
    return list(await connection.execute(_CONFIRMATIONS, {"id": id_, "position": position}))


_ALL_VERSIONS = _SHOWN.where(reading.c.id == _ID, reading.c.position <= _POSITION).order_by(
    reading.c.position
)
_DISPUTES = (
    select(dispute).where(dispute.c.id == _ID, dispute.c.position <= _POSITION).order_by(dispute.c.position)
)
_CONFIRMATIONS = (
    select(confirmation)
    .where(confirmation.c.id == _ID, confirmation.c.position <= _POSITION)
    .order_by(confirmation.c.position)
)
