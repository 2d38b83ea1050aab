"""Own words: people put them otherwise, or take them back."""

from __future__ import annotations

from fastapi import APIRouter, Path
from pydantic import ConfigDict

from events.ids import SLUG, Aggregate
from events.talk.commands import Redact, Reword
from services.api.http.command_execution import Receipt, Writing, as_command
from services.api.http.openapi_responses import STEP
from services.api.http.security import Talker


class RewordedText(Reword):
    """Own words, otherwise. In a conversation `words` names them: `agenda`, or a note's or action's id."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "발표 자료가 아주 명확했습니다"}]})


class RedactedText(Redact):
    """Own words that are shown no longer. In a conversation `words` names them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


def add_words_steps(router: APIRouter, kind: str, *, example: str) -> None:
    """Let people put their own words otherwise, or take them back: `POST …/{id}/reword` and `/redact`."""
    of_path = Path(alias=kind, pattern=SLUG, examples=[example])

    async def reword(caller: Talker, writing: Writing, body: RewordedText, id_: str = of_path) -> Receipt:
        return await writing.execute(caller, Aggregate(kind, id_), as_command(body, Reword), body=body)

    async def redact(
        caller: Talker, writing: Writing, id_: str = of_path, body: RedactedText | None = None
    ) -> Receipt:
        command = Redact() if body is None else as_command(body, Redact)
        return await writing.execute(caller, Aggregate(kind, id_), command, body=body)

    for step, summary, description in (
        (reword, f"Put own words of a {kind} otherwise", "The earlier words are shown no longer, nowhere."),
        (redact, f"Take own words of a {kind} back", "They are shown no longer, nowhere; the fact stays."),
    ):
        # Operation ids say the module of their function: each router's are its own.
        name = step.__name__
        step.__module__ = f"{__package__}.{kind}_words"
        router.add_api_route(
            f"/{{{kind}}}/{name}",
            step,
            methods=["POST"],
            name=name,
            summary=summary,
            description=description,
            responses=STEP,
        )
