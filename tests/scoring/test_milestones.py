"""Milestones: the share of the steps that are done, by weight, as of a day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from events.cycles.state import Cycle
from events.measures import Measure
from events.objectives.state import KeyResult, StepFact, TargetFact
from projections.scoring.scores import score_days, score_key_result
from projections.scoring.values import BusinessDays
from tests.scoring.given import Q1

CYCLE = Cycle(id="q1", name="Q1", start=Q1.start, end=Q1.end, kind="quarter", status="open")


def milestone(weights: list[object], *facts: StepFact) -> KeyResult:
    """A key result with steps s0, s1, … of these weights."""
    steps = [{"id": f"s{n}", "title": "…", "weight": weight} for n, weight in enumerate(weights)]
    measure = Measure.model_validate({"kind": "milestone", "steps": steps})
    target = TargetFact(target=measure.target, effective_from=Q1.start)
    return KeyResult(id="kr", title="…", measure=measure, targets=(target,), step_facts=facts)


def fact(step: int, day: int, *, done: bool = True) -> StepFact:
    """A step is done, or not, from a day of the quarter on."""
    return StepFact(step=f"s{step}", done=done, day=Q1.start + timedelta(days=day))


def test_a_step_counts_from_its_day_on_until_it_is_reopened() -> None:
    """Weights 1, 2 and 5: first 2 of 8, then 3 of 8, then 1 of 8."""
    kr = milestone([1, 2, 5], fact(1, 10), fact(0, 20), fact(1, 30, done=False))
    days = [Q1.start + timedelta(days=n) for n in (9, 10, 20, 30)]
    scores = score_days(kr, None, CYCLE, BusinessDays(), days)
    assert [str(score.raw) for score in scores] == ["0.000000", "0.250000", "0.375000", "0.125000"]
    assert [score.count for score in scores] == [0, 1, 2, 1]
    assert (scores[2].start, scores[2].end) == (days[1], days[2])


def test_nothing_done_is_known_and_not_pending() -> None:
    score = score_key_result(milestone([None, None]), None, CYCLE, BusinessDays(), Q1.start)
    assert (score.value, score.pending, score.met) == (Decimal(0), False, False)


weights = st.lists(st.integers(1, 1000), min_size=1, max_size=8)
flags = st.lists(st.booleans(), min_size=8, max_size=8)


@given(weights=weights, done=flags, scale=st.integers(1, 10**6))
def test_the_score_is_the_share_whatever_the_scale(weights: list[int], done: list[bool], scale: int) -> None:
    """Between 0 and 1; 1 and met exactly when all is done; the same for weights of any scale."""
    facts = [fact(n, 0) for n in range(len(weights)) if done[n]]
    score, scaled = (
        score_key_result(
            milestone([Decimal(w) * by / 1000 for w in weights], *facts), None, CYCLE, BusinessDays(), Q1.end
        )
        for by in (1, scale)
    )
    share = Fraction(sum(w for w, d in zip(weights, done, strict=False) if d), sum(weights))
    assert score.exact == scaled.exact == share
    assert score.met is all(done[: len(weights)]) is (share == 1)


@given(weights=weights, done=flags, more=st.integers(0, 7))
def test_one_more_step_never_lowers_the_score(weights: list[int], done: list[bool], more: int) -> None:
    facts = [fact(n, 0) for n in range(len(weights)) if done[n]]
    before = score_key_result(milestone([*weights], *facts), None, CYCLE, BusinessDays(), Q1.end)
    after = score_key_result(
        milestone([*weights], *facts, fact(more % len(weights), 5)), None, CYCLE, BusinessDays(), Q1.end
    )
    assert before.exact is not None
    assert after.exact is not None
    assert before.exact <= after.exact


def test_one_step_is_0_or_1() -> None:
    assert score_key_result(milestone([7], fact(0, 3)), None, CYCLE, BusinessDays(), Q1.end).raw == 1
    assert score_key_result(milestone([7]), None, CYCLE, BusinessDays(), Q1.end).raw == 0
