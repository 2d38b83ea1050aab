"""Scores of scorecards: the worked example of docs/reference/scoring.md, and what holds for all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.kpis.state import Kpi
from projections.scoring.periods import period_of
from projections.scoring.scorecards import Line, line_score, total_score, totalled_days, totals
from projections.scoring.values import BusinessDays
from tests.scoring.given import Q1, YEAR, days, kpi

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


def monthly(aggregation: str, targets: Sequence[dict[str, object] | None], **fields: Any) -> Kpi:
    """A KPI with a target for each of the first months of 2026."""
    held = [
        {"effective_from": start, "effective_to": period_of("month", start).end} | target
        for n, target in enumerate(targets, 1)
        if target is not None and (start := date(2026, n, 1))
    ]
    return kpi(aggregation, kind="delta", targets=held, **fields)


def at_least(target: object, **fields: object) -> dict[str, object]:
    """A monthly target."""
    return {"kind": "at_least", "target": str(target), **fields}


def months(*values: object) -> BusinessDays:
    """One reading on the tenth of each month; None: none."""
    return days({date(2026, n, 10): value for n, value in enumerate(values, 1) if value is not None})


def test_twelve_months_are_held_against_twelve_monthly_targets() -> None:
    """5,400 of 10,800, and not of 900."""
    sales = monthly("sum", [at_least(900)] * 12)
    found = totals(sales, months(*[450] * 12), YEAR, YEAR.end)
    assert found is not None
    assert (found.value, found.periods) == (Fraction(5400), 12)
    assert found.posts.target == 10800
    assert found.raw == Fraction(1, 2)


@pytest.mark.parametrize(
    ("as_of", "value", "target"),
    [
        (date(2026, 1, 30), None, None),
        (date(2026, 1, 31), 450, 900),
        (date(2026, 2, 27), 450, 900),
        (date(2026, 3, 31), 1350, 2900),
        (date(2027, 5, 1), 1350, 2900),
    ],
)
def test_a_period_counts_when_it_is_over_by_the_target_of_its_last_day(
    as_of: date, value: int | None, target: int | None
) -> None:
    """And what comes after the cycle changes nothing."""
    sales = monthly("sum", [at_least(900), at_least(900), at_least(1100), at_least(900)])
    found = totals(sales, months(450, 450, 450, 450), Q1, as_of)
    assert (found and found.value, found and found.posts.target) == (value, target)


@pytest.mark.parametrize(
    ("empty", "targets", "values", "value", "target"),
    [
        ("missing", [at_least(10), None, at_least(10)], (8, 99, 9), 17, 20),
        ("missing", [at_least(10)] * 3, (8, None, 9), 17, 20),
        ("zero", [at_least(10)] * 3, (8, None, 9), 17, 30),
        ("missing", [None] * 3, (8, 8, 9), None, None),
        ("missing", [at_least(10)] * 3, (None, None, None), None, None),
    ],
)
def test_what_lacks_a_target_or_a_value_counts_on_neither_side(
    empty: str,
    targets: Sequence[dict[str, object] | None],
    values: tuple[int | None, ...],
    value: int | None,
    target: int | None,
) -> None:
    """An empty period is 0 only where the KPI says so."""
    found = totals(monthly("sum", targets, empty=empty), months(*values), Q1, Q1.end)
    assert (found and found.value, found and found.posts.target) == (value, target)


def test_only_targets_of_one_kind_and_grading_add_up() -> None:
    """Those like the latest one that counts."""
    strict = at_least(10, grading="strict")
    found = totals(monthly("sum", [at_least(10), strict, strict]), months(1, 9, 12), Q1, Q1.end)
    assert found is not None
    assert (found.value, found.periods, found.raw) == (Fraction(21), 2, Fraction(1))
    assert found.posts.target == 20


def test_readings_are_counted_by_their_number_where_the_kpi_counts() -> None:
    found = totals(monthly("count", [at_least(2)] * 3), months(500, -20, 3), Q1, Q1.end)
    assert found is not None
    assert (found.value, found.raw) == (Fraction(3), Fraction(1, 2))


def test_a_week_belongs_with_all_its_days_to_the_cycle_in_which_it_ends() -> None:
    """29 December to 4 January counts; the week from 30 March on ends after the quarter."""
    weekly = kpi(targets=[at_least(1) | {"effective_from": date(2025, 1, 1)}], cadence="week", empty="zero")
    values = days({date(2025, 12, 28): 100, date(2025, 12, 30): 5, date(2026, 3, 30): 100})
    assert totalled_days(weekly, Q1) == (date(2025, 12, 29), date(2026, 3, 29))
    found = totals(weekly, values, Q1, Q1.end)
    assert found is not None
    assert (found.value, found.periods) == (Fraction(5), 13)


def test_a_cycle_shorter_than_a_period_has_nothing_to_judge() -> None:
    yearly = kpi(targets=[at_least(1) | {"effective_from": date(2025, 1, 1)}], cadence="year")
    assert totals(yearly, months(5, 5, 5), Q1, Q1.end) is None


def test_a_baseline_that_one_period_lacks_is_lacking() -> None:
    """A decrease from nowhere has no score; an increase of a sum starts at 0 in each period."""
    down: dict[str, object] = {"kind": "decrease", "target": "5"}
    found = totals(monthly("sum", [down | {"baseline": "9"}, down]), months(7, 5), Q1, Q1.end)
    assert found is not None
    assert (found.posts.baseline, found.raw) == (None, None)
    up: dict[str, object] = {"kind": "increase", "target": "20"}
    found = totals(monthly("sum", [up | {"baseline": "10"}, up]), months(15, 20), Q1, Q1.end)
    assert found is not None
    assert (found.posts.baseline, found.raw) == (Decimal(10), Fraction(25, 30))


@given(st.lists(st.integers(-1000, 1000), min_size=3, max_size=3), st.integers(1, 1000))
def test_with_one_target_the_raw_score_is_the_mean_of_the_months(values: list[int], target: int) -> None:
    """So the year's scorecard says what the months' trend says."""
    for kind in ("at_least", "at_most"):
        sales = monthly("sum", [{"kind": kind, "target": str(target)}] * 3)
        found = totals(sales, months(*values), Q1, Q1.end)
        assert found is not None
        assert found.raw is not None
        ends = [totals(sales, months(value), Q1, date(2026, 1, 31)) for value in values]
        assert found.raw * 3 == sum(end.raw for end in ends if end is not None and end.raw is not None)
