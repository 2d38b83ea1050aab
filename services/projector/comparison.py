"""Comparing views with the ledger that they were built from: it may be lost, replaced or restored.

Views that know more than the ledger are evidence, and perhaps the only copy of what was lost. They are set
aside: nobody writes to them, reads answer 503, and nothing replaces them until a person accepts the ledger as
it is. Views that only lag behind, or lost rows with their checkpoint, are the ledger's own: they catch up.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.control import ActiveVersion, active
from projections.projection import Group
from projections.state.fold import STATE
from projections.state.tables import moment
from services.ledger import Ledger, Mark, WorkspaceUnknown
from services.projector import builds

log = structlog.get_logger(__name__)

Comparison = Literal["same", "set aside", "accepted"]
"""Whether views are of the ledger that there is; and if not, whether a person accepted it as it is."""


async def compare_views(engine: AsyncEngine, ledger: Ledger, workspace: str, group: Group) -> Comparison:
    """Compare the views that reads use with the ledger, and set them aside if they are of another one.

    Views whose ledger is there again go on. Once a person accepted the ledger, new views are built beside
    those that are set aside. Raises LedgerUnavailable, and what SQLAlchemy raises.
    """
    async with engine.connect() as connection:
        found = await active(connection, workspace, group.name)
    if found is None:
        return "same"
    build = builds.Build(workspace, group, found.build)
    difference = await ledger.compare(workspace, Mark(found.position, found.ledger, found.fingerprint))
    if difference is None:
        await _recognise(engine, ledger, build, found)
        return "same"
    if found.differs != difference.kind:
        async with engine.begin() as connection:
            await builds.set_aside(connection, build, difference.kind)
        log.error(
            "views are set aside: the ledger is not the one they were built from; see `goaltrail doctor`",
            workspace=workspace,
            group=group.name,
            because=difference.kind,
            position=difference.position,
            head=difference.head,
        )
    accepted = difference.kind != "missing" and await ledger.epoch(workspace) > found.epoch
    return "accepted" if accepted else "set aside"


async def _recognise(engine: AsyncEngine, ledger: Ledger, build: builds.Build, found: ActiveVersion) -> None:
    """Let views go on whose ledger is there again; and keep a mark of it where there is none yet."""
    if found.differs is not None:
        async with engine.begin() as connection:
            await builds.take_back(connection, build)
        log.warning(
            "views go on: the ledger that they were built from is there again",
            workspace=build.workspace,
            group=build.group.name,
        )
    if found.position and found.fingerprint is None:
        first, last = await ledger.at(build.workspace, 1), await ledger.at(build.workspace, found.position)
        if first is not None and last is not None:
            async with engine.begin() as connection:
                mark = Mark(found.position, first.fingerprint, last.fingerprint)
                await builds.recognise(connection, build, mark)


class Common(NamedTuple):
    """The last event that views and a ledger of another history have in common."""

    position: int
    """0 if there is none."""
    recorded_at: datetime | None


async def last_in_common(
    connection: AsyncConnection, ledger: Ledger, workspace: str, views: ActiveVersion
) -> Common:
    """Find the last event that the views of group `state` have in common with the ledger.

    Both begin with the same history, so halving finds it; the server's times tell. Raises LedgerUnavailable.
    """
    tables = await connection.execution_options(schema_translate_map={STATE.name: views.schema_name})
    common, low, high = Common(0, None), 0, views.position
    while low < high:
        middle = (low + high + 1) // 2
        row = (
            await tables.execute(
                select(moment.c.position, moment.c.recorded_at, moment.c.server_time)
                .where(moment.c.position <= middle)
                .order_by(moment.c.position.desc())
                .limit(1)
            )
        ).one_or_none()
        if row is None or row.position <= low:
            low = middle  # an atomic batch reaches over it: where that ends is looked at next
            continue
        try:
            message = await ledger.at(workspace, row.position)
        except WorkspaceUnknown:
            return common
        if message is not None and message.recorded_at == row.server_time:
            common, low = Common(row.position, row.recorded_at), middle
        else:
            high = row.position - 1
    return common
