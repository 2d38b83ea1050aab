"""Reading what people say to each other: who may, and which of their words are still there.

Both follow from what holds now, also where the past is read: from the audience and the line of today. Nobody
reads more by asking for an earlier day, and what its author took back is not read at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from events.ids import Aggregate
from events.people.org_chart import OrgChart
from events.talk.said import Said, person_of
from events.text import Language
from events.visibility import goals_behind, read_by
from projections.state import queries, queries_goals
from projections.state.queries_attachments import attachments
from services.keys.keys import Keys
from services.queries.lookup import NotFound
from services.queries.org_chart import load_org_chart
from services.queries.paging import Paging, after_cursor
from services.queries.person_names import names_of
from services.queries.read_context import ReadContext
from services.queries.visibility import sees_objective

KINDS = ("conversation", "feedback", "recognition")
"""The kinds of aggregates that hold what people say."""


class Shown(NamedTuple):
    """Something that was said, as known then, and the events whose words are still there."""

    said: Said
    revision: int
    there: frozenset[UUID]


class Reach:
    """What of people's words the caller of a read may read."""

    def __init__(self, then: ReadContext) -> None:
        self._then = then
        self._person = person_of(then.caller.actor)
        # Not `then.as_of`: that is a day which the caller chose.
        self._today, _zone = then.workspace.business_day(datetime.now(UTC))
        self._chart: OrgChart | None = None
        self._seen: dict[str, bool] = {}

    async def reads(self, said: Said) -> bool:
        """Whether the caller may read it: as one of those who talk, as their line, or as everybody.

        What everybody may read about an MBO goal is for those who see the goal.
        """
        if self._person is not None and self._person in said.parties:
            return True
        if said.audience == "everyone":
            return all([await self._sees(goal) for goal in goals_behind(said)])
        if said.audience == "parties":
            return False
        if self._chart is None:
            self._chart = await load_org_chart(self._then.connection, self._then.view.position)
        return self._then.caller.actor in read_by(said, self._chart, self._today)

    async def _sees(self, goal: str) -> bool:
        """Whether the caller sees the objective that a goal is or belongs to."""
        if goal not in self._seen:
            objectives = await queries_goals.objectives_of(self._then.connection, {goal})
            self._seen[goal] = all([await sees_objective(self._then, id_) for id_ in objectives.values()])
        return self._seen[goal]

    async def now(self, aggregates: Iterable[Aggregate]) -> dict[Aggregate, Said]:
        """Those of some aggregates that were said, as they are now."""
        found = await queries.latest_of(self._then.connection, list(aggregates), self._then.view.position)
        return {
            aggregate: version.state
            for aggregate, version in found.items()
            if isinstance(version.state, Said)
        }

    async def readable(self, aggregates: Iterable[Aggregate]) -> frozenset[UUID]:
        """Of what was said the events whose words are still there and the caller's to read."""
        said = (await self.now(aggregates)).values()
        there: set[UUID] = set()
        for one in said:
            if await self.reads(one):
                there |= still_there(one)
        return frozenset(there)

    async def hidden(self) -> frozenset[Aggregate]:
        """All that was said and is not the caller's to read."""
        found: set[Aggregate] = set()
        for kind in KINDS:
            versions = await queries.latest_of_kind(self._then.connection, kind, self._then.view.position)
            states = [version.state for version in versions if isinstance(version.state, Said)]
            found |= {Aggregate(kind, said.id) for said in states if not await self.reads(said)}
        return frozenset(found)


def still_there(said: Said) -> frozenset[UUID]:
    """The events whose words are shown."""
    return frozenset(words.event_id for words in said.all_words.values() if words.text is not None)


async def find_said(then: ReadContext, kind: str, id_: str) -> Shown:
    """Return one thing that was said. Raises NotFound if there is none, or none that the caller may read."""
    found = await queries.latest(then.connection, kind, id_, then.position)
    reach = Reach(then)
    now = (await reach.now([Aggregate(kind, id_)])).get(Aggregate(kind, id_))
    if found is None or not isinstance(found.state, Said) or now is None or not await reach.reads(now):
        raise NotFound(kind, id_)
    return Shown(found.state, found.revision, still_there(now))


async def list_said(
    then: ReadContext, kind: str, about: str | None, paging: Paging
) -> tuple[list[Shown], Sequence[queries.Version]]:
    """A page, and one more if there are more, of what was said and the caller may read; with its versions."""
    if about is None:
        versions = await queries.latest_of_kind(then.connection, kind, then.position)
    else:
        versions = await attachments(then.connection, kind, [about], then.position)
    states = [version.state for version in versions if isinstance(version.state, Said)]
    reach = Reach(then)
    if then.position < then.view.position:
        states = list((await reach.now(Aggregate(kind, said.id) for said in states)).values())
    read = {said.id: said for said in states if await reach.reads(said)}
    fitting = [
        version for version in versions if isinstance(version.state, Said) and version.state.id in read
    ]
    chosen = after_cursor(fitting, paging)
    shown = [
        Shown(version.state, version.revision, still_there(read[version.state.id]))
        for version in chosen
        if isinstance(version.state, Said)
    ]
    return shown, chosen


async def names_in(
    then: ReadContext, shown: Iterable[Shown], keys: Keys, language: Language
) -> dict[str, str]:
    """The names of all registered people who talk, by id."""
    people = {person for one in shown for person in one.said.parties}
    return await names_of(then.connection, keys, then.workspace.id, people, then.view.position, language)
