"""Answers made of what people said: pages and single ones, with their words opened for the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, NamedTuple, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Response
from pydantic import BaseModel

from events.ids import Aggregate
from events.talk.said import Said, Words, person_of
from services.access.callers import Caller
from services.api.http.conditional import etag
from services.api.http.language import Lang
from services.api.http.paging import Page, page
from services.api.http.read_parameters import KnownAt, Viewing
from services.api.http.security import Reader
from services.api.http.services import Services, Serving
from services.queries.message_access import Shown, find_said, list_said, names_in
from services.queries.paging import Paging, last_id
from services.queries.read_context import ReadContext

ABOUT = r"^(objective|key_result|person)/[a-z0-9][a-z0-9_-]{0,62}$"

About = Annotated[
    str | None,
    Query(pattern=ABOUT, description="A goal or person that it is about.", examples=["objective/growth"]),
]

Item = TypeVar("Item", bound=BaseModel)
Read = TypeVar("Read", bound=BaseModel)


class OpenedWords(NamedTuple):
    """Something that was said, with the words that are still there in clear."""

    said: Said
    revision: int
    names: dict[str, str]
    """Of those of its parties who are registered people, by id."""
    texts: Mapping[UUID, str]
    read_by: Mapping[str, date]
    """Who else read it, and on which day last; told to its parties only."""

    def text(self, words: Words) -> str | None:
        """Words in clear; None for those that were taken back or put otherwise."""
        return self.texts.get(words.event_id)


class MessageReader:
    """Reads for one request what its caller may read."""

    def __init__(
        self, services: Services, caller: Caller, viewing: Viewing, language: Lang, known_at: KnownAt
    ) -> None:
        self._keys = services.keys
        self._private_readings = services.private_readings
        self._caller = caller
        self._viewing = viewing
        self._language = language
        self._known_at = known_at

    async def page(
        self, kind: str, about: str | None, paging: Paging, answer: Callable[[OpenedWords], Item]
    ) -> Page[Item]:
        """Return a page of a kind, by id."""
        async with self._viewing.context(self._caller, None, self._known_at, cursor=paging.cursor) as context:
            shown, chosen = await list_said(context, kind, about, paging)
            heard = await self._opened(context, shown)
        await self._record(context, kind, shown)
        return page([answer(one) for one in heard], paging, context.next_page(last_id(chosen, paging)))

    async def one(
        self,
        kind: str,
        id_: str,
        response: Response,
        answer: Callable[[OpenedWords], BaseModel],
        model: type[Read],
    ) -> Read:
        """One of a kind, with the times it is read at. Raises 404 if there is none for the caller."""
        async with self._viewing.context(self._caller, None, self._known_at) as context:
            shown = await find_said(context, kind, id_)
            response.headers["ETag"] = etag(shown.revision, context.view.epoch)
            (heard,) = await self._opened(context, [shown])
        await self._record(context, kind, [shown])
        return model(**dict(answer(heard)), **context.known)

    async def _record(self, context: ReadContext, kind: str, shown: list[Shown]) -> None:
        """Put on record what is read that was said to others. The view's connection is given back by then."""
        private = [Aggregate(kind, one.said.id) for one in shown if one.private]
        await self._private_readings.record(self._caller, private, context.today)

    async def _opened(self, context: ReadContext, shown: list[Shown]) -> list[OpenedWords]:
        names = await names_in(context, shown, self._keys, self._language)
        heard = []
        for said, revision, there, _private in shown:
            texts = {
                words.event_id: await self._keys.open_text(context.workspace.id, words.text, self._language)
                for words in said.all_words.values()
                if words.text is not None and words.event_id in there
            }
            parties = {person: names[person] for person in said.parties if person in names}
            party = person_of(self._caller.actor) in said.parties
            heard.append(OpenedWords(said, revision, parties, texts, said.read_by if party else {}))
        return heard


async def listener(
    services: Serving, caller: Reader, viewing: Viewing, language: Lang, known_at: KnownAt
) -> MessageReader:
    """Return how this request reads what people said."""
    return MessageReader(services, caller, viewing, language, known_at)


MessageReading = Annotated[MessageReader, Depends(listener)]
