"""Carrying out goal commands: load, decide, append; answer a retry as the first try was answered.

A command is decided on what the views know, if the ledger has nothing newer of it; else, on a conflict and
while PostgreSQL is away, on what the ledger adds to that. The append is guarded with the last position known
on the aggregate's own subject, so two commands never both win on one state. Those whose rule spans aggregates
wait for each other (serialization.py).

With an Idempotency-Key the ids of a command's events follow from (workspace, actor, key). That is how a retry
finds them, in the views' table of commands or among the aggregate's own events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import NamedTuple
from uuid import UUID

from events.aggregates import AGGREGATES
from events.commands import Command
from events.envelope import Event, encode
from events.errors import Refused
from events.ids import Aggregate, event_id, ledger_subject, new_aggregate_id
from events.registry import Report, event_type
from events.workspace.state import Workspace
from projections import control
from projections.advice.on_change import Written
from projections.state import queries, queries_goals
from projections.state.fold import STATE
from services.access.callers import Caller
from services.commands.aggregates import Loaded, seen
from services.commands.context_loader import context_of, workspace_of, written_of
from services.commands.dual_control import require_no_line_of_ones_own
from services.commands.errors import ClockAhead, KeyInFlight, KeyReused, Stale, TooContended
from services.commands.serialization import Serialization, StillOurs
from services.commands.state_loader import StateLoader
from services.commands.visibility import may_see, refusal_of_unseen, require_sight_of_new
from services.keys.keys import Keys
from services.ledger import (
    Conflict,
    DuplicateId,
    Entry,
    Ledger,
    WorkspaceUnknown,
)
from services.ledger.positions import LedgerPosition, OldEpoch, require_epoch
from services.postgres.damage import RowsLost
from services.postgres.locks import Locks
from services.postgres.views import LedgerDiffers, View, Views, ViewsBusy, ViewsUnavailable
from services.runtime import clock
from services.runtime.tasks import end

REMEMBERED = 100_000
"""Key results of which a process remembers the objective."""
TRIES = 10
"""How often a command is decided again when others change the goal in between."""


class Answer(NamedTuple):
    """What a command did, the same for the first try and every retry."""

    id: str
    """Of the aggregate."""
    event_ids: tuple[UUID, ...]
    """None if nothing was to change."""
    position: int
    """Of its last event: a view at this position shows it."""
    revision: int
    """Of the aggregate, for the ETag."""
    replayed: bool
    written: Written
    """What it made of the aggregate."""
    epoch: int = 1
    """Of the ledger: position and revision mean something in it."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, by whom. All commands are on one aggregate and succeed or fail together."""

    caller: Caller
    aggregate: Aggregate
    commands: Sequence[Command]
    reason: str | None
    key: str | None
    body_hash: str
    if_match: LedgerPosition | None
    correlation_id: str | None
    key_result: str | None
    """The id of a key result by which the aggregate was named."""

    @property
    def workspace(self) -> str:
        """The caller's."""
        return self.caller.workspace

    def event_id(self, n: int) -> UUID:
        """Id of its n-th event."""
        return event_id(self.workspace, self.caller.actor, self.key, n)


class Plan(NamedTuple):
    """What is to be appended, and to what."""

    before: Loaded
    events: list[Event]
    written: Written
    today: date
    """The business day on which it was decided."""
    workspace: Workspace


