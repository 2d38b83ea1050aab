"""Conversations (대화): an agenda, what was said, what was agreed, and who may read it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Path, Response
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
from events.talk.audience import Audience
from services.api.conversations.message_reads import About, MessageReading, OpenedWords
from services.api.conversations.own_words import add_words_steps
from services.api.http.command_execution import Receipt, Writing, as_command
from services.api.http.openapi_responses import CREATE, READ, STEP
from services.api.http.paging import Page, Paged
from services.api.http.read_parameters import Known
from services.api.http.routes import subject_router
from services.api.http.security import Talker

router = subject_router("/v1/conversations", "conversations")

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


class NarrowedAudience(NarrowAudience):
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
    read_by: dict[str, date] = Field(
        {}, description="For its parties: who read it without being one, and the last day on which they did."
    )
    revision: int


class ConversationRead(ConversationOut, Known):
    """One conversation."""


@router.post("", status_code=201, summary="Open a conversation", responses=CREATE)
async def open_conversation(caller: Talker, writing: Writing, body: NewConversation) -> Receipt:
    """Begin to talk with others, about a goal or a person; all texts are stored encrypted."""
    return await writing.create(caller, "conversation", OpenConversation, body, router.prefix)


@router.get("", summary="List conversations", responses=READ)
async def list_conversations(
    listening: MessageReading, paged: Paged, about: About = None
) -> Page[ConversationOut]:
    """Conversations that the caller takes part in or may read; `about` a goal, or with a person; by id."""
    return await listening.page("conversation", about, paged, _out)


@router.get("/{conversation}", summary="Read a conversation", responses=READ)
async def read(
    listening: MessageReading, response: Response, conversation: ConversationId
) -> ConversationRead:
    """One conversation; for whoever may not read it there is none."""
    return await listening.one("conversation", conversation, response, _out, ConversationRead)


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
    caller: Talker, writing: Writing, conversation: ConversationId, body: NarrowedAudience
) -> Receipt:
    """From everyone to the line, or to the parties only; what was said to few is never opened to more."""
    command = as_command(body, NarrowAudience)
    return await writing.execute(caller, Aggregate("conversation", conversation), command, body=body)


def _out(heard: OpenedWords) -> ConversationOut:
    said = heard.said
    assert isinstance(said, Conversation)

    return ConversationOut(
        id=said.id,
        parties=said.parties,
        about=said.about,
        audience=said.audience,
        day=said.day,
        agenda=heard.text(said.agenda),
        notes=[
            NoteOut(id=note.id, author=note.words.author, text=heard.text(note.words)) for note in said.notes
        ],
        actions=[
            ActionOut(
                id=action.id,
                author=action.words.author,
                text=heard.text(action.words),
                owner=action.owner,
                due=action.due,
                done=action.done,
            )
            for action in said.actions
        ],
        names=heard.names,
        read_by=dict(heard.read_by),
        revision=heard.revision,
    )


add_words_steps(router, "conversation", example=EXAMPLE)
