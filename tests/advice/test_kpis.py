"""Advice on KPIs and on all that a unit watches: each code firing and silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from events.kpis.definition import KpiTarget
from events.kpis.state import Kpi
from projections.advice.facts import KpiTargetMove
from tests.advice.given import Q1, SALES, TODAY, advised, codes, given, key_result, kpi, kpis, objective


def codes_of(*watched: Kpi) -> set[str]:
    """What is said on KPIs of a unit that has an objective, but for how many they are."""
    return codes(given(objective(), kpis=watched)) - {"too_few_kpis"}


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, set()),
        (1, {"too_few_kpis"}),
        (4, {"too_few_kpis"}),
        (5, set()),
        (10, set()),
        (11, {"too_many_kpis"}),
    ],
)
def test_five_to_ten_kpis_are_right(count: int, expected: set[str]) -> None:
    """Retired ones do not count."""
    gone = kpi(id="gone", retired=True)
    assert codes(given(objective(), kpis=[*kpis(count), gone])) == expected


def test_a_team_looks_at_more_than_money() -> None:
    """Manufacturer A watched nothing but its sales."""
    revenue = kpi("매출", "Revenue", id="revenue", unit="KRW", perspective="finance")
    assert codes_of(revenue) == {"only_money_kpis"}
    assert codes_of(revenue, kpi()) == set()
    assert codes_of(revenue, kpi(perspective=None)) == set()


def test_a_team_looks_ahead() -> None:
    """Quarterly revenue and margin only tell what has happened; visitors tell earlier."""
    lagging = [kpi("분기별 매출액", "Quarterly revenue", id="revenue", leading=False), kpi(leading=False)]
    assert codes_of(*lagging) == {"only_lagging_kpis"}
    assert codes_of(*lagging, kpi("웹사이트 신규 방문자 수", "New visitors", id="visitors")) == set()
    assert codes_of(kpi(leading=None)) == set()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, set()),
        ({"owner": None}, {"owner_missing"}),
        ({"org_unit": None}, {"org_unit_missing"}),
        ({"unit": "other"}, {"measure_unit_unclear"}),
        ({"targets": ()}, {"target_missing"}),
    ],
)
def test_a_kpi_is_somebodys_and_measurable(fields: dict[str, Any], expected: set[str]) -> None:
    """Owner, org unit, unit and target."""
    assert codes_of(kpi(**fields)) == expected


def test_a_teams_kpi_says_which_goal_it_serves() -> None:
    """In one sentence; the company's own KPIs serve nobody above."""
    alone = kpi(serves=None, serves_why=None)
    assert codes_of(alone) == {"kpi_link_missing"}
    company = SALES.model_copy(update={"level": "company"})
    assert "kpi_link_missing" not in codes(given(kpis=[alone], units=(company,)))


def test_a_target_counts_on_its_days_only() -> None:
    """The one of last year holds no longer."""
    over = {
        "kind": "at_least",
        "target": 30,
        "effective_from": date(2025, 1, 1),
        "effective_to": date(2025, 12, 31),
    }
    assert codes_of(kpi(targets=(over,))) == {"target_missing"}


def test_a_key_result_gives_its_kpi_a_target() -> None:
    """In a cycle that has the day; the KPI then needs none of its own."""
    measured = (key_result(kpi="contracts"), key_result("파일럿 발주 2건 이상 확보", id="pilots"))
    goal = objective(key_results=measured)
    bare = kpi(targets=())
    assert codes(given(goal, kpis=[bare, *kpis(4)])) == set()
    over = Q1.model_copy(update={"end": TODAY - timedelta(days=1)})
    assert codes(given(goal, kpis=[bare, *kpis(4)], cycles=(over,))) == {"target_missing"}


def test_a_movement_has_a_last_day() -> None:
    """“CSAT 5% 상승” does not say by when; a level to hold needs no end."""
    moving = {"kind": "increase", "baseline": 80, "target": 84, "effective_from": date(2026, 1, 1)}
    csat = kpi("고객 만족도 점수(CSAT) 5% 상승", "CSAT up 5%", unit="score", targets=(moving,))
    assert codes_of(csat) == {"date_missing"}
    dated = moving | {"effective_to": date(2026, 12, 31)}
    assert codes_of(csat.model_copy(update={"targets": kpi(targets=(dated,)).targets})) == set()


@pytest.mark.parametrize(
    ("ko", "en"),
    [
        ("고객 만족도 향상", "Better customer satisfaction"),
        ("영업 활동 강화", "Stronger sales activity"),
        ("매출 확대", "More revenue"),
    ],
)
def test_a_vague_name_without_a_target_is_no_measure(ko: str, en: str) -> None:
    """The documents' counter-examples; with a target it is clear how far."""
    assert codes_of(kpi(ko, en, targets=())) == {"kpi_too_vague", "target_missing"}
    assert codes_of(kpi(ko, en)) == set()
    assert codes_of(kpi("월별 신규 고객 계약 건수", "New contracts", targets=())) == {"target_missing"}


