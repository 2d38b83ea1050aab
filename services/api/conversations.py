"""Conversations (대화): an agenda, what was said, what was agreed, and who may read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from events.commands import Command, Note
from events.conversations.commands import (
    AddNote,
    AgreeAction,
    FinishAction,
    NarrowAudience,
    OpenConversation,
    ReopenAction,
)
from events.conversations.state import Conversation
from events.ids import Aggregate, Slug
from events.registry import Language
from events.talk.audience import Audience
from events.talk.said import Words
from services.access.callers import Caller
from services.api.answers import CREATE, READ, STEP
from services.api.paging import Page, Paged, page
from services.api.positions import Known, KnownAt, Viewing
from services.api.requests import ExactRoute, Lang
from services.api.security import Reader, Talker
from services.api.services import Services, Serving
from services.api.talk import ABOUT, Shown, add_words_steps, find_said, list_said, names_in
from services.api.versions import last_id
from services.api.writing import Receipt, Writing, as_command

router = APIRouter(prefix="/v1/conversations", tags=["conversations"], route_class=ExactRoute)

EXAMPLE = "0192f3a4-9e31-7a40-b7c2-1d2e3f405162"
ConversationId = Annotated[Slug, Path(examples=[EXAMPLE])]
ActionId = Annotated[Slug, Path(examples=["0192f3a5-0f42-7d13-8e21-5a6b7c8d9e0f"])]


class NewConversation(OpenConversation):
    """A conversation to open; it gets an id."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "parties": ["boris"],
                    "agenda": "중간 점검: 계약 금액이 왜 늦어지는지, 무엇을 도우면 되는지",
                    "about": "objective/growth",
                    "audience": "line",
                    "day": "2026-02-13",
                }
            ]
        }
    )


class NewNote(Command):
    """What was said."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "법무 검토가 평균 9일 걸린다"}]})

    text: Note


class NewAction(Command):
    """What is to be done."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "표준 계약서 초안 공유", "owner": "boris", "due": "2026-02-20"}]
        }
    )

    text: Note
    owner: Slug | None = Field(None, description="One of the parties.")
    due: date | None = Field(None, description="The day by whose end it is to be done (기한).")


class FewerReaders(NarrowAudience):
    """Who may read it from now on: as many as now, or fewer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"audience": "parties"}]})


class NoteOut(BaseModel):
    """A text in a conversation."""

    id: str = Field(description="What `reword` and `redact` call it.")
    author: str
    text: str | None = Field(description="null once its author took it back or put it otherwise.")


class ActionOut(NoteOut):
    """What is to be done."""

    owner: str | None
    due: date | None
    done: bool


class ConversationOut(BaseModel):
    """What some people talk about."""

    id: str
    parties: tuple[str, ...] = Field(description="Who began is the first.")
    about: str | None
    audience: Audience
    day: date
    agenda: str | None = Field(description="In the words of who began; null once they were taken back.")
    notes: list[NoteOut]
    actions: list[ActionOut]
    names: dict[str, str] = Field(description="Of the parties who are registered people, by id.")
    revision: int


class ConversationRead(ConversationOut, Known):
    """One conversation."""


@router.post("", status_code=201, summary="Open a conversation", responses=CREATE)
async def open_conversation(caller: Talker, writing: Writing, body: NewConversation) -> Receipt:
    """Begin to talk with others, about a goal or a person; all texts are stored encrypted."""
    return await writing.create(caller, "conversation", OpenConversation, body, router.prefix)


@router.get("", summary="List conversations", responses=READ)
async def list_conversations(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    paged: Paged,
    language: Lang,
    known_at: KnownAt,
    about: Annotated[str | None, Query(pattern=ABOUT, examples=["objective/growth"])] = None,
) -> Page[ConversationOut]:
    """Conversations that the caller takes part in or may read; `about` a goal, or with a person; by id."""
    async with viewing.then(caller, None, known_at, cursor=paged.cursor) as then:
        shown, chosen = await list_said(then, "conversation", about, paged)
        names = await names_in(then, shown, services.keys, language)
    items = [await _out(services, caller, one, names, language) for one in shown]
    return page(items, paged, then.next_page(last_id(chosen, paged)))


@router.get("/{conversation}", summary="Read a conversation", responses=READ)
async def read(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    language: Lang,
    conversation: ConversationId,
    known_at: KnownAt,
) -> ConversationRead:
    """One conversation; for whoever may not read it there is none."""
    async with viewing.then(caller, None, known_at) as then:
        found = await find_said(then, "conversation", conversation, response)
        names = await names_in(then, [found], services.keys, language)
    return ConversationRead(**dict(await _out(services, caller, found, names, language)), **then.known)


@router.post("/{conversation}/notes", status_code=201, summary="Write a note", responses=STEP)
async def add_note(caller: Talker, writing: Writing, conversation: ConversationId, body: NewNote) -> Receipt:
    """Write down what was said; only the parties do."""
    id_ = writing.new_id(caller)
    command = AddNote(words=id_, text=body.text)
    return await writing.execute(caller, Aggregate("conversation", conversation), command, body=body, id_=id_)


@router.post("/{conversation}/actions", status_code=201, summary="Write an action down", responses=STEP)
async def agree_action(
    caller: Talker, writing: Writing, conversation: ConversationId, body: NewAction
) -> Receipt:
    """Write down what is to be done, by one of the parties or by nobody yet."""
    id_ = writing.new_id(caller)
    command = as_command(body, AgreeAction, action=id_)
    return await writing.execute(caller, Aggregate("conversation", conversation), command, body=body, id_=id_)


@router.post("/{conversation}/actions/{action}/finish", summary="Finish an agreed action", responses=STEP)
async def finish_action(
    caller: Talker, writing: Writing, conversation: ConversationId, action: ActionId
) -> Receipt:
    """Say that it is done."""
    return await writing.execute(
        caller, Aggregate("conversation", conversation), FinishAction(action=action), body=None
    )


@router.post("/{conversation}/actions/{action}/reopen", summary="Reopen an agreed action", responses=STEP)
async def reopen_action(
    caller: Talker, writing: Writing, conversation: ConversationId, action: ActionId
) -> Receipt:
    """Say that it is not done after all."""
    return await writing.execute(
        caller, Aggregate("conversation", conversation), ReopenAction(action=action), body=None
    )


@router.post("/{conversation}/narrow", summary="Let fewer people read a conversation", responses=STEP)
async def narrow(
    caller: Talker, writing: Writing, conversation: ConversationId, body: FewerReaders
) -> Receipt:
    """From everyone to the line, or to the parties only; what was said to few is never opened to more."""
    command = as_command(body, NarrowAudience)
    return await writing.execute(caller, Aggregate("conversation", conversation), command, body=body)


async def _out(
    services: Services, caller: Caller, shown: Shown, names: Mapping[str, str], language: Language
) -> ConversationOut:
    said = shown.said
    assert isinstance(said, Conversation)

    async def text(words: Words) -> str | None:
        return await shown.text(services.keys, caller.workspace, words, language)

    return ConversationOut(
        id=said.id,
        parties=said.parties,
        about=said.about,
        audience=said.audience,
        day=said.day,
        agenda=await text(said.agenda),
        notes=[
            NoteOut(id=note.id, author=note.words.author, text=await text(note.words)) for note in said.notes
        ],
        actions=[
            ActionOut(
                id=action.id,
                author=action.words.author,
                text=await text(action.words),
                owner=action.owner,
                due=action.due,
                done=action.done,
            )
            for action in said.actions
        ],
        names=shown.named(names),
        revision=shown.revision,
    )


add_words_steps(router, "conversation", example=EXAMPLE)
