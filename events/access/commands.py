"""Commands on an access token."""

from typing import Annotated

from pydantic import AwareDatetime, StringConstraints

from events.access.events import Role
from events.commands import Command


class IssueToken(Command):
    """Let a person or feed use the API until a time, or until it is revoked."""

    holder: Annotated[str, StringConstraints(pattern=r"^(person|feed):[a-z0-9][a-z0-9_-]{0,62}$")]
    role: Role
    token_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Of the token's text, which has 32 characters at least and is never on record."""
    expires_at: AwareDatetime | None = None


class ReplaceTokenText(Command):
    """Give a token another text: nobody got the one before, or an earlier version did not record it."""

    token_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class RequestToken(IssueToken):
    """Ask for a token that opens nothing before a second person has said yes."""


class ApproveToken(Command):
    """Say yes to a token that somebody else asked for."""


class RevokeToken(Command):
    """End a token at once."""
