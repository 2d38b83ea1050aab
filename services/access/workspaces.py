"""Further workspaces, each with its administrator. For operators, with the provisioner's credentials."""

from __future__ import annotations

from typing import NamedTuple

from events.workspace.events import DefaultLanguage
from services.access.access import Access
from services.access.first import admin_token_file, kept_token, make_administrator
from services.ledger import Ledger
from services.ledger.provision import create_workspace, list_workspaces
from services.runtime.settings import Settings


class WorkspaceMade(NamedTuple):
    """What `make_workspace` did."""

    created: bool
    """False if it was there already."""
    token_file: str


async def make_workspace(
    settings: Settings, workspace: str, *, name: str, zone: str, default_language: DefaultLanguage
) -> WorkspaceMade:
    """Make a workspace and a file (0600) with its administrator's token. Again completes a first try.

    Raises Refused, LedgerError, SettingsError.
    """
    path = admin_token_file(settings.data, workspace)
    created = await create_workspace(
        settings, workspace, name=name, zone=zone, default_language=default_language
    )
    async with await Ledger.connect(settings, name="goaltrail workspace") as ledger:
        access = await Access.start(ledger)
        try:
            # The administrator of a workspace that was there has a token from elsewhere.
            if created or path.exists() or not access.list(workspace):
                await make_administrator(access, workspace, kept_token(path, workspace))
        finally:
            await access.close()
    return WorkspaceMade(created, str(path))


async def workspaces(settings: Settings) -> list[str]:
    """Return the ids of all workspaces. Raises LedgerUnavailable."""
    async with await Ledger.connect(settings, name="goaltrail workspace") as ledger:
        return await list_workspaces(ledger)
