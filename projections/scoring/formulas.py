"""The formulas that turn a value into a score. Exact fractions all the way, rounded once at the end.

Source: docs/reference/scoring.md, sections 1, 4 and 5. Value, baseline, target and tolerance are in the
measure's unit; scores have none (1 = reached).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import NamedTuple, Protocol

from events import decimals
from events.measures import Aggregation, Grading, MeasureKind, start_of

PLACES = 6
_SCALE = 10**PLACES
_FINEST = 10**decimals.FRACTION_DIGITS

NO_SCORE = Decimal("0.000000")
OKR_CAP = Decimal("1.000000")
KPI_CAP = Decimal("1.200000")
"""What scores of KPIs and MBO goals are shown up to, by the default policy."""


class Goalposts(Protocol):
    """What a value is judged against: a `Measure`, a `KpiTarget`, or a measure as it stood on a day."""

    @property
    def kind(self) -> MeasureKind: ...
    @property
    def target(self) -> Decimal | None: ...
    @property
    def baseline(self) -> Decimal | None: ...
    @property
    def grading(self) -> Grading: ...
    @property
    def tolerance(self) -> Decimal | None: ...
    @property
    def upper(self) -> Decimal | None: ...


class Posts(NamedTuple):
    """Goalposts put together from facts."""

    kind: MeasureKind
    target: Decimal | None
    """None until a relative goal is resolved: there is no score."""
    baseline: Decimal | None
    grading: Grading
    tolerance: Decimal | None
    upper: Decimal | None


def on_aggregate(goalposts: Goalposts, aggregation: Aggregation | None) -> Posts:
    """Return the goalposts, where an increase of a sum or count without a baseline starts at 0.

    `aggregation` is the KPI's; None without a KPI.
    """
    return Posts(
        goalposts.kind,
        goalposts.target,
        start_of(goalposts.kind, goalposts.baseline, aggregation),
        goalposts.grading,
        goalposts.tolerance,
        goalposts.upper,
    )


def raw_score(goalposts: Goalposts, current: Fraction) -> Fraction | None:
    """Return the signed score of a value, unbounded.

    None where the formula has no answer: without a target, for an increase or decrease without a baseline or
    whose target does not lie beyond it, and for attainment of a target that is not above 0.
    """
    if goalposts.target is None:
        return None
    if goalposts.grading == "attainment":
        line = _line(goalposts.kind, goalposts.target, goalposts.baseline)
        if line is None:
            return None
        slope, start, divisor = line
        return Fraction(
            slope * current.numerator + start * current.denominator, divisor * current.denominator
        )
    if met(goalposts, current):
        return Fraction(1)
    if goalposts.tolerance is None:
        return Fraction(0)
    edge = goalposts.target
    if goalposts.upper is not None and current > goalposts.upper:
        edge = goalposts.upper
    beyond = abs(current - Fraction(edge))
    return max(Fraction(0), 1 - beyond / Fraction(goalposts.tolerance))


@lru_cache(maxsize=4096)
def _line(kind: MeasureKind, target: Decimal, baseline: Decimal | None) -> tuple[int, int, int] | None:
    """Return attainment, which is linear in the value, as a slope and a start, both over one divisor.

    Whole numbers, as many values meet the same goalposts and arithmetic of fractions costs ten times as much.
    """
    if kind in ("increase", "decrease"):
        if baseline is None or _leads_nowhere(kind, target, baseline):
            return None
        # (current - baseline) / (target - baseline)
        slope = 1 / (Fraction(target) - Fraction(baseline))
        start = -Fraction(baseline) * slope
    elif target <= 0:
        return None
    # Of milestones and counted periods the value is a share or a number: it is held against the target, too.
    elif kind == "at_most":
        # 2 - current / target
        slope, start = -1 / Fraction(target), Fraction(2)
    else:
        # current / target
        slope, start = 1 / Fraction(target), Fraction(0)
    divisor = lcm(slope.denominator, start.denominator)
    return int(slope * divisor), int(start * divisor), divisor


def _leads_nowhere(kind: MeasureKind, target: Decimal, baseline: Decimal | None) -> bool:
    """Return whether it is an increase or decrease whose target does not lie beyond its baseline.

    That is refused when it is set; but a KPI may be brought together as a sum later, and start at 0 since.
    """
    if baseline is None or kind not in ("increase", "decrease"):
        return False
    return baseline >= target if kind == "increase" else baseline <= target


def met(goalposts: Goalposts, current: Fraction) -> bool | None:
    """Return whether the target is reached; exactly at the target, or at either edge of `between`, it is.

    None without a target, and for an increase or decrease whose target does not lie beyond its baseline.
    """
    if goalposts.target is None:
        return None
    if goalposts.upper is not None:
        return _beyond(current, goalposts.target) >= 0 >= _beyond(current, goalposts.upper)
    if _leads_nowhere(goalposts.kind, goalposts.target, goalposts.baseline):
        return None
    beyond = _beyond(current, goalposts.target)
    return beyond <= 0 if goalposts.kind in ("decrease", "at_most") else beyond >= 0


def _beyond(current: Fraction, limit: Decimal) -> int:
    """Compare a value with a limit: above 0 if it is greater, 0 if equal, below 0 if less."""
    numerator, denominator = limit.as_integer_ratio()
    return current.numerator * denominator - numerator * current.denominator


def rounded(exact: Fraction) -> Decimal:
    """Round to six places, half-even. Always six digits after the point, never "-0"."""
    scaled = exact.numerator * _SCALE
    quotient, rest = divmod(scaled, exact.denominator)
    twice = 2 * rest
    if twice > exact.denominator or (twice == exact.denominator and quotient & 1):
        quotient += 1
    # Built from text: arithmetic on a Decimal would round to the precision of the thread's context.
    return Decimal(f"{quotient}E-{PLACES}")


def written(value: Fraction) -> Decimal:
    """Return a value as a decimal: exact if 12 digits after the point are enough, else rounded to six."""
    if value.denominator == 1:
        return Decimal(value.numerator)
    scaled, rest = divmod(value.numerator * _FINEST, value.denominator)
    if rest:
        return rounded(value)
    digits = str(scaled)
    needed = digits.rstrip("0")
    return Decimal(f"{needed}E{len(digits) - len(needed) - decimals.FRACTION_DIGITS}")


def shown(score: Decimal, cap: Decimal = OKR_CAP) -> Decimal:
    """Return a rounded score as pages show it: 0 to 1 for OKR, else 0 to the policy's cap (`KPI_CAP`)."""
    return min(max(score, NO_SCORE), cap)


