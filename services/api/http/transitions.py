"""Steps of a life cycle that are asked for with nothing but, perhaps, a reason: `POST …/{id}/<step>`."""

from __future__ import annotations

from fastapi import APIRouter, Path

from events.commands import Command
from events.ids import SLUG, Aggregate
from services.api.http.command_execution import Reasoned, Receipt, Writing
from services.api.http.conditional import IfMatch
from services.api.http.openapi_responses import CHANGE
from services.api.http.security import GoalEditor


def add_step(
    router: APIRouter, kind: str, command: Command, name: str, summary: str, description: str, *, example: str
) -> None:
    """Let a router take a step of a kind of aggregate; `example` is an id of one."""

    of_path = Path(alias=kind, pattern=SLUG, examples=[example])

    async def step(
        caller: GoalEditor,
        writing: Writing,
        if_match: IfMatch,
        id_: str = of_path,
        body: Reasoned | None = None,
    ) -> Receipt:
        return await writing.execute(caller, Aggregate(kind, id_), command, body=body, if_match=if_match)

    # Operation ids say the module of their function: each router's steps are its own.
    step.__module__ = f"{__package__}.{kind}_life"
    router.add_api_route(
        f"/{{{kind}}}/{name.replace('_', '-')}",
        step,
        methods=["POST"],
        name=name,
        summary=summary,
        description=description,
        responses=CHANGE,
    )
