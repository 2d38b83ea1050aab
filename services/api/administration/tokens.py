"""Tokens of people and feeds: make, list, revoke. For administrators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Path, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from events.errors import Refused
from events.ids import Slug, event_id
from events.people.refusals import forgotten_person
from services.access.callers import Caller
from services.access.roles import Role
from services.access.tokens import TokenRecord
from services.api.http.idempotency import IdempotencyKey
from services.api.http.openapi_responses import CREATE, problems
from services.api.http.read_parameters import POSITION
from services.api.http.routes import subject_router
from services.api.http.security import Administrator
from services.api.http.services import Serving
from services.commands.errors import KeyReused
from services.ledger.positions import LedgerPosition
from services.runtime import clock

router = subject_router("/v1/tokens", "administration")


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None


TokenId = Annotated[Slug, Path(examples=["3f0c9d1e2b4a5968"])]


class NewToken(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "actor": "person:anna",
                    "role": "editor",
                    "label": "laptop",
                    "expires_at": "2027-01-01T00:00:00Z",
                },
                {"actor": "feed:erp", "role": "feed"},
            ]
        },
    )

    actor: str = Field(
        pattern=r"^(person|feed):[a-z0-9][a-z0-9_-]{0,62}$", description="person:<id> or feed:<id>."
    )
    role: Role = Field(description="A feed has the role feed, and only a feed has it.")
    label: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")
    ] = Field("", description="What it is for. It is stored in clear: no personal text here.")
    expires_at: Annotated[AwareDatetime, AfterValidator(_utc)] | None = Field(
        None, description="When it ends; never, if left out."
    )


class Token(BaseModel):
    """A token, without the text that it is used by."""

    id: str
    actor: str
    role: Role
    label: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    state: Literal["valid", "expired", "revoked", "pending"] = Field(
        description="`pending`: it opens nothing before another administrator has approved it."
    )


class IssuedToken(Token):
    """A new token, with its text."""

    token: str | None = Field(description="Shown this once: null when a retry with the same key asks again.")
    event_ids: list[str]


class Tokens(BaseModel):
    """All tokens of the workspace, oldest first."""

    data: list[Token]
    next_cursor: None = None
    position: int | None = Field(description="Where the ledger stands; null while NATS is away.")


@router.post("", status_code=201, summary="Make a token", responses=CREATE)
async def create(
    caller: Administrator,
    services: Serving,
    response: Response,
    wanted: NewToken,
    key: IdempotencyKey = None,
) -> IssuedToken:
    """Make a token of a person or a feed. Its text is in this answer and nowhere else.

    Where the workspace has dual control, one for another person is `pending` (202) until another
    administrator approves it.
    """
    if services.keys.forgotten(caller.workspace, wanted.actor):
        raise forgotten_person(wanted.actor.partition(":")[2])
    another = wanted.actor != caller.actor and not wanted.actor.startswith("feed:")
    pending = another and await services.goals.needs_second_person(caller.workspace)
    try:
        made = await services.access.issue(
            caller.workspace,
            wanted.actor,
            wanted.role,
            wanted.label,
            wanted.expires_at,
            by=caller.actor,
            token_id=None if key is None else _id_from_key(caller, key),
            pending=pending,
        )
    except Refused as refused:
        if key is not None and refused.code == "token_exists":
            raise KeyReused from refused
        raise
    epoch = await services.ledger.epoch(caller.workspace)
    response.headers[POSITION] = str(LedgerPosition(made.position, epoch))
    response.headers["Location"] = f"/v1/tokens/{made.record.id}"
    if made.record.pending:
        response.status_code = 202
    if made.token is None:
        response.headers["Idempotent-Replayed"] = "true"
    return IssuedToken(**_shown(made.record).model_dump(), token=made.token, event_ids=[made.event_id])


@router.get("", summary="List tokens", responses=problems(401, 403, 503))
async def list_tokens(caller: Administrator, services: Serving) -> Tokens:
    """List the tokens of the workspace, revoked and expired ones too; never their texts."""
    position = await services.ledger.head(caller.workspace) if services.ledger.connected else None
    return Tokens(
        data=[_shown(record) for record in services.access.list(caller.workspace)], position=position
    )


@router.post(
    "/{token_id}/approve",
    status_code=204,
    summary="Approve a token",
    responses=problems(401, 403, 404, 409, 503),
)
async def approve(caller: Administrator, services: Serving, response: Response, token_id: TokenId) -> None:
    """Let a token that another administrator asked for open what its role allows. Revoke it to refuse it."""
    position = await services.access.approve(caller.workspace, token_id, by=caller.actor)
    response.headers[POSITION] = str(position)


@router.delete(
    "/{token_id}", status_code=204, summary="Revoke a token", responses=problems(401, 403, 404, 409, 503)
)
async def revoke(caller: Administrator, services: Serving, response: Response, token_id: TokenId) -> None:
    """Revoke a token; it stops at once, everywhere. Again is no error."""
    position = await services.access.revoke(caller.workspace, token_id, by=caller.actor)
    epoch = await services.ledger.epoch(caller.workspace)
    response.headers[POSITION] = str(LedgerPosition(position, epoch))


def _shown(record: TokenRecord) -> Token:
    return Token(state=record.state(clock.now()), **record.model_dump(exclude={"workspace", "hash"}))


def _id_from_key(caller: Caller, key: str) -> str:
    """Return the id of the token that this key makes: the same key finds it again."""
    return event_id(caller.workspace, caller.actor, f"token {key}", 0).hex[-16:]