class Goals:
    """Commands on goals, units, cycles, KPIs and feeds. One for a process."""

    def __init__(
        self,
        ledger: Ledger,
        views: Views,
        keys: Keys,
        now: Callable[[], datetime] = lambda: clock.now(),
        *,
        locks: Locks | None = None,
        administrators: Callable[[str], int] = lambda _workspace: 0,
    ) -> None:
        """`locks` keep this process and others apart, if there are several.

        `administrators` counts those of a workspace: with two of them some commands take a second person.
        """
        self._ledger = ledger
        self._views = views
        self._keys = keys
        self._now = now
        self._administrators = administrators
        self._serialization = Serialization(locks)
        self._in_flight: set[tuple[str, str, str]] = set()
        self._objective_of: dict[tuple[str, int, str], str] = {}

    async def execute(
        self,
        caller: Caller,
        aggregate: Aggregate,
        *commands: Command,
        reason: str | None = None,
        key: str | None = None,
        body_hash: str = "",
        if_match: LedgerPosition | None = None,
        correlation_id: str | None = None,
        key_result: str | None = None,
    ) -> Answer:
        """Carry out commands on one aggregate, all or none; acked means on disk.

        `key` is the Idempotency-Key and `body_hash` says what was asked with it; `if_match` is the revision
        that the caller has read, None to change whatever is there; `key_result` is the id by which an
        objective was found. Raises Refused, Stale, OldEpoch, KeyReused, KeyInFlight, TooContended,
        ClockAhead, ViewsBusy, WorkspaceUnknown, LedgerDiffers, LedgerUnavailable, LedgerUncertain.
        """
        request = Request(
            caller, aggregate, commands, reason, key, body_hash, if_match, correlation_id, key_result
        )
        if key is None:
            return await self._carry_out(request)
        slot = (caller.workspace, caller.actor, key)
        if slot in self._in_flight:
            raise KeyInFlight
        self._in_flight.add(slot)
        try:
            return await self._carry_out(request)
        finally:
            self._in_flight.discard(slot)

    async def needs_second_person(self, workspace: str) -> bool:
        """Return whether a token for another person takes a second person, as the ledger says.

        Raises WorkspaceUnknown, LedgerUnavailable.
        """
        found = await workspace_of(StateLoader(self._ledger, workspace), workspace)
        return found.needs_second_person(self._administrators(workspace))

    async def objective_of(self, workspace: str, key_result: str) -> str | None:
        """Return the objective that a key result belongs to, also one that was added a moment ago."""
        # Only within an epoch: another ledger may have the id elsewhere.
        epoch = self._views.epoch_seen(workspace)
        found = self._objective_of.get((workspace, epoch, key_result))
        if found is None:
            found = await self._find_objective_of(workspace, key_result)
            if found is not None:
                # It never changes; a process that has seen very many may well ask again.
                if len(self._objective_of) >= REMEMBERED:
                    self._objective_of.clear()
                self._objective_of[workspace, epoch, key_result] = found
        return found

    async def _find_objective_of(self, workspace: str, key_result: str) -> str | None:
        knowledge = StateLoader(self._ledger, workspace)
        try:
            async with self._views.open(workspace, snapshot=False, purpose="write") as view:
                knowledge = StateLoader(self._ledger, workspace, view)
                found = await knowledge.objective_of(key_result)
                if found is not None:
                    return found
        except (LedgerDiffers, ViewsBusy):
            raise  # the ledger is no way around: it is not trusted, or loading from it costs far more
        except ViewsUnavailable:
            pass
        knowledge.look_again()
        return await knowledge.objective_of(key_result)

    async def _carry_out(self, request: Request) -> Answer:
        async with self._serialization.turn(request.workspace, request.commands) as still_ours:
            return await self._decide_and_append(request, still_ours)

    async def _decide_and_append(self, request: Request, still_ours: StillOurs) -> Answer:
        seen = await self._from_views(request)
        if isinstance(seen, Answer):
            return seen
        knowledge, plan = seen
        duplicates = 0
        for _ in range(TRIES):
            if plan is None:
                knowledge.look_again()
                earlier = await _earlier(request, knowledge)
                if earlier is not None:
                    return earlier._replace(epoch=await knowledge.epoch())
                plan = await self._decide(request, knowledge)
            await still_ours()
            try:
                answer = await self._append(request, plan, knowledge)
                return answer._replace(epoch=await knowledge.epoch())
            except DuplicateId as error:
                # It may be our own first try; if this aggregate has it not, another one has our ids.
                duplicates += 1
                if duplicates > 1:
                    raise KeyReused from error
            except Conflict:
                pass
            plan = None
        raise TooContended

    async def _from_views(self, request: Request) -> Answer | tuple[StateLoader, Plan | None]:
        """Return the first answer; or what the views know, and if the ledger has nothing newer of it what
        to do.
        """
        head = asyncio.ensure_future(self._ledger.head(request.workspace))
        try:
            async with self._views.open(request.workspace, snapshot=False, purpose="write") as view:
                knowledge = StateLoader(self._ledger, request.workspace, view)
                earlier = await _first_answer(view, request, knowledge)
                if earlier is not None:
                    return earlier._replace(epoch=view.epoch)
                if request.key is not None and view.epoch > 1:
                    await _require_not_lost(view, request)
                try:
                    decision: Plan | Exception = await self._decide(request, knowledge)
                except (Refused, Stale, WorkspaceUnknown) as refusal:
                    decision = refusal
                if isinstance(decision, WorkspaceUnknown) and view.position and not view.poisoned:
                    raise RowsLost(f"the views of {request.workspace} do not know it")
            # Only now: nobody holds a connection of the views' while NATS does not answer.
            if not await knowledge.stands(await head):
                return knowledge, None
            if isinstance(decision, Exception):
                raise decision
            return knowledge, decision
        except (LedgerDiffers, ViewsBusy):
            # What was appended now would take positions of lost events, on what may be the wrong ledger. And
            # a workspace that is busy is not helped by loads from the ledger, which cost far more.
            raise
        except ViewsUnavailable:
            return StateLoader(self._ledger, request.workspace), None
        finally:
            await end(head)

    async def _decide(self, request: Request, knowledge: StateLoader) -> Plan:
        """Return the events that follow from the commands.

        Raises Refused, Stale, OldEpoch, WorkspaceUnknown.
        """
        if request.if_match is not None:
            require_epoch(request.if_match.epoch, await knowledge.epoch())
        await knowledge.expect(request.aggregate, Aggregate("workspace", request.workspace))
        loaded = await knowledge.get(request.aggregate)
        workspace = await workspace_of(knowledge, request.workspace)
        now = self._now()
        today = workspace.business_day(now)[0]
        await require_sight_of_new(knowledge, request.caller, loaded.state, request.commands[0], today)
        visible = await may_see(knowledge, request.caller, loaded.state, today)
        if (
            visible
            and request.if_match is not None
            and loaded.state is not None
            and loaded.revision != request.if_match.position
        ):
            raise Stale(request.if_match, loaded.revision)
        numbers = count()

        def new_id() -> str:
            return new_aggregate_id(request.workspace, request.caller.actor, request.key, next(numbers))

        _state, evolve, decide = AGGREGATES[request.aggregate.kind]
        dual_control = workspace.needs_second_person(self._administrators(request.workspace))
        state = loaded.state
        events: list[Event] = []
        for command in request.commands:
            context = await context_of(
                knowledge,
                request.aggregate,
                command,
                state,
                workspace=workspace,
                caller=request.caller,
                now=now,
                reason=request.reason,
                new_id=new_id,
                dual_control=dual_control,
            )
            if not visible:
                raise refusal_of_unseen(decide, command, state, context, request.key_result)
            for data in decide(command, state, context):
                event = Event(
                    id=request.event_id(len(events)),
                    type=event_type(data),
                    workspace=request.workspace,
                    aggregate=request.aggregate,
                    time=now,
                    actor=request.caller.actor,
                    data=data,
                    reason=request.reason,
                    correlation_id=request.correlation_id,
                    business_day=context.today,
                )
                events.append(event)
                state = evolve(state, event)
        if dual_control and any(command.moves_lines for command in request.commands):
            await require_no_line_of_ones_own(knowledge, request.caller.actor, state, today)
        written = await written_of(knowledge, loaded.state, state, today)
        return Plan(loaded, events, written, today, workspace)

    async def _append(self, request: Request, plan: Plan, knowledge: StateLoader) -> Answer:
        before, events, written, today, workspace = plan
        if not events:
            return Answer(request.aggregate.id, (), before.position, before.revision, False, written)
        # Where this clock is ahead, a check-in would be of a day that readers' clocks do not know yet.
        if workspace.business_day(await self._ledger.now(request.workspace))[0] < today:
            raise ClockAhead
        if request.key is not None:
            events[0] = events[0]._replace(request=f"{request.body_hash}:{len(events)}")
        subject = ledger_subject(request.workspace, request.aggregate)
        sealed = [await self._keys.seal_event(event) for event in events]
        entries = [Entry(subject, encode(event), str(event.id)) for event in sealed]
        appended = await self._ledger.append(
            request.workspace, entries, {subject: before.position}, looked_at=knowledge.looked_at
        )
        revision = before.revision
        for position, event in enumerate(events, appended.first):
            revision = revision if isinstance(event.data, Report) else position
        event_ids = tuple(event.id for event in events)
        return Answer(request.aggregate.id, event_ids, appended.last, revision, False, written)


