"""Reading what people say to each other: who may, and which of their words are still there.

Both follow from what holds now, also where the past is read: from the audience and the line of today. Nobody
reads more by asking for an earlier day, and what its author took back is not read at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from events.ids import Aggregate
from events.talk.said import Said
from events.text import Language
from projections.state import queries
from projections.state.queries_attachments import attachments
from services.keys.keys import Keys
from services.queries.lookup import NotFound
from services.queries.paging import Paging, after_cursor, id_of
from services.queries.person_names import names_of
from services.queries.read_context import ReadContext
from services.queries.visibility import (
    hidden_among,
    list_seen,
    seen,
    seen_references,
    without_hidden_goals,
)


class Shown(NamedTuple):
    """Something that was said, as known then, and the events whose words are still there."""

    said: Said
    revision: int
    there: frozenset[UUID]
    private: bool
    """Words are shown that were not said to the caller: reading them goes on record."""


async def readable_words(context: ReadContext, aggregates: Collection[Aggregate]) -> frozenset[UUID]:
    """Return the events of what was said whose words are still there and the caller's to read."""
    said = await _said_now(context, aggregates)
    return frozenset[UUID]().union(*(still_there(one) for one in said.values()))


async def _said_now(context: ReadContext, aggregates: Collection[Aggregate]) -> dict[Aggregate, Said]:
    """Return those of some aggregates that were said and are the caller's to read, as they are now."""
    found = await queries.latest_of(context.connection, list(aggregates), context.view.position)
    hidden = await hidden_among(context, aggregates)
    return {
        aggregate: version.state
        for aggregate, version in found.items()
        if isinstance(version.state, Said) and aggregate not in hidden
    }


async def private_to_others(context: ReadContext, aggregates: Collection[Aggregate]) -> frozenset[Aggregate]:
    """Return what the caller may read of what was said, though not to them."""
    said = await _said_now(context, aggregates)
    return frozenset(aggregate for aggregate, one in said.items() if one.is_private_to(context.caller.actor))


def _shown(context: ReadContext, version: Said, revision: int, now: Said) -> Shown:
    """Return something that the caller may read, with what of it is still there by what is so now."""
    there = still_there(now)
    return Shown(version, revision, there, bool(there) and now.is_private_to(context.caller.actor))


def still_there(said: Said) -> frozenset[UUID]:
    """Return the events whose words are shown."""
    return frozenset(words.event_id for words in said.all_words.values() if words.text is not None)


async def find_said(context: ReadContext, kind: str, id_: str) -> Shown:
    """Return one thing that was said. Raises NotFound if there is none, or none that the caller may read."""
    wanted = Aggregate(kind, id_)
    found = await queries.latest(context.connection, kind, id_, context.position)
    now = (await _said_now(context, [wanted])).get(wanted)
    if found is None or not isinstance(found.state, Said) or now is None:
        raise NotFound(kind, id_)
    (said,) = await without_hidden_goals(context, [found])
    assert isinstance(said.state, Said)
    return _shown(context, said.state, found.revision, now)


async def list_said(
    context: ReadContext, kind: str, about: str | None, paging: Paging
) -> tuple[list[Shown], Sequence[queries.Version]]:
    """Return a page of what the caller may read, and one more if there are more; and their versions."""
    if about is None:
        chosen = await list_seen(context, kind, paging)
    else:
        goals = await seen_references(context, [about])
        versions = await attachments(context.connection, kind, goals, context.position)
        chosen = after_cursor(await seen(context, kind, versions), paging)
    now = await _said_now(context, [Aggregate(kind, id_of(version)) for version in chosen])
    shown = [
        _shown(context, version.state, version.revision, now[Aggregate(kind, version.state.id)])
        for version in chosen
        if isinstance(version.state, Said)
    ]
    return shown, chosen


async def names_in(
    context: ReadContext, shown: Iterable[Shown], keys: Keys, language: Language
) -> dict[str, str]:
    """Return the names of all registered people who talk, by id."""
    people = {person for one in shown for person in one.said.parties}
    return await names_of(
        context.connection, keys, context.workspace.id, people, context.view.position, language
    )
