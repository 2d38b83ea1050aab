"""The score of a scorecard (평가표). Source: docs/reference/scoring.md, section *Scorecards*.

Σ weight · score / 100 over its items, each score between 0 and the cap of the policy that judges it, as an
exact fraction, rounded once. An item without a score counts 0 and is marked pending.

The target of a KPI that adds up is for one period of its cadence; on a scorecard, what the finished periods
of the cycle came to together is held against what their targets come to together (`totals`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import NamedTuple

from events.cycles.state import Cycle
from events.kpis.definition import KpiTarget
from events.kpis.state import Kpi
from events.measures import Window
from events.objectives.state import KeyResult, TargetFact
from projections.scoring.formulas import Posts, clamped, on_aggregate, raw_score, rounded
from projections.scoring.periods import periods_between
from projections.scoring.values import EXACT, BusinessDays, aggregate
from projections.scoring.windows import Stretch, reading_days

_WHOLE_PERIODS = Window(kind="latest_complete_period")


class Line(NamedTuple):
    """One item of a scorecard: the exact raw score, None while it is pending."""

    weight: Decimal
    raw: Fraction | None
    cap: Decimal
    """The highest score that counts."""


def line_score(line: Line) -> Fraction:
    """Return the score that an item counts with: between 0 and its cap, 0 while pending."""
    return clamped(line.raw, line.cap)


def total_score(lines: Sequence[Line]) -> Decimal:
    """Return the score of a scorecard, six places half-even. The weights total 100."""
    return rounded(sum((Fraction(line.weight) * line_score(line) for line in lines), Fraction(0)) / 100)


class Totals(NamedTuple):
    """What a KPI that adds up came to in periods of its cadence, and what their targets come to."""

    value: Fraction
    posts: Posts
    """Target, upper edge, baseline and tolerance are those of all the periods, added up."""
    periods: int

    @property
    def raw(self) -> Fraction | None:
        """The exact score by the formula of the measure; None where it has no answer."""
        return raw_score(self.posts, self.value)


def totals(kpi: Kpi, days: BusinessDays, cycle: Stretch, as_of: date) -> Totals | None:
    """Return the total of the periods of the KPI's cadence that have ended in the cycle by the end of a day.

    The target of each is the one in force on its last day. Left out are periods without a target, without a
    value (an empty one has the value 0 where the KPI says so), and those whose target is of another kind or
    grading than that of the latest one that counts. None if none is left. `days` holds at least the
    `totalled_days`.
    """
    judged = list(_judged(kpi, days, cycle, as_of))
    if not judged:
        return None
    latest = judged[-1][1]
    alike = [(value, posts) for value, posts in judged if _alike(posts, latest)]
    value = sum((value for value, _ in alike), Fraction(0))
    return Totals(value, reduce(_both, (posts for _, posts in alike)), len(alike))


def totalled_days(kpi: Kpi, cycle: Stretch) -> tuple[date, date]:
    """Return the first and last business day that can count in the `totals` of a cycle."""
    return reading_days(kpi, _WHOLE_PERIODS, cycle)


def _judged(kpi: Kpi, days: BusinessDays, cycle: Stretch, as_of: date) -> Iterator[tuple[Fraction, Posts]]:
    """Return value and target of each finished period that has both, in order."""
    until = min(as_of, cycle.end)
    for period in periods_between(kpi.cadence, cycle.start, until):
        target = kpi.target_on(period.end)
        if period.end <= until and target is not None:
            value = aggregate(kpi, days.between(period.start, period.end)).value
            if value is not None:
                yield value, on_aggregate(target, kpi.aggregation)


def _alike(posts: Posts, other: Posts) -> bool:
    return (posts.kind, posts.grading) == (other.kind, other.grading)


def _both(one: Posts, other: Posts) -> Posts:
    """Return the goalposts of two stretches of time together. What one of them lacks, both lack."""
    return one._replace(
        target=_added(one.target, other.target),
        upper=_added(one.upper, other.upper),
        baseline=_added(one.baseline, other.baseline),
        tolerance=_added(one.tolerance, other.tolerance),
    )


def _added(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else EXACT.add(one, other)


def as_key_result(kpi: Kpi, target: KpiTarget, cycle: Cycle) -> KeyResult:
    """Return a KPI's target of a cycle as a key result, for one set of scoring rules.

    Not for KPIs that add up: see `totals`.
    """
    return KeyResult(
        id=kpi.id,
        title=kpi.name_ko,
        measure=target.measure(kpi.unit),
        targets=(TargetFact(target=target.target, effective_from=cycle.start, upper=target.upper),),
        kpi=kpi.id,
    )
