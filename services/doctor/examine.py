"""The whole examination, in the order in which a person would go about it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from services.doctor.finding import Finding
from services.doctor.ledger import examine_ledger, find_workspaces, unreachable
from services.doctor.machine import examine_api, examine_machine
from services.doctor.views import examine_views
from services.ledger import Ledger, LedgerError
from services.runtime.settings import Settings


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything, whatever is away; needs an operator's settings and changes nothing."""
    for finding in examine_machine(settings):
        yield finding
    workspaces = [settings.workspace]
    ledger: Ledger | None = None
    try:
        ledger = await Ledger.connect(settings, name="goaltrail doctor", timeout=3.0, patience=5.0)
        workspaces = await find_workspaces(ledger)
        async for finding in examine_ledger(settings, ledger, workspaces):
            yield finding
    except LedgerError as error:
        yield unreachable(error)
    try:
        async for finding in examine_views(settings, ledger, workspaces):
            yield finding
    except LedgerError as error:
        yield unreachable(error)
    finally:
        if ledger is not None:
            await ledger.close()
    async for finding in examine_api(settings):
        yield finding