class MixedWeights(ValueError):
    """Some key results have a weight and some have none."""


class WeightedScore(NamedTuple):
    """One key result in a roll-up: the exact raw score, None while it is pending."""

    id: str
    weight: Decimal | None
    raw: Fraction | None


class RollUp(NamedTuple):
    """The score of an objective (0 to the policy's cap, six places), and what stands beside it."""

    score: Decimal
    weakest: str
    """Id of the key result with the lowest score; of several, the first."""
    pending: tuple[str, ...]
    """Ids of the key results that count 0 because they have no score yet."""


def roll_up(parts: Sequence[WeightedScore], cap: Decimal = OKR_CAP) -> RollUp | None:
    """Return Σ weight · score clamped to 0–cap / Σ weight; without weights the mean; pending counts 0.

    `cap` is the policy's: `KPI_CAP` for MBO unless the workspace sets another. None without key results, or
    when all weights are 0. Raises MixedWeights.
    """
    if len({part.weight is None for part in parts}) > 1:
        raise MixedWeights("give all key results of an objective a weight, or none of them")
    weights = [Fraction(1 if part.weight is None else part.weight) for part in parts]
    total = sum(weights)
    if not total:
        return None
    scores = [clamped(part.raw, cap) for part in parts]
    score = sum((weight * score for weight, score in zip(weights, scores, strict=True)), Fraction(0)) / total
    weakest = min(range(len(parts)), key=scores.__getitem__)
    return RollUp(rounded(score), parts[weakest].id, tuple(part.id for part in parts if part.raw is None))


def clamped(raw: Fraction | None, cap: Decimal = OKR_CAP) -> Fraction:
    """Return an exact score between 0 and the policy's cap; pending is 0."""
    return Fraction(0) if raw is None else min(max(raw, Fraction(0)), Fraction(cap))
