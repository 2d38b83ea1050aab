"""What a command is decided on: its aggregate and the facts of others, as fresh as the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

from events.cycles.state import Cycle
from events.envelope import RecordedEvent, UndecodableEvent
from events.ids import Aggregate, ledger_subject
from events.objectives.key_result_events import KeyResultAdded
from events.objectives.state import Objective
from events.org_units.state import OrgUnit
from events.people.state import Person
from events.scorecards.state import Scorecard
from events.state import State
from projections.state import queries, queries_goals
from services.commands.aggregates import NOTHING, Loaded, Tail, catch_up, folded, seen
from services.ledger import Ledger, LedgerGap, recorded
from services.postgres.views import View

FEW = 100
"""Events that the views may lack: to read them costs no more than asking for three aggregates."""


class StateLoader:
    """One workspace as one command sees it.

    First it reads a view, if there is one; `stands` tells whether the ledger has anything new of what was
    seen. After `look_again` it knows what it saw there and what the ledger has since then; without a view it
    reads everything from the ledger.
    """

    def __init__(self, ledger: Ledger, workspace: str, view: View | None = None) -> None:
        self._ledger = ledger
        self._workspace = workspace
        self._view = view
        # Up to there a view knew what it answered: only what stands in `_seen` and `_seen_goals`. The ledger
        # is read from 0 for everything else, or what a failed read did not find would not be there.
        self._seen_until = view.position if view is not None else 0
        self._epoch = view.epoch if view is not None else None
        self._seen: dict[Aggregate, Loaded] = {}
        self._seen_goals: dict[str, str | None] = {}
        self._current: dict[Aggregate, Loaded] = {}
        self._current_all: dict[str, list[State]] = {}
        self._searched: set[str] = set()

    async def epoch(self) -> int:
        """Return the epoch of the ledger, as the view or else the ledger itself says.

        Raises WorkspaceUnknown, LedgerUnavailable.
        """
        if self._epoch is None:
            self._epoch = await self._ledger.epoch(self._workspace)
        return self._epoch

    async def stands(self, head: int) -> bool:
        """Return whether the ledger up to its `head` has nothing that could change what the view said.

        False also when the view lacks more than a few events, a replica that is behind was asked, or the
        ledger is not whole there. Raises WorkspaceUnknown, LedgerUnavailable.
        """
        lacking = head - self._seen_until
        if lacking <= 0:
            return True
        if lacking > FEW:
            return False
        looked_at = self.looked_at
        searched = tuple(subject for subject in looked_at if subject.endswith("."))
        unread = self._ledger.read(self._workspace, self._seen_until, batch=lacking)
        with suppress(LedgerGap):
            async with aclosing(unread):
                async for messages in unread:
                    for message in messages:
                        if message.subject in looked_at or message.subject.startswith(searched):
                            return False
                    if messages[-1].position >= head:
                        return True
        return False

    @property
    def looked_at(self) -> frozenset[str]:
        """Return the subjects of what was asked for; one that ends with a dot stands for a whole kind."""
        own = (ledger_subject(self._workspace, aggregate) for aggregate in self._current)
        return frozenset((*own, *(f"ledger.{self._workspace}.{kind}." for kind in self._searched)))

    def look_again(self) -> None:
        """Trust no view any longer: what is asked for next is looked up on the ledger, too."""
        self._view = None
        self._current, self._current_all = {}, {}

    async def expect(self, *aggregates: Aggregate) -> None:
        """Look up in one go what will be asked for one by one. Raises ViewsUnavailable."""
        wanted = [aggregate for aggregate in aggregates if aggregate not in self._current]
        if self._view is not None and wanted:
            found = await queries.latest_of(self._view.connection, wanted, self._view.position)
            for aggregate in wanted:
                self._saw(aggregate, found.get(aggregate))

    async def get(self, aggregate: Aggregate) -> Loaded:
        """Return an aggregate. Raises ViewsUnavailable, WorkspaceUnknown, LedgerUnavailable."""
        found = self._current.get(aggregate)
        if found is not None:
            return found
        if self._view is None:
            return (await self.tail(aggregate)).loaded
        row = await queries.latest(self._view.connection, aggregate.kind, aggregate.id, self._view.position)
        return self._saw(aggregate, row)

    def _saw(self, aggregate: Aggregate, row: queries.Version | None) -> Loaded:
        loaded = seen(row)
        self._seen[aggregate] = self._current[aggregate] = loaded
        return loaded

    async def tail(self, aggregate: Aggregate) -> Tail:
        """Return an aggregate with what the ledger has since it was seen. Raises as `get`."""
        known = self._seen.get(aggregate)
        until = 0 if known is None else self._seen_until
        tail = await catch_up(self._ledger, self._workspace, aggregate, known or NOTHING, until)
        self._current[aggregate] = tail.loaded
        return tail

    async def state(self, kind: str, id_: str | None) -> State | None:
        """Return the state of an aggregate; None if there is none, or no id."""
        return None if id_ is None else (await self.get(Aggregate(kind, id_))).state

    async def org_units(self) -> list[OrgUnit]:
        """Return all units of the tree."""
        return [state for state in await self._all("org_unit") if isinstance(state, OrgUnit)]

    async def people(self) -> list[Person]:
        """Return all persons."""
        return [state for state in await self._all("person") if isinstance(state, Person)]

    async def cycles(self) -> list[Cycle]:
        """Return all cycles."""
        return [state for state in await self._all("cycle") if isinstance(state, Cycle)]

    async def objectives(self) -> list[Objective]:
        """Return all objectives."""
        return [state for state in await self._all("objective") if isinstance(state, Objective)]

    async def scorecards(self) -> list[Scorecard]:
        """Return all scorecards."""
        return [state for state in await self._all("scorecard") if isinstance(state, Scorecard)]

    async def _all(self, kind: str) -> list[State]:
        found = self._current_all.get(kind)
        if found is None:
            found = self._current_all[kind] = await self._look_up_all(kind)
        return found

    async def _look_up_all(self, kind: str) -> list[State]:
        self._searched.add(kind)
        if self._view is not None:
            rows = await queries.latest_of_kind(self._view.connection, kind, self._view.position)
            return [row.state for row in rows if isinstance(row.state, State)]
        # Seldom asked: reading them all from the ledger keeps this free of a second way to be fresh.
        found: dict[Aggregate, Loaded] = {}
        async for event in self._events(kind, 0):
            aggregate = event.event.aggregate
            found[aggregate] = folded(self._workspace, aggregate, found.get(aggregate, NOTHING), event)
        return [loaded.state for loaded in found.values() if loaded.state is not None]

    async def objectives_of(self, ids: frozenset[str]) -> dict[str, str]:
        """Return the objective of each id that is a goal's: itself, or the one that a key result is in."""
        if not ids:
            return {}
        self._searched.add("objective")
        if self._view is not None:
            found = await queries_goals.objectives_of(self._view.connection, ids)
            self._seen_goals.update((id_, found.get(id_)) for id_ in ids)
            return found
        after = self._seen_until if ids <= self._seen_goals.keys() else 0
        goals = {id_: objective for id_ in ids if (objective := self._seen_goals.get(id_)) is not None}
        async for event in self._events("objective", after):
            objective = event.event.aggregate.id
            if objective in ids:
                goals[objective] = objective
            data = event.event.data
            if isinstance(data, KeyResultAdded) and data.key_result in ids:
                goals.setdefault(data.key_result, objective)
        return goals

    async def objective_of(self, key_result: str) -> str | None:
        """Return the objective that a key result belongs to."""
        found = (await self.objectives_of(frozenset({key_result}))).get(key_result)
        return None if found == key_result else found

    async def _events(self, kind: str, after: int) -> AsyncIterator[RecordedEvent]:
        """Yield the events of a kind's aggregates after a position, in order, without what is no event."""
        subject = f"ledger.{self._workspace}.{kind}.*"
        async for messages in self._ledger.read(self._workspace, after, subject=subject):
            for message in messages:
                with suppress(UndecodableEvent):
                    yield recorded(message)
