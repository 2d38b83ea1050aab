"""`goaltrail accept-ledger`: go on with a ledger that lost events. For operators: it needs the engines."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from events.text import Text
from services.cli.client import Json, print_json
from services.cli.language import as_reported, fail, language, postgres_failed, say
from services.runtime.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from services.projector.accepting import Loss


def accept_ledger(
    reason: Annotated[str, typer.Option(help="Why; stored encrypted.")],
    workspace: Annotated[
        str | None, typer.Option(help="Whose ledger.", show_default="GOALTRAIL_WORKSPACE or main")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
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
    try:
        settings = load_settings("operator")
    except SettingsError as error:
        fail(as_reported(error))
    chosen = workspace or settings.workspace
    loss, recorded = _run(settings, chosen, reason, ask=not yes)
    if as_json:
        print_json(
            {
                "workspace": chosen,
                "epoch": loss.epoch,
                "cut": loss.common.position,
                "old_head": loss.old_head,
                "position": recorded,
            }
        )
    else:
        say(
            Text(
                f"워크스페이스 {chosen}의 원장을 지금 상태로 받아들였습니다. 에포크 {loss.epoch}은(는) 위치"
                f" {recorded:,}에서 시작합니다. 조회 데이터는 워커가 새로 만듭니다.",
                f"The ledger of {chosen} is accepted as it is: epoch {loss.epoch} begins at position"
                f" {recorded:,}. Workers build the views anew.",
            )
        )


def _run(settings: Settings, workspace: str, reason: str, *, ask: bool) -> tuple[Loss, int]:
    # Here: other commands need neither NATS nor PostgreSQL.
    from sqlalchemy.exc import SQLAlchemyError

    from events.errors import Refused
    from services.keys.keys import MasterKeyDiffersError
    from services.ledger import LedgerError
    from services.projector.accepting import NothingToAccept
    from services.runtime.logging import configure_logging

    configure_logging(settings.model_copy(update={"log_level": "error"}), "accept-ledger")
    try:
        return asyncio.run(_accept(settings, workspace, reason, ask=ask))
    except Refused as refused:
        fail(refused.text)
    except (NothingToAccept, LedgerError, MasterKeyDiffersError, SettingsError) as error:
        fail(as_reported(error))
    except (SQLAlchemyError, OSError) as error:
        fail(postgres_failed(error))


async def _accept(settings: Settings, workspace: str, reason: str, *, ask: bool) -> tuple[Loss, int]:
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
            keys = await Keys.start(ledger, settings.load_master_key())
            try:
                return loss, await accept(ledger, keys, workspace, loss, reason)
            finally:
                await keys.close()
    finally:
        await engine.dispose()
