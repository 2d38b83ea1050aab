"""Scores of one value, rounding, clamping and the roll-up of an objective."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from events.measures import Measure
from projections.scoring.formulas import (
    KPI_CAP,
    MixedWeights,
    WeightedScore,
    met,
    on_aggregate,
    raw_score,
    roll_up,
    rounded,
    shown,
)
from tests.scoring.given import measure

numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=4)
positive = st.decimals(min_value="0.0001", max_value=10**9, places=4)
fractions = st.fractions(min_value=-(10**6), max_value=10**6)

HOURS = "24"
SHARE = "25"


@pytest.mark.parametrize(
    ("goalposts", "current", "raw", "reached"),
    [
        pytest.param(measure("increase", 80, 50), "71", "0.700000", False, id="ACV 50 to 80 M KRW, at 71 M"),
        pytest.param(
            measure("decrease", 30, 50), "55", "-0.250000", False, id="cost per lead 50 to 30, at 55"
        ),
        pytest.param(
            measure("increase", 200, 100), "200", "1.000000", True, id="visitors 100 to 200 k, at 200"
        ),
        pytest.param(measure("at_least", 1000), "950", "0.950000", False, id="sales of 1 bn KRW, 0.95 bn"),
        pytest.param(measure("at_most", HOURS), "30", "0.750000", False, id="response in 24 h, 30 h"),
        pytest.param(
            measure("at_most", HOURS, grading="tolerance", tolerance="12"),
            "30",
            "0.500000",
            False,
            id="response in 24 h, 30 h, tolerance 12 h",
        ),
        pytest.param(
            measure("at_most", HOURS, grading="strict"),
            "30",
            "0.000000",
            False,
            id="response in 24 h, strict",
        ),
        pytest.param(measure("at_least", SHARE), "23", "0.920000", False, id="order rate of 25 %, 23 %"),
        pytest.param(
            measure("at_least", SHARE, grading="tolerance", tolerance="10"),
            "23",
            "0.800000",
            False,
            id="order rate of 25 %, 23 %, tolerance 10 points",
        ),
        pytest.param(
            measure("increase", 55, 40), "46", "0.400000", False, id="retention 40 % + 15 points, 46 %"
        ),
        pytest.param(
            measure("increase", 46, 40), "46", "1.000000", True, id="retention 40 % + 15 % of it, 46 %"
        ),
        pytest.param(
            measure("between", 4, upper="6", grading="tolerance", tolerance="2"),
            "6.5",
            "0.750000",
            False,
            id="stock for 4 to 6 weeks, tolerance 2 weeks, 6.5",
        ),
        pytest.param(
            measure("between", 4, upper="6", grading="tolerance", tolerance="2"),
            "3",
            "0.500000",
            False,
            id="stock for 4 to 6 weeks, tolerance 2 weeks, 3",
        ),
        pytest.param(
            measure("between", 4, upper="6", grading="strict"),
            "6",
            "1.000000",
            True,
            id="strict, at the edge",
        ),
        pytest.param(
            measure("between", 4, upper="6", grading="strict"), "6.1", "0.000000", False, id="strict, beyond"
        ),
    ],
)
def test_worked_figures(goalposts: Measure, current: str, raw: str, reached: bool) -> None:
    """Each is an example of the reference page, to be checked with a pocket calculator."""
    value = Fraction(current)
    exact = raw_score(goalposts, value)
    assert exact is not None
    assert str(rounded(exact)) == raw
    assert met(goalposts, value) is reached


def test_a_score_below_zero_is_shown_as_zero() -> None:
    """Cost per lead rose from 50 to 55: raw -0.25."""
    assert shown(Decimal("-0.250000")) == 0


def test_a_kpi_score_is_shown_up_to_its_cap() -> None:
    """The same 1.6 is 1 for a key result and 1.2 for a KPI."""
    assert shown(Decimal("1.600000")) == 1
    assert shown(Decimal("1.600000"), KPI_CAP) == Decimal("1.2")
    assert shown(Decimal("1.100000"), KPI_CAP) == Decimal("1.1")


def test_no_baseline_no_score() -> None:
    """There is no telling how far an increase has come from nowhere; whether it is met is still known."""
    goalposts = measure("increase", 80)
    assert raw_score(goalposts, Fraction(90)) is None
    assert met(goalposts, Fraction(90))


def test_a_baseline_that_came_to_equal_the_target_gives_no_score() -> None:
    """Such a measure is refused, but an old target may meet a corrected baseline."""
    goalposts = measure("increase", 80, 50).model_copy(update={"baseline": Decimal(80)})
    assert raw_score(goalposts, Fraction(80)) is None


@pytest.mark.parametrize(("target", "value"), [(0, 5400), (-5, 5400), (-10, 50), (-10, -50)])
def test_an_increase_from_an_implicit_0_to_no_more_than_0_has_no_score(target: int, value: int) -> None:
    """It is refused where the KPI is known; one on record, or of a KPI that adds up since, is not met."""
    goalposts = on_aggregate(measure("increase", target), "sum")
    assert goalposts.baseline == 0
    assert raw_score(goalposts, Fraction(value)) is None
    assert met(goalposts, Fraction(value)) is None


@given(a=numbers, b=numbers, current=fractions)
def test_increase_and_decrease_are_one_formula(a: Decimal, b: Decimal, current: Fraction) -> None:
    """Progress from a to b and progress from b to a add up to 1 at every value."""
    assume(a != b)
    there = raw_score(measure("increase" if b > a else "decrease", b, a), current)
    back = raw_score(measure("increase" if a > b else "decrease", a, b), current)
    assert there is not None
    assert back is not None
    assert there + back == 1


@given(a=numbers, b=numbers, current=fractions)
def test_mirrored_numbers_give_the_same_score(a: Decimal, b: Decimal, current: Fraction) -> None:
    """Changing every sign turns an increase into a decrease with the same score."""
    assume(a < b)
    assert raw_score(measure("increase", b, a), current) == raw_score(measure("decrease", -b, -a), -current)


@given(target=positive)
@pytest.mark.parametrize("kind", ["at_least", "at_most"])
@pytest.mark.parametrize("grading", ["attainment", "strict", "tolerance"])
def test_exactly_at_the_threshold_is_met(kind: str, grading: str, target: Decimal) -> None:
    """Both thresholds are inclusive and score exactly 1, however they are graded."""
    tolerance = "1" if grading == "tolerance" else None
    goalposts = measure(kind, target, grading=grading, tolerance=tolerance)
    assert met(goalposts, Fraction(target))
    assert raw_score(goalposts, Fraction(target)) == 1


@given(baseline=numbers, target=numbers)
def test_baseline_scores_0_and_target_1(baseline: Decimal, target: Decimal) -> None:
    """The two ends of an increase or decrease."""
    assume(baseline != target)
    goalposts = measure("increase" if target > baseline else "decrease", target, baseline)
    assert raw_score(goalposts, Fraction(baseline)) == 0
    assert raw_score(goalposts, Fraction(target)) == 1
    assert met(goalposts, Fraction(target))
    assert not met(goalposts, Fraction(baseline))


any_measure = st.one_of(
    st.tuples(numbers, numbers)
    .filter(lambda ends: ends[0] != ends[1])
    .map(lambda ends: measure("increase" if ends[1] > ends[0] else "decrease", ends[1], ends[0])),
    st.builds(
        lambda kind, target, tolerance: measure(kind, target, **tolerance),
        st.sampled_from(["at_least", "at_most"]),
        positive,
        st.one_of(
            st.just({}),
            st.just({"grading": "strict"}),
            positive.map(lambda tolerance: {"grading": "tolerance", "tolerance": tolerance}),
        ),
    ),
)


@given(goalposts=any_measure, one=fractions, other=fractions)
def test_a_better_value_never_scores_less(goalposts: Measure, one: Fraction, other: Fraction) -> None:
    """Scores and `met` are monotone in the wanted direction."""
    low, high = sorted((one, other))
    worse, better = (low, high) if goalposts.kind in ("increase", "at_least") else (high, low)
    worse_score, better_score = raw_score(goalposts, worse), raw_score(goalposts, better)
    assert worse_score is not None
    assert better_score is not None
    assert worse_score <= better_score
    assert bool(met(goalposts, worse)) <= bool(met(goalposts, better))


width = st.decimals(min_value="0.0001", max_value=10**6, places=4)
ranges = st.builds(
    lambda low, width, tolerance: measure("between", low, upper=str(low + width), **tolerance),
    numbers,
    width,
    st.one_of(
        st.just({"grading": "strict"}),
        width.map(lambda tolerance: {"grading": "tolerance", "tolerance": str(tolerance)}),
    ),
)


@given(goalposts=ranges)
def test_both_edges_of_a_range_are_inside(goalposts: Measure) -> None:
    """Each edge is met and scores exactly 1; at the tolerance beyond it nothing is left."""
    assert goalposts.target is not None
    assert goalposts.upper is not None
    beyond = Fraction(goalposts.tolerance or 1)
    for edge, away in ((goalposts.target, -beyond), (goalposts.upper, beyond)):
        assert met(goalposts, Fraction(edge))
        assert raw_score(goalposts, Fraction(edge)) == 1
        assert raw_score(goalposts, Fraction(edge) + away) == 0


@given(goalposts=ranges, distance=fractions)
def test_a_range_is_symmetric(goalposts: Measure, distance: Fraction) -> None:
    """A value scores the same as its mirror image on the other side of the middle."""
    assert goalposts.target is not None
    assert goalposts.upper is not None
    middle = (Fraction(goalposts.target) + Fraction(goalposts.upper)) / 2
    assert raw_score(goalposts, middle - distance) == raw_score(goalposts, middle + distance)


@given(goalposts=ranges, one=fractions, other=fractions)
def test_nearer_to_the_middle_of_a_range_never_scores_less(
    goalposts: Measure, one: Fraction, other: Fraction
) -> None:
    """Monotone on either side."""
    assert goalposts.target is not None
    assert goalposts.upper is not None
    middle = (Fraction(goalposts.target) + Fraction(goalposts.upper)) / 2
    near, far = sorted((one, other), key=lambda value: abs(value - middle))
    near_score, far_score = raw_score(goalposts, near), raw_score(goalposts, far)
    assert near_score is not None
    assert far_score is not None
    assert near_score >= far_score


@given(goalposts=any_measure | ranges, current=fractions)
def test_met_says_the_same_as_the_exact_score(goalposts: Measure, current: Fraction) -> None:
    """A target is met exactly when the unrounded score is at least 1."""
    score = raw_score(goalposts, current)
    assert score is not None
    assert met(goalposts, current) is (score >= 1)


@given(goalposts=ranges | any_measure.filter(lambda m: m.grading != "attainment"), current=fractions)
def test_strict_and_tolerance_stay_between_0_and_1(goalposts: Measure, current: Fraction) -> None:
    """They grade by distance, so nothing is gained beyond the target."""
    score = raw_score(goalposts, current)
    assert score is not None
    assert 0 <= score <= 1


@pytest.mark.parametrize("target", ["0", "-5"])
def test_a_target_of_zero_or_less_is_graded_by_distance(target: str) -> None:
    """Zero accidents: one too many at a tolerance of 4 is 0.75."""
    goalposts = measure("at_most", target, grading="tolerance", tolerance="4")
    assert raw_score(goalposts, Fraction(target) + 1) == Fraction(3, 4)


@given(exact=st.fractions(min_value=-(10**30), max_value=10**30))
def test_rounding_is_half_even_to_six_places(exact: Fraction) -> None:
    """The same as decimal's own rounding, for numbers of any size."""
    context = Context(prec=400, rounding=ROUND_HALF_EVEN)
    quotient = context.divide(Decimal(exact.numerator), Decimal(exact.denominator))
    assert rounded(exact) == quotient.quantize(Decimal("0.000001"), context=context)


