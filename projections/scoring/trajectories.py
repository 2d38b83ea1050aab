"""Expected values and scores of a key result for each day of its cycle, as exact fractions.

Source: docs/reference/scoring.md, section 3. Pace is score − expected score.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from events.cycles.state import Cycle
from events.measures import ADDING_UP, Aggregation
from events.objectives.state import KeyResult
from projections.scoring.formulas import Posts, on_aggregate, raw_score
from projections.scoring.relative import base_so_far

Anchor = tuple[date, Fraction]


def expected_score(
    key_result: KeyResult, day: date, cycle: Cycle, aggregation: Aggregation | None = None
) -> Fraction | None:
    """Return the raw score of the value expected at the end of a business day, by the measure's own formula.

    None without a declared trajectory and where `expected_on` or the formula has no answer. `aggregation` is
    the linked KPI's: a sum starts at 0.
    """
    value = expected_on(key_result, day, cycle, aggregation)
    if value is None:
        return None
    base = key_result.fact_on(day).base
    part = None if base is None else base_so_far(base, cycle, day)
    if base is not None and part is not None:
        # As the score of the day: against the same part of the base, if it had come to anything.
        if part <= 0:
            return None
        value = value * Fraction(base.value) / part
    return raw_score(_posts(key_result, day, aggregation), value)


def expected_on(
    key_result: KeyResult, day: date, cycle: Cycle, aggregation: Aggregation | None = None
) -> Fraction | None:
    """Return the value expected at the end of a day, in the measure's unit: on the line between two points.

    The line begins with what the key result starts from, at the end of the day before the cycle, and leads to
    the target in force on `day` on the cycle's last day, unless that day has a point of its own. None before
    the cycle, and before the first point of a key result that starts from nothing known; after the cycle its
    last value stays.
    """
    if not key_result.trajectory or day < cycle.start:
        return None
    before: Anchor | None = None
    for after in _anchors(key_result, day, cycle, aggregation):
        if after[0] >= day:
            return _between(before, after, day)
        before = after
    return None if before is None else before[1]


def _anchors(
    key_result: KeyResult, day: date, cycle: Cycle, aggregation: Aggregation | None
) -> Iterator[Anchor]:
    """Return the points that the line leads through, in the order of the days."""
    posts = _posts(key_result, day, aggregation)
    base = key_result.fact_on(day).base
    start = Fraction(0) if base is not None and base.course else _start(key_result, posts, aggregation)
    if start is not None:
        yield cycle.start - timedelta(days=1), start
    for point in key_result.trajectory:
        yield point.day, Fraction(point.value)
    if key_result.trajectory[-1].day < cycle.end and posts.target is not None:
        yield cycle.end, Fraction(posts.target)


def _start(key_result: KeyResult, posts: Posts, aggregation: Aggregation | None) -> Fraction | None:
    """Return the value before anything happened: the baseline, or 0 of what adds up in the cycle."""
    if posts.baseline is not None:
        return Fraction(posts.baseline)
    measure = key_result.measure
    adds_up = aggregation in ADDING_UP and measure.window_for(aggregation).kind == "cycle_to_date"
    return Fraction(0) if adds_up or measure.kind in ("milestone", "count_of_periods") else None


def _posts(key_result: KeyResult, day: date, aggregation: Aggregation | None) -> Posts:
    return on_aggregate(key_result.measure_on(day), aggregation)


def _between(before: Anchor | None, after: Anchor, day: date) -> Fraction | None:
    """Return the value on the line between two anchors, on a day after the first up to the second."""
    if after[0] == day:
        return after[1]
    if before is None:
        return None
    part = Fraction((day - before[0]).days, (after[0] - before[0]).days)
    return before[1] + (after[1] - before[1]) * part
