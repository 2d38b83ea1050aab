"""Scores of key results as they came about.

Two sorts of rows: one per goal event that touches what is scored, exactly as known at that event; and one per
(key result, business day, recorded day) on which readings began to count. The latter hold what was known when
the last event of that recorded day that could change them was recorded: a goal event, or a reading that
counts from that business day or an earlier one. They are worked out again for as long as that recorded day
goes on. Points between are computed by the same function (`projections/scoring`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Insert

from events.cycles.state import Cycle
from events.envelope import RecordedEvent
from events.kpis.events import KpiRedefined
from events.kpis.state import Kpi
from events.objectives.key_result_events import KeyResultAdded, KpiLinked, MeasureChanged
from events.objectives.state import KeyResult, Objective
from events.registry import EventData
from projections.bulk import arrays, insert_given
from projections.projection import Store, Upsert, Write
from projections.scoring.scores import KeyResultScore, score_days
from projections.scoring.values import BusinessDays
from projections.scoring.windows import counting_day
from projections.state.goals import Change, Goals
from projections.state.kpi_days import Added, Day, day_value
from projections.state.tables import kpi_day, score_history

READINGS = "reading"
"""Cause of a row that readings brought about; rows of goal events name the event."""


Key = tuple[str, date, date, int]
"""Primary key of a row: key result, business day, recorded day, goal position."""

Row = tuple[Any, ...]


class Touch(NamedTuple):
    """The event that touched rows last."""

    position: int
    recorded_at: datetime


@dataclass(slots=True)
class Open:
    """A key result's rows of the recorded day that goes on, and what has to be worked out again."""

    days: set[date]
    """The business days that have a row."""
    touched_from: dict[date, Touch] = field(default_factory=dict)
    """A touch changes the rows of its day and of all later ones."""

    def touch(self, first: date, touch: Touch) -> None:
        before = self.touched_from.get(first)
        if before is None or before.position < touch.position:
            self.touched_from[first] = touch

    def touched(self) -> list[tuple[date, Touch]]:
        """Return the business days to compute again, in order, each with its last touch; forgets them."""
        touches = sorted(self.touched_from.items())
        self.touched_from = {}
        found: list[tuple[date, Touch]] = []
        taken = 0
        last: Touch | None = None
        for day in sorted(day for day in self.days if day >= touches[0][0]):
            while taken < len(touches) and touches[taken][0] <= day:
                touch = touches[taken][1]
                last = touch if last is None else max(last, touch)
                taken += 1
            assert last is not None
            found.append((day, last))
        return found


class Scored(NamedTuple):
    """A key result with all that its score follows from."""

    objective: Objective
    key_result: KeyResult
    kpi: Kpi | None
    cycle: Cycle


