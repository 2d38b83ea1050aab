"""The bands that grade a score, and the pay of a scorecard's score. Source: docs/reference/policies.md.

Scores have no unit (1 = reached); they are judged as they are after rounding to six places.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from events.objectives.events import Ambition
from events.policies.rules import Band, PayoutGrade, Rules, Step, Yardstick

S = TypeVar("S", bound=Step)


def yardstick(rules: Rules, ambition: Ambition | None = None) -> Yardstick:
    """Return what the end of a goal is judged by; only objectives of the OKR framework have an ambition."""
    return rules.stretch if ambition == "stretch" and rules.stretch is not None else rules.usual


def band_of(score: Decimal, bands: Sequence[Band]) -> Band:
    """Return the band of a score; one that lies exactly on an edge belongs to the band above it."""
    return _step_of(score, bands)


def grade_of(score: Decimal, payout: Sequence[PayoutGrade]) -> PayoutGrade | None:
    """Return the grade and pay factor of a scorecard's score (평가표); None without a payout table."""
    return _step_of(score, payout) if payout else None


def _step_of(score: Decimal, steps: Sequence[S]) -> S:
    return next(step for step in reversed(steps) if step.at_least is None or step.at_least <= score)
