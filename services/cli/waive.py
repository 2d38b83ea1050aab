"""`goaltrail waive`: decide to build views without one event. For operators: it needs the engines."""

from __future__ import annotations

from typing import Annotated

import typer

from events.text import Text
from services.cli.client import Json, print_json
from services.cli.language import say
from services.cli.operator import operator_settings, run_for_operator
from services.runtime.settings import Settings


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
    settings = operator_settings("waive")
    chosen = workspace or settings.workspace
    recorded = run_for_operator(settings, _waive(settings, chosen, position, reason))
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


async def _waive(settings: Settings, workspace: str, position: int, reason: str) -> int:
    # Here: other commands need neither NATS nor PostgreSQL.
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
