"""Scores for answers: goals as known at a position, scored as of a day from the KPIs' days known there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from events.cycles.state import Cycle
from events.ids import Aggregate
from events.kpis.state import Kpi
from events.objectives.state import KeyResult, Objective, TargetFact
from events.policies.state import Policies
from projections.scoring.formulas import rounded
from projections.scoring.pace import Pace
from projections.scoring.relative import base_days, base_value
from projections.scoring.scores import KeyResultScore, score_days, score_objective
from projections.scoring.values import BusinessDays
from projections.scoring.windows import reading_days
from projections.state import queries, queries_goals
from services.queries.completeness import parts_of_kpi, unreadable
from services.queries.goal_schemas import (
    ClosingOut,
    EarlierMeasureOut,
    KeyResultOut,
    ObjectiveOut,
    OwnGradeOut,
    Score,
    SetTarget,
    StepOut,
    base_out,
)
from services.queries.grading import POLICIES, Grader, pace_out, policies_among
from services.queries.initiatives import InitiativeLine, initiatives_for
from services.queries.read_context import ReadContext
from services.queries.visibility import hidden_goals


class ObjectiveScores:
    """Everything that scores of some objectives follow from."""

    def __init__(self, context: ReadContext) -> None:
        self._context = context
        self._cycles: dict[str, Cycle] = {}
        self._kpis: dict[str, Kpi] = {}
        self._days: dict[str, BusinessDays] = {}
        self._taken_over: dict[str, tuple[str, ...]] = {}
        self._unreadable: frozenset[Aggregate] = frozenset()
        self._policies = Policies()
        self._initiatives: Mapping[str, list[InitiativeLine]] = {}

    @staticmethod
    async def load(context: ReadContext, objectives: Sequence[Objective]) -> ObjectiveScores:
        """Read all that answers on these objectives need."""
        figures = await ObjectiveScores.of_scores(context, objectives)
        key_results = [key_result.id for objective in objectives for key_result in objective.key_results]
        taken_over = await queries_goals.taken_over_by(context.connection, key_results, context.position)
        figures._taken_over = await _seen_of_each(context, taken_over)
        figures._initiatives = await initiatives_for(context, objectives)
        figures._unreadable = await unreadable(context)
        return figures

    @staticmethod
    async def of_scores(context: ReadContext, objectives: Sequence[Objective]) -> ObjectiveScores:
        """Read only what scores and paces follow from: cycles, KPIs, their business days, policies."""
        figures = ObjectiveScores(context)
        kpis = {key_result.kpi for objective in objectives for key_result in objective.key_results}
        await figures._load_facts({objective.cycle for objective in objectives}, kpis - {None})
        await figures._load_days(objectives)
        return figures

    def cycle(self, objective: Objective) -> Cycle | None:
        """Return the cycle that an objective belongs to; None before it is known."""
        return self._cycles.get(objective.cycle)

    def score(self, objective: Objective, key_result: KeyResult) -> KeyResultScore | None:
        """Return the score at the end of the day; None for a dropped key result."""
        scores = self.scores(objective, key_result, [self._context.as_of])
        return scores[0] if scores else None

    def scores(
        self, objective: Objective, key_result: KeyResult, days: Sequence[date]
    ) -> list[KeyResultScore]:
        """Return the scores at the end of some days in ascending order; none for a dropped key result."""
        cycle = self.cycle(objective)
        if key_result.status == "dropped" or cycle is None:
            return []
        kpi = None if key_result.kpi is None else self._kpis.get(key_result.kpi)
        values = (None if kpi is None else self._days.get(kpi.id)) or BusinessDays()
        return score_days(key_result, kpi, cycle, values, days)

    def pace(self, objective: Objective, key_result: KeyResult) -> Pace | None:
        """Return the pace of a key result at the end of the day; none while pending, and none of a
        threshold.
        """
        score = self.score(objective, key_result)
        return None if score is None else self._judge(objective).pace(key_result, score)

    def against(self, objective: Objective, key_result: KeyResult, fact: TargetFact) -> KeyResultScore | None:
        """Return what the score would be if a target had been in force all the time."""
        fact = fact.model_copy(update={"effective_from": date.min})
        measure = key_result.measure.model_copy(update={"target": fact.target, "upper": fact.upper})
        return self.score(objective, key_result.model_copy(update={"targets": (fact,), "measure": measure}))

    def objective(self, objective: Objective, revision: int) -> ObjectiveOut:
        """Return an objective as it is answered."""
        scores = {key_result.id: self.score(objective, key_result) for key_result in objective.key_results}
        counting = [
            (key_result, score)
            for key_result in objective.key_results
            if (score := scores[key_result.id]) is not None
        ]
        judge = self._judge(objective)
        total = score_objective(counting, judge.cap)
        key_results = [
            self.key_result(objective, key_result, scores[key_result.id])
            for key_result in objective.key_results
        ]
        return ObjectiveOut(
            id=objective.id,
            title=objective.title,
            cycle=objective.cycle,
            earlier_cycles=objective.earlier_cycles,
            org_unit=objective.org_unit,
            owner=objective.owner,
            framework=objective.framework,
            ambition=objective.ambition,
            reviewer=objective.reviewer,
            status=objective.status,
            proposed_by=objective.proposed_by,
            agreed_by=objective.agreed_by,
            reward=objective.reward,
            waiting=objective.waiting,
            edition=objective.edition,
            supports=objective.supports,
            direct=objective.direct,
            takes_over=objective.takes_over,
            score=None if total is None else total.score,
            policy=judge.policy,
            band=judge.band(None if total is None else total.score),
            elapsed=None if judge.elapsed is None else rounded(judge.elapsed),
            pace=pace_out(judge.pace_together(counting)),
            standing=judge.standing_together(total, counting, [each.readings for each in key_results]),
            own_grade=None if objective.own_grade is None else objective.own_grade.grade,
            weakest=None if total is None else total.weakest,
            pending=() if total is None else total.pending,
            incomplete=self.incomplete(objective),
            grades=[OwnGradeOut(**dict(grade)) for grade in objective.grades],
            closings=[ClosingOut(**dict(closing)) for closing in objective.closings],
            initiatives=self._initiatives.get(objective.id, []),
            key_results=key_results,
            revision=revision,
        )

    def incomplete(self, objective: Objective) -> bool:
        """Return whether an event of the objective, or of a KPI it takes values from, could not be read."""
        parts = {Aggregate("objective", objective.id)}
        for key_result in objective.key_results:
            if key_result.kpi is not None:
                parts |= parts_of_kpi(key_result.kpi)
        return not self._unreadable.isdisjoint(parts)

    def key_result(
        self, objective: Objective, key_result: KeyResult, score: KeyResultScore | None
    ) -> KeyResultOut:
        """Return a key result as it is answered."""
        # Sorting keeps the order in which several reports for one day were made; the last one counts.
        reports = sorted(
            (report for report in key_result.check_ins if report.day <= self._context.as_of),
            key=lambda report: report.day,
        )
        latest = reports[-1] if reports else None
        judge = self._judge(objective)
        readings = judge.readings(key_result, self._days.get(key_result.kpi or "")) if score else None
        confident = next((report for report in reversed(reports) if report.confidence is not None), None)
        return KeyResultOut(
            id=key_result.id,
            objective=objective.id,
            title=key_result.title,
            status=key_result.status,
            measure=key_result.measure,
            earlier_measures=[
                EarlierMeasureOut(measure=earlier.measure, kpi=earlier.kpi, until=earlier.until)
                for earlier in key_result.earlier_measures
            ],
            unresolved=key_result.target_on(self._context.as_of) is None,
            targets=[self._target(key_result, fact, judge.kpi(key_result)) for fact in key_result.targets],
            kpi=key_result.kpi,
            owner=key_result.owner,
            weight=key_result.weight,
            confidence=confident.confidence if confident is not None else None,
            checked_in=None if latest is None else latest.day,
            standing=None if score is None else judge.standing(key_result, score, readings),
            readings=readings,
            check_ins=judge.check_ins(None if latest is None else latest.day) if score else None,
            taken_over_by=self._taken_over.get(key_result.id, ()),
            trajectory=key_result.trajectory,
            steps=[
                StepOut(**dict(step), done_since=key_result.done_since(step.id, self._context.as_of))
                for step in key_result.measure.steps or ()
            ],
            initiatives=self._initiatives.get(key_result.id, []),
            score=None if score is None else self.judged(objective, key_result, score),
        )

    def _target(self, key_result: KeyResult, fact: TargetFact, kpi: Kpi | None) -> SetTarget:
        shown = SetTarget(target=fact.target, effective_from=fact.effective_from, upper=fact.upper, base=None)
        if fact.base is None:
            return shown
        found = None
        if kpi is not None:
            days = self._days.get(kpi.id, BusinessDays())
            window = key_result.measure.window_for(kpi.aggregation)
            found = base_value(window, kpi, days, fact.base)
        shown.base = base_out(fact.base, found)
        return shown

    def judged(self, objective: Objective, key_result: KeyResult, score: KeyResultScore) -> Score:
        """Return the score of one of its key results as it is answered."""
        judge = self._judge(objective)
        return Score(
            value=score.value,
            target=score.target,
            upper=score.upper,
            baseline=score.baseline,
            raw=score.raw,
            score=judge.shown(score.raw),
            policy=judge.policy,
            band=judge.band(score.raw),
            pace=pace_out(judge.pace(key_result, score)),
            met=score.met,
            pending=score.pending,
            count=score.count,
            window=score.window,
            start=score.start,
            end=score.end,
            open_periods=score.open_periods,
            unreachable=score.unreachable,
            cadence=score.cadence,
            provisional=score.base_so_far is not None,
            base_so_far=score.base_so_far,
        )

    def _judge(self, objective: Objective) -> Grader:
        cycle = self.cycle(objective)
        return Grader(objective, cycle, self._kpis, self._policies, self._context.as_of)

    async def _load_facts(self, cycles: Iterable[str], kpis: Iterable[str | None]) -> None:
        wanted = [*POLICIES, *(Aggregate("cycle", id_) for id_ in cycles)]
        wanted += [Aggregate("kpi", id_) for id_ in kpis if id_ is not None]
        found = await queries.latest_of(self._context.connection, wanted, self._context.position)
        self._policies = policies_among(found)
        for version in found.values():
            if isinstance(version.state, Cycle):
                self._cycles[version.state.id] = version.state
            elif isinstance(version.state, Kpi):
                self._kpis[version.state.id] = version.state

    async def _load_days(self, objectives: Sequence[Objective]) -> None:
        """Read the business days of each KPI that any of its windows can take."""
        ranges: dict[str, tuple[date, date]] = {}
        for objective in objectives:
            cycle = self.cycle(objective)
            for key_result in objective.active_key_results:
                kpi = self._kpis.get(key_result.kpi or "")
                if kpi is None or cycle is None:
                    continue
                for then in kpi.ever():
                    window = key_result.measure.window_for(then.aggregation)
                    first, last = reading_days(then, window, cycle)
                    for fact in key_result.targets:
                        if fact.base is not None:
                            first = min(first, base_days(window, then, fact.base)[0])
                    known = ranges.get(kpi.id, (first, last))
                    ranges[kpi.id] = min(known[0], first), max(known[1], last)
        self._days = await queries.days_of_each(self._context.connection, ranges, self._context.position)


async def _seen_of_each(
    context: ReadContext, objectives: dict[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Of the objectives that took key results over those that the caller sees."""
    if not objectives:
        return objectives
    hidden = await hidden_goals(context, {id_ for ids in objectives.values() for id_ in ids})
    return {
        key_result: tuple(id_ for id_ in ids if id_ not in hidden) for key_result, ids in objectives.items()
    }
