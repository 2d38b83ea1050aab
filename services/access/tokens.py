"""The text of a token, and what is stored of it: never the text, only its SHA-256."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.access.callers import Caller
from services.access.roles import Role

SECRET_BYTES = 32
"""256 bits of the system's random source: guessing is hopeless, so a fast hash is enough."""

MINIMUM_LENGTH = 32
"""Characters of a token that an operator configured; those made here are longer."""

TOKEN = re.compile(r"gt_[a-z0-9][a-z0-9_-]*_(?P<id>[0-9a-f]{16})_[A-Za-z0-9_-]{43}")
"""What the tokens made here look like, so that a leaked one can be found in files and logs."""


def new_id() -> str:
    """Return a new random id of a token; it is no secret."""
    return secrets.token_hex(8)


def generate(workspace: str, token_id: str) -> str:
    """Return the text of a new random token."""
    return f"gt_{workspace}_{token_id}_{secrets.token_urlsafe(SECRET_BYTES)}"


def id_of(token: str) -> str:
    """Return the id of a token: the one in its text, or for text that an operator chose one that follows
    from it.
    """
    match = TOKEN.fullmatch(token)
    return match["id"] if match else digest(token)[:16]


class TokenRecord(BaseModel):
    """What is stored of a token. Times are UTC."""

    model_config = ConfigDict(frozen=True)

    id: str
    workspace: str
    actor: str
    """"person:anna" or "feed:erp"."""
    role: Role
    label: str
    """What it is for, such as `laptop`."""
    hash: str
    """SHA-256 of the token's text, as hex."""
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    pending: bool = False
    """It opens nothing before a second person has approved it."""

    def state(self, now: datetime) -> Literal["valid", "expired", "revoked", "pending"]:
        """Return whether the token opens the door at this time (UTC)."""
        if self.revoked_at is not None:
            return "revoked"
        if self.pending:
            return "pending"
        return "valid" if self.expires_at is None or now < self.expires_at else "expired"

    @property
    def ended(self) -> datetime | None:
        """When it stopped, or is to stop, opening anything; None if that is not said."""
        return min((end for end in (self.revoked_at, self.expires_at) if end is not None), default=None)

    @property
    def caller(self) -> Caller:
        """Who calls with this token."""
        kind, _, name = self.actor.partition(":")
        return Caller(
            workspace=self.workspace,
            actor=self.actor,
            role=self.role,
            feed=name if kind == "feed" else None,
            token_id=self.id,
            expires_at=self.expires_at,
        )


def digest(token: str) -> str:
    """SHA-256 of a token's text, as hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
