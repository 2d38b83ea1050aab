"""Recognition (인정): thanks and praise that everybody in the workspace may read."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from events.ids import Slug
from events.recognition.commands import GiveRecognition
from events.recognition.state import Recognition
from services.api.conversations.message_reads import About, MessageReading, OpenedWords
from services.api.conversations.own_words import add_words_steps
from services.api.http.command_execution import Receipt, Writing
from services.api.http.openapi_responses import CREATE, READ
from services.api.http.paging import Page, Paged
from services.api.http.read_parameters import Known
from services.api.http.routes import subject_router
from services.api.http.security import Talker

router = subject_router("/v1/recognitions", "conversations")

EXAMPLE = "0192f3a4-8d20-7c11-8a54-6b1f2e3d4c5b"
RecognitionId = Annotated[Slug, Path(examples=[EXAMPLE])]


class NewRecognition(GiveRecognition):
    """A recognition to give; it gets an id."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "to": ["boris", "carla"],
                    "text": "분기 마감 전에 이탈 고객을 모두 다시 만나 주셨습니다",
                    "about": "objective/growth",
                }
            ]
        }
    )


class RecognitionOut(BaseModel):
    """What a person thanked or praised others for."""

    id: str
    author: str = Field(description="Who gave it.")
    to: tuple[str, ...]
    about: str | None
    day: date = Field(description="The business day on which it was given.")
    text: str | None = Field(description="null once its author took it back or put it otherwise.")
    names: dict[str, str] = Field(description="Of the parties who are registered people, by id.")
    revision: int


class RecognitionRead(RecognitionOut, Known):
    """One recognition."""


@router.post("", status_code=201, summary="Give recognition", responses=CREATE)
async def give(caller: Talker, writing: Writing, body: NewRecognition) -> Receipt:
    """Thank or praise one or several people before everybody; stored encrypted."""
    return await writing.create(caller, "recognition", GiveRecognition, body, router.prefix)


@router.get("", summary="List recognitions", responses=READ)
async def list_recognitions(
    listening: MessageReading, paged: Paged, about: About = None
) -> Page[RecognitionOut]:
    """Recognitions by id, of everybody."""
    return await listening.page("recognition", about, paged, _out)


@router.get("/{recognition}", summary="Read a recognition", responses=READ)
async def read(listening: MessageReading, response: Response, recognition: RecognitionId) -> RecognitionRead:
    """One recognition."""
    return await listening.one("recognition", recognition, response, _out, RecognitionRead)


def _out(heard: OpenedWords) -> RecognitionOut:
    said = heard.said
    assert isinstance(said, Recognition)
    return RecognitionOut(
        id=said.id,
        author=said.words.author,
        to=said.to,
        about=said.about,
        day=said.day,
        text=heard.text(said.words),
        names=heard.names,
        revision=heard.revision,
    )


add_words_steps(router, "recognition", example=EXAMPLE)
