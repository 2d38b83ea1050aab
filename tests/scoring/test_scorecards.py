"""Scores of scorecards: the worked example of docs/reference/scoring.md, and what holds for all."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.scoring.scorecards import Line, line_score, total_score

CAP = Decimal("1.2")


def line(weight: int, raw: str | None, cap: Decimal = CAP) -> Line:
    """An item with a raw score."""
    return Line(Decimal(weight), None if raw is None else Fraction(raw), cap)


@pytest.mark.parametrize(
    ("lines", "score"),
    [
        # The example of the page: 50 × 1.2 + 30 × 0.8 + 20 × 0 = 84.
        ([line(50, "1.35"), line(30, "0.8"), line(20, None)], "0.84"),
        ([line(100, "1.35")], "1.2"),
        ([line(100, "1.35", Decimal(1))], "1"),
        ([line(60, "-0.5"), line(40, "1")], "0.4"),
        ([line(1, "1/3"), line(99, "1/3")], "0.333333"),
        ([line(100, None)], "0"),
    ],
)
def test_each_item_counts_by_its_weight_up_to_the_cap(lines: list[Line], score: str) -> None:
    assert total_score(lines) == Decimal(score)


raws = st.none() | st.fractions(min_value=-5, max_value=5)


@given(st.lists(raws, min_size=1, max_size=10), st.data())
def test_a_score_lies_between_the_lowest_and_the_highest_item(
    raw: list[Fraction | None], data: st.DataObject
) -> None:
    """And between 0 and the cap, whatever the weights are."""
    cuts = sorted(data.draw(st.lists(st.integers(0, 100), min_size=len(raw) - 1, max_size=len(raw) - 1)))
    weights = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    lines = [Line(Decimal(weight), one, CAP) for weight, one in zip(weights, raw, strict=True)]
    counted = [line_score(each) for each in lines if each.weight]
    score = total_score(lines)
    slack = Fraction(1, 10**6)
    assert min(counted) - slack <= score <= max(counted) + slack
    assert 0 <= score <= CAP


@given(st.fractions(min_value=-5, max_value=5), st.fractions(min_value=0, max_value=5))
def test_a_better_item_never_makes_a_scorecard_worse(raw: Fraction, more: Fraction) -> None:
    def total(first: Fraction) -> Decimal:
        return total_score([Line(Decimal(70), first, CAP), line(30, "0.5")])

    assert total(raw + more) >= total(raw)
