"""Who calls: what a valid bearer token stands for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.access.roles import Permission, Role, permits


@dataclass(frozen=True, slots=True)
class Caller:
    """The person or feed behind a request. Nothing a caller does crosses the border of `workspace`."""

    workspace: str
    actor: str
    """"person:anna" or "feed:erp"; stamped on every event the caller causes."""
    role: Role
    feed: str | None
    """The feed's id when the caller is a feed; it sends readings for no other one."""
    token_id: str
    expires_at: datetime | None
    """UTC; None for a token that is valid until it is revoked."""

    def may(self, permission: Permission) -> bool:
        """Return whether the caller's role allows it."""
        return permits(self.role, permission)