async def _first_answer(view: View, request: Request, knowledge: StateLoader) -> Answer | None:
    """Return what the first try with this key was answered, if the views have it. Raises KeyReused."""
    if request.key is None:
        return None
    carried = await queries_goals.carried_out(view.connection, request.event_id(0))
    if carried is None:
        return None
    aggregate = Aggregate(carried.kind, carried.id)
    last = carried.position + _number_of_events(request, carried.request, aggregate) - 1
    before = seen(await queries.latest(view.connection, *aggregate, carried.position - 1))
    row = await queries.latest(view.connection, *aggregate, last)
    assert row is not None  # the fold that keeps a command keeps what it led to
    workspace = await workspace_of(knowledge, request.workspace)
    day = workspace.business_day(row.recorded_at)[0]
    written = await written_of(knowledge, before.state, seen(row).state, day)
    revision = row.revision if row.position == last else last
    return _replayed(request, carried.position, last, revision, written)


async def _require_not_lost(view: View, request: Request) -> None:
    """Raise OldEpoch if the first try with this key was on a ledger that was lost since.

    Views that were set aside remember it: who asks has an answer already, of something that is not there.
    """
    for epoch, schema in await control.set_aside(view.connection, request.workspace, STATE.name):
        aside = view.connection.with_schemas({STATE.name: schema})
        if await queries_goals.carried_out(aside, request.event_id(0)):
            raise OldEpoch(epoch, view.epoch)