@pytest.mark.parametrize(
    ("exact", "text"),
    [
        (Fraction(1, 2_000_000), "0.000000"),
        (Fraction(3, 2_000_000), "0.000002"),
        (Fraction(-1, 2_000_000), "0.000000"),
        (Fraction(-3, 2_000_000), "-0.000002"),
        (Fraction(2, 3), "0.666667"),
        (Fraction(1), "1.000000"),
    ],
)
def test_rounding_of_ties(exact: Fraction, text: str) -> None:
    """A tie goes to the even neighbour, and there is no "-0"."""
    assert f"{rounded(exact):f}" == text


def part(id_: str, raw: Fraction | int | None, weight: object = None) -> WeightedScore:
    """A key result in a roll-up."""
    return WeightedScore(
        id_, None if weight is None else Decimal(str(weight)), None if raw is None else Fraction(raw)
    )


def test_scores_are_clamped_before_they_are_averaged() -> None:
    """1.6, 0.2 and 0 give 0.4, not 0.6: too much in one place makes up for nothing elsewhere."""
    result = roll_up([part("a", Fraction(8, 5)), part("b", Fraction(1, 5)), part("c", 0)])
    assert result is not None
    assert str(result.score) == "0.400000"
    assert result.weakest == "c"


def test_key_results_of_an_mbo_goal_count_up_to_the_cap_of_its_policy() -> None:
    """1.35 is 1.2 for MBO, as the key result itself is shown; with one of 0.8 the goal is just reached."""
    alone = roll_up([part("a", Fraction("1.35"))], KPI_CAP)
    assert alone is not None
    assert alone.score == Decimal("1.2")
    both = roll_up([part("a", Fraction("1.35")), part("b", Fraction("0.8"))], KPI_CAP)
    assert both is not None
    assert (both.score, both.weakest) == (Decimal(1), "b")


