"""A measure hangs together, or says what does not."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from events.errors import Refused
from events.measures import Aggregation, Measure, Window
from events.objectives.key_result_events import KeyResultAdded
from events.sentences import sentence
from tests.events.given import recorded

WEEKS = {"of": 12, "each": "at_least", "threshold": 4}
STEPS = [{"id": "pilot", "title": "시범 운영"}, {"id": "rollout", "title": "전사 적용"}]
MILESTONE: dict[str, Any] = {"kind": "milestone", "unit": "share", "steps": STEPS}
QUARTER = {"amount": "15", "of": "previous_quarter"}
COUNTED: dict[str, Any] = {"kind": "count_of_periods", "target": 10, "periods": WEEKS}

GOOD: list[dict[str, Any]] = [
    {"kind": "increase", "baseline": 50, "target": 80},
    {"kind": "increase", "target": 80},
    {"kind": "increase", "baseline": -5, "target": 0},
    {"kind": "decrease", "baseline": 4, "target": 1},
    {"kind": "decrease", "baseline": 1, "target": -1},
    {"kind": "at_least", "target": "0.000000000001"},
    {"kind": "at_least", "target": 0, "grading": "strict"},
    {"kind": "at_most", "target": 0, "grading": "tolerance", "tolerance": 2},
    {"kind": "at_most", "target": 24, "baseline": 30},
    {"kind": "between", "target": 4, "upper": 6, "grading": "strict"},
    COUNTED,
    COUNTED | {"target": 12, "periods": WEEKS | {"each": "at_most", "threshold": "-0.5"}},
    MILESTONE,
    MILESTONE | {"target": "1.0", "unit": "share"},
    MILESTONE | {"steps": [{**STEPS[0], "weight": "0.1"}, {**STEPS[1], "weight": 70}]},
    {"kind": "increase", "relative": QUARTER},
    {"kind": "decrease", "relative": QUARTER | {"amount": "-5"}, "target": 95, "baseline": 100},
    {"kind": "at_least", "relative": QUARTER | {"amount": 0, "of": "same_period_last_year"}},
    {"kind": "at_most", "relative": QUARTER | {"resolve": "on_date", "on": "2025-02-01"}},
    {"kind": "increase", "unit": "percent", "relative": QUARTER | {"change": "points"}},
    {"kind": "between", "target": "-0.5", "upper": 0, "grading": "tolerance", "tolerance": "0.1"},
    {"kind": "at_most", "target": 24, "window": {"kind": "rolling", "periods": 3}},
]

BAD: list[tuple[dict[str, Any], str]] = [
    ({"kind": "increase", "baseline": 50, "target": 50}, "baseline_equals_target"),
    ({"kind": "increase", "baseline": "50.0", "target": "50"}, "baseline_equals_target"),
    ({"kind": "increase", "baseline": 80, "target": 50}, "direction_contradicts"),
    ({"kind": "decrease", "baseline": 1, "target": 4}, "direction_contradicts"),
    ({"kind": "increase", "target": 5, "grading": "strict"}, "grading_not_for_movement"),
    ({"kind": "decrease", "target": 5, "tolerance": 1}, "tolerance_missing_or_unused"),
    ({"kind": "at_least", "target": 0}, "target_not_positive"),
    ({"kind": "at_most", "target": -1}, "target_not_positive"),
    ({"kind": "at_most", "target": 5, "grading": "tolerance"}, "tolerance_missing_or_unused"),
    ({"kind": "at_most", "target": 5, "tolerance": 1}, "tolerance_missing_or_unused"),
    ({"kind": "at_most", "target": 5, "grading": "tolerance", "tolerance": 0}, "tolerance_not_positive"),
    ({"kind": "at_most", "target": 5, "grading": "tolerance", "tolerance": -1}, "tolerance_not_positive"),
    ({"kind": "at_most", "target": 5, "window": {"kind": "rolling"}}, "window_periods"),
    ({"kind": "at_most", "target": 5, "window": {"kind": "cycle_to_date", "periods": 2}}, "window_periods"),
    ({"kind": "about", "target": 5}, "literal_error"),
    ({"kind": "between", "target": 5, "grading": "strict"}, "upper_missing_or_unused"),
    ({"kind": "at_most", "target": 5, "upper": 6}, "upper_missing_or_unused"),
    ({"kind": "increase", "target": 5, "upper": 6}, "upper_missing_or_unused"),
    ({"kind": "between", "target": 5, "upper": 5, "grading": "strict"}, "edges_out_of_order"),
    ({"kind": "between", "target": 6, "upper": 5, "grading": "strict"}, "edges_out_of_order"),
    ({"kind": "between", "target": 4, "upper": 6}, "grading_not_for_between"),
    (
        {"kind": "between", "target": 4, "upper": 6, "grading": "tolerance"},
        "tolerance_missing_or_unused",
    ),
    (
        {"kind": "between", "target": 4, "upper": 6, "grading": "strict", "tolerance": 1},
        "tolerance_missing_or_unused",
    ),
    (
        {"kind": "between", "target": 4, "upper": 6, "grading": "tolerance", "tolerance": 0},
        "tolerance_not_positive",
    ),
    ({"kind": "count_of_periods", "target": 10}, "periods_missing_or_unused"),
    ({"kind": "at_least", "target": 10, "periods": WEEKS}, "periods_missing_or_unused"),
    (COUNTED | {"target": 0}, "required_periods_not_whole"),
    (COUNTED | {"target": -1}, "required_periods_not_whole"),
    (COUNTED | {"target": "2.5"}, "required_periods_not_whole"),
    (COUNTED | {"target": 13}, "more_periods_required_than_counted"),
    (COUNTED | {"grading": "strict"}, "grading_not_for_counting"),
    (COUNTED | {"window": {"kind": "cycle_to_date"}}, "window_not_for_counting"),
    (COUNTED | {"upper": 12}, "upper_missing_or_unused"),
    (COUNTED | {"periods": WEEKS | {"of": 0}}, "greater_than_equal"),
    (COUNTED | {"periods": WEEKS | {"of": 401}}, "less_than_equal"),
    (COUNTED | {"periods": WEEKS | {"each": "increase"}}, "literal_error"),
    (COUNTED | {"periods": {"of": 12, "threshold": 4}}, "missing"),
    ({"kind": "increase", "unit": "percent", "relative": QUARTER}, "relative_change_unclear"),
    ({"kind": "increase", "unit": "share", "relative": QUARTER}, "relative_change_unclear"),
    ({"kind": "decrease", "relative": QUARTER}, "direction_contradicts"),
    ({"kind": "increase", "relative": QUARTER | {"amount": 0}}, "direction_contradicts"),
    (
        {"kind": "between", "upper": 6, "target": 4, "grading": "strict", "relative": QUARTER},
        "relative_not_for_kind",
    ),
    (MILESTONE | {"relative": QUARTER}, "relative_not_for_kind"),
    ({"kind": "increase", "relative": QUARTER | {"resolve": "on_date"}}, "relative_date_missing_or_unused"),
    ({"kind": "increase", "relative": QUARTER | {"on": "2025-02-01"}}, "relative_date_missing_or_unused"),
    (
        {"kind": "increase", "relative": QUARTER | {"of": "baseline", "resolve": "each_period"}},
        "relative_baseline_known",
    ),
    (
        {
            "kind": "increase",
            "relative": QUARTER | {"resolve": "each_period"},
            "window": {"kind": "cycle_to_date"},
        },
        "relative_window",
    ),
    ({"kind": "milestone"}, "steps_missing_or_unused"),
    ({"kind": "at_least", "target": 1, "steps": STEPS}, "steps_missing_or_unused"),
    (MILESTONE | {"target": 2}, "milestone_target_fixed"),
    (MILESTONE | {"unit": "percent"}, "milestone_target_fixed"),
    (MILESTONE | {"baseline": 0}, "not_for_milestone"),
    (MILESTONE | {"grading": "strict"}, "not_for_milestone"),
    (MILESTONE | {"window": {"kind": "cycle_to_date"}}, "not_for_milestone"),
    (MILESTONE | {"steps": [STEPS[0], STEPS[0]]}, "steps_not_unique"),
    (MILESTONE | {"steps": [{**STEPS[0], "weight": 1}, STEPS[1]]}, "step_weights_mixed"),
    (MILESTONE | {"steps": [{**STEPS[0], "weight": 0}]}, "step_weight_not_positive"),
    (MILESTONE | {"steps": []}, "too_short"),
    (MILESTONE | {"steps": [*STEPS, {"id": "A b", "title": "x"}]}, "string_pattern_mismatch"),
    (MILESTONE | {"steps": [{"id": f"s{n}", "title": "x"} for n in range(51)]}, "too_long"),
    ({"kind": "at_most"}, "target_missing"),
    ({"kind": "at_most", "target": "NaN"}, "value_error"),
    ({"kind": "at_most", "target": 5, "unit": ""}, "string_too_short"),
    ({"kind": "at_most", "target": 5, "unit": "x" * 41}, "string_too_long"),
    ({"kind": "at_most", "target": 5, "colour": "red"}, "extra_forbidden"),
]


@pytest.mark.parametrize("said", GOOD)
def test_measures_that_hang_together(said: dict[str, Any]) -> None:
    measure = Measure.model_validate({"unit": "KRW"} | said)
    assert Measure.model_validate_json(measure.model_dump_json()) == measure


@pytest.mark.parametrize(("said", "code"), BAD)
def test_measures_that_do_not(said: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Measure.model_validate({"unit": "KRW"} | said)
    assert [error["type"] for error in refused.value.errors()] == [code]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        row
        for row in BAD
        if any(
            word in row[1]
            for word in (
                "tolerance",
                "target",
                "upper",
                "edges",
                "grading",
                "periods",
                "counting",
                "step",
                "milestone",
                "relative",
            )
        )
    ],
)
def test_a_rule_speaks_both_languages(said: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Measure.model_validate({"unit": "KRW"} | said)
    context = refused.value.errors()[0]["ctx"]
    assert any("가" <= character <= "힣" for character in context["ko"])
    assert context["en"] == refused.value.errors()[0]["msg"]


def test_a_revision_is_checked_again() -> None:
    measure = Measure(kind="increase", baseline=Decimal(50), target=Decimal(80), unit="KRW")
    assert measure.revised("/target", target=Decimal(70)).target == 70
    with pytest.raises(Refused) as refused:
        measure.revised("/target", target=Decimal(50))
    assert (refused.value.code, refused.value.kind) == ("baseline_equals_target", "invalid")
    assert (refused.value.pointer, refused.value.allowed) == ("/target", [])


def test_the_lower_edge_of_a_range_stays_below_the_upper_one() -> None:
    measure = Measure(kind="between", target=Decimal(4), upper=Decimal(6), unit="KRW", grading="strict")
    assert measure.revised("/target", target=Decimal(5)).upper == 6
    with pytest.raises(Refused) as refused:
        measure.revised("/target", target=Decimal(6))
    assert refused.value.code == "edges_out_of_order"


def test_more_periods_may_be_required_up_to_those_that_are_counted() -> None:
    measure = Measure.model_validate({"unit": "points"} | COUNTED)
    assert measure.revised("/target", target=Decimal(12)).target == 12
    with pytest.raises(Refused) as refused:
        measure.revised("/target", target=Decimal(13))
    assert refused.value.code == "more_periods_required_than_counted"


def test_counted_periods_are_complete_ones_even_of_a_sum() -> None:
    measure = Measure.model_validate({"unit": "points"} | COUNTED)
    assert measure.window_for("sum").kind == "latest_complete_period"


def test_a_measure_on_record_from_before_there_were_ranges_is_read() -> None:
    said = (
        '{"kind": "at_most", "target": "5", "unit": "x", "baseline": null, "grading": "tolerance",'
        ' "tolerance": "2", "window": null}'
    )
    measure = Measure.model_validate_json(said)
    assert (measure.upper, measure.periods) == (None, None)


@pytest.mark.parametrize(
    ("aggregation", "kind"),
    [
        ("sum", "cycle_to_date"),
        ("count", "cycle_to_date"),
        ("mean", "latest_complete_period"),
        ("last", "latest_complete_period"),
        ("ratio", "latest_complete_period"),
        (None, "latest_complete_period"),
    ],
)
def test_the_window_follows_from_the_aggregation_unless_declared(
    aggregation: Aggregation | None, kind: str
) -> None:
    assert Measure(kind="at_least", target=Decimal(1), unit="x").window_for(aggregation).kind == kind
    declared = Window(kind="rolling", periods=2)
    measure = Measure(kind="at_least", target=Decimal(1), unit="x", window=declared)
    assert measure.window_for(aggregation) == declared


@pytest.mark.parametrize(
    ("said", "ko", "en"),
    [
        ({"kind": "at_most", "target": "24", "unit": "hours"}, "24시간", "24 h"),
        (
            {"kind": "between", "target": "4", "upper": "6", "unit": "weeks", "grading": "strict"},
            "4~6 weeks",
            "4 to 6 weeks",
        ),
        (
            {"kind": "decrease", "unit": "KRW", "relative": {"amount": "-5", "of": "previous_quarter"}},
            "지난 분기 대비 -5%",
            "-5% on last quarter",
        ),
        (
            {
                "kind": "increase",
                "unit": "percent",
                "relative": {"amount": "15", "of": "previous_year", "change": "points"},
            },
            "지난해 대비 +15%포인트",
            "+15 points on last year",
        ),
    ],
)
def test_the_trail_says_what_is_to_be_reached(said: dict[str, Any], ko: str, en: str) -> None:
    """Both edges of a range; by how much of what a relative goal that has no target yet is to change."""
    added = KeyResultAdded(
        key_result="kr",
        title="낮춘다",
        measure=Measure.model_validate(said),
        effective_from=date(2026, 1, 1),
    )
    assert f"(목표치 {ko})." in sentence(recorded(added), "ko")
    assert f"(target {en})." in sentence(recorded(added), "en")
