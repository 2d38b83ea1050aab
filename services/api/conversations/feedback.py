"""Feedback (피드백): between two people, or open to the line of who gets it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from events.feedback.commands import GiveFeedback
from events.feedback.state import Feedback
from events.ids import Slug
from events.talk.audience import Audience
from services.api.conversations.message_reads import About, MessageReading, OpenedWords
from services.api.conversations.own_words import add_words_steps
from services.api.http.command_execution import Receipt, Writing
from services.api.http.openapi_responses import CREATE, READ
from services.api.http.paging import Page, Paged
from services.api.http.read_parameters import Known
from services.api.http.routes import subject_router
from services.api.http.security import Talker

router = subject_router("/v1/feedback", "conversations")

EXAMPLE = "0192f3a4-7c1e-7b5d-9f0a-4e2d8c6b0a31"
FeedbackId = Annotated[Slug, Path(examples=[EXAMPLE])]


class NewFeedback(GiveFeedback):
    """Feedback to give; it gets an id."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "to": "boris",
                    "text": "고객 인터뷰 질문을 미리 나눠 주셔서 준비가 쉬웠습니다",
                    "about": "key_result/acv",
                    "audience": "parties",
                }
            ]
        }
    )


class FeedbackOut(BaseModel):
    """What a person told another one."""

    id: str
    author: str = Field(description="Who gave it.")
    to: str
    about: str | None
    audience: Audience
    day: date = Field(description="The business day on which it was given.")
    text: str | None = Field(description="null once its author took it back or put it otherwise.")
    names: dict[str, str] = Field(description="Of the parties who are registered people, by id.")
    read_by: dict[str, date] = Field(
        {}, description="For its parties: who read it without being one, and the last day on which they did."
    )
    revision: int


class FeedbackRead(FeedbackOut, Known):
    """One feedback."""


@router.post("", status_code=201, summary="Give feedback", responses=CREATE)
async def give(caller: Talker, writing: Writing, body: NewFeedback) -> Receipt:
    """Tell a person something, between the two or open to the person's line; stored encrypted."""
    return await writing.create(caller, "feedback", GiveFeedback, body, router.prefix)


@router.get("", summary="List feedback", responses=READ)
async def list_feedback(listening: MessageReading, paged: Paged, about: About = None) -> Page[FeedbackOut]:
    """Feedback that the caller gave, got, or may read as the line of who got it; by id."""
    return await listening.page("feedback", about, paged, _out)


@router.get("/{feedback}", summary="Read feedback", responses=READ)
async def read(listening: MessageReading, response: Response, feedback: FeedbackId) -> FeedbackRead:
    """One feedback; for whom it does not concern it is not there."""
    return await listening.one("feedback", feedback, response, _out, FeedbackRead)


def _out(heard: OpenedWords) -> FeedbackOut:
    said = heard.said
    assert isinstance(said, Feedback)
    return FeedbackOut(
        id=said.id,
        author=said.words.author,
        to=said.to,
        about=said.about,
        audience=said.audience,
        day=said.day,
        text=heard.text(said.words),
        names=heard.names,
        read_by=dict(heard.read_by),
        revision=heard.revision,
    )


add_words_steps(router, "feedback", example=EXAMPLE)
