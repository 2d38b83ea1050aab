"""`goaltrail accept-ledger`: go on with a ledger that lost events. For operators: it needs the engines."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from events.text import Text, counted
from services.cli.client import Json, print_json
from services.cli.language import fail, language, say
from services.cli.operator import operator_settings, run_for_operator
from services.runtime.settings import Settings

if TYPE_CHECKING:
    from services.projector.accepting import Accepted, Loss


def accept_ledger(
    reason: Annotated[str, typer.Option(help="Why; stored encrypted.")],
    workspace: Annotated[
        str | None, typer.Option(help="Whose ledger.", show_default="GOALTRAIL_WORKSPACE or main")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    without_evidence: Annotated[
        bool,
        typer.Option(
            "--without-evidence", help="Go on though nobody knows whom to forget and what to revoke again."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Go on with a ledger that lost events which views still show.

    When a ledger was restored from an older copy, made again or lost its end, its
    views are set aside and everything answers 503. Put the right ledger back if
    there is one. If not, this records that you accept the loss: views are built
    anew, those that were set aside stay as evidence, and what clients hold of
    the time before (ETags, positions, cursors) is answered 409 `ledger_restored`.

    Example: goaltrail accept-ledger --reason "The disk broke; copy of 02:00 restored"
    """
    settings = operator_settings("accept-ledger")
    chosen = workspace or settings.workspace
    loss, accepted = run_for_operator(
        settings, _accept(settings, chosen, reason, ask=not yes, without_evidence=without_evidence)
    )
    restored = accepted.restored
    if as_json:
        print_json(
            {
                "workspace": chosen,
                "epoch": loss.epoch,
                "cut": loss.common.position,
                "old_head": loss.old_head,
                "position": accepted.position,
                "forgotten": restored.forgotten,
                "revoked": restored.revoked,
                "unknown_after": loss.unknown_after,
            }
        )
    else:
        say(
            Text(
                f"워크스페이스 {chosen}의 원장을 지금 상태로 받아들였습니다. 에포크 {loss.epoch}은(는) 위치"
                f" {accepted.position:,}에서 시작합니다. 되살아난 구성원 키 {restored.forgotten}개를"
                f" 다시 파기하고 토큰 {restored.revoked}개를 다시 취소했습니다."
                " 조회 데이터는 워커가 새로 만듭니다.",
                f"The ledger of {chosen} is accepted as it is: epoch {loss.epoch} begins at position"
                f" {accepted.position:,}. What had come back is gone again:"
                f" {counted(restored.forgotten, 'key')} of forgotten people and"
                f" {counted(restored.revoked, 'revoked token')}. Workers build the views anew.",
            )
        )
    if not restored.has_administrator:
        say(
            Text(
                f"워크스페이스 {chosen}에 유효한 관리자 토큰이 없습니다. 취소된 토큰의 파일을 치우고"
                " (data/secrets의 admin.token 또는 GOALTRAIL_ADMIN_TOKEN_FILE) 다시 시작하면 새로"
                " 발급합니다.",
                f"{chosen} has no valid token of an administrator. Move the file with the revoked one away"
                " (admin.token in data/secrets, or GOALTRAIL_ADMIN_TOKEN_FILE) and start again: that makes a"
                " new one.",
            ),
            err=True,
        )


async def _accept(
    settings: Settings, workspace: str, reason: str, *, ask: bool, without_evidence: bool
) -> tuple[Loss, Accepted]:
    # Here: other commands need neither NATS nor PostgreSQL.
    from services.access.access import Access
    from services.keys.keys import Keys
    from services.ledger import Ledger
    from services.projector.accepting import accept, find_loss
    from services.projector.builds import projector_engine

    engine = projector_engine(settings, pool_size=1)
    try:
        async with await Ledger.connect(settings, name="goaltrail-accept-ledger") as ledger:
            loss = await find_loss(engine, ledger, workspace)
            if ask:
                question = Text(
                    f"워크스페이스 {workspace}의 원장에는 조회 데이터에 있는 내용 가운데 위치"
                    f" {loss.common.position:,} 뒤부터 {loss.old_head:,}까지가 없습니다."
                    " 그 내용 없이 계속하시겠습니까?",
                    f"The ledger of {workspace} has nothing of what the views show behind position"
                    f" {loss.common.position:,}, up to {loss.old_head:,}. Go on without it?",
                )
                typer.confirm(question.told(language()), abort=True)
            if loss.unknown_after is not None and not without_evidence:
                unknown = _unknown(workspace, loss.unknown_after)
                if not ask:
                    fail(unknown)
                typer.confirm(unknown.told(language()), abort=True)
            async with AsyncExitStack() as stack:
                keys = await Keys.start(ledger, settings.load_master_key())
                stack.push_async_callback(keys.close)
                access = await Access.start(ledger)
                stack.push_async_callback(access.close)
                return loss, await accept(ledger, keys, access, workspace, loss, reason)
    finally:
        await engine.dispose()


def _unknown(workspace: str, after: int) -> Text:
    """Return what nobody knows, and what it takes to go on."""
    return Text(
        f"워크스페이스 {workspace}에서 위치 {after:,} 뒤에 누가 삭제(forget)되었고 어떤 토큰이 취소되었는지"
        " 알 수 없습니다. 이를 기록한 감사 이력이 없거나 읽을 수 없습니다. 그대로 계속하면 삭제된 구성원의"
        " 글과 취소된 토큰이 되살아날 수 있으므로, 알고 있는 사람과 토큰은 다시 `goaltrail forget`,"
        " `goaltrail token revoke`로 처리해야 합니다. 그래도 계속하려면 확인하십시오(--without-evidence)",
        f"nobody knows who was forgotten and which tokens were revoked in {workspace} behind position"
        f" {after:,}: the audit trail that would tell is missing or can't be read. Going on, words of people"
        " who were forgotten and tokens that were revoked may be back: for those you know of, run `goaltrail"
        " forget` and `goaltrail token revoke` again afterwards. To go on all the same, confirm it"
        " (--without-evidence)",
    )
