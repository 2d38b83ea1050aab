"""Pace (진척): how a goal goes while its cycle runs. Source: docs/reference/scoring.md, section 7.

Scores have no unit (1 = reached). Fractions are exact and rounded once, to six places, half-even.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from events.measures import MeasureKind
from projections.scoring.formulas import rounded

PaceWord = Literal["ahead", "on", "behind"]

_MOVES: frozenset[MeasureKind] = frozenset({"increase", "decrease", "milestone", "count_of_periods"})


class Pace(NamedTuple):
    """A score held against the one that is expected by now; all figures have six places."""

    score: Decimal
    """From 0 up to the policy's cap. Of an objective: of its key results that have a pace."""
    expected: Decimal
    pace: Decimal
    """score − expected."""
    word: PaceWord


class Part(NamedTuple):
    """A key result in the pace of its objective: weight, exact score and expected score, 0 to the cap."""

    weight: Decimal | None
    score: Fraction
    expected: Fraction


def has_pace(kind: MeasureKind) -> bool:
    """Return whether a measure moves through a cycle; a threshold is met or not, early or late."""
    return kind in _MOVES


def expected_by_now(elapsed: Fraction, expected_end: Decimal) -> Fraction:
    """Return the score expected when a share of the cycle (0 to 1) has passed, in a straight line from 0."""
    return elapsed * Fraction(expected_end)


def pace_of(score: Fraction, expected: Fraction, on_pace_within: Decimal) -> Pace:
    """Return how far a score is ahead of or behind the expected one; up to `on_pace_within` it is on pace."""
    pace = rounded(score - expected)
    word: PaceWord = "on" if abs(pace) <= on_pace_within else "ahead" if pace > 0 else "behind"
    return Pace(rounded(score), rounded(expected), pace, word)


def pace_together(parts: Sequence[Part], on_pace_within: Decimal) -> Pace | None:
    """Return an objective's pace: score and expected score are weighted means over the same key results.

    None if no key result has a pace, or all of their weights are 0.
    """
    weights = [Fraction(1 if part.weight is None else part.weight) for part in parts]
    total = sum(weights)
    if not total:
        return None
    score = sum((weight * part.score for weight, part in zip(weights, parts, strict=True)), Fraction(0))
    expected = sum((weight * part.expected for weight, part in zip(weights, parts, strict=True)), Fraction(0))
    return pace_of(score / total, expected / total, on_pace_within)
