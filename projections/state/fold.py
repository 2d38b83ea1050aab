"""The fold of group `state`: goals, readings and scores in the order of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from events.aggregates import AGGREGATES
from events.envelope import RecordedEvent
from events.readings.events import (
    ReadingConfirmed,
    ReadingCorrected,
    ReadingDisputed,
    ReadingRecorded,
    ReadingRetracted,
)
from events.registry import UnknownData, all_types
from projections.projection import Copy, Fold, Group, Store, Write
from projections.state.confirmations import Confirmations
from projections.state.disputes import Disputes
from projections.state.goals import Goals
from projections.state.kpi_days import RECORDED_TWICE, KpiDays
from projections.state.score_history import ScoreHistory, leaves_rows
from projections.state.tables import (
    attachment,
    command,
    confirmation,
    dispute,
    key_result,
    kpi_day,
    moment,
    reading,
    restriction,
    score_history,
    taken_over,
    version,
)

READINGS = (ReadingRecorded, ReadingCorrected, ReadingRetracted)


class StateFold(Fold):
    """What the tables of group `state` hold of one workspace, as far as the next events need it."""

    def __init__(self) -> None:
        self._goals = Goals()
        self._days = KpiDays()
        self._disputes = Disputes()
        self._confirmations = Confirmations()
        self._scores = ScoreHistory(self._goals)
        self._recorded_day = date.min
        self._moments: list[tuple[Any, ...]] = []

    async def load(self, store: Store, events: Sequence[RecordedEvent]) -> None:
        """Read goals (once), the readings that corrections replace, and the days that scores follow from."""
        if await self._goals.load(store):
            self._scores.link()
        await self._days.load(store, events)
        await self._scores.load(store, events)

    def apply(self, recorded: RecordedEvent) -> None:
        """Fold one event. An unknown or foreign event only leaves its moment."""
        recorded_day = recorded.recorded_at.date()
        if recorded_day != self._recorded_day:
            self._settle()
            self._scores.next_day()
            self._recorded_day = recorded_day
        event = recorded.event
        if isinstance(event.data, ReadingRecorded) and self._days.is_known(recorded):
            if not self._days.says_the_same(recorded, event.data):
                self._disputes.apply(recorded, event.data)
        elif isinstance(event.data, READINGS):
            self._days.apply(recorded)
        elif isinstance(event.data, ReadingDisputed):
            self._disputes.apply(recorded, event.data)
        elif isinstance(event.data, ReadingConfirmed):
            self._confirmations.apply(recorded, event.data)
        elif event.aggregate.kind in AGGREGATES and not isinstance(event.data, UnknownData):
            self._apply_goal(recorded)
        if recorded.batch_end:
            own = recorded.server_time or recorded.recorded_at
            self._moments.append((recorded.position, recorded.recorded_at, own))

    def _apply_goal(self, recorded: RecordedEvent) -> None:
        self._scores.readings(self._recorded_day, self._days.settle(self._recorded_day))
        change = self._goals.changed(recorded)
        if leaves_rows(change):
            # What readings brought about by now counted in the cycle, or the measure, that is left.
            self._scores.finish(self._recorded_day)
        rows = self._scores.goal_rows(recorded, change)
        self._goals.accept(recorded, change)
        self._scores.accept(recorded, change, rows)

    def _settle(self) -> None:
        self._scores.readings(self._recorded_day, self._days.settle(self._recorded_day))
        self._scores.finish(self._recorded_day)

    def drain(self) -> list[Write]:
        """Return the rows that follow from the events since the last call."""
        self._settle()
        parts = (self._goals, self._days, self._disputes, self._confirmations, self._scores)
        writes = [write for part in parts for write in part.drain()]
        if self._moments:
            writes.append(Copy(moment, self._moments))
            self._moments = []
        return writes


ANY = frozenset(entry.name for entry in all_types())
READ = frozenset({"reading.recorded", "reading.corrected", "reading.retracted"})
GOALS = ANY - READ - {"reading.disputed", "reading.confirmed", "ledger.position_waived", "ledger.restored"}
"""Events of aggregates that have a state."""

STATE = Group(
    "state",
    31,
    StateFold,
    {
        version: GOALS,
        command: GOALS,
        key_result: frozenset({"key_result.added"}),
        taken_over: frozenset({"objective.drafted"}),
        attachment: frozenset(
            {
                "conversation.opened",
                "feedback.given",
                "initiative.planned",
                "initiative.replanned",
                "recognition.given",
            }
        ),
        restriction: frozenset(
            {
                "conversation.audience_narrowed",
                "conversation.opened",
                "feedback.given",
                "initiative.planned",
                "initiative.replanned",
                "objective.change_agreed",
                "objective.change_agreed_for",
                "objective.change_proposed",
                "objective.change_sent_back",
                "objective.drafted",
                "objective.owner_changed",
                "objective.reviewer_changed",
                "recognition.given",
                "scorecard.drawn_up",
            }
        ),
        score_history: READ
        | frozenset(
            {
                "key_result.added",
                "key_result.baseline_corrected",
                "key_result.checked_in",
                "key_result.dropped",
                "key_result.linked",
                "key_result.measure_changed",
                "key_result.range_changed",
                "key_result.relative_resolved",
                "key_result.step_done",
                "key_result.step_reopened",
                "key_result.target_changed",
                "key_result.unlinked",
                "key_result.weight_changed",
                "kpi.change_agreed",
                "kpi.change_proposed",
                "kpi.change_sent_back",
                "kpi.redefined",
                "kpi.retired",
                "kpi.target_set",
                "objective.cycle_changed",
            }
        ),
        reading: READ,
        kpi_day: READ,
        confirmation: frozenset({"reading.confirmed"}),
        dispute: frozenset({"reading.disputed", "reading.recorded"}),
        moment: ANY,
    },
    overlooked=RECORDED_TWICE,
)
