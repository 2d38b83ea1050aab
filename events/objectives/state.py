"""The state of an objective and its key results."""

from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from events.decimals import Number
from events.measures import Measure
from events.objectives.events import Ambition, Framework
from events.objectives.trajectory import Trajectory
from events.pending_approval import PendingApproval
from events.relative import FrozenBase
from events.rewards import Reward
from events.state import State

ObjectiveStatus = Literal["drafted", "proposed", "agreed", "active", "graded", "closed", "dropped"]
KeyResultStatus = Literal["active", "dropped"]


class TargetFact(BaseModel):
    """A target, and the business day from which it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: Number | None
    """None until a relative goal is resolved."""
    effective_from: date
    upper: Number | None = None
    """Of `between`, whose lower edge is the target."""
    base: FrozenBase | None = None
    """What a relative goal was resolved with; its value is the baseline."""
    event_id: UUID | None = None
    """The event that set it; None while a relative goal is open."""


class StepFact(BaseModel):
    """A step of a milestone was done on a business day, or is not done from that day on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: str
    done: bool
    day: date


class CheckIn(BaseModel):
    """A person's report for a business day. `note` is personal text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: date
    actor: str
    event_id: UUID
    value: Number | None = None
    confidence: int | None = None
    note: str | None = None


class OwnGrade(BaseModel):
    """How well its people say an objective went, 0 to 1. `reflection` is personal text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    edition: int
    """Of the objective: 1, and one more with each reopening."""
    grade: Number
    reflection: str | None = None
    actor: str
    event_id: UUID


class Closing(BaseModel):
    """The end of an edition of an objective. `comment` is personal text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    edition: int
    comment: str | None = None
    actor: str
    event_id: UUID


class EarlierMeasure(BaseModel):
    """How a key result was measured before, with all that was said in that measure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: Measure
    targets: tuple[TargetFact, ...]
    kpi: str | None = None
    trajectory: Trajectory = ()
    step_facts: tuple[StepFact, ...] = ()
    reported_before: int = 0
    until: date
    """The business day since which it is measured otherwise."""
    judges: str | None = None
    """The cycle that was over by then: this measure goes on judging it."""


MEASURED = tuple(name for name in EarlierMeasure.model_fields if name not in ("until", "judges"))
"""Fields of a key result that belong to its measure: an earlier measure keeps them."""


class KeyResult(State):
    """How we know that the objective is reached."""

    title: str
    measure: Measure
    """With the baseline, and with the target that was set last."""
    targets: tuple[TargetFact, ...]
    """In the order they were set since the objective is active; each holds until a later one's first day.

    The first is the one that was agreed; it holds from the cycle's first day. One that was set later wins
    over the ones before it on all days from its own first day on.
    """
    kpi: str | None = None
    owner: str | None = None
    weight: Number | None = None
    status: KeyResultStatus = "active"
    check_ins: tuple[CheckIn, ...] = ()
    """In the order they were made."""
    trajectory: Trajectory = ()
    """What was declared to be expected on the way."""
    step_facts: tuple[StepFact, ...] = ()
    """Of a milestone, in the order they were made: a later one wins on all days from its own day on."""
    earlier_measures: tuple[EarlierMeasure, ...] = ()
    """Since it is active, in that order."""
    reported_before: int = 0
    """How many of its check-ins were made in an earlier measure: their values do not count in this one."""

    @property
    def measured_since(self) -> date:
        """The first business day that is held against this measure; `date.min` if it is the first one."""
        return self.earlier_measures[-1].until if self.earlier_measures else date.min

    @property
    def all_targets(self) -> tuple[TargetFact, ...]:
        """The target facts of all its measures, in the order of the measures."""
        earlier = (fact for measure in self.earlier_measures for fact in measure.targets)
        return (*earlier, *self.targets)

    @property
    def kpis(self) -> frozenset[str]:
        """The KPIs that its value comes from, on earlier days too."""
        named = (self.kpi, *(earlier.kpi for earlier in self.earlier_measures))
        return frozenset(kpi for kpi in named if kpi is not None)

    def as_measured_on(self, day: date, cycle: str | None = None) -> "KeyResult":
        """Return the key result with the measure it had at the end of a business day, and what goes with it.

        In a cycle that was over when the measure changed it goes on having the one before.
        """
        for n, earlier in enumerate(self.earlier_measures):
            if day < earlier.until or (earlier.judges is not None and earlier.judges == cycle):
                had = {name: getattr(earlier, name) for name in MEASURED}
                return self.model_copy(update={**had, "earlier_measures": self.earlier_measures[:n]})
        return self

    @property
    def baseline(self) -> Decimal | None:
        """The figure it starts from."""
        return self.measure.baseline

    def fact_on(self, day: date) -> TargetFact:
        """Return the target fact that holds on a business day; before all of them the first one."""
        held = (fact for fact in reversed(self.targets) if fact.effective_from <= day)
        return next(held, self.targets[0])

    def target_on(self, day: date) -> Decimal | None:
        """Return the target that holds on a day, of `between` its lower edge; None while unresolved."""
        return self.fact_on(day).target

    def edges_from(self, day: date) -> set[tuple[Decimal | None, Decimal | None]]:
        """Return the targets, each with its upper edge, that hold on a business day or a later one."""
        now = self.fact_on(day)
        held = {(now.target, now.upper)}
        until = date.max
        for fact in reversed(self.targets):
            if day < fact.effective_from < until:
                held.add((fact.target, fact.upper))
            until = min(until, fact.effective_from)
        return held

    def done_since(self, step: str, day: date) -> date | None:
        """Return the day since which a step is done, as at the end of a business day; None if it is not."""
        facts = (fact for fact in reversed(self.step_facts) if fact.step == step and fact.day <= day)
        latest = next(facts, None)
        return latest.day if latest is not None and latest.done else None

    def measure_on(self, day: date) -> Measure:
        """Return the measure with the target that holds on a business day."""
        fact = self.fact_on(day)
        baseline = self.measure.baseline if fact.base is None else fact.base.value
        changed = {"target": fact.target, "upper": fact.upper, "baseline": baseline}
        return self.measure.model_copy(update=changed)


