"""Withdrawals, which were for good, and have to stay so when a ledger lost the events that say them.

Somebody was forgotten, a token was revoked, words were redacted; then the ledger is restored from a copy of
before. What was taken back would be there again: the copy has the person's key, the token and the words. The
views that are set aside know better: their trail has the events. They are put back on the ledger as they
were, with their ids, so that doing it again changes nothing; keys and tokens follow.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from events.access.events import TokenRevoked
from events.aggregates import AGGREGATES
from events.envelope import Event, encode
from events.ids import Aggregate, event_id, ledger_subject
from events.people.commands import ForgetPerson
from events.people.decider import decide
from events.people.events import PersonForgotten, PersonRegistered
from events.people.state import Person
from events.registry import event_type
from events.state import OutOfPlace, State
from projections.audit.fold import AUDIT
from projections.audit.queries import TrailEntry, withdrawals
from projections.control import active, schema_name
from services.access.access import Access
from services.commands.aggregates import NOTHING, Tail, catch_up
from services.keys.keys import Keys
from services.ledger import Conflict, Entry, Ledger
from services.postgres.views import is_away
from services.projector import labels
from services.projector.decisions import ACTOR, context_of

log = structlog.get_logger(__name__)

TRIES = 10
"""How often an aggregate is looked at again when somebody else changes it in between."""


class Evidence(NamedTuple):
    """Withdrawals that the trails of a workspace know."""

    known_until: int
    """The last position of the lost ledger that the trail of the newest views knows."""
    lost: tuple[Event, ...]
    """Events that the ledger may have lost, in their order."""
    people: frozenset[str]
    """The ids of all who were forgotten, ever."""
    tokens: frozenset[str]
    """The ids of all tokens that were revoked, ever."""


class Restored(NamedTuple):
    """Counts what was taken back again."""

    forgotten: int
    """People whose key was there again."""
    revoked: int
    """Tokens that opened something again."""
    has_administrator: bool
    """Whether a valid token of an administrator is left."""


async def find_evidence(engine: AsyncEngine, workspace: str, cut: int) -> Evidence:
    """Read the trails of all views that may know what a ledger lost behind the position `cut`.

    A trail that can't be read tells nothing. Raises what SQLAlchemy raises when PostgreSQL is away.
    """
    async with engine.connect() as connection:
        newest = await active(connection, workspace, AUDIT.name)
        schemas = await labels.find(connection, workspace, AUDIT.name)
    known_until = 0
    entries: list[TrailEntry] = []
    lost: dict[UUID, Event] = {}
    for number, label in sorted(schemas.items()):
        if label is not None and label.may_be_dropped:
            continue
        found = await _read_trail(engine, workspace, number)
        entries += found or ()
        after = 0  # a position of another epoch says nothing: each event is looked for on the ledger
        if newest is not None and number == newest.build:
            after = cut
            whole = found is not None and newest.damaged is None and not newest.lacks_rows
            known_until = newest.position if whole else 0
        lost |= {entry.event.id: entry.event for entry in found or () if entry.position > after}
    return Evidence(
        known_until,
        tuple(lost.values()),
        frozenset(one.event.aggregate.id for one in entries if isinstance(one.event.data, PersonForgotten)),
        frozenset(one.event.aggregate.id for one in entries if isinstance(one.event.data, TokenRevoked)),
    )


async def _read_trail(engine: AsyncEngine, workspace: str, number: int) -> list[TrailEntry] | None:
    """Return what was taken back by the trail of a build; None if that can't be read."""
    schema = schema_name(workspace, AUDIT.name, number)
    try:
        async with engine.connect() as connection:
            tables = await connection.execution_options(schema_translate_map={AUDIT.name: schema})
            return await withdrawals(tables, workspace)
    except DBAPIError as error:
        if is_away(error):
            raise
        log.warning("a trail can't be read", schema=schema, because=str(error.orig)[:200])
        return None