def test_thirds_and_sevenths_add_up_exactly() -> None:
    """4/7, 6/7 and 13/35 are exactly 0.6, which is the lower end of a success."""
    result = roll_up([part("a", Fraction(4, 7)), part("b", Fraction(6, 7)), part("c", Fraction(13, 35))])
    assert result is not None
    assert result.score == Decimal("0.6")


def test_weights_pull_the_mean() -> None:
    """(3 x 0.5 + 1 x 1) / 4."""
    result = roll_up([part("a", Fraction(1, 2), 3), part("b", 1, 1)])
    assert result is not None
    assert str(result.score) == "0.625000"


def test_a_key_result_without_a_value_counts_0_and_is_named() -> None:
    """Not knowing is no excuse, but it is said."""
    result = roll_up([part("a", 1), part("b", None)])
    assert result is not None
    assert result.score == Decimal("0.5")
    assert result.pending == ("b",)
    assert result.weakest == "b"


def test_nothing_to_roll_up_is_no_score() -> None:
    """No key results, or none that weighs anything."""
    assert roll_up([]) is None
    assert roll_up([part("a", 1, 0)]) is None


def test_weights_for_some_only_are_refused() -> None:
    """Either all have a weight or none has."""
    with pytest.raises(MixedWeights):
        roll_up([part("a", 1, 2), part("b", 1)])


