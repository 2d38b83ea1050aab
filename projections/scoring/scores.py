"""Scores of key results and objectives: a pure function of goal facts, KPI values by day, and a date.

Score history, two-time reads and every "what if" call these same functions with other arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from events.cycles.state import Cycle
from events.kpis.definition import Cadence
from events.kpis.state import Kpi
from events.measures import Step, Window
from events.objectives.state import KeyResult
from projections.scoring.formulas import (
    NO_SCORE,
    Posts,
    RollUp,
    WeightedScore,
    met,
    on_aggregate,
    raw_score,
    roll_up,
    rounded,
    shown,
    written,
)
from projections.scoring.relative import base_so_far
from projections.scoring.values import BusinessDays, Value
from projections.scoring.windows import NOTHING, WindowValue, counted_values, window_values


@dataclass(frozen=True, slots=True)
class KeyResultScore:
    """The score of a key result at the end of a day, with everything it was computed from."""

    value: Decimal | None
    """In the measure's unit: exact, or six places where it is an endless fraction."""
    target: Decimal | None
    """In force on that day; None until a relative goal is resolved."""
    upper: Decimal | None
    """Of `between`, whose lower edge is the target."""
    baseline: Decimal | None
    """Also the 0 that an increase of a sum starts from when it has none."""
    raw: Decimal | None
    """Unbounded, six places half-even; None while pending."""
    score: Decimal
    """`raw` between 0 and 1, whatever the policy; 0 while pending. Pages show it up to the policy's cap."""
    met: bool | None
    """None without a value, and where nothing could meet the target or all would (see `formulas.met`)."""
    exact: Fraction | None
    """The unrounded raw score, which goes into the objective's."""
    count: int
    """How many readings, check-ins or steps the value is made of."""
    window: Window | None
    """How the value was picked; None for check-ins, steps and counted periods."""
    start: date | None
    """First business day the value is from, None without one."""
    end: date | None
    open_periods: int | None
    """Of `count_of_periods` with a KPI: how many may still be met; they are to come or lack a value."""
    unreachable: bool
    """Fewer periods are met or open than have to be met."""
    cadence: Cadence | None
    """Of the counted periods."""
    base_so_far: Decimal | None
    """Of a relative goal on a sum, while the cycle goes on: what the base had come to after the same part.

    The score is provisional then: it holds the value against this part of baseline and target.
    """

    @property
    def pending(self) -> bool:
        """Whether there is no score: no value yet, or no baseline to measure from."""
        return self.exact is None


def score_key_result(
    key_result: KeyResult, kpi: Kpi | None, cycle: Cycle, days: BusinessDays, as_of: date
) -> KeyResultScore:
    """Return the score at the end of one day; see `score_days`."""
    return score_days(key_result, kpi, cycle, days, [as_of])[0]


def score_days(
    key_result: KeyResult,
    kpi: Kpi | None,
    cycle: Cycle,
    days: BusinessDays,
    as_of: Iterable[date],
) -> list[KeyResultScore]:
    """Return the scores at the end of several days, given in ascending order, in one pass.

    `kpi` is the KPI the key result is linked to and `days` its business days, at least the `reading_days` of
    its window. Without a link the value is the latest check-in's, or that of the steps. The target is the one
    in force on each day, and readings count as they did on it: after the cycle as on its last day.
    """
    if kpi is None or not kpi.counted:
        return _score_days(key_result, kpi, cycle, days, as_of)
    scores: list[KeyResultScore] = []
    for then, some in groupby(as_of, lambda day: kpi.as_on(min(day, cycle.end))):
        scores += _score_days(key_result, then, cycle, days, some)
    return scores