async def take_back_again(
    ledger: Ledger, keys: Keys, access: Access, workspace: str, evidence: Evidence, reason: str
) -> Restored:
    """Let everything be taken back again that the trails, the keys or the tokens know was taken back.

    It can be broken off anywhere and done again. Raises Conflict, MasterKeyDiffersError, WorkspaceUnknown,
    LedgerUnavailable, LedgerUncertain.
    """
    # First the events: who is told by the ledger that somebody was forgotten can do the rest again.
    for event in evidence.lost:
        await _put_back(ledger, event)
    people = evidence.people | keys.forgotten_people(workspace)
    for person in sorted(people - evidence.people):
        await _forget_again(ledger, keys, workspace, person, reason)
    holders = {f"person:{person}" for person in people}
    revoked = await access.revoke_again(workspace, evidence.tokens, holders, by=ACTOR)
    forgotten = 0
    for holder in sorted(holders):
        forgotten += await keys.forget(workspace, holder)
    return Restored(forgotten, revoked, access.has_administrator(workspace))


async def _put_back(ledger: Ledger, event: Event) -> None:
    """Append an event as it was, unless it is there, or what it changes is not."""
    for _ in range(TRIES):
        tail = await _load(ledger, event.workspace, event.aggregate)
        if any(step.event.id == event.id for step, _ in tail.steps):
            return
        # The copy may have words of somebody who was registered later, or never.
        unknown = tail.loaded.state is None and isinstance(event.data, PersonForgotten)
        events = [_registered(event), event] if unknown else [event]
        try:
            state = _folded(tail.loaded.state, events)
        except OutOfPlace:
            return
        if state == tail.loaded.state or await _append(ledger, events, tail.loaded.position):
            return
    raise Conflict(ledger_subject(event.workspace, event.aggregate))


async def _forget_again(ledger: Ledger, keys: Keys, workspace: str, person: str, reason: str) -> None:
    """Record that a person was forgotten whom only the keys know as such."""
    aggregate = Aggregate("person", person)
    for _ in range(TRIES):
        tail = await _load(ledger, workspace, aggregate)
        context = await context_of(ledger, workspace, reason)
        state = tail.loaded.state
        assert state is None or isinstance(state, Person)
        made = []
        for data in decide(ForgetPerson(acts=True), state, context):
            # What is said of registering somebody would be sealed with a key that is never made again.
            why = reason if isinstance(data, PersonForgotten) else None
            id_ = event_id(workspace, ACTOR, None, 0)
            event = Event(id_, event_type(data), workspace, aggregate, context.now, ACTOR, data, why)
            made.append(await keys.seal_event(event))
        if not made or await _append(ledger, made, tail.loaded.position):
            return
    raise Conflict(ledger_subject(workspace, aggregate))


async def _load(ledger: Ledger, workspace: str, aggregate: Aggregate) -> Tail:
    return await catch_up(ledger, workspace, aggregate, NOTHING, 0)


def _folded(state: State | None, events: list[Event]) -> State | None:
    for event in events:
        state = AGGREGATES[event.aggregate.kind].evolve(state, event)
    return state


def _registered(forgotten: Event) -> Event:
    """Return the event that makes somebody known who is to be forgotten, without name and mail."""
    data = PersonRegistered()
    id_ = event_id(forgotten.workspace, ACTOR, f"registered {forgotten.id}", 0)
    return forgotten._replace(id=id_, type=event_type(data), data=data, reason=None)


async def _append(ledger: Ledger, events: list[Event], last: int) -> bool:
    """Append events on one aggregate; False if somebody else was faster."""
    subject = ledger_subject(events[0].workspace, events[0].aggregate)
    entries = []
    for event in events:
        # The trail reads data in the newest version of its type, and ids in a type of the driver's.
        id_, type_ = UUID(int=event.id.int), event_type(event.data)
        entries.append(Entry(subject, encode(event._replace(id=id_, type=type_))))
    try:
        await ledger.append(events[0].workspace, entries, {subject: last})
    except Conflict:
        return False
    return True
