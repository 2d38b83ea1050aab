"""The audit trail: who did what, when and why, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from events.envelope import Event
from events.ids import Slug
from events.kpis.definition import WITHOUT_PURPOSE, KpiDefinition
from events.registry import UnknownData, lookup
from events.scorecards.items import Item
from events.sentences import sentence
from events.talk.said import person_of
from events.text import Language
from projections.audit import queries
from projections.audit.references import references
from projections.state.queries_visibility import SAID
from services.access.callers import Caller
from services.access.roles import Permission
from services.api.http.language import Lang
from services.api.http.openapi_responses import READ
from services.api.http.paging import Page, PagedByNumber, page, page_from, position_in
from services.api.http.read_parameters import KnownAt, Viewing, moment_parameter
from services.api.http.routes import subject_router
from services.api.http.security import Reader, TrailReader
from services.api.http.services import Serving
from services.commands.private_readings import PrivateReadings
from services.keys.keys import Keys
from services.queries.message_access import private_to_others, readable_words
from services.queries.org_chart import load_org_chart
from services.queries.person_names import names_of
from services.queries.read_context import Moment, ViewReader, end_of, start_of
from services.queries.visibility import (
    GOAL_KINDS,
    GOALS,
    hidden_aggregates,
    hidden_references,
    seen_references,
)

router = subject_router("/v1/audit", "audit")

REFERENCE = r"^[a-z0-9][a-z0-9_/-]{0,126}$"
ACTOR = r"^(person|feed|system):[a-z0-9][a-z0-9_-]{0,62}$"
NAME = r"^[a-z_]{1,40}\.[a-z_]{1,40}$"


CONCERNING = (
    "access.token_requested",
    "access.token_issued",
    "access.token_approved",
    "access.token_text_replaced",
    "person.lead_requested",
    "person.lead_approved",
    "person.lead_refused",
    "private_text.read",
)
"""Events by which somebody comes to act as another person, or to read what was said to them."""
MOVING = ("person.joined_unit", "org_unit.moved")
"""Events by which a person, or a unit with all its people, comes below other leads."""


class Entry(BaseModel):
    """One event, as it stands on the ledger and in words."""

    position: int
    recorded_at: datetime = Field(description="When the ledger stored it (UTC): the server's time.")
    event_id: UUID
    type: str = Field(description="Its name; an unknown event has its whole type.")
    actor: str
    about: list[str] = Field(description="`<kind>/<id>` of everything it concerns.")
    sentence: str = Field(description="In the language of Accept-Language.")
    reason: str | None
    data: dict[str, Any]
    business_day: date | None = Field(description="The day on which it was done, in the workspace's zone.")
    correlation_id: str | None = Field(description="The request that caused it: its X-Request-Id.")


class RecordingOut(BaseModel):
    """Ordinary readings of a KPI that a feed sent on one day. Each of them is at `/v1/readings`."""

    feed: str
    recorded_day: date = Field(description="The day they were recorded on (UTC).")
    count: int
    first_position: int
    last_position: int


async def recorded_from(
    first: Annotated[
        str | None,
        Query(alias="from", description="Recorded on this day or later.", examples=["2026-01-01"]),
    ] = None,
) -> Moment | None:
    """Return the first recording day or instant that is asked for. Raises 422."""
    return moment_parameter("from", first)


async def recorded_to(
    last: Annotated[
        str | None,
        Query(alias="to", description="Recorded up to the end of this day.", examples=["2026-03-31"]),
    ] = None,
) -> Moment | None:
    """Return the last recording day or instant that is asked for. Raises 422."""
    return moment_parameter("to", last)


@router.get("", summary="Read the audit trail", responses=READ)
async def read(
    services: Serving,
    caller: TrailReader,
    viewing: Viewing,
    paged: PagedByNumber,
    language: Lang,
    known_at: KnownAt,
    first: Annotated[Moment | None, Depends(recorded_from)],
    last: Annotated[Moment | None, Depends(recorded_to)],
    about: Annotated[
        str | None,
        Query(
            pattern=REFERENCE,
            description="An id of anything (objective, key result, KPI, reading, person…), or `<kind>/<id>`.",
            examples=["acv", "key_result/acv"],
        ),
    ] = None,
    actor: Annotated[str | None, Query(pattern=ACTOR, examples=["person:anna"])] = None,
    name: Annotated[
        str | None, Query(alias="type", pattern=NAME, examples=["key_result.target_changed"])
    ] = None,
    order: Annotated[Literal["asc", "desc"], Query(description="By position on the ledger.")] = "asc",
) -> Page[Entry]:
    """Every event but ordinary readings, with its sentence: who did what, when and why."""
    async with viewing.context(caller, None, known_at, cursor=paged.cursor) as context:
        after = position_in(paged)
        kinds = GOALS if caller.may(Permission.WITNESS) else (*GOALS, *SAID)
        hidden = await hidden_aggregates(context, kinds)
        asked = [] if about is None else await seen_references(context, references(about)) or [_NOTHING]
    async with viewing.trail(caller, context.position) as trail:
        entries = await queries.trail_of(
            trail.connection,
            caller.workspace,
            asked,
            known=context.position,
            hidden=sorted(hidden),
            after=after if order == "asc" else 0,
            before=after if order == "desc" and after else None,
            actor=actor,
            name=name,
            recorded_from=None if first is None else start_of(first, context.workspace),
            recorded_until=None if last is None else end_of(last, context.workspace),
            newest_first=order == "desc",
            limit=paged.limit + 1,
        )
    entries = await _without_words_of_others(entries, viewing, caller, services.private_readings)
    entries = await _without_hidden_goals(entries, viewing, caller)
    async with services.views.open(caller.workspace) as view:
        names = await names_of(
            view.connection, services.keys, caller.workspace, _people(entries), context.position, language
        )
    shown = [await _entry(services.keys, entry, language, names) for entry in entries]
    last_shown = shown[: paged.limit][-1].position if shown else 0
    return page(shown, paged, context.next_page(last_shown))


@router.get("/mine", summary="Read what concerns oneself", responses=READ)
async def mine(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    paged: PagedByNumber,
    language: Lang,
    known_at: KnownAt,
) -> Page[Entry]:
    """What others did that lets somebody act as the caller or read their words, the newest first.

    Tokens in the caller's name, leads of the caller's units and of those above, units that the caller joined
    and where those went, and readings of what was said to the caller by somebody who is no party.
    """
    person = person_of(caller.actor) or ""
    async with viewing.context(caller, None, known_at, cursor=paged.cursor) as context:
        chart = await load_org_chart(context.connection, context.position)
    units = sorted(chart.units_of(person, context.today))
    async with viewing.trail(caller, context.position) as trail:
        entries = await queries.trail_of(
            trail.connection,
            caller.workspace,
            [f"person/{person}", *(f"org_unit/{unit}" for unit in units)],
            known=context.position,
            before=position_in(paged) or None,
            name=CONCERNING,
            done_to=MOVING,
            newest_first=True,
            limit=paged.limit + 1,
        )
    async with services.views.open(caller.workspace) as view:
        names = await names_of(
            view.connection, services.keys, caller.workspace, _people(entries), context.position, language
        )
    shown = [await _entry(services.keys, entry, language, names) for entry in entries]
    last_shown = shown[: paged.limit][-1].position if shown else 0
    return page(shown, paged, context.next_page(last_shown))


@router.get("/recordings", summary="Sum up the ordinary readings of a KPI", responses=READ)
async def recordings(
    caller: TrailReader,
    viewing: Viewing,
    paged: PagedByNumber,
    known_at: KnownAt,
    kpi: Annotated[Slug, Query(examples=["acv"])],
) -> Page[RecordingOut]:
    """What the trail leaves out: how many readings came from which feed on which day, the oldest first."""
    async with viewing.context(caller, None, known_at, cursor=paged.cursor) as context:
        pass
    async with viewing.trail(caller, context.position) as trail:
        found = await queries.recordings(trail.connection, kpi, known=context.position)
    shown = [
        RecordingOut(
            feed=one.feed,
            recorded_day=one.recorded_day,
            count=one.n,
            first_position=one.first_position,
            last_position=one.last_position,
        )
        for one in found
    ]
    return page_from(shown, paged, context.next_page)


_NOTHING = "nothing/-"
"""A reference of which there is no entry; none at all would ask for every entry."""


async def _without_hidden_goals(
    entries: list[queries.TrailEntry], viewing: ViewReader, caller: Caller
) -> list[queries.TrailEntry]:
    """Return the entries without the goals that the caller does not see, wherever these are named.

    What is said about such a goal goes with it: how something serves it, and the reason of a change that
    made something refer to it, or no longer.
    """
    if caller.may(Permission.READ_ALL_GOALS):
        return entries
    named = [{*entry.about, *_lines(entry.event.data)} for entry in entries]
    async with viewing.context(caller) as now:
        hidden = await hidden_references(now, {one for some in named for one in some})
    return [
        entry._replace(
            about=[one for one in entry.about if one not in hidden],
            event=_about_others(entry.event, hidden & some),
        )
        if hidden & some
        else entry
        for entry, some in zip(entries, named, strict=True)
    ]


def _lines(said: Any) -> Iterator[str]:
    """Yield references to what the lines of a scorecard are about, wherever an event has such lines."""
    match said:
        case Item():
            yield f"{said.kind}/{said.id}"
        case BaseModel():
            for name in type(said).model_fields:
                yield from _lines(getattr(said, name))
        case list() | tuple():
            for value in said:
                yield from _lines(value)


def _about_others(event: Event, hidden: frozenset[str]) -> Event:
    """Return an event without some goals and what it says about them."""
    data = event.data
    before = _hidden_part(getattr(data, "old", None), hidden)
    stays = before and before == _hidden_part(getattr(data, "new", None), hidden)
    return event._replace(data=_without(data, hidden), reason=event.reason if stays else None)


def _hidden_part(said: Any, hidden: frozenset[str]) -> list[Any]:
    """Return what is said about some goals, however deep it stands, in its order."""
    match said:
        case KpiDefinition() if _is_hidden(said.serves, hidden):
            return [(said.serves, said.serves_why)]
        case BaseModel() if not isinstance(said, Item):
            return _hidden_part([getattr(said, name) for name in type(said).model_fields], hidden)
        case dict():
            return _hidden_part(list(said.values()), hidden)
        case list() | tuple():
            return [part for value in said for part in _hidden_part(value, hidden)]
    return [said] if _is_hidden(said, hidden) else []


def _without(said: Any, hidden: frozenset[str]) -> Any:
    """Return what an event says without some goals, however deep they stand.

    An id alone does not say of what it is one. The references are those of this event, so it is that goal's;
    another thing of the same id in the same event is left out too.
    """
    match said:
        case KpiDefinition() if _is_hidden(said.serves, hidden):
            return _without(said.model_copy(update=WITHOUT_PURPOSE), hidden)
        case BaseModel():
            update = {name: _without(getattr(said, name), hidden) for name in type(said).model_fields}
            return said.model_copy(update=update)
        case dict():
            return {name: _without(value, hidden) for name, value in said.items()}
        case list() | tuple():
            kept = [_without(value, hidden) for value in said if not _is_hidden(value, hidden)]
            return tuple(kept) if isinstance(said, tuple) else kept
    return None if _is_hidden(said, hidden) else said


def _is_hidden(value: Any, hidden: frozenset[str]) -> bool:
    match value:
        case Item():
            return f"{value.kind}/{value.id}" in hidden
        case str():
            return value in hidden or any(f"{kind}/{value}" in hidden for kind in GOAL_KINDS)
    return False


async def _without_words_of_others(
    entries: list[queries.TrailEntry],
    viewing: ViewReader,
    caller: Caller,
    private_readings: PrivateReadings,
) -> list[queries.TrailEntry]:
    """Return the entries without what people said to each other, where it is not the caller's to read.

    What is, though it was not said to them, goes on record as read.
    """
    said = {entry.event.aggregate for entry in entries if entry.event.aggregate.kind in SAID}
    if not said:
        return entries
    async with viewing.context(caller) as now:
        readable = await readable_words(now, said)
        shown = {entry.event.aggregate for entry in entries if entry.event.id in readable}
        private = await private_to_others(now, shown)
    await private_readings.record(caller, private, now.today)
    return [
        entry._replace(event=_without_words(entry.event))
        if entry.event.aggregate in said and entry.event.id not in readable
        else entry
        for entry in entries
    ]


def _without_words(event: Event) -> Event:
    known = lookup(event.type)
    nothing = dict.fromkeys(known.personal if known is not None else ())
    return event._replace(data=event.data.model_copy(update=nothing))


def _people(entries: Sequence[queries.TrailEntry]) -> set[str]:
    """Return the ids of everybody who did something or whom it concerns."""
    actors = (entry.event.actor.partition(":") for entry in entries)
    concerned = (one.partition("/") for entry in entries for one in entry.about)
    return {id_ for kind, _, id_ in (*actors, *concerned) if kind == "person"}


async def _entry(
    keys: Keys, entry: queries.TrailEntry, language: Language, names: Mapping[str, str]
) -> Entry:
    event = await keys.open_event(entry.event, language)
    data = event.data
    return Entry(
        position=entry.position,
        recorded_at=entry.recorded_at,
        event_id=event.id,
        type=event.type if isinstance(data, UnknownData) else event.name,
        actor=event.actor,
        about=entry.about,
        sentence=sentence(event, language, names),
        reason=event.reason,
        data=data.raw if isinstance(data, UnknownData) else data.model_dump(mode="json"),
        business_day=event.business_day,
        correlation_id=event.correlation_id,
    )