def _score_days(
    key_result: KeyResult,
    kpi: Kpi | None,
    cycle: Cycle,
    days: BusinessDays,
    as_of: Iterable[date],
) -> list[KeyResultScore]:
    """Return the scores of days on which the readings of the KPI count in one way."""
    as_of = list(as_of)
    linked = key_result.kpi is not None
    aggregation = kpi.aggregation if linked and kpi is not None else None
    counted = key_result.measure.periods
    window = key_result.measure.window_for(aggregation) if linked and counted is None else None
    cadence = kpi.cadence if linked and kpi is not None and counted is not None else None
    values: Iterator[WindowValue]
    if key_result.measure.steps is not None:
        values = _steps_done(key_result, key_result.measure.steps, as_of)
    elif not linked:
        values = _checked_in(key_result, as_of, cycle)
    elif kpi is None:
        values = iter([NOTHING] * len(as_of))
    elif counted is not None:
        values = counted_values(kpi, counted, days, as_of, cycle)
    else:
        assert window is not None
        values = window_values(kpi, window, days, as_of, cycle)

    posts = on_aggregate(key_result.measure, aggregation)
    scores: list[KeyResultScore] = []
    usual = posts.baseline
    relative = key_result.measure.relative
    one_by_one = relative is not None and relative.resolve == "each_period"
    scored: tuple[WindowValue | None, Posts, Fraction | None] = (None, posts, None)
    for day, found in zip(as_of, values, strict=True):
        # Where each period has a target of its own, the value's period says which.
        fact = key_result.fact_on(found.end if one_by_one and found.end is not None else day)
        base = fact.base
        baseline = usual if base is None else base.value
        if (fact.target, fact.upper, baseline) != (posts.target, posts.upper, posts.baseline):
            posts = posts._replace(target=fact.target, upper=fact.upper, baseline=baseline)
        part = None if base is None else base_so_far(base, cycle, day)
        if found is scored[0] and posts is scored[1] and part == scored[2]:
            scores.append(scores[-1])
        else:
            scores.append(_score(found, posts, window, cadence, part))
            scored = found, posts, part
    return scores


def score_objective(scores: Iterable[tuple[KeyResult, KeyResultScore]], cap: Decimal) -> RollUp | None:
    """Return the roll-up of an objective's key results that are not dropped; None if there are none.

    `cap` is that of the policy which its cycle pins: what each key result counts at most. Raises MixedWeights
    if some have a weight and some have none.
    """
    parts = [WeightedScore(key_result.id, key_result.weight, score.exact) for key_result, score in scores]
    return roll_up(parts, cap)


def _checked_in(key_result: KeyResult, as_of: Iterable[date], cycle: Cycle) -> Iterator[WindowValue]:
    """Return the value of the check-in for the latest day; of several for one day, the one made last.

    Those for a day outside of the cycle were made before the objective was moved to it, and those made in an
    earlier measure are in its unit: they do not count.
    """
    counting = (
        report
        for report in key_result.check_ins[key_result.reported_before :]
        if report.value is not None and cycle.start <= report.day <= cycle.end
    )
    reports = sorted(counting, key=lambda report: report.day)
    waiting = iter(reports)
    upcoming = next(waiting, None)
    current = NOTHING
    for day in as_of:
        while upcoming is not None and upcoming.day <= day:
            assert upcoming.value is not None
            current = WindowValue(Value(Fraction(upcoming.value), 1), upcoming.day, upcoming.day)
            upcoming = next(waiting, None)
        yield current


def _steps_done(
    key_result: KeyResult, steps: tuple[Step, ...], as_of: Iterable[date]
) -> Iterator[WindowValue]:
    """Return the share of the steps that are done, by weight; nothing done is 0, and known."""
    weights = {step.id: Fraction(1 if step.weight is None else step.weight) for step in steps}
    total = sum(weights.values())
    for day in as_of:
        since = {id_: done for id_ in weights if (done := key_result.done_since(id_, day)) is not None}
        share = sum((weights[id_] for id_ in since), Fraction(0)) / total
        days = since.values()
        yield WindowValue(Value(share, len(since)), min(days, default=None), max(days, default=None))


def _score(
    found: WindowValue,
    posts: Posts,
    window: Window | None,
    cadence: Cadence | None,
    part: Fraction | None,
) -> KeyResultScore:
    current = found.value.value
    compared = current if part is None else _of_the_whole(current, posts, part)
    exact = None if compared is None else raw_score(posts, compared)
    raw = None if exact is None else rounded(exact)
    return KeyResultScore(
        value=None if current is None else written(current),
        target=posts.target,
        upper=posts.upper,
        baseline=posts.baseline,
        raw=raw,
        score=NO_SCORE if raw is None else shown(raw),
        met=None if compared is None else met(posts, compared),
        exact=exact,
        count=found.value.count,
        window=window,
        start=found.start,
        end=found.end,
        open_periods=found.open,
        unreachable=found.open is not None and _too_few(current, found.open, posts.target),
        cadence=cadence,
        base_so_far=None if part is None else written(part),
    )


def _of_the_whole(current: Fraction | None, posts: Posts, part: Fraction) -> Fraction | None:
    """Return what the value would come to if it grew as the base did; None where the base was empty by then.

    Holding this against baseline and target is holding the value against the same part of both.
    """
    if current is None or posts.baseline is None or part <= 0:
        return None
    return current * Fraction(posts.baseline) / part


def _too_few(reached: Fraction | None, still_open: int, required: Decimal | None) -> bool:
    return required is not None and (reached or 0) + still_open < Fraction(required)
