"""The first administrator's token: made once, at provisioning, so that somebody can make the others."""

from __future__ import annotations

from pathlib import Path

from services.access.access import Access
from services.access.tokens import MINIMUM_LENGTH, digest, generate, id_of, new_id
from services.ledger import Ledger
from services.runtime.private_files import private_directory, write_private
from services.runtime.settings import Settings, SettingsError

ACTOR = "person:admin"
LABEL = "first administrator"


async def ensure_admin_token(settings: Settings) -> None:
    """Make the configured token, or the one in `<data>/secrets/admin.token`, valid for the first workspace.

    Without either, a new one is written to that file, mode 0600. Any number of times; a token that was
    revoked stays revoked. Raises SettingsError, LedgerUnavailable, LedgerUncertain.
    """
    text = settings.load_admin_token() or kept_token(admin_token_file(settings.data), settings.workspace)
    if len(text) < MINIMUM_LENGTH:
        raise SettingsError(
            f"the first administrator's token has {len(text)} characters; it needs {MINIMUM_LENGTH}"
        )
    async with await Ledger.connect(settings, name="goaltrail provision") as ledger:
        access = await Access.start(ledger)
        try:
            await make_administrator(access, settings.workspace, text)
        finally:
            await access.close()


async def make_administrator(access: Access, workspace: str, text: str) -> None:
    """Make this text an administrator's token, unless it is one. Raises SettingsError, LedgerUnavailable."""
    token_id = id_of(text)
    record = access.find(workspace, token_id)
    if record is None or not await access.backed(record):  # a ledger that was restored may lack its event
        made = await access.issue(
            workspace, ACTOR, "admin", LABEL, by="system:provision", token_id=token_id, text=text
        )
        record = made.record
    if record.hash != digest(text):
        raise SettingsError(
            f"the administrator's token {token_id} is known with another text: put the old one back"
        )


def admin_token_file(data: Path, workspace: str | None = None) -> Path:
    """Return where the administrator's token of the first workspace, or of a further one, is kept."""
    return data / "secrets" / (f"{workspace}.admin.token" if workspace else "admin.token")


def kept_token(path: Path, workspace: str) -> str:
    """Return the token in a file, made with the file (0600) if there is none. Raises SettingsError."""
    try:
        if not path.exists():
            private_directory(path.parent)
            write_private(path, generate(workspace, new_id()) + "\n")
        return path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"can't use {path}: {error.strerror}") from None
