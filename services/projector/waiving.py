"""Deciding to build views without an event that no fold can take: an event itself, which rebuilds obey."""

from __future__ import annotations

import hashlib
from contextlib import aclosing

from sqlalchemy.ext.asyncio import AsyncEngine

from events.errors import BilingualError
from events.ledger.commands import WaivePosition
from events.ledger.events import WAIVERS
from events.text import Text
from projections.control import active, poisoned
from projections.groups import GROUPS
from services.keys.keys import Keys
from services.ledger import Ledger
from services.projector.decisions import record_decision


class NotPoison(BilingualError):
    """No view is in trouble with this position, so there is nothing to waive."""


async def waive(
    engine: AsyncEngine, ledger: Ledger, keys: Keys, workspace: str, position: int, reason: str
) -> int:
    """Record that views are built without the event at a position; answers where that is recorded.

    It takes effect with the next rebuild. Raises NotPoison, Refused, WorkspaceUnknown, LedgerUnavailable,
    LedgerUncertain, and what SQLAlchemy raises when PostgreSQL is away.
    """
    await ledger.head(workspace)  # says so where there is no such workspace
    async with engine.connect() as connection:
        views = [await active(connection, workspace, name) for name in GROUPS]
        if any(view is not None and view.differs is not None for view in views):
            raise NotPoison(
                Text(
                    f"워크스페이스 {workspace}의 원장은 조회 데이터를 만든 원장이 아닙니다. 원장을"
                    " 받아들이기 전에는 아무것도 기록하지 않습니다. `goaltrail doctor`를 참고하십시오",
                    f"the ledger of {workspace} is not the one that its views were built from: nothing is"
                    " put on it before it is accepted, see `goaltrail doctor`",
                )
            )
        found = [poison for name in GROUPS for poison in await poisoned(connection, workspace, name)]
    if all(poison.position != position or poison.waived for poison in found):
        raise NotPoison(
            Text(
                f"워크스페이스 {workspace}의 위치 {position}은(는) 제외할 이벤트가 아닙니다. 조회 데이터에"
                " 반영되었거나 이미 제외하기로 한 위치입니다",
                f"position {position} of {workspace} is no poison that somebody has to decide about",
            )
        )
    command = WaivePosition(position=position, hash=await _hash_at(ledger, workspace, position))
    # Without a guard: said twice it means the same.
    return await record_decision(ledger, keys, workspace, WAIVERS, command, reason, {})


async def _hash_at(ledger: Ledger, workspace: str, position: int) -> str:
    """Return the hash of the payload at a position, so that nothing else can be meant."""
    async with aclosing(ledger.read(workspace, position - 1, batch=1)) as batches:
        async for messages in batches:
            return hashlib.sha256(messages[0].payload).hexdigest()
    raise NotPoison(
        Text(
            f"워크스페이스 {workspace}의 원장에 위치 {position}이(가) 없습니다",
            f"there is no position {position} on the ledger of {workspace}",
        )
    )
