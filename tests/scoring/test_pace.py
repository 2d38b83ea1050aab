"""Pace: score − expected, exact and rounded once; what it says of an objective."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.measures import MeasureKind
from projections.scoring.formulas import rounded
from projections.scoring.pace import Part, expected_by_now, has_pace, pace_of, pace_together

WITHIN = Decimal("0.05")
scores = st.fractions(0, 1, max_denominator=1000)
weights = st.integers(1, 100).map(Decimal)


@pytest.mark.parametrize(
    ("score", "pace", "word"),
    [
        ("0.55", "0.05", "on"),
        ("0.45", "-0.05", "on"),
        ("0.5500005", "0.050000", "on"),
        ("0.550001", "0.050001", "ahead"),
        ("0.449999", "-0.050001", "behind"),
        ("0.5", "0", "on"),
    ],
)
def test_the_word_follows_from_the_rounded_pace(score: str, pace: str, word: str) -> None:
    """What is read can be checked: at the edge it is on pace."""
    found = pace_of(Fraction(score), Fraction(1, 2), WITHIN)
    assert (found.pace, found.word) == (Decimal(pace), word)


def test_it_is_rounded_once() -> None:
    """2/3 − 1/3 is 0.333333, though 0.666667 − 0.333333 would be 0.333334."""
    found = pace_of(Fraction(2, 3), Fraction(1, 3), WITHIN)
    assert found[:3] == (Decimal("0.666667"), Decimal("0.333333"), Decimal("0.333333"))


@pytest.mark.parametrize("kind", ["at_least", "at_most", "between"])
def test_thresholds_have_no_pace(kind: MeasureKind) -> None:
    assert not has_pace(kind)


@given(scores, st.fractions(0, 1, max_denominator=400))
def test_expected_grows_from_nothing_to_the_expected_end(end: Fraction, elapsed: Fraction) -> None:
    expected_end = rounded(end)
    assert expected_by_now(Fraction(0), expected_end) == 0
    assert expected_by_now(Fraction(1), expected_end) == Fraction(expected_end)
    assert 0 <= expected_by_now(elapsed, expected_end) <= Fraction(expected_end)


@given(st.lists(st.tuples(weights, scores), min_size=1, max_size=5), scores)
def test_with_one_expectation_an_objectives_pace_is_its_score_against_it(
    parts: list[tuple[Decimal, Fraction]], expected: Fraction
) -> None:
    total = sum((Fraction(weight) for weight, _ in parts), Fraction(0))
    mean = sum((Fraction(weight) * score for weight, score in parts), Fraction(0)) / total
    found = pace_together([Part(weight, score, expected) for weight, score in parts], WITHIN)
    assert found == pace_of(mean, expected, WITHIN)


@given(st.lists(st.tuples(weights, scores, scores), min_size=1, max_size=5), st.integers(1, 1000))
def test_only_proportions_of_weights_matter(
    parts: list[tuple[Decimal, Fraction, Fraction]], times: int
) -> None:
    scaled = [Part(weight * times, score, expected) for weight, score, expected in parts]
    assert pace_together(scaled, WITHIN) == pace_together([Part(*part) for part in parts], WITHIN)


def test_without_parts_there_is_no_pace() -> None:
    assert pace_together([], WITHIN) is None
    assert pace_together([Part(Decimal(0), Fraction(1), Fraction(1))], WITHIN) is None
