"""What reads answer about objectives and key results, and what they are made of."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from events.decimals import Number
from events.kpis.definition import Cadence
from events.measures import Measure, Window
from events.objectives.events import Ambition, Framework
from events.objectives.state import EarlierCycle, KeyResultStatus, ObjectiveStatus
from events.objectives.trajectory import Trajectory
from events.pending_approval import PendingApproval
from events.relative import FrozenValue
from events.rewards import Reward
from projections.scoring.formulas import written
from projections.scoring.relative import BaseValue
from services.queries.completeness import Incomplete
from services.queries.grading import BandOut, FreshnessOut, PaceOut, PolicyRef
from services.queries.initiatives import InitiativeLine


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


class BaseOut(FrozenValue):
    """What a relative goal was resolved with, frozen."""

    out_of_date: bool = Field(description="The base would be another one now, since it was corrected.")
    now: Number | None = Field(description="What it would be.")


def base_out(base: FrozenValue, found: BaseValue | None) -> BaseOut:
    """Return a base as it was frozen, beside what is found of it now."""
    now = None if found is None else written(found.value)
    said = {field: getattr(base, field) for field in FrozenValue.model_fields}
    return BaseOut(**said, out_of_date=now != base.value, now=now)


class SetTarget(BaseModel):
    """A target, and the business day from which it holds."""

    target: Number | None = Field(description="null until a relative goal is resolved.")
    effective_from: date
    upper: Number | None
    base: BaseOut | None = Field(description="Of a relative goal.")


class EarlierMeasureOut(BaseModel):
    """How a key result was measured before."""

    measure: Measure = Field(description="With the target that was set last.")
    kpi: str | None = Field(description="Where its value came from.")
    until: date = Field(description="The business day since which it is measured otherwise.")


class KeyResultOut(BaseModel):
    """A key result (핵심 결과) with its score."""

    id: str
    objective: str
    title: str
    status: KeyResultStatus
    measure: Measure = Field(description="With the target that was set last.")
    earlier_measures: list[EarlierMeasureOut] = Field(
        [],
        description="Those it had while it was active; reads `as_of` an earlier day show them in force.",
    )
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


class ObjectiveOut(BaseModel):
    """An objective (목표) with its key results and scores."""

    id: str
    title: str
    cycle: str = Field(description="On the day shown.")
    earlier_cycles: tuple[EarlierCycle, ...] = Field((), description="Those it was moved from, until when.")
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
    waiting: PendingApproval | None = Field(description="Changes that are not agreed or approved yet.")
    edition: int = Field(description="One more with each reopening.")
    supports: tuple[str, ...] = Field(description="Objectives and key results it helps to reach.")
    direct: bool = Field(description="It only holds the key results that hang directly on its unit.")
    takes_over: str | None = Field(description="The key result of another objective that it makes its own.")
    score: Number | None = Field(
        description="Weighted mean of its key results, 0 to the policy's cap (1 for OKR); null without any."
    )
    policy: PolicyRef
    band: BandOut | None = Field(description="How the score is graded if it ends like this.")
    elapsed: Number | None = Field(description="The share of the cycle that is over at the end of the day.")
    pace: PaceOut | None = Field(description="null if none of its key results has one.")
    standing: str | None = Field(
        description="`ahead`, `on` or `behind`, without a pace the band; `pending` while all key results are;"
        " `stale` where it would read well and readings of any are stale; null without a score."
    )
    own_grade: Number | None = Field(description="Given by its people in this edition, 0–1.")
    weakest: str | None = Field(description="The key result with the lowest score.")
    pending: tuple[str, ...] = Field(description="Key results that count 0 because they have no value.")
    incomplete: Incomplete
    grades: list[OwnGradeOut] = Field(description="Of all editions, with what was learnt.")
    closings: list[ClosingOut] = Field(description="Of all editions: reopening keeps them.")
    initiatives: list[InitiativeLine] = Field(description="Work done for the objective as a whole.")
    key_results: list[KeyResultOut]
    revision: int
