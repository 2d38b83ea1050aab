"""How scores are judged: by which version of which policy, their band and their pace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from pydantic import BaseModel, Field

from events.cycles.state import Cycle
from events.decimals import Number
from events.ids import Aggregate
from events.kpis.definition import Cadence
from events.kpis.state import Kpi
from events.objectives.state import KeyResult, Objective
from events.policies.rules import FRAMEWORKS, Band, Framework
from events.policies.state import InForce, Policies, Policy
from projections.scoring.bands import band_of, yardstick
from projections.scoring.formulas import NO_SCORE, RollUp, clamped, shown
from projections.scoring.pace import (
    Pace,
    PaceWord,
    Part,
    expected_by_now,
    has_pace,
    pace_of,
    pace_together,
)
from projections.scoring.periods import elapsed
from projections.scoring.scores import KeyResultScore
from projections.scoring.staleness import freshness, newest
from projections.scoring.trajectories import expected_score
from projections.scoring.values import BusinessDays
from projections.state import queries
from services.queries.read_context import ReadContext


class PolicyRef(BaseModel):
    """The rules that a score is judged by."""

    framework: Framework
    version: int = Field(description="The one that the cycle pins; of KPIs the newest. 0 is built in.")


class BandOut(BaseModel):
    """The band (등급 구간) of a score: how it is graded if it ends like this."""

    code: str
    name_ko: str
    name_en: str


class FreshnessOut(BaseModel):
    """Whether reports come as often as declared."""

    last: date | None = Field(description="The day that the newest one is about.")
    latest: date = Field(description="The last day on which it is fresh without another one.")
    stale: bool


class PaceOut(BaseModel):
    """Pace (진척): how it goes, while the band grades the end."""

    score: Number = Field(description="Of an objective: of its key results that have a pace.")
    expected: Number = Field(
        description="By now: of the declared trajectory, else elapsed × the policy's expected end."
    )
    pace: Number = Field(description="score − expected.")
    word: PaceWord


POLICIES = tuple(Aggregate("policy", framework) for framework in FRAMEWORKS)


async def load_policies(context: ReadContext) -> Policies:
    """Return the policies as known at the read's position."""
    return policies_among(await queries.latest_of(context.connection, POLICIES, context.position))


def policies_among(found: Mapping[Aggregate, queries.Version]) -> Policies:
    """Return the policies that were looked up, maybe with other things."""
    return Policies(version.state for version in found.values() if isinstance(version.state, Policy))


def policy_ref(policy: InForce) -> PolicyRef:
    """Return a version of a policy as answers name it."""
    return PolicyRef(framework=policy.framework, version=policy.version)


def band_out(band: Band) -> BandOut:
    """Return a band as it is answered."""
    return BandOut(code=band.code, name_ko=band.name_ko, name_en=band.name_en)


def pace_out(pace: Pace | None) -> PaceOut | None:
    """Return a pace as it is answered."""
    return None if pace is None else PaceOut(**pace._asdict())


