"""Events of an access token. The aggregate's id is its public id; the token is never on record."""

from typing import Literal

from pydantic import AwareDatetime

from events.registry import EventData, event

Role = Literal["admin", "owner", "editor", "viewer", "auditor", "hr", "feed"]


@event(
    "access.token_issued",
    ko="{actor} {holder}에게 {role} 권한의 토큰을 발급했습니다.",
    en="{actor} issued a token with the role {role} to {holder}.",
)
class TokenIssued(EventData):
    """A person or feed may use the API. `holder` is `person:<id>` or `feed:<id>`."""

    holder: str
    role: Role
    expires_at: AwareDatetime | None = None


@event(
    "access.token_requested",
    ko="{actor} {holder}에게 {role} 권한의 토큰을 주자고 요청했습니다. 다른 관리자의 승인을 기다립니다.",
    en="{actor} asked for a token with the role {role} for {holder}; another administrator approves it.",
)
class TokenRequested(EventData):
    """A token for another person opens nothing before a second administrator has said yes."""

    holder: str
    role: Role
    expires_at: AwareDatetime | None = None


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
)
class TokenRevoked(EventData):
    """A token is valid no longer."""
