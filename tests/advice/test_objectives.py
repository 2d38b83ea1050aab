"""Advice on objectives, and on how many a unit has: each code firing and silent."""

from __future__ import annotations

from datetime import date

import pytest

from projections.advice.codes import CODES
from tests.advice.given import Q1, SALES, advised, codes, given, key_result, kpis, objective


def test_sound_goals_get_no_advice() -> None:
    """Silence is what good form earns."""
    assert codes(given(objective(), kpis=kpis(5))) == set()


@pytest.mark.parametrize(("count", "said"), [(3, False), (4, True)])
def test_more_than_three_objectives_are_too_many(count: int, *, said: bool) -> None:
    """For one unit in one cycle."""
    goals = [objective(id=f"goal-{number}") for number in range(count)]
    assert ("too_many_objectives" in codes(given(*goals))) is said


def test_dropped_objectives_and_those_of_other_cycles_do_not_count() -> None:
    """Four, but no four at one time."""
    q2 = Q1.model_copy(update={"id": "2026-q2", "start": date(2026, 4, 1), "end": date(2026, 6, 30)})
    goals = [objective(id=f"goal-{number}") for number in range(3)]
    others = [objective(id="dropped", status="dropped"), objective(id="next", cycle="2026-q2")]
    assert "too_many_objectives" not in codes(given(*goals, *others, cycles=(Q1, q2)))


def test_a_unit_that_only_watches_has_no_objective() -> None:
    """Its KPIs say how it runs; nothing says what is to change."""
    (piece,) = [one for one in advised(given(kpis=kpis(5))) if one.code == "no_objective"]
    assert (piece.item.kind, piece.item.id, piece.item.cycle) == ("org_unit", "sales", "2026-q1")
    assert piece.text.ko.startswith("조직 “영업팀”: 2026-q1")
    assert "Sales" in piece.text.en


def test_an_objective_of_a_cycle_that_shares_days_is_enough() -> None:
    """A team with a quarter's objective needs none for the year; a unit without KPIs is not asked."""
    year = Q1.model_copy(update={"id": "2026", "kind": "year", "end": date(2026, 12, 31)})
    assert "no_objective" not in codes(given(objective(), kpis=kpis(5), cycles=(Q1, year)))
    assert codes(given()) == set()


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, {"too_few_key_results"}),
        (1, {"too_few_key_results"}),
        (2, set()),
        (5, set()),
        (6, {"too_many_key_results"}),
    ],
)
def test_two_to_five_key_results_are_right(count: int, expected: set[str]) -> None:
    """Dropped ones do not count."""
    some = [key_result(id=f"kr-{number}") for number in range(count)]
    gone = key_result(id="gone", status="dropped")
    assert codes(given(objective(key_results=(*some, gone)))) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("매출 10% 증가", {"objective_is_number"}),
        ("Revenue up 10%", {"objective_is_number"}),
        ("랜딩 페이지 변환을 12% 증가", {"objective_is_number"}),
        ("매출 100억 원", {"objective_is_number"}),
        ("NPS 60점", {"objective_is_number"}),
        ("NPS 향상", {"objective_is_metric"}),
        ("리드당 비용 감소", {"objective_is_metric"}),
        ("Lower cost per lead", {"objective_is_metric"}),
        ("수익성 있는 성장", set()),
        ("거래처 포트폴리오 개선", set()),
        ("수도권 핵심 산업단지를 중심으로 B2B 매출 포트폴리오를 재구성한다", set()),
        ("사용자가 매일 접속하고 싶어하는 제품을 만든다", set()),
        ("경쟁사를 압도하는 콘텐츠 리더십을 통해 가장 효율적인 리드 생성 엔진을 구축한다", set()),
        ("고객에게 최고의 경험을 제공하여 시장을 선도한다", set()),
    ],
)
def test_an_objective_is_more_than_a_figure(title: str, expected: set[str]) -> None:
    """The documents' own bad and good examples."""
    assert codes(given(objective(title))) == expected


def test_a_goal_belongs_to_somebody() -> None:
    """To a unit; a single person's is told apart from nobody's."""
    assert codes(given(objective(owner=None))) == {"owner_missing"}
    assert codes(given(objective(org_unit=None))) == {"personal_objective"}
    assert codes(given(objective(owner=None, org_unit=None))) == {"owner_missing", "org_unit_missing"}


def test_what_is_asked_about_is_all_there_is() -> None:
    """A scope of units, of one objective, of cycles."""
    other = SALES.model_copy(update={"id": "service", "name_ko": "고객서비스팀"})
    goals = (objective("매출 10% 증가"), objective("매출 20% 증가", id="more", org_unit="service"))
    facts = given(*goals, kpis=kpis(1, owner=None), units=(SALES, other))
    assert {piece.item.id for piece in advised(facts, units=frozenset({"service"}))} == {"more"}
    assert {piece.item.id for piece in advised(facts, objective="growth")} == {"growth"}
    assert "objective_is_number" not in codes(facts, cycles=frozenset())


def test_every_code_is_complete() -> None:
    """A sentence in Korean and in English, and where the rule comes from."""
    for name, code in CODES.items():
        assert any("가" <= letter <= "힣" for letter in code.ko), name
        assert not any("가" <= letter <= "힣" for letter in code.en), name
        assert code.seed[:4] in {"000 ", "001 ", "002 ", "003 ", "004 "}, name


def test_direct_key_results_are_no_objective_to_judge() -> None:
    """Nobody worded it, it holds any number of key results, and counts as no objective of its unit."""
    holder = objective("1", id="direct", owner=None, direct=True, key_results=(key_result(),))
    assert codes(given(holder, kpis=kpis(5, counter_metrics=("x",)))) == {"no_objective"}
    many = [objective(id=f"o{number}") for number in range(3)]
    assert "too_many_objectives" not in codes(given(holder, *many))
