"""Forgetting a person (구성원): who they are and what they wrote goes for ever, what happened stays."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from events.ids import Aggregate
from events.people.commands import ForgetPerson
from services.api.http.command_execution import Reasoned, Receipt, Writing
from services.api.http.openapi_responses import STEP
from services.api.http.routes import subject_router
from services.api.http.security import Administrator
from services.api.http.services import Serving
from services.api.people.people import PersonId

router = subject_router("/v1/people", "people")


class ForgetRequest(Reasoned):
    """Why somebody is forgotten."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "퇴사 뒤 삭제를 요청했습니다"}]})


class Forgotten(Receipt):
    """What forgetting somebody did; nothing of it can be undone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10",
                    "event_ids": ["6a5f4c1f-9d10-5c4e-8f3c-0b9f1c869a53"],
                    "position": 1843,
                    "revision": 1843,
                    "advice": [],
                    "already": False,
                    "key_destroyed": True,
                    "tokens_revoked": 1,
                }
            ]
        }
    )

    already: bool = Field(description="They had been forgotten before.")
    key_destroyed: bool = Field(
        description="There was a key to destroy. With `already`: one that a restored backup had brought back."
    )
    tokens_revoked: int


@router.post("/{person}/forget", summary="Forget a person", responses=STEP)
async def forget(
    services: Serving, caller: Administrator, writing: Writing, person: PersonId, body: ForgetRequest
) -> Forgotten:
    """Destroy a person's key and revoke their tokens: name, mail and all they wrote read `[erased]` from now
    on, everywhere; what they did stays on record under their id. It takes a reason, and nobody can undo it.
    Asking again completes what a first try left undone.
    """
    actor = f"person:{person}"
    services.access.keep_an_administrator_without(caller.workspace, actor)
    holds_tokens = any(record.actor == actor for record in services.access.list(caller.workspace))
    acts = holds_tokens or await services.keys.has_key(caller.workspace, actor)
    # On record first: should we end before the rest is done, the record says what is to be done again.
    receipt = await writing.execute(caller, Aggregate("person", person), ForgetPerson(acts=acts), body=body)
    tokens = await services.access.revoke_all(caller.workspace, actor, by=caller.actor)
    destroyed = await services.keys.forget(caller.workspace, actor)
    return Forgotten(
        **dict(receipt),
        already=not receipt.event_ids,
        key_destroyed=destroyed,
        tokens_revoked=tokens,
    )
