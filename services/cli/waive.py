"""`goaltrail waive`: decide to build views without one event. For operators: it needs the engines."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from services.cli.client import Json, fail, print_json
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
        fail(str(error))
    chosen = workspace or settings.workspace
    recorded = _run(settings, chosen, position, reason)
    if as_json:
        print_json({"workspace": chosen, "waived": position, "position": recorded})
    else:
        named = "" if workspace is None else f" --workspace {workspace}"
        typer.echo(f"Position {position} of {chosen} is waived. Now: `goaltrail rebuild all{named}`")


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
        fail(refused.text.en)
    except (NotPoison, LedgerError, MasterKeyDiffersError, SettingsError) as error:
        fail(str(error))
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        fail(f"PostgreSQL: {str(cause).splitlines()[0] if str(cause) else type(cause).__name__}")


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
