"""The rules of access tokens."""

from events.access.commands import ApproveToken, IssueToken, ReplaceTokenText, RequestToken, RevokeToken
from events.access.events import (
    TokenApproved,
    TokenIssued,
    TokenRequested,
    TokenRevoked,
    TokenTextReplaced,
)
from events.access.state import Token
from events.context import Context
from events.envelope import Event
from events.errors import Refused, own_request
from events.registry import EventData
from events.state import beginning, existing


def decide(
    command: IssueToken | ReplaceTokenText | ApproveToken | RevokeToken, state: Token | None, context: Context
) -> list[EventData]:
    """Return the events that follow from a command, or refuse it. Revoking twice is one revocation."""
    context.check_reason()
    match command:
        case IssueToken():
            return _issue(command, state, context)
        case ReplaceTokenText():
            if state is None:
                raise _unknown()
            # One that is revoked opens nothing with any text.
            same = state.revoked or state.token_sha256 == command.token_sha256
            return [] if same else [TokenTextReplaced(token_sha256=command.token_sha256)]
        case ApproveToken():
            return _approve(state, context)
        case RevokeToken():
            if state is None:
                raise _unknown()
            return [] if state.revoked else [TokenRevoked()]


def _unknown() -> Refused:
    return Refused("token_unknown", "there is no such token", "없는 토큰입니다", kind="not_found")


def _approve(state: Token | None, context: Context) -> list[EventData]:
    if state is None:
        raise _unknown()
    if state.revoked:
        raise Refused("token_revoked", "the token is revoked", "취소된 토큰입니다")
    if state.requested_by is None:
        return []
    if state.requested_by == context.actor:
        raise own_request()
    return [TokenApproved(holder=state.holder, role=state.role)]


def _issue(command: IssueToken, state: Token | None, context: Context) -> list[EventData]:
    if state is not None:
        raise Refused(
            "token_exists",
            f"there is a token {state.id} already",
            f"토큰 {state.id} 아이디가 이미 있습니다",
            allowed=["revoke"],
        )
    if command.holder.startswith("feed:") != (command.role == "feed"):
        raise Refused(
            "role_does_not_fit",
            "a feed has the role feed, and only a feed has it",
            "연동에는 feed 권한만, feed 권한은 연동에만 줄 수 있습니다",
            kind="invalid",
            pointer="/role",
        )
    if command.expires_at is not None and command.expires_at <= context.now:
        raise Refused(
            "expires_in_the_past",
            "a token must expire in the future",
            "토큰의 만료 시각은 미래여야 합니다",
            kind="invalid",
            pointer="/expires_at",
        )
    made = TokenRequested if isinstance(command, RequestToken) else TokenIssued
    return [
        made(
            holder=command.holder,
            role=command.role,
            token_sha256=command.token_sha256,
            expires_at=command.expires_at,
        )
    ]


def evolve(state: Token | None, event: Event) -> Token:
    """Return the state after an event. Raises OutOfPlace."""
    match event.data:
        case TokenIssued() as issued:
            return Token(id=beginning(state, event), **issued.model_dump())
        case TokenRequested() as asked:
            return Token(id=beginning(state, event), **asked.model_dump(), requested_by=event.actor)
        case TokenTextReplaced() as replaced:
            return existing(state, event).model_copy(update=replaced.model_dump())
        case TokenApproved():
            return existing(state, event).model_copy(update={"requested_by": None})
        case TokenRevoked():
            return existing(state, event).model_copy(update={"revoked": True})
        case _:
            return existing(state, event)
