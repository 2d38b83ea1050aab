"""Versions of goals, units, cycles and KPIs: every goal event appends the state it leads to."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from events.aggregates import AGGREGATES
from events.envelope import RecordedEvent
from events.ids import Aggregate
from events.objectives.events import ObjectiveDrafted
from events.objectives.key_result_events import KeyResultAdded
from events.registry import Report
from events.state import OutOfPlace
from events.visibility import restriction_of
from projections.bulk import arrays, insert_given
from projections.projection import Copy, Store, Upsert, Write
from projections.state.attachments import attached_to
from projections.state.tables import attachment, command, key_result, restriction, taken_over, version


class Version(NamedTuple):
    """The latest state of an aggregate, and the position of its last change."""

    state: BaseModel
    revision: int


class Change(NamedTuple):
    """What a goal event did to its aggregate."""

    before: BaseModel | None
    after: BaseModel


class Goals:
    """The latest version of every aggregate of a workspace, and the rows that are not written yet."""

    def __init__(self) -> None:
        self._latest: dict[Aggregate, Version] = {}
        self._objective_of: dict[str, str] = {}
        self._loaded = False
        self._versions: list[tuple[Any, ...]] = []
        self._key_results: list[tuple[Any, ...]] = []
        self._taken_over: list[tuple[Any, ...]] = []
        self._attachments: list[tuple[Any, ...]] = []
        self._restrictions: list[tuple[Any, ...]] = []
        self._commands: list[tuple[Any, ...]] = []

    async def load(self, store: Store) -> bool:
        """Read the latest versions, once; answers whether that was now."""
        if self._loaded:
            return False
        rows = await store.connection.execute(
            select(version.c.kind, version.c.id, version.c.state, version.c.revision)
            .ext(distinct_on(version.c.kind, version.c.id))
            .order_by(version.c.kind, version.c.id, version.c.position.desc())
        )
        for kind, id_, state, revision in rows:
            model = AGGREGATES[kind].state.model_validate(state)
            self._latest[Aggregate(kind, id_)] = Version(model, revision)
        for id_, objective in await store.connection.execute(select(key_result.c.id, key_result.c.objective)):
            self._objective_of[id_] = objective
        self._loaded = True
        return True

    def all(self, kind: str) -> list[BaseModel]:
        """Return the latest states of one kind of aggregate."""
        return [version.state for aggregate, version in self._latest.items() if aggregate.kind == kind]

    def get(self, kind: str, id_: str) -> BaseModel | None:
        """Return the latest state of one aggregate."""
        found = self._latest.get(Aggregate(kind, id_))
        return None if found is None else found.state

    def objective_of(self, key_result: str) -> str:
        """Return the objective that has a key result."""
        return self._objective_of[key_result]

    def changed(self, recorded: RecordedEvent) -> Change:
        """Return what a goal event makes of its aggregate; nothing is kept yet. Raises OutOfPlace."""
        event = recorded.event
        if isinstance(event.data, KeyResultAdded):
            # Two processes may each have said yes at one instant (docs/adr/0013): the first has the id.
            has_it = self._objective_of.get(event.data.key_result)
            if has_it is not None:
                raise OutOfPlace(f"key result {event.data.key_result} belongs to objective {has_it} already")
        before = self.get(*event.aggregate)
        return Change(before, AGGREGATES[event.aggregate.kind].evolve(before, event))

    def accept(self, recorded: RecordedEvent, change: Change) -> None:
        """Keep the version that a goal event leads to."""
        event = recorded.event
        before = self._latest.get(event.aggregate)
        reports = before is not None and isinstance(event.data, Report)
        revision = before.revision if before is not None and reports else recorded.position
        stored = change.after.model_dump_json()
        self._latest[event.aggregate] = Version(change.after, revision)
        self._versions.append((*event.aggregate, recorded.position, recorded.recorded_at, revision, stored))
        if isinstance(event.data, KeyResultAdded):
            self._objective_of[event.data.key_result] = event.aggregate.id
            self._key_results.append((event.data.key_result, event.aggregate.id, recorded.position))
        if isinstance(event.data, ObjectiveDrafted) and event.data.takes_over is not None:
            self._taken_over.append((event.data.takes_over, event.aggregate.id, recorded.position))
        for about in sorted(attached_to(change.after) - attached_to(change.before)):
            self._attachments.append((about, *event.aggregate, recorded.position))
        restricted = restriction_of(change.after)
        if restricted != restriction_of(change.before):
            who = (None, None, None) if restricted is None else (sorted(each) for each in restricted)
            self._restrictions.append((*event.aggregate, recorded.position, *who))
        if event.request is not None:
            self._commands.append((event.id, recorded.position, *event.aggregate, event.request))

    def drain(self) -> list[Write]:
        """Return the pending rows; the next run starts with none."""
        pending = (
            (version, self._versions),
            (key_result, self._key_results),
            (taken_over, self._taken_over),
            (attachment, self._attachments),
            (restriction, self._restrictions),
        )
        writes: list[Write] = [Copy(table, rows) for table, rows in pending if rows]
        if self._commands:
            writes.append(Upsert(_COMMANDS, arrays(command, self._commands)))
        self._versions, self._key_results, self._taken_over = [], [], []
        self._attachments, self._restrictions, self._commands = [], [], []
        return writes


_COMMANDS = insert_given(command).on_conflict_do_nothing()
"""A key that was used again while the views were far behind goes on to mean what it meant first."""
