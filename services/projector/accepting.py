"""Accepting a ledger that lost events: a person does, by an event on it that begins a new epoch."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from events.errors import BilingualError
from events.ids import ledger_subject
from events.ledger.commands import AcceptLedger
from events.ledger.events import RESTORES
from events.text import Text
from projections.control import ActiveVersion, active
from projections.groups import GROUPS
from projections.state.fold import STATE
from services.access.access import Access
from services.keys.keys import Keys
from services.ledger import Difference, Ledger, Mark
from services.projector.comparison import Common, last_in_common
from services.projector.decisions import record_decision
from services.projector.withdrawals import Evidence, Restored, find_evidence, take_back_again


class NothingToAccept(BilingualError):
    """No views are set aside, or the ledger is not one that anybody could go on with."""


class Loss(NamedTuple):
    """What a ledger lost of what views still know."""

    epoch: int
    """The one that begins when this is accepted."""
    common: Common
    """The last event that both have."""
    old_head: int
    """The last position that the views know."""
    evidence: Evidence
    """Withdrawals that the views know."""

    @property
    def unknown_after(self) -> int | None:
        """Return behind which position nobody knows what was taken back; None if all is known."""
        return self.evidence.known_until if self.evidence.known_until < self.old_head else None


class Accepted(NamedTuple):
    """Tells where the acceptance of a ledger is recorded, and what was taken back again."""

    position: int
    """Where it is recorded."""
    restored: Restored


async def find_loss(engine: AsyncEngine, ledger: Ledger, workspace: str) -> Loss:
    """Return what there is to accept. Raises NothingToAccept, WorkspaceUnknown, LedgerUnavailable."""
    async with engine.connect() as connection:
        views = {name: await active(connection, workspace, name) for name in GROUPS}
        aside = [view for view in views.values() if view is not None and view.differs is not None]
        if not aside:
            await ledger.head(workspace)  # says so where there is no such workspace
            raise NothingToAccept(
                Text(
                    f"워크스페이스 {workspace}에는 사용을 멈춘 조회 데이터가 없습니다. 조회 데이터를 만든"
                    " 원장과 지금 원장이 다르다면 먼저 워커를 시작하십시오. 워커가 둘을 비교합니다",
                    f"no views of {workspace} are set aside; if the ledger is another one than they were"
                    " built from, start a worker first: it compares them",
                )
            )
        differences = [await _compare(ledger, workspace, view) for view in aside]
        if not any(differences):
            raise NothingToAccept(
                Text(
                    f"워크스페이스 {workspace}의 조회 데이터를 만든 원장이 다시 있습니다. 조회 데이터는"
                    " 저절로 이어집니다",
                    f"the ledger that the views of {workspace} were built from is there again: they go on by"
                    " themselves",
                )
            )
        if any(difference is not None and difference.kind == "missing" for difference in differences):
            raise NothingToAccept(
                Text(
                    f"워크스페이스 {workspace}의 원장이 없습니다. 원장을 되돌려 놓거나 `goaltrail workspace"
                    f" create {workspace}`(GOALTRAIL_WORKSPACE가 {workspace}이면 `goaltrail provision`)로 빈"
                    " 원장을 만드십시오",
                    f"there is no ledger of {workspace}; put it back, or make an empty one with"
                    f" `goaltrail workspace create {workspace}` (`goaltrail provision` if"
                    f" GOALTRAIL_WORKSPACE is {workspace})",
                )
            )
        epoch = await ledger.epoch(workspace)
        if epoch > max(view.epoch for view in aside):
            raise NothingToAccept(
                Text(
                    f"워크스페이스 {workspace}의 원장은 이미 받아들였습니다. 그 원장으로 조회 데이터를"
                    " 만드는 중입니다",
                    f"the ledger of {workspace} is accepted already: views are being built from it",
                )
            )
        state = views[STATE.name]
        if state is None:
            common = Common(0, None)
        elif state.differs is None:
            common = Common(state.position, state.recorded_at)
        else:
            common = await last_in_common(connection, ledger, workspace, state)
    newest = max(epoch, *(view.epoch for view in aside))
    evidence = await find_evidence(engine, workspace, common.position)
    return Loss(newest + 1, common, max(view.position for view in aside), evidence)


async def accept(
    ledger: Ledger, keys: Keys, access: Access, workspace: str, loss: Loss, reason: str
) -> Accepted:
    """Take back again what had been taken back, then record that a ledger is accepted; views are built anew.

    That is last: as long as a person's words or a token could be used again, nobody reads or writes. Broken
    off it can be done again. Raises Refused, Conflict (somebody else was faster), WorkspaceUnknown,
    LedgerUnavailable, LedgerUncertain.
    """
    restored = await take_back_again(ledger, keys, access, workspace, loss.evidence, reason)
    command = AcceptLedger(
        epoch=loss.epoch, cut=loss.common.position, cut_at=loss.common.recorded_at, old_head=loss.old_head
    )
    subject = ledger_subject(workspace, RESTORES)
    last = await ledger.last(workspace, subject)
    guard = {subject: 0 if last is None else last.position}
    position = await record_decision(ledger, keys, workspace, RESTORES, command, reason, guard)
    return Accepted(position, restored)


async def _compare(ledger: Ledger, workspace: str, view: ActiveVersion) -> Difference | None:
    return await ledger.compare(workspace, Mark(view.position, view.ledger, view.fingerprint))
