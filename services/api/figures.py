"""Scores for answers: goals as known at a position, scored as of a day from the KPIs' days known there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from events.cycles.state import Cycle
from events.ids import Aggregate
from events.kpis.definition import Cadence
from events.kpis.state import Kpi
from events.measures import Measure, Window
from events.numbers import Number
from events.objectives.agreement_events import HeldChange
from events.objectives.events import Ambition, Framework
from events.objectives.state import KeyResult, KeyResultStatus, Objective, ObjectiveStatus, TargetFact
from events.objectives.trajectory import Trajectory
from events.policies.state import Policies
from events.rewards import Reward
from projections import control
from projections.scoring.formulas import rounded, written
from projections.scoring.relative import base_days, base_value
from projections.scoring.scores import KeyResultScore, score_days, score_objective
from projections.scoring.values import BusinessDays
from projections.scoring.windows import reading_days
from projections.state import queries, queries_goals
from services.api.initiatives import InitiativeLine, initiatives_for
from services.api.judging import BandOut, FreshnessOut, Judge, PaceOut, PolicyRef, load_policies
from services.api.positions import Then
from services.api.sight import hidden_aggregates


class Score(BaseModel):
    """How a key result stands, and what that follows from."""

    value: Number | None = Field(description="In the measure's unit, or periods met; null for none.")
    target: Number | None = Field(description="In force on the day shown; null while unresolved.")
    upper: Number | None = Field(description="Of `between`, whose lower edge is the target.")
    baseline: Number | None
    raw: Number | None = Field(description="Unbounded, six places, half-even; null while pending.")
    score: Number = Field(description="The raw score from 0 to the policy's cap (OKR: 1); 0 while pending.")
    policy: PolicyRef
    band: BandOut | None = Field(description="How it is graded if it ends like this; null while pending.")
    pace: PaceOut | None = Field(description="null while pending, and for thresholds.")
    met: bool | None = Field(description="Whether the target is reached; null without a value.")
    pending: bool = Field(description="There is no score yet.")
    count: int = Field(description="How many readings, check-ins or steps the value is made of.")
    window: Window | None = Field(
        description="How the value was picked; null for check-ins, steps and counted periods."
    )
    start: date | None = Field(description="First business day of the value.")
    end: date | None = Field(description="Last business day of the value.")
    open_periods: int | None = Field(
        description="Of `count_of_periods`: how many may still be met; they are to come or have no value."
    )
    unreachable: bool = Field(description="Too few periods are met or open to reach the target.")
    cadence: Cadence | None = Field(description="Of the counted periods.")
    provisional: bool = Field(
        description="Of a relative goal on a sum in a cycle that goes on: held against that part of the base."
    )
    base_so_far: Number | None = Field(description="What the base had come to after that part.")


class StepOut(BaseModel):
    """A step (단계) of a milestone."""

    id: str
    title: str
    weight: Number | None
    done_since: date | None = Field(description="null while it is not done.")


class BaseOut(BaseModel):
    """What a relative goal was resolved with, frozen."""

    value: Number
    start: date = Field(description="First day of the base period.")
    end: date
    readings: int = Field(description="How many it was made of.")
    first_position: int
    last_position: int
    known_position: int = Field(description="Up to where the ledger was known.")
    out_of_date: bool = Field(description="The base would be another one now, since it was corrected.")
    now: Number | None = Field(description="What it would be.")


class SetTarget(BaseModel):
    """A target, and the business day from which it holds."""

    target: Number | None = Field(description="null until a relative goal is resolved.")
    effective_from: date
    upper: Number | None
    base: BaseOut | None = Field(description="Of a relative goal.")


class KeyResultOut(BaseModel):
    """A key result (핵심 결과) with its score."""

    id: str
    objective: str
    title: str
    status: KeyResultStatus
    measure: Measure = Field(description="With the target that was set last.")
    unresolved: bool = Field(description="A relative goal that has no target yet on the day shown.")
    targets: list[SetTarget] = Field(description="In the order they were set; later ones win.")
    kpi: str | None
    owner: str | None
    owner_name: str | None = Field(None, description="Of an owner who is a registered person.")
    weight: Number | None
    confidence: int | None = Field(description="0–10, of the latest check-in; never in the score.")
    checked_in: date | None = Field(description="The business day of the latest check-in.")
    standing: str | None = Field(
        description="`ahead`, `on` or `behind`, of a threshold the band; `pending`; `stale` where it"
        " would read well and the readings are stale; null for a dropped key result."
    )
    readings: FreshnessOut | None = Field(description="Of its KPI, while the objective is active.")
    check_ins: FreshnessOut | None = Field(description="While the objective is active.")
    taken_over_by: tuple[str, ...] = Field(description="Objectives that make it their own, dropped ones too.")
    trajectory: Trajectory = Field(description="What is expected on the way.")
    steps: list[StepOut] = Field(description="Of a milestone, as they stood on the day shown.")
    score: Score | None = Field(description="null for a dropped key result.")
    initiatives: list[InitiativeLine] = Field(description="Work done to move it; never in the score.")


class OwnGradeOut(BaseModel):
    """How well its people say an objective went."""

    edition: int
    grade: Number = Field(description="Between 0 and 1.")
    reflection: str | None
    actor: str
    event_id: UUID


class ClosingOut(BaseModel):
    """The end of an edition of an objective."""

    edition: int
    comment: str | None
    actor: str
    event_id: UUID


class WaitingOut(BaseModel):
    """Changes that hold only when both parties of an MBO goal have agreed, or somebody approved them."""

    by: str = Field(description="Who proposed them.")
    agreed_by: tuple[str, ...] = Field(description="Who has said yes besides.")
    changes: tuple[HeldChange, ...] = Field(description="The events that follow then, with old and new.")


class ObjectiveOut(BaseModel):
    """An objective (목표) with its key results and scores."""

    id: str
    title: str
    cycle: str
    org_unit: str | None
    owner: str | None
    owner_name: str | None = Field(None, description="Of an owner who is a registered person.")
    framework: Framework
    ambition: Ambition
    reviewer: str | None = Field(description="Of an MBO goal: who agrees on it with its owner.")
    reviewer_name: str | None = Field(None, description="Of a reviewer who is a registered person.")
    status: ObjectiveStatus
    proposed_by: str | None = Field(description="Who put it forward; null for a draft.")
    agreed_by: tuple[str, ...] = Field(description="Who said yes.")
    reward: Reward | None = Field(description="What is paid for it, where that is linked.")
    waiting: WaitingOut | None = Field(description="Changes that are not agreed or approved yet.")
    edition: int = Field(description="One more with each reopening.")
    supports: tuple[str, ...] = Field(description="Objectives and key results it helps to reach.")
    direct: bool = Field(description="It only holds the key results that hang directly on its unit.")
    takes_over: str | None = Field(description="The key result of another objective that it makes its own.")
    score: Number | None = Field(description="Weighted mean of its key results, 0–1; null without any.")
    policy: PolicyRef
    band: BandOut | None = Field(description="How the score is graded if it ends like this.")
    elapsed: Number | None = Field(description="The share of the cycle that is over at the end of the day.")
    pace: PaceOut | None = Field(description="null if none of its key results has one.")
    own_grade: Number | None = Field(description="Given by its people in this edition, 0–1.")
    weakest: str | None = Field(description="The key result with the lowest score.")
    pending: tuple[str, ...] = Field(description="Key results that count 0 because they have no value.")
    incomplete: bool = Field(description="An event of it could not be read; see `goaltrail doctor`.")
    grades: list[OwnGradeOut] = Field(description="Of all editions, with what was learnt.")
    closings: list[ClosingOut] = Field(description="Of all editions: reopening keeps them.")
    initiatives: list[InitiativeLine] = Field(description="Work done for the objective as a whole.")
    key_results: list[KeyResultOut]
    revision: int


class Figures:
    """Everything that scores of some objectives follow from."""

    def __init__(self, then: Then) -> None:
        self._then = then
        self._cycles: dict[str, Cycle] = {}
        self._kpis: dict[str, Kpi] = {}
        self._days: dict[str, BusinessDays] = {}
        self._taken_over: dict[str, tuple[str, ...]] = {}
        self._incomplete: set[Aggregate] = set()
        self._policies = Policies()
        self._initiatives: Mapping[str, list[InitiativeLine]] = {}

    @staticmethod
    async def load(then: Then, objectives: Sequence[Objective]) -> Figures:
        """Read the cycles, KPIs and business days that scores of these objectives need."""
        figures = Figures(then)
        kpis = {key_result.kpi for objective in objectives for key_result in objective.key_results}
        await figures._load_facts({objective.cycle for objective in objectives}, kpis - {None})
        await figures._load_days(objectives)
        figures._policies = await load_policies(then)
        key_results = [key_result.id for objective in objectives for key_result in objective.key_results]
        taken_over = await queries_goals.taken_over_by(then.connection, key_results, then.position)
        figures._taken_over = await _seen_of_each(then, taken_over)
        figures._initiatives = await initiatives_for(then, objectives)
        for poison in await control.poisoned(then.connection, then.workspace.id, "state"):
            if not poison.waived:
                figures._incomplete.add(Aggregate(poison.kind, poison.id))
        return figures

    def score(self, objective: Objective, key_result: KeyResult) -> KeyResultScore | None:
        """The score at the end of the day; None for a dropped key result."""
        scores = self.scores(objective, key_result, [self._then.as_of])
        return scores[0] if scores else None

    def scores(
        self, objective: Objective, key_result: KeyResult, days: Sequence[date]
    ) -> list[KeyResultScore]:
        """The scores at the end of some days in ascending order; none for a dropped key result."""
        cycle = self._cycles.get(objective.cycle)
        if key_result.status == "dropped" or cycle is None:
            return []
        kpi = None if key_result.kpi is None else self._kpis.get(key_result.kpi)
        values = (None if kpi is None else self._days.get(kpi.id)) or BusinessDays()
        return score_days(key_result, kpi, cycle, values, days)

    def against(self, objective: Objective, key_result: KeyResult, fact: TargetFact) -> KeyResultScore | None:
        """What the score would be if a target had been in force all the time."""
        fact = fact.model_copy(update={"effective_from": date.min})
        measure = key_result.measure.model_copy(update={"target": fact.target, "upper": fact.upper})
        return self.score(objective, key_result.model_copy(update={"targets": (fact,), "measure": measure}))

    def objective(self, objective: Objective, revision: int) -> ObjectiveOut:
        """An objective as it is answered."""
        scores = {key_result.id: self.score(objective, key_result) for key_result in objective.key_results}
        counting = [
            (key_result, score)
            for key_result in objective.key_results
            if (score := scores[key_result.id]) is not None
        ]
        total = score_objective(counting)
        judge = self._judge(objective)
        return ObjectiveOut(
            id=objective.id,
            title=objective.title,
            cycle=objective.cycle,
            org_unit=objective.org_unit,
            owner=objective.owner,
            framework=objective.framework,
            ambition=objective.ambition,
            reviewer=objective.reviewer,
            status=objective.status,
            proposed_by=objective.proposed_by,
            agreed_by=objective.agreed_by,
            reward=objective.reward,
            waiting=None if objective.waiting is None else WaitingOut(**dict(objective.waiting)),
            edition=objective.edition,
            supports=objective.supports,
            direct=objective.direct,
            takes_over=objective.takes_over,
            score=None if total is None else total.score,
            policy=judge.policy,
            band=judge.band(None if total is None else total.score),
            elapsed=None if judge.elapsed is None else rounded(judge.elapsed),
            pace=judge.pace_together(counting),
            own_grade=None if objective.own_grade is None else objective.own_grade.grade,
            weakest=None if total is None else total.weakest,
            pending=() if total is None else total.pending,
            incomplete=self.incomplete(objective),
            grades=[OwnGradeOut(**dict(grade)) for grade in objective.grades],
            closings=[ClosingOut(**dict(closing)) for closing in objective.closings],
            initiatives=self._initiatives.get(objective.id, []),
            key_results=[
                self.key_result(objective, key_result, scores[key_result.id])
                for key_result in objective.key_results
            ],
            revision=revision,
        )

    def incomplete(self, objective: Objective) -> bool:
        """Whether an event of the objective, or of a KPI it takes values from, could not be read."""
        parts = {Aggregate("objective", objective.id)}
        for key_result in objective.key_results:
            if key_result.kpi is not None:
                parts |= {Aggregate("kpi", key_result.kpi), Aggregate("reading", key_result.kpi)}
        return not self._incomplete.isdisjoint(parts)

    def key_result(
        self, objective: Objective, key_result: KeyResult, score: KeyResultScore | None
    ) -> KeyResultOut:
        """A key result as it is answered."""
        # Sorting keeps the order in which several reports for one day were made; the last one counts.
        reports = sorted(
            (report for report in key_result.check_ins if report.day <= self._then.as_of),
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
            unresolved=key_result.target_on(self._then.as_of) is None,
            targets=[self._target(key_result, fact) for fact in key_result.targets],
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
                StepOut(**dict(step), done_since=key_result.done_since(step.id, self._then.as_of))
                for step in key_result.measure.steps or ()
            ],
            initiatives=self._initiatives.get(key_result.id, []),
            score=None if score is None else self.judged(objective, key_result, score),
        )

    def _target(self, key_result: KeyResult, fact: TargetFact) -> SetTarget:
        shown = SetTarget(target=fact.target, effective_from=fact.effective_from, upper=fact.upper, base=None)
        kpi = self._kpis.get(key_result.kpi or "")
        if fact.base is None:
            return shown
        found = None
        if kpi is not None:
            days = self._days.get(kpi.id, BusinessDays())
            found = base_value(key_result.measure, kpi, days, fact.base)
        now = None if found is None else written(found.value)
        said = dict(fact.base)
        said.pop("course")
        shown.base = BaseOut(**said, out_of_date=now != fact.base.value, now=now)
        return shown

    def judged(self, objective: Objective, key_result: KeyResult, score: KeyResultScore) -> Score:
        """The score of one of its key results as it is answered."""
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
            pace=judge.pace(key_result, score),
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

    def _judge(self, objective: Objective) -> Judge:
        cycle = self._cycles.get(objective.cycle)
        return Judge(objective, cycle, self._kpis, self._policies, self._then.as_of)

    async def _load_facts(self, cycles: Iterable[str], kpis: Iterable[str | None]) -> None:
        wanted = [Aggregate("cycle", id_) for id_ in cycles]
        wanted += [Aggregate("kpi", id_) for id_ in kpis if id_ is not None]
        found = await queries.latest_of(self._then.connection, wanted, self._then.position)
        for version in found.values():
            if isinstance(version.state, Cycle):
                self._cycles[version.state.id] = version.state
            elif isinstance(version.state, Kpi):
                self._kpis[version.state.id] = version.state

    async def _load_days(self, objectives: Sequence[Objective]) -> None:
        """The business days of each KPI that any of its windows can take."""
        ranges: dict[str, tuple[date, date]] = {}
        for objective in objectives:
            cycle = self._cycles.get(objective.cycle)
            for key_result in objective.active_key_results:
                kpi = self._kpis.get(key_result.kpi or "")
                if kpi is None or cycle is None:
                    continue
                first, last = reading_days(kpi, key_result.measure.window_for(kpi.aggregation), cycle)
                for fact in key_result.targets:
                    if fact.base is not None:
                        first = min(first, base_days(key_result.measure, kpi, fact.base)[0])
                known = ranges.get(kpi.id, (first, last))
                ranges[kpi.id] = min(known[0], first), max(known[1], last)
        self._days = await queries.days_of_each(self._then.connection, ranges, self._then.position)


async def _seen_of_each(then: Then, objectives: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Of the objectives that took key results over those that the caller sees."""
    if not objectives:
        return objectives
    hidden = await hidden_aggregates(then)
    return {
        key_result: tuple(id_ for id_ in ids if Aggregate("objective", id_) not in hidden)
        for key_result, ids in objectives.items()
    }
