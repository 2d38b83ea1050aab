"""The state of an access token."""

from datetime import datetime

from events.access.events import Role
from events.state import State


class Token(State):
    """What a token allows, and the hash of its text."""

    holder: str
    role: Role
    token_sha256: str | None = None
    """None of a token that an earlier version recorded; it opens nothing."""
    expires_at: datetime | None = None
    revoked: bool = False
    requested_by: str | None = None
    """The actor who asked for it, while it waits for a second person; None of one that opens something."""