weights = st.decimals(min_value="0.01", max_value=1000, places=2)


@given(
    parts=st.lists(st.tuples(weights, st.none() | fractions), min_size=1, max_size=6),
    factor=st.decimals(min_value="0.001", max_value=1000, places=3),
)
def test_only_the_proportions_of_weights_matter(
    parts: list[tuple[Decimal, Fraction | None]], factor: Decimal
) -> None:
    """Weights of 1 and 3 say the same as 25 and 75."""
    one = roll_up([WeightedScore(str(n), weight, raw) for n, (weight, raw) in enumerate(parts)])
    other = roll_up([WeightedScore(str(n), weight * factor, raw) for n, (weight, raw) in enumerate(parts)])
    assert one == other


@given(st.lists(st.none() | fractions, min_size=1, max_size=6), weights)
def test_equal_weights_are_no_weights(raws: list[Fraction | None], weight: Decimal) -> None:
    """All weights alike is the plain mean, and it lies between the weakest and the best, within 0 and 1."""
    plain = roll_up([WeightedScore(str(n), None, raw) for n, raw in enumerate(raws)])
    weighed = roll_up([WeightedScore(str(n), weight, raw) for n, raw in enumerate(raws)])
    assert plain == weighed
    assert plain is not None
    assert 0 <= plain.score <= 1
