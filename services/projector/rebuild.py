"""Building a projection group anew beside the live one, and switching to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from functools import partial

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.errors import BilingualError
from events.ledger.events import PositionWaived
from events.text import Text
from projections.control import active, checkpoint
from projections.projection import Group
from services.ledger import Ledger, recorded
from services.postgres.locks import Locks
from services.projector import builds
from services.projector.comparison import compare_views
from services.projector.writer import AnotherEvent, BuildWriter, decoded_runs

log = structlog.get_logger(__name__)

BATCH = 15_000
"""Events fetched, folded and committed at once."""

DROP_TRIES = 20

DEADLOCK = "40P01"
"""PostgreSQL's SQLSTATE."""

Progress = Callable[[int, int], None]
"""Told the position reached and the ledger's last position."""


class RebuildRefused(BilingualError):
    """The new build can't become the live one; the live one goes on as it was."""


async def rebuild(
    engine: AsyncEngine,
    ledger: Ledger,
    workspace: str,
    group: Group,
    progress: Progress | None = None,
    *,
    step_over_poison: bool = False,
) -> builds.Build:
    """Build the group's tables from position 1 in a schema of their own, then let reads use them.

    Reads and the live worker go on meanwhile. Raises RebuildRefused when another rebuild of this group runs,
    or when a position is poison that nobody waived; the tables built so far are dropped then. A worker that
    has no build to go on with steps over poison, which stands beside the views as it does while it follows.
    Refused, too, when the live build knows more than the ledger: it is set aside.
    """
    async with Locks(engine) as locks:
        if not await locks.take("rebuild", workspace, group.name):
            raise RebuildRefused(
                Text(
                    f"워크스페이스 {workspace}의 {group.name}을(를) 다른 곳에서 이미 새로 만들고 있습니다",
                    f"another rebuild of {group.name} of workspace {workspace} is running",
                )
            )
        if await compare_views(engine, ledger, workspace, group) == "set aside":
            raise RebuildRefused(
                Text(
                    f"워크스페이스 {workspace}의 {group.name}은(는) 지금과 다른 원장으로 만든 것이어서,"
                    " 잃어버린 내용의 하나뿐인 사본일 수 있습니다. `goaltrail doctor`를 참고하십시오",
                    f"{group.name} of workspace {workspace} is of another ledger than there is, so it may be"
                    " the only copy of what was lost; see `goaltrail doctor`",
                )
            )
        again = partial(
            _rebuild, engine, ledger, workspace, group, progress, step_over_poison=step_over_poison
        )
        try:
            return await again(loading=True)
        except _Overlooked:
            log.warning("what is on the ledger twice is looked for", workspace=workspace, group=group.name)
            return await again(loading=False)


class _Overlooked(Exception):
    """Without late indexes a fold took in twice what it takes only once."""


async def waived_positions(ledger: Ledger, workspace: str) -> frozenset[int]:
    """Positions that somebody decided to step over (`ledger.position_waived`)."""
    waived = set()
    async for messages in ledger.read(workspace, 0, subject=f"ledger.{workspace}.ledger.>"):
        for message in messages:
            data = recorded(message).event.data
            if isinstance(data, PositionWaived):
                waived.add(data.position)
    return frozenset(waived)


async def _rebuild(
    engine: AsyncEngine,
    ledger: Ledger,
    workspace: str,
    group: Group,
    progress: Progress | None,
    *,
    step_over_poison: bool,
    loading: bool,
) -> builds.Build:
    """`loading`: late indexes are made when all is loaded, which is much quicker."""
    async with engine.begin() as connection:
        build = await builds.create(connection, workspace, group)
        if not loading:
            await builds.create_late_indexes(connection, build)

    async def load() -> None:
        """Apply everything on the ledger after the build's checkpoint."""
        head = await ledger.head(workspace)
        # The event at the checkpoint is read once more: half of another ledger must not follow.
        unread = ledger.read(workspace, max(0, writer.position - 1), batch=BATCH)
        async with aclosing(decoded_runs(unread, writer.write)) as runs:
            async for _ in runs:
                if writer.poisoned and not step_over_poison:
                    raise RebuildRefused(
                        Text(
                            f"위치 {writer.poisoned[0]}의 이벤트를 반영할 수 없습니다. `goaltrail doctor`를"
                            " 참고하십시오",
                            f"position {writer.poisoned[0]} can't be folded; see `goaltrail doctor`",
                        )
                    )
                if progress is not None:
                    progress(writer.position, max(head, writer.position))

    try:
        waived = await waived_positions(ledger, workspace)
        writer = BuildWriter(engine, build, loading=loading, waived=waived)
        await writer.start()
        await load()
        if loading:
            await _require_nothing_overlooked(engine, build)
            await writer.create_late_indexes()
            await load()
        async with engine.connect() as connection:
            old, keep = await _fence(connection, workspace, group)
            await load()
            await builds.activate(connection, build)
            if old is not None and not keep:
                await builds.forget(connection, old)
            await connection.commit()
    except AnotherEvent as error:
        await _drop(engine, build)
        raise RebuildRefused(
            Text(
                f"그 사이에 원장이 다른 것으로 바뀌었습니다: {error}",
                f"the ledger became another one meanwhile: {error}",
            )
        ) from error
    except BaseException:
        await _drop(engine, build)
        raise
    if old is not None and not keep:
        await _drop(engine, old)
    return build


async def _require_nothing_overlooked(engine: AsyncEngine, build: builds.Build) -> None:
    if build.group.overlooked is not None:
        async with build.connect(engine) as connection:
            if (await connection.execute(build.group.overlooked)).first() is not None:
                raise _Overlooked


async def _drop(engine: AsyncEngine, old: builds.Build) -> None:
    """Remove the old build. A read or a worker that is still in it may make that a deadlock: then again."""
    for _ in range(DROP_TRIES):
        try:
            async with engine.begin() as connection:
                await builds.drop(connection, old)
            return
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != DEADLOCK:
                raise
        await asyncio.sleep(0.1)
    log.warning("old build is left for the next rebuild to drop", schema=old.schema)


async def _fence(
    connection: AsyncConnection, workspace: str, group: Group
) -> tuple[builds.Build | None, bool]:
    """Hold the live build's checkpoint, so that its worker stands still while the new one takes over.

    Also return whether it is to be kept, because it is set aside.
    """
    found = await active(connection, workspace, group.name)
    if found is None:
        return None, False
    await connection.execute(
        select(checkpoint.c.position)
        .where(
            checkpoint.c.workspace == workspace,
            checkpoint.c.grp == group.name,
            checkpoint.c.build == found.build,
        )
        .with_for_update()
    )
    return builds.Build(workspace, group, found.build), found.differs is not None