class EarlierCycle(BaseModel):
    """A cycle that an objective belonged to before it was moved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cycle: str
    until: date
    """The business day on which it was moved: at its end it was in another cycle."""


class Objective(State):
    """What to achieve, with its key results in the order they were added."""

    title: str
    cycle: str
    earlier_cycles: tuple[EarlierCycle, ...] = ()
    """The cycles that it was moved from, in that order."""
    ambition: Ambition
    status: ObjectiveStatus = "drafted"
    activated: bool = False
    """It was active once: changes need a reason."""
    proposed_by: str | None = None
    """The actor who put it forward; None while it is a draft, or if it was activated without that."""
    agreed_by: tuple[str, ...] = ()
    """The actors who said yes, in that order."""
    framework: Framework = "okr"
    reviewer: str | None = None
    """Of an MBO goal: the person who agrees on it with its owner."""
    reward: Reward | None = None
    waiting: PendingApproval | None = None
    """Changes that are not agreed or approved yet."""
    org_unit: str | None = None
    owner: str | None = None
    supports: tuple[str, ...] = ()
    """Ids of the objectives and key results it helps to reach."""
    takes_over: str | None = None
    """The key result of another objective that this one makes its own; it stays among those it supports."""
    direct: bool = False
    """It only holds the key results that hang directly on its unit, which nobody worded an objective for."""
    key_results: tuple[KeyResult, ...] = ()
    edition: int = 1
    """One more with each reopening (차수)."""
    grades: tuple[OwnGrade, ...] = ()
    """In the order they were given; at most one of each edition."""
    closings: tuple[Closing, ...] = ()
    """In the order in which it was closed; reopening keeps them."""

    def cycle_on(self, day: date) -> str:
        """Return the cycle it was in at the end of a business day."""
        return next((earlier.cycle for earlier in self.earlier_cycles if day < earlier.until), self.cycle)

    def as_on(self, day: date) -> "Objective":
        """Return the objective with the cycle and the measures that it had at the end of a business day."""
        cycle = self.cycle_on(day)
        key_results = tuple(key_result.as_measured_on(day, cycle) for key_result in self.key_results)
        if cycle == self.cycle and key_results == self.key_results:
            return self
        left = tuple(earlier for earlier in self.earlier_cycles if earlier.until <= day)
        had = {"cycle": cycle, "earlier_cycles": left, "key_results": key_results}
        return self.model_copy(update=had)

    @property
    def own_grade(self) -> OwnGrade | None:
        """The grade of this edition."""
        return next((grade for grade in reversed(self.grades) if grade.edition == self.edition), None)

    @property
    def parties(self) -> frozenset[str]:
        """The actors who agree on an MBO goal: its owner and its reviewer, as far as they are known."""
        return frozenset(f"person:{id_}" for id_ in (self.owner, self.reviewer) if id_ is not None)

    @property
    def still_to_agree(self) -> frozenset[str]:
        """The parties of a proposed MBO goal that have not agreed; proposing it counts as agreeing."""
        if self.framework != "mbo":
            return frozenset()
        return self.parties - {self.proposed_by, *self.agreed_by}

    def key_result(self, id_: str) -> KeyResult | None:
        """Return one of its key results, also a dropped one."""
        return next((key_result for key_result in self.key_results if key_result.id == id_), None)

    @property
    def active_key_results(self) -> tuple[KeyResult, ...]:
        """The key results that count."""
        return tuple(key_result for key_result in self.key_results if key_result.status == "active")
