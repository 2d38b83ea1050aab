"""Recognition (인정): thanks and praise that everybody in the workspace may read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from events.ids import Slug
from events.recognition.commands import GiveRecognition
from events.recognition.state import Recognition
from events.registry import Language
from services.access.callers import Caller
from services.api.answers import CREATE, READ
from services.api.paging import Page, Paged, page
from services.api.positions import Known, KnownAt, Viewing
from services.api.requests import ExactRoute, Lang
from services.api.security import Reader, Talker
from services.api.services import Services, Serving
from services.api.talk import ABOUT, Shown, add_words_steps, find_said, list_said, names_in
from services.api.versions import last_id
from services.api.writing import Receipt, Writing

router = APIRouter(prefix="/v1/recognitions", tags=["conversations"], route_class=ExactRoute)

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
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    paged: Paged,
    language: Lang,
    known_at: KnownAt,
    about: Annotated[str | None, Query(pattern=ABOUT, examples=["objective/growth"])] = None,
) -> Page[RecognitionOut]:
    """Recognitions by id, of everybody."""
    async with viewing.then(caller, None, known_at, cursor=paged.cursor) as then:
        shown, chosen = await list_said(then, "recognition", about, paged)
        names = await names_in(then, shown, services.keys, language)
    items = [await _out(services, caller, one, names, language) for one in shown]
    return page(items, paged, then.next_page(last_id(chosen, paged)))


@router.get("/{recognition}", summary="Read a recognition", responses=READ)
async def read(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    language: Lang,
    recognition: RecognitionId,
    known_at: KnownAt,
) -> RecognitionRead:
    """One recognition."""
    async with viewing.then(caller, None, known_at) as then:
        found = await find_said(then, "recognition", recognition, response)
        names = await names_in(then, [found], services.keys, language)
    return RecognitionRead(**dict(await _out(services, caller, found, names, language)), **then.known)


async def _out(
    services: Services, caller: Caller, shown: Shown, names: Mapping[str, str], language: Language
) -> RecognitionOut:
    said = shown.said
    assert isinstance(said, Recognition)
    return RecognitionOut(
        id=said.id,
        author=said.words.author,
        to=said.to,
        about=said.about,
        day=said.day,
        text=await shown.text(services.keys, caller.workspace, said.words, language),
        names=shown.named(names),
        revision=shown.revision,
    )


add_words_steps(router, "recognition", example=EXAMPLE)