@pytest.mark.parametrize(
    ("unit", "target", "said"),
    [
        ("percent", "95", "95"),
        ("%", "99.95", "99.95"),
        ("share", "0.9995", "99.95"),
        ("ratio", "1", "100"),
        ("share", "0.9499", None),
        ("ratio", "3", None),
        ("count", "95", None),
    ],
)
def test_nearly_all_needs_a_tolerance_in_a_kpi_too(unit: str, target: str, said: str | None) -> None:
    """At least 95 % of enquiries completed, however a part of a whole is written; a multiple is no part."""
    told = {"kind": "at_least", "target": target, "effective_from": date(2026, 1, 1)}
    completed = kpi("문의 처리 완료", "Enquiries completed", unit=unit, targets=(told,))
    found = [one for one in advised(given(objective(), kpis=[completed])) if one.item.id == completed.id]
    assert [one.code for one in found] == ([] if said is None else ["high_target_without_tolerance"])
    assert all(f" {said}%" in one.text.ko and f" {said}% " in one.text.en for one in found)
    tolerant = told | {"grading": "tolerance", "tolerance": "0.5"}
    assert codes_of(kpi(unit=unit, targets=(tolerant,))) == set()


@pytest.mark.parametrize(
    ("retired", "expected"),
    [
        (set(), set()),
        ({"returns"}, set()),
        ({"returns", "complaints"}, {"bonus_without_counter_metric"}),
    ],
)
def test_a_counter_metric_that_was_retired_watches_nothing(retired: set[str], expected: set[str]) -> None:
    paid = kpi(reward={"share": "20"}, counter_metrics=("returns", "complaints"))
    others = [kpi(id=id_, retired=id_ in retired) for id_ in ("returns", "complaints")]
    assert codes_of(paid, *others) == expected


@pytest.mark.parametrize(
    ("goal", "key_results", "said"),
    [
        ("active", "active", False),
        ("closed", "active", False),
        ("dropped", "active", True),
        ("active", "dropped", True),
    ],
)
def test_a_goal_that_was_dropped_is_served_no_more(goal: str, key_results: str, *, said: bool) -> None:
    """One that the asker does not see may well be there."""
    served = key_result("파일럿 발주 2건 이상 확보", id="pilots", status=key_results)
    facts = given(objective(status=goal, key_results=(key_result(), served)), kpis=[kpi(serves="pilots")])
    assert ("kpi_link_missing" in codes(facts)) == said
    whole = given(objective(status=goal), kpis=[kpi(serves="growth")])
    assert ("kpi_link_missing" in codes(whole)) == (goal == "dropped")
    assert "kpi_link_missing" not in codes(given(kpis=[kpi(serves="unseen")]))


@pytest.mark.parametrize(
    ("name", "target", "said"),
    [
        ("직원 이직률", {"kind": "at_least", "target": 10}, True),
        ("직원 이직률", {"kind": "at_most", "target": 10}, False),
        ("해지 방어율", {"kind": "at_least", "target": 80}, False),
        ("불량률 감소", {"kind": "decrease", "baseline": 5, "target": 3}, False),
        ("재구매율 상승", {"kind": "decrease", "baseline": 50, "target": 40}, True),
        ("매출", {"kind": "at_least", "target": 10}, False),
    ],
)
def test_a_target_goes_where_the_name_wants_it_to(name: str, target: dict[str, Any], *, said: bool) -> None:
    """What is to go down must not be praised for going up."""
    told = {**target, "effective_from": date(2026, 1, 1), "effective_to": date(2026, 12, 31)}
    found = codes(given(kpis=kpis(5, name_ko=name, name_en=name, unit="percent", targets=(told,))))
    assert ("direction_contradicts_words" in found) == said


YEAR = Q1.model_copy(update={"id": "2026", "end": date(2026, 12, 31)})


@pytest.mark.parametrize(
    ("recorded_on", "first", "said"),
    [
        (date(2026, 3, 13), date(2026, 1, 1), None),
        (date(2026, 3, 14), date(2026, 1, 1), "2026-q1"),
        (date(2026, 3, 14), date(2026, 4, 1), None),
        (date(2026, 10, 20), date(2026, 4, 1), "2026"),
    ],
)
def test_a_kpi_target_that_moves_late_is_told(recorded_on: date, first: date, said: str | None) -> None:
    """By the cycle in which it begins: the plan of the next quarter may be made late in this one."""
    old = KpiTarget(kind="at_least", target=Decimal(30), effective_from=date(2026, 1, 1))
    new = old.model_copy(update={"target": Decimal(20), "effective_from": first})
    move = KpiTargetMove("contracts", recorded_on, old, new)
    facts = replace(given(objective(), kpis=[kpi()], cycles=(YEAR, Q1)), kpi_moves=[move])
    found = [piece for piece in advised(facts) if piece.code == "kpi_target_moved_late"]
    assert [piece.item.cycle for piece in found] == ([] if said is None else [said])
    assert all(f"{recorded_on}에 바뀌었습니다: 30 → 20" in piece.text.ko for piece in found)
    assert "kpi_target_moved_late" not in codes(facts, cycles=frozenset())