async def _earlier(request: Request, knowledge: StateLoader) -> Answer | None:
    """Return what the first try with this key was answered, if the ledger has it. Raises KeyReused."""
    tail = await knowledge.tail(request.aggregate)
    if request.key is None:
        return None
    first = request.event_id(0)
    before = tail.known
    for event, after in tail.steps:
        if event.event.id == first:
            break
        before = after
    else:
        return None
    last = event.position + _number_of_events(request, event.event.request, event.event.aggregate) - 1
    after = next(loaded for each, loaded in tail.steps if each.position == last)
    day = event.event.business_day or event.recorded_at.date()
    written = await written_of(knowledge, before.state, after.state, day)
    return _replayed(request, event.position, last, after.revision, written)


def _number_of_events(request: Request, asked: str | None, aggregate: Aggregate) -> int:
    """Return how many events the first try made. Raises KeyReused if it asked for something else."""
    body_hash, _, events = (asked or "").rpartition(":")
    if body_hash != request.body_hash or aggregate != request.aggregate:
        raise KeyReused
    return int(events)


def _replayed(request: Request, first: int, last: int, revision: int, written: Written) -> Answer:
    event_ids = tuple(request.event_id(n) for n in range(last - first + 1))
    return Answer(request.aggregate.id, event_ids, last, revision, True, written)
