"""What a schema says itself of the build in it, as the comment on it, because the control tables may be lost.

A schema is dropped only if its label says that it may be: what the control tables do not know any more may
be the only copy of what a ledger lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.control import schema_name

Standing = Literal["unfinished", "live", "replaced", "set aside"]


class Label(BaseModel, frozen=True):
    """What a build is, and of a build that is set aside what its checkpoint said."""

    standing: Standing
    version: int
    """Of the projection group."""
    position: int = 0
    recorded_at: datetime | None = None
    ledger: str | None = None
    fingerprint: str | None = None
    epoch: int = 1
    differs: str | None = None

    @property
    def may_be_dropped(self) -> bool:
        """Return whether nothing is lost with the build."""
        return self.standing in ("unfinished", "replaced")


async def put(connection: AsyncConnection, schema: str, label: Label) -> None:
    """Put a label on a schema, which must be there."""
    said = label.model_dump_json(exclude_defaults=True).replace("'", "''")
    await connection.exec_driver_sql(f"COMMENT ON SCHEMA \"{schema}\" IS '{said}'")


async def find(connection: AsyncConnection, workspace: str, group: str) -> Mapping[int, Label | None]:
    """Return the labels of the schemas of a group's builds by number; None for one that has no label."""
    rows = await connection.execute(_COMMENTS, {"prefix": f"ws_{workspace[:_SHORT]}"})
    found = {}
    for schema, comment in rows:
        number = schema.rpartition("_")[2]
        if number.isdigit() and schema == schema_name(workspace, group, int(number)):
            found[int(number)] = _label(comment)
    return found


def _label(comment: str | None) -> Label | None:
    try:
        return None if comment is None else Label.model_validate_json(comment)
    except ValidationError:
        return None


_SHORT = 20
"""Letters of a workspace's id that stand at the beginning of each schema, also where the id is cut."""
_COMMENTS = text(
    "SELECT nspname, obj_description(oid, 'pg_namespace') FROM pg_namespace"
    " WHERE starts_with(nspname, :prefix)"
)
