"""Events of an access token. The aggregate's id is its public id; of its text only the hash is on record."""

from typing import Any, Literal

from pydantic import AwareDatetime

from events.registry import EventData, event, upcaster

Role = Literal["admin", "owner", "editor", "viewer", "auditor", "hr", "feed"]


@upcaster("access.token_issued", from_version=1)
def _issued_with_any_text(data: dict[str, Any]) -> dict[str, Any]:
    """Translate version 1, which did not say which text the token has: it opens nothing any more."""
    return data


@upcaster("access.token_requested", from_version=1)
def _requested_with_any_text(data: dict[str, Any]) -> dict[str, Any]:
    """Translate version 1, which did not say which text the token has: it opens nothing any more."""
    return data


@event(
    "access.token_issued",
    version=2,
    ko="{actor} {holder}에게 {role} 권한의 토큰을 발급했습니다.",
    en="{actor} issued a token with the role {role} to {holder}.",
)
class TokenIssued(EventData):
    """A person or feed may use the API with the text that has this SHA-256.

    `holder` is `person:<id>` or `feed:<id>`. Without a hash, as version 1 wrote it, the token opens nothing.
    """

    holder: str
    role: Role
    token_sha256: str | None = None
    expires_at: AwareDatetime | None = None


@event(
    "access.token_requested",
    version=2,
    ko="{actor} {holder}에게 {role} 권한의 토큰을 주자고 요청했습니다. 다른 관리자의 승인을 기다립니다.",
    en="{actor} asked for a token with the role {role} for {holder}; another administrator approves it.",
)
class TokenRequested(EventData):
    """A token for another person opens nothing before a second administrator has said yes."""

    holder: str
    role: Role
    token_sha256: str | None = None
    expires_at: AwareDatetime | None = None


@event(
    "access.token_text_replaced",
    ko="{actor} 토큰 {id}의 문자열을 바꿨습니다.",
    en="{actor} gave the token {id} another text.",
)
class TokenTextReplaced(EventData):
    """From now on the token is the text that has this SHA-256, and no other."""

    token_sha256: str


@event(
    "access.token_approved",
    ko="{actor} {holder}에게 {role} 권한의 토큰을 주는 것을 승인했습니다.",
    en="{actor} approved a token with the role {role} for {holder}.",
)
class TokenApproved(EventData):
    """From now on the token opens what its role allows."""

    holder: str
    role: Role


@event(
    "access.token_revoked",
    ko="{actor} 토큰 {id}을(를) 취소했습니다.",
    en="{actor} revoked the token {id}.",
    withdraws=True,
)
class TokenRevoked(EventData):
    """A token is valid no longer."""