class Grader:
    """Judges an objective and its key results at the end of a day, by the rules that its cycle pins."""

    def __init__(
        self,
        objective: Objective,
        cycle: Cycle | None,
        kpis: Mapping[str, Kpi],
        policies: Policies,
        as_of: date,
    ) -> None:
        self._cycle = cycle
        self._kpis = kpis
        self._as_of = as_of
        self._active = objective.status == "active"
        self._policy = policies.pinned(objective.framework, cycle)
        self._yardstick = yardstick(self._policy.rules, objective.ambition)
        self.elapsed = None if cycle is None else elapsed(cycle.start, cycle.end, as_of)

    @property
    def policy(self) -> PolicyRef:
        """The policy as answers name it."""
        return policy_ref(self._policy)

    @property
    def cap(self) -> Decimal:
        """What a score is shown up to, and counts in that of its objective."""
        return self._policy.rules.shown_cap

    def shown(self, raw: Decimal | None) -> Decimal:
        """Return a raw score as it is shown: from 0 to the policy's cap, and 0 while pending."""
        return NO_SCORE if raw is None else shown(raw, self.cap)

    def band(self, score: Decimal | None) -> BandOut | None:
        """Return the band of a rounded score; none without a score."""
        if score is None:
            return None
        return band_out(band_of(score, self._yardstick.bands))

    def kpi(self, key_result: KeyResult) -> Kpi | None:
        """Return the KPI that a key result takes its value from, as it counts on the day in the cycle."""
        kpi = self._kpis.get(key_result.kpi or "")
        if kpi is None or self._cycle is None:
            return kpi
        return kpi.as_on(min(self._as_of, self._cycle.end))

    def pace(self, key_result: KeyResult, score: KeyResultScore) -> Pace | None:
        """Return the pace of a key result; none while it is pending, and none of a threshold."""
        expected = self._expected(key_result, score)
        if expected is None or score.exact is None:
            return None
        reached, by_now = clamped(score.exact, self.cap), clamped(expected, self.cap)
        return pace_of(reached, by_now, self._policy.rules.on_pace_within)

    def pace_together(self, scores: Iterable[tuple[KeyResult, KeyResultScore]]) -> Pace | None:
        """Return the pace of an objective; a pending key result counts 0, as it does in the score."""
        parts = [
            Part(key_result.weight, clamped(score.exact, self.cap), clamped(expected, self.cap))
            for key_result, score in scores
            if (expected := self._expected(key_result, score)) is not None
        ]
        return pace_together(parts, self._policy.rules.on_pace_within)

    def readings(self, key_result: KeyResult, days: BusinessDays | None) -> FreshnessOut | None:
        """Return whether the KPI's readings come as often as its cadence says; none if none counts as 0."""
        kpi = self.kpi(key_result)
        if kpi is None or days is None or kpi.empty == "zero":
            return None
        return self._freshness(newest(days, self._as_of), kpi.cadence)

    def check_ins(self, last: date | None) -> FreshnessOut | None:
        """Return whether people check in as often as the cycle says; `last` is the day of the latest one."""
        return None if self._cycle is None else self._freshness(last, self._cycle.check_ins)

    def _freshness(self, last: date | None, cadence: Cadence) -> FreshnessOut | None:
        """Judged while the goal is active, and up to the cycle's last day."""
        cycle = self._cycle
        if cycle is None or not self._active or self._as_of < cycle.start:
            return None
        day = min(self._as_of, cycle.end)
        found = freshness(last, cadence, self._policy.rules.stale_after, day, since=cycle.start)
        return None if found is None else FreshnessOut(**found._asdict())

    def standing(self, key_result: KeyResult, score: KeyResultScore, readings: FreshnessOut | None) -> str:
        """In one word: the pace, or the band of a threshold; stale readings override what is good."""
        if score.raw is None:
            return "pending"
        stale = readings is not None and readings.stale
        return self._in_a_word(score.raw, self.pace(key_result, score), stale=stale)

    def standing_together(
        self,
        total: RollUp | None,
        scores: Sequence[tuple[KeyResult, KeyResultScore]],
        readings: Iterable[FreshnessOut | None],
    ) -> str | None:
        """Return the same of an objective, whose good looks rest on the readings of all its key results."""
        if total is None:
            return None
        if len(total.pending) == len(scores):
            return "pending"
        stale = any(one is not None and one.stale for one in readings)
        return self._in_a_word(total.score, self.pace_together(scores), stale=stale)

    def _in_a_word(self, score: Decimal, pace: Pace | None, *, stale: bool) -> str:
        good = pace.word != "behind" if pace else score >= self._yardstick.expected_end
        if good and stale:
            return "stale"
        return pace.word if pace else band_of(score, self._yardstick.bands).code

    def _expected(self, key_result: KeyResult, score: KeyResultScore) -> Fraction | None:
        """Return what the declared trajectory says, else the straight line to the expected end.

        A provisional score is held against the same part of its base already: all of it is expected.
        """
        if self._cycle is None or self.elapsed is None:
            return None
        if key_result.trajectory:
            kpi = self.kpi(key_result)
            aggregation = None if kpi is None else kpi.aggregation
            return expected_score(key_result, self._as_of, self._cycle, aggregation)
        if not has_pace(key_result.measure.kind):
            return None
        over = self.elapsed if score.base_so_far is None else Fraction(1)
        return expected_by_now(over, self._yardstick.expected_end)