class ScoreHistory:
    """Pending rows of `score_history`, and the days of the KPIs that key results take values from."""

    def __init__(self, goals: Goals) -> None:
        self._goals = goals
        self._of_kpi: defaultdict[str, set[str]] = defaultdict(set)
        self._days: dict[str, BusinessDays] = {}
        self._stored: dict[tuple[str, date], set[date]] = {}
        self._open: dict[str, Open] = {}
        self._touched: set[str] = set()
        self._rows: dict[Key, Row] = {}

    def link(self) -> None:
        """Learn from the latest goals which key results take their values from which KPIs."""
        for objective in self._goals.all("objective"):
            assert isinstance(objective, Objective)
            self._link(objective)

    def _link(self, objective: Objective) -> None:
        for key_result in objective.key_results:
            if key_result.kpi is not None:
                self._of_kpi[key_result.kpi].add(key_result.id)

    async def load(self, store: Store, events: Sequence[RecordedEvent]) -> None:
        """Read the days of the KPIs, and the rows of the recorded days, that these events may change."""
        named = {
            kpi
            for recorded in events
            if type(recorded.event.data) in _NAMING
            for kpi in _kpis_named_by(recorded.event.data)
        }
        kpis = set(named)
        key_results: set[str] = set()
        for kind, id_ in {recorded.event.aggregate for recorded in events}:
            if kind in ("reading", "kpi"):
                kpis.add(id_)
            elif kind == "objective":
                objective = self._goals.get("objective", id_)
                if isinstance(objective, Objective):
                    key_results |= {key_result.id for key_result in objective.key_results}
                    kpis |= {
                        key_result.kpi for key_result in objective.key_results if key_result.kpi is not None
                    }
        recorded_days = {recorded.recorded_at.date() for recorded in events}
        kpis = {kpi for kpi in kpis if self._of_kpi.get(kpi) or kpi in named}
        for kpi in kpis:
            key_results |= self._of_kpi.get(kpi, set())
        await self._load_days(store, kpis - self._days.keys())
        await self._load_stored(store, key_results, recorded_days)

    async def _load_days(self, store: Store, kpis: set[str]) -> None:
        if not kpis:
            return
        rows = await store.connection.execute(
            select(kpi_day)
            .where(kpi_day.c.kpi.in_(sorted(kpis)))
            .order_by(kpi_day.c.kpi, kpi_day.c.business_day, kpi_day.c.recorded_day)
        )
        self._days.update((kpi, BusinessDays()) for kpi in kpis)
        for row in rows:
            self._days[row.kpi].add(day_value(row))

    async def _load_stored(self, store: Store, key_results: set[str], recorded_days: set[date]) -> None:
        wanted = {
            (key_result, day) for key_result in key_results for day in recorded_days
        } - self._stored.keys()
        if not wanted:
            return
        rows = await store.connection.execute(
            select(score_history.c.key_result, score_history.c.recorded_day, score_history.c.day).where(
                score_history.c.key_result.in_(sorted({key_result for key_result, _ in wanted})),
                score_history.c.recorded_day.in_(sorted({day for _, day in wanted})),
                score_history.c.goal_position == 0,
            )
        )
        self._stored.update((key, set()) for key in wanted)
        for key_result, recorded_day, day in rows:
            if (key_result, recorded_day) in wanted:
                self._stored[key_result, recorded_day].add(day)

    def readings(self, recorded_day: date, settled: Mapping[Day, Added]) -> None:
        """Take in what readings recorded on one UTC day added to KPIs' days."""
        for (kpi_id, business_day), added in settled.items():
            if kpi_id in self._days:
                self._days[kpi_id].add(added.value)
            for key_result_id in self._of_kpi.get(kpi_id, ()):
                scored = self._scored(key_result_id)
                if scored is not None and scored.kpi is not None and scored.kpi.id == kpi_id:
                    days = _counting_from(scored.key_result, scored.kpi, business_day, scored.cycle)
                    if days:
                        touch = Touch(added.position, added.recorded_at)
                        self._touch(key_result_id, recorded_day, min(days), touch).days.update(days)

    def _touch(self, key_result_id: str, recorded_day: date, first: date, touch: Touch) -> Open:
        found = self._open.get(key_result_id)
        if found is None:
            found = Open(self._stored.setdefault((key_result_id, recorded_day), set()))
            self._open[key_result_id] = found
        found.touch(first, touch)
        self._touched.add(key_result_id)
        return found

    def goal_rows(self, recorded: RecordedEvent, change: Change) -> list[Row]:
        """Return the rows of a goal event, as known right after it. Changes nothing yet."""
        rows = []
        data = recorded.event.data
        since = data.effective_from if isinstance(data, KpiRedefined) else None
        for scored in self._changed(change):
            if since is not None and since > scored.cycle.end:
                continue  # it counts in another way from a day on that is none of the cycle's
            day = _effective_day(recorded, scored.cycle)
            (score,) = self._scores(scored, [day])
            key = (scored.key_result.id, day, recorded.recorded_at.date(), recorded.position)
            touch = Touch(recorded.position, recorded.recorded_at)
            rows.append(_row(key, scored, touch, recorded.event.name, score))
        return rows

    def accept(self, recorded: RecordedEvent, change: Change, rows: Sequence[Row]) -> None:
        """Keep the rows of a goal event; its key results' rows of this recorded day are worked out again."""
        if isinstance(change.after, Objective):
            self._link(change.after)
        for row in rows:
            self._rows[row[0], row[1], row[2], row[3]] = row
            touch = Touch(recorded.position, recorded.recorded_at)
            self._touch(row[0], recorded.recorded_at.date(), date.min, touch)

    def finish(self, recorded_day: date) -> None:
        """Work out the readings' rows of a recorded day for the key results touched since the last call."""
        for key_result_id in self._touched:
            touched = self._open[key_result_id].touched()
            scored = self._scored(key_result_id)
            if scored is None or not touched:
                continue
            # Rows of days outside of the cycle came about before the objective was moved to it, and those of
            # days before the measure held in the one before: they stay.
            first = max(scored.cycle.start, scored.key_result.measured_since)
            touched = [(day, touch) for day, touch in touched if first <= day <= scored.cycle.end]
            scores = self._scores(scored, [day for day, _ in touched])
            for (day, touch), score in zip(touched, scores, strict=True):
                key = (key_result_id, day, recorded_day, 0)
                self._rows[key] = _row(key, scored, touch, READINGS, score)
        self._touched.clear()

    def next_day(self) -> None:
        """Begin another recorded day: rows of the one before stay as they are."""
        self._open.clear()

    def _changed(self, change: Change) -> Iterator[Scored]:
        """Return the key results whose score may be another after a change, with the facts after it."""
        match change:
            case Change(before=before, after=Objective() as objective):
                moved = is_moved(change)
                old = (
                    {k.id: _scored_fields(k) for k in before.key_results}
                    if isinstance(before, Objective)
                    else {}
                )
                for key_result in objective.key_results:
                    counts_anew = moved and key_result.status == "active"
                    if counts_anew or old.get(key_result.id) != _scored_fields(key_result):
                        scored = self._with_facts(objective, key_result)
                        if scored is not None:
                            yield scored
            case Change(after=Kpi() as kpi):
                for key_result_id in sorted(self._of_kpi.get(kpi.id, ())):
                    scored = self._scored(key_result_id)
                    if scored is not None and scored.key_result.kpi == kpi.id:
                        yield scored._replace(kpi=kpi)

    def _scored(self, key_result_id: str) -> Scored | None:
        objective = self._goals.get("objective", self._goals.objective_of(key_result_id))
        assert isinstance(objective, Objective)
        key_result = next(k for k in objective.key_results if k.id == key_result_id)
        return self._with_facts(objective, key_result)

    def _with_facts(self, objective: Objective, key_result: KeyResult) -> Scored | None:
        """Return a key result with the facts of its score; None before its cycle and its KPI exist.

        A cycle that was over when the measure changed goes on being scored by the measure before.
        """
        key_result = key_result.as_measured_on(date.max, objective.cycle)
        cycle = self._goals.get("cycle", objective.cycle)
        kpi = None if key_result.kpi is None else self._goals.get("kpi", key_result.kpi)
        if not isinstance(cycle, Cycle) or (key_result.kpi is not None and kpi is None):
            return None
        assert kpi is None or isinstance(kpi, Kpi)
        return Scored(objective, key_result, kpi, cycle)

    def _scores(self, scored: Scored, days: Sequence[date]) -> list[KeyResultScore]:
        kpi = scored.kpi
        values = (None if kpi is None else self._days.get(kpi.id)) or BusinessDays()
        return score_days(scored.key_result, kpi, scored.cycle, values, days)

    def drain(self) -> list[Write]:
        """Return the pending rows; the next run starts with none."""
        if not self._rows:
            return []
        rows = [self._rows[key] for key in sorted(self._rows)]
        self._rows = {}
        return [Upsert(_REPLACE, arrays(score_history, rows))]


