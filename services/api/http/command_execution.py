"""What every write has in common: the command's answer, its headers, and what a body means as a command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from events.commands import NOTE_LENGTH, Command
from events.ids import Aggregate, new_aggregate_id
from projections.advice.on_change import on_written
from services.access.callers import Caller
from services.api.advice.schemas import AdviceOut, advice_out
from services.api.http.conditional import etag
from services.api.http.idempotency import IdempotencyKey, fingerprint
from services.api.http.problems import Problem
from services.api.http.read_parameters import POSITION
from services.api.http.request_log import request_id_of
from services.api.http.services import Services, Serving
from services.ledger.positions import LedgerPosition

Reason = Annotated[str, StringConstraints(max_length=NOTE_LENGTH)]
"""Why, in the words of the caller; stored encrypted."""

C = TypeVar("C", bound=Command)


class Receipt(BaseModel):
    """What a write did. Repeating the request with the same Idempotency-Key gets the same receipt."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "acv",
                    "event_ids": ["0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10"],
                    "position": 1843,
                    "revision": 1843,
                    "advice": [],
                }
            ]
        }
    )

    id: str = Field(description="Of what was created or changed.")
    event_ids: list[UUID] = Field(description="The events it made; none if everything was so already.")
    position: int = Field(description="Of the last event; with the epoch it is in Goaltrail-Position.")
    revision: int = Field(description="What the ETag says without its epoch; send the ETag as If-Match.")
    advice: list[AdviceOut] = Field(
        description="On the objective, key results or KPI that it created or changed; never an error, and"
        " stored nowhere. `GET /v1/advice` also looks at what stands beside them."
    )


class Reasoned(BaseModel):
    """A body that says nothing but why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "고객 요구가 바뀌어 더 추진하지 않습니다"}]},
    )

    reason: Reason | None = None


class Writer:
    """Carries out the commands of one request."""

    def __init__(self, services: Services, request: Request, response: Response, key: str | None) -> None:
        self._services = services
        self._request = request
        self._response = response
        self._key = key

    def new_id(self, caller: Caller) -> str:
        """Return an id for what the request creates: it follows from the Idempotency-Key, if there is one."""
        return new_aggregate_id(caller.workspace, caller.actor, self._key, 0)

    async def create(
        self, caller: Caller, kind: str, command: type[Command], body: BaseModel, collection: str
    ) -> Receipt:
        """Carry out the command that begins an aggregate, with the id that the body names or a new one.

        `collection` is the path under which it can be read by its id.
        """
        id_ = getattr(body, "id", None) or self.new_id(caller)
        return await self.execute(
            caller, Aggregate(kind, id_), as_command(body, command), body=body, location=f"{collection}/{id_}"
        )

    async def execute(
        self,
        caller: Caller,
        aggregate: Aggregate,
        *commands: Command,
        body: BaseModel | None,
        if_match: LedgerPosition | None = None,
        id_: str | None = None,
        key_result: str | None = None,
        location: str | None = None,
    ) -> Receipt:
        """Carry out commands on one aggregate and say so in body and headers.

        `body` is what was sent, its `reason` the reason; `id_` is what the receipt names if it is not the
        aggregate, and `key_result` the one by whose id the aggregate was found; `location` is where what was
        created can be read.
        """
        require_change(commands)
        answer = await self._services.goals.execute(
            caller,
            aggregate,
            *commands,
            reason=getattr(body, "reason", None),
            key=self._key,
            body_hash=fingerprint(self._request, body),
            if_match=if_match,
            correlation_id=request_id_of(self._request.scope),
            key_result=key_result,
        )
        headers = self._response.headers
        headers[POSITION] = str(LedgerPosition(answer.position, answer.epoch))
        headers["ETag"] = etag(answer.revision, answer.epoch)
        if answer.replayed:
            headers["Idempotent-Replayed"] = "true"
        if location is not None:
            headers["Location"] = location
        return Receipt(
            id=id_ or key_result or answer.id,
            event_ids=list(answer.event_ids),
            position=answer.position,
            revision=answer.revision,
            advice=[advice_out(piece) for piece in on_written(answer.written)],
        )

    async def follow_up(self, caller: Caller, aggregate: Aggregate, command: Command) -> None:
        """Carry out what follows from what was asked for, and say where the ledger stands then."""
        answer = await self._services.goals.execute(
            caller, aggregate, command, correlation_id=request_id_of(self._request.scope)
        )
        if answer.event_ids:
            self._response.headers[POSITION] = str(LedgerPosition(answer.position, answer.epoch))


def require_change(commands: Sequence[Command]) -> None:
    """Refuse a request that changes nothing. Raises 422."""
    if not commands:
        raise Problem(
            422,
            "nothing_to_change",
            "Name at least one thing to change.",
            "바꿀 항목을 하나 이상 보내십시오.",
        )


async def writer(services: Serving, request: Request, response: Response, key: IdempotencyKey) -> Writer:
    """Return how this request writes."""
    return Writer(services, request, response, key)


Writing = Annotated[Writer, Depends(writer)]


def as_command(body: BaseModel, command: type[C], **more: Any) -> C:
    """Return the fields of a body that a command has, as the command; what was not sent stays unset."""
    sent = {name: getattr(body, name) for name in body.model_fields_set if name in command.model_fields}
    return command(**(sent | more))
