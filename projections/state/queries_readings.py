"""Reading the versions of readings: for intake, which must know every id, and for people.

Every function takes a connection on which the schema `state` means the active build.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ARRAY, Uuid, any_, bindparam, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from events.readings.identity import Version
from projections.state.tables import dispute, reading

_IDS = bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))
_VERSIONS = union_all(
    select(
        reading.c.id,
        reading.c.position,
        reading.c.status,
        reading.c.revision,
        reading.c.content,
        reading.c.source_version,
    ).where(reading.c.id == any_(_IDS)),
    select(
        dispute.c.id,
        dispute.c.position,
        literal("disputed", literal_execute=True),
        literal(0, literal_execute=True),
        dispute.c.content,
        dispute.c.source_version,
    ).where(dispute.c.id == any_(_IDS)),
)


async def versions_of(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, list[Version]]:
    """Everything that is on record for some readings, oldest first; nothing for an unknown one.

    Ids are UUIDs as text: making UUIDs of them takes longer than looking them up.
    """
    found: dict[str, list[Version]] = {}
    for id_, position, kind, revision, content, source_version in await connection.execute(
        _VERSIONS, {"ids": ids}
    ):
        version = Version(position, kind, revision, content.hex, source_version)
        found.setdefault(str(id_), []).append(version)
    for versions in found.values():
        if len(versions) > 1:
            versions.sort()
    return found