def _counting_from(key_result: KeyResult, kpi: Kpi, business_day: date, cycle: Cycle) -> set[date]:
    """Return the days from which a reading of a business day counts; none if it never does.

    They are several where the KPI's readings count in another way since.
    """
    turns = kpi.turns()
    found = set()
    for first, beyond in zip(turns, [*turns[1:], date.max], strict=True):
        then = kpi.as_on(first)
        day = counting_day(then, key_result.measure.window_for(then.aggregation), business_day, cycle)
        if day is not None and max(day, first) < beyond:
            found.add(max(day, first, key_result.measured_since))
    return found


def is_moved(change: Change) -> bool:
    """Return whether an objective belongs to another cycle after a change."""
    before, after = change
    return isinstance(before, Objective) and isinstance(after, Objective) and before.cycle != after.cycle


def leaves_rows(change: Change) -> bool:
    """Return whether older rows stay as they are after a change: it leaves their cycle, or their measure."""
    before, after = change
    if not isinstance(before, Objective) or not isinstance(after, Objective):
        return False
    since = {key_result.id: key_result.measured_since for key_result in before.key_results}
    return is_moved(change) or any(
        key_result.measured_since > since.get(key_result.id, date.min) for key_result in after.key_results
    )


def _scored_fields(key_result: KeyResult) -> tuple[object, ...]:
    """Return what the score of a key result depends on: not its wording, owner, notes or confidence."""
    reported = (
        () if key_result.kpi else tuple((c.day, c.value) for c in key_result.check_ins if c.value is not None)
    )
    facts = (key_result.kpi, key_result.status, key_result.weight, key_result.measure, key_result.targets)
    return (*facts, reported, key_result.step_facts)


_NAMING = frozenset((KeyResultAdded, KpiLinked, MeasureChanged))


def _kpis_named_by(data: EventData) -> set[str]:
    """Return the KPIs that an objective's event begins to take values from."""
    match data:
        case KeyResultAdded(kpi=str() as kpi) | MeasureChanged(kpi=str() as kpi) | KpiLinked(new=kpi):
            return {kpi}
        case _:
            return set()


def _effective_day(recorded: RecordedEvent, cycle: Cycle) -> date:
    """Return the business day from which a goal event counts, within the cycle."""
    data = recorded.event.data
    day = getattr(data, "effective_from", None) or getattr(data, "day", None)
    day = day or recorded.event.business_day or recorded.event.time.date()
    return min(max(day, cycle.start), cycle.end)


def _row(key: Key, scored: Scored, touch: Touch, cause: str, score: KeyResultScore) -> Row:
    return (
        *key,
        scored.objective.id,
        touch.position,
        touch.recorded_at,
        cause,
        score.value,
        score.raw,
        score.score,
        score.met,
        score.baseline,
        score.target,
        score.upper,
        scored.key_result.weight,
    )


def _replace_statement() -> Insert:
    """Put rows in; a row of readings replaces the one worked out earlier on the same recorded day."""
    statement = insert_given(score_history)
    key = list(score_history.primary_key)
    return statement.on_conflict_do_update(
        index_elements=key,
        set_={c.name: statement.excluded[c.name] for c in score_history.columns if c not in key},
    )


_REPLACE = _replace_statement()
