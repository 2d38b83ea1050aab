"""`goaltrail waive`: decide to build views without one event. For operators: it needs the engines."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from events.text import Text
from services.cli.client import Json, print_json
from services.cli.language import as_reported, fail, postgres_failed, say
from services.runtime.settings import Settings, SettingsError, load_settings


def waive(
    position: Annotated[int, typer.Argument(min=1, help="The position, as `goaltrail doctor` names it.")],
    reason: Annotated[str, typer.Option(help="Why; stored encrypted.")],
    workspace: Annotated[
        str | None, typer.Option(help="Whose ledger.", show_default="GOALTRAIL_WORKSPACE or main")
    ] = None,
    as_json: Json = False,
) -> None:
    """Decide to build views without the event at a position that they can't take.

    The event stays on the ledger, and the decision is an event, too. Rebuild the
    views that it concerns afterwards.

    Example: goaltrail waive 1843 --reason "Put there by hand; it is no event of ours"
    """
    try:
        settings = load_settings("operator")
    except SettingsError as error:
        fail(as_reported(error))
    chosen = workspace or settings.workspace
    recorded = _run(settings, chosen, position, reason)
    if as_json:
        print_json({"workspace": chosen, "waived": position, "position": recorded})
    else:
        named = "" if workspace is None else f" --workspace {workspace}"
        say(
            Text(
                f"워크스페이스 {chosen}의 위치 {position}을(를) 제외하기로 기록했습니다."
                f" 이제 `goaltrail rebuild all{named}`을(를) 실행하십시오",
                f"Position {position} of {chosen} is waived. Now: `goaltrail rebuild all{named}`",
            )
        )


def _run(settings: Settings, workspace: str, position: int, reason: str) -> int:
    # Here: other commands need neither NATS nor PostgreSQL.
    from sqlalchemy.exc import SQLAlchemyError

    from events.errors import Refused
    from services.keys.keys import MasterKeyDiffersError
    from services.ledger import LedgerError
    from services.projector.waiving import NotPoison
    from services.runtime.logging import configure_logging

    configure_logging(settings.model_copy(update={"log_level": "error"}), "waive")
    try:
        return asyncio.run(_waive(settings, workspace, position, reason))
    except Refused as refused:
        fail(refused.text)
    except (NotPoison, LedgerError, MasterKeyDiffersError, SettingsError) as error:
        fail(as_reported(error))
    except (SQLAlchemyError, OSError) as error:
        fail(postgres_failed(error))


async def _waive(settings: Settings, workspace: str, position: int, reason: str) -> int:
    from services.keys.keys import Keys
    from services.ledger import Ledger
    from services.projector.builds import projector_engine
    from services.projector.waiving import waive

    engine = projector_engine(settings, pool_size=1)
    try:
        async with await Ledger.connect(settings, name="goaltrail-waive") as ledger:
            keys = await Keys.start(ledger, settings.load_master_key())
            try:
                return await waive(engine, ledger, keys, workspace, position, reason)
            finally:
                await keys.close()
    finally:
        await engine.dispose()
