"""The score of a scorecard (평가표). Source: docs/reference/scoring.md, section *Scorecards*.

Σ weight · score / 100 over its items, each score between 0 and the cap of the policy that judges it, as an
exact fraction, rounded once. An item without a score counts 0 and is marked pending.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from events.cycles.state import Cycle
from events.kpis.definition import KpiTarget
from events.kpis.state import Kpi
from events.objectives.state import KeyResult, TargetFact
from projections.scoring.formulas import clamped, rounded


class Line(NamedTuple):
    """One item of a scorecard: the exact raw score, None while it is pending."""

    weight: Decimal
    raw: Fraction | None
    cap: Decimal
    """The highest score that counts."""


def line_score(line: Line) -> Fraction:
    """What an item counts: between 0 and its cap, 0 while pending."""
    return clamped(line.raw, line.cap)


def total_score(lines: Sequence[Line]) -> Decimal:
    """The score of a scorecard, six places half-even. The weights total 100."""
    return rounded(sum((Fraction(line.weight) * line_score(line) for line in lines), Fraction(0)) / 100)


def as_key_result(kpi: Kpi, target: KpiTarget, cycle: Cycle) -> KeyResult:
    """A KPI's target of a cycle in the form that the rules of scores take: the same rules for both."""
    return KeyResult(
        id=kpi.id,
        title=kpi.name_ko,
        measure=target.measure(kpi.unit),
        targets=(TargetFact(target=target.target, effective_from=cycle.start, upper=target.upper),),
        kpi=kpi.id,
    )
