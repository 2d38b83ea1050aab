"""Advice on key results: each code firing on the documents' bad examples and silent on the good ones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from events.objectives.state import EarlierCycle, Objective, TargetFact
from events.relative import Relative
from projections.advice.facts import TargetMove
from projections.advice.goals import late_from
from projections.scoring.pace import pace_of
from tests.advice.given import Q1, TODAY, advised, codes, codes_of, given, key_result, objective


@pytest.mark.parametrize(
    "title",
    [
        "휴면 고객 5곳 이상 재방문",
        "온보딩 주요 화면 개선안 분기 내 3건 이상 제안 및 반영",
        "사용자 행동 데이터 분석 리포트 월 1회 공유",
        "4개의 미디어 확보 달성",
        "4개의 미디어 지점 확보",
        "A/B 테스트 10 복사변형",
        "SEO 최적화된 블로그 포스트 10개 발행",
        "업계 동향 백서 제작",
        "웨비나 시리즈 기획",
        "Revisit at least 5 dormant customers",
        "Propose and ship at least 3 improvements to the main onboarding screens within the quarter",
        "Share a user behaviour analysis report once a month",
        "Win 4 media placements",
        "A/B test 10 copy variants",
        "Publish 10 SEO-optimised blog posts",
    ],
)
def test_tasks_and_outputs_are_no_results(title: str) -> None:
    """What is done is counted, not what changes."""
    assert codes_of(key_result(title)) == {"key_result_is_output"}


@pytest.mark.parametrize(
    "title",
    [
        "신규 B2B 핵심 고객사 5곳 이상 확보",
        "A권역 산업단지 신규 리드 10건 이상 발굴",
        "파일럿 발주 2건 이상 확보",
        "사전에 정의한 10대 타겟 엔터프라이즈 고객사 중 3곳 이상과 신규 계약을 체결한다",
        "전체 리드에서 오가닉 채널(검색, 직접 방문 등)이 차지하는 비중을 30%에서 50%로 늘린다",
        "월간 웹사이트 순 방문자 수를 10만 명에서 20만 명으로 2배 증가시킨다",
        "이번 분기에 출시한 핵심 신규 기능의 채택률(Adoption Rate)을 30%까지 끌어올린다",
        "360개 피드백 설문조사에 대한 직원 응답률 70%에서 90%로 증가",
        "매월 40건의 높은 가치 잠재 고객 창출",
        "Win at least 2 pilot orders",
        "Create 40 high-value leads every month",
    ],
)
def test_results_are_no_tasks(title: str) -> None:
    """The documents' good key results."""
    assert codes_of(key_result(title)) == set()


@pytest.mark.parametrize(
    "title",
    [
        "업계의 핵심 문제를 다루는 전문 백서를 발간하여 5,000건의 다운로드를 달성한다",
        "Publish an expert white paper on the industry's core problems and reach 5,000 downloads",
    ],
)
def test_a_task_with_its_result_is_told_apart(title: str) -> None:
    """The downloads are measured, the white paper is an initiative."""
    assert codes_of(key_result(title, target=5000)) == {"key_result_names_initiative"}


@pytest.mark.parametrize(
    ("title", "measure", "said"),
    [
        ("페이지 검색 결과 순위를 6위에서 15위로 증가", ("increase", 6, 15, "rank"), True),
        ("Raise the page's rank in search results from 6th to 15th", ("increase", 6, 15, "rank"), True),
        ("페이지 검색 결과 순위를 15위에서 6위로 상승", ("decrease", 15, 6, "rank"), False),
        ("직원 이직률 20%에서 15%로 감소", ("increase", 15, 20, "percent"), True),
        ("직원 이직률 20%에서 15%로 감소", ("decrease", 20, 15, "percent"), False),
        ("고객 유지율 30%에서 50%로 증가", ("increase", 30, 50, "percent"), False),
        ("고객 유지율 30%에서 50%로 증가", ("decrease", 50, 30, "percent"), True),
        ("상위 3개 고객 매출 비중을 전체의 40% 이하로 축소", ("at_most", None, 40, "percent"), False),
        ("비용 감소율 20% 이상", ("at_least", None, 20, "percent"), False),
        ("이탈 방지 고객 50명 이상", ("at_least", None, 50, "count"), False),
    ],
)
def test_the_direction_agrees_with_the_words(
    title: str, measure: tuple[str, int | None, int, str], *, said: bool
) -> None:
    """A rank that rises from 6 to 15 falls."""
    kind, baseline, target, unit = measure
    found = codes_of(key_result(title, kind=kind, baseline=baseline, target=target, unit=unit))
    assert found == ({"direction_contradicts_words"} if said else set())


@pytest.mark.parametrize(
    ("title", "fields", "said"),
    [
        ("온보딩 완료율 전 분기 대비 20% 개선", {"unit": "percent"}, True),
        ("웹 전환율 25% 향상", {"unit": "percent"}, True),
        ("Improve web conversion by 25%", {"unit": "percent"}, True),
        ("온보딩 완료율 전 분기 대비 20% 개선", {"unit": "share"}, True),
        ("Improve web conversion by 25%", {"unit": "ratio"}, True),
        ("온보딩 완료율 20%포인트 개선", {"unit": "percent"}, False),
        ("온보딩 완료율 20%포인트 개선", {"unit": "share"}, False),
        ("웹 전환율 5%에서 10%로 향상", {"unit": "percent"}, False),
        ("제품 사용 시간 20% 증대", {"unit": "hours"}, False),
        ("신규 가입 후 핵심 기능 도달률 60% 이상 달성", {"unit": "percent"}, False),
    ],
)
def test_percent_of_percent_is_unclear(title: str, fields: dict[str, Any], *, said: bool) -> None:
    """Relative or in points is not said by the words, which people read; whatever the measure says."""
    found = codes_of(key_result(title, kind="increase", baseline=50, target=60, **fields))
    assert found == ({"percent_or_points"} if said else set())
    relative = Relative(change="relative", amount=Decimal(20), of="previous_quarter")
    assert codes_of(key_result(title, kind="increase", target=None, relative=relative, **fields)) == found


def test_what_is_kept_belongs_to_a_kpi() -> None:
    """The app rating, but not the retention rate."""
    kept = key_result("앱스토어 리뷰 평균 평점 4.5점 이상 유지", target="4.5", unit="score")
    assert codes_of(kept) == {"keep_belongs_to_kpi"}
    assert codes_of(key_result("Keep the average app store rating at 4.5 or more")) == {"keep_belongs_to_kpi"}
    rate = key_result(
        "고객 유지율 30%에서 50%로 증가", kind="increase", baseline=30, target=50, unit="percent"
    )
    assert codes_of(rate) == set()


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("휴면 고객 5곳 이상 재방문 및 파일럿 발주 2건 이상 확보", True),
        ("Visits to at least 5 dormant customers and at least 2 pilot orders", True),
        ("신규 가입 후 7일 이내 핵심 기능 사용률 60% 이상 달성", False),
        ("12주 중 10주 동안 직원 만족도 조사에서 4점 이상 획득", False),
        ("사전에 정의한 10대 타겟 엔터프라이즈 고객사 중 3곳 이상과 신규 계약을 체결한다", False),
    ],
)
def test_two_limits_are_two_key_results(title: str, *, said: bool) -> None:
    """A measure holds one target."""
    assert codes_of(key_result(title)) == ({"key_result_has_two_figures"} if said else set())


def test_a_movement_needs_a_baseline() -> None:
    """The adoption rate has none; attainment needs none."""
    title = "핵심 신규 기능의 채택률을 30%까지 끌어올린다"
    assert codes_of(key_result(title, kind="increase", target=30, unit="percent")) == {"baseline_missing"}
    assert codes_of(key_result(title, kind="at_least", target=30, unit="percent")) == set()


def test_nearly_all_needs_a_tolerance() -> None:
    """Attainment of 99.95 % reads 0.99 at once."""
    title = "시스템 안정성(Uptime)"
    assert codes_of(key_result(title, target="99.95", unit="percent")) == {"high_target_without_tolerance"}
    fine = key_result(title, target="99.95", unit="percent", grading="tolerance", tolerance="0.5")
    assert codes_of(fine) == set()
    assert codes_of(key_result(title, target="94.9", unit="percent")) == set()
    assert codes_of(key_result(title, target="0.9995", unit="share")) == {"high_target_without_tolerance"}
    assert codes_of(key_result(title, target="500", unit="count")) == set()


def test_a_unit_says_what_is_measured() -> None:
    """`other` does not."""
    assert codes_of(key_result(unit="other")) == {"measure_unit_unclear"}
    assert codes_of(key_result(unit="계약")) == set()


def test_an_objectives_owner_answers_for_its_key_results() -> None:
    """Only where nobody does the key result is named, too."""
    mine = key_result(owner=None)
    assert codes_of(mine) == set()
    nobodys = given(objective(owner=None, key_results=(mine, key_result(id="other"))))
    assert [(piece.code, piece.item.id) for piece in advised(nobodys)] == [
        ("owner_missing", "growth"),
        ("owner_missing", "kr"),
    ]


def moving(*, targets: int) -> Objective:
    """An objective whose key result `kr` has had some targets since it was agreed."""
    facts = tuple(TargetFact(target=Decimal(5), effective_from=Q1.start) for _ in range(targets))
    others = objective().key_results[1:]
    return objective(key_results=(key_result(targets=facts), *others))


@pytest.mark.parametrize(("day", "said"), [(date(2026, 3, 13), False), (date(2026, 3, 14), True)])
def test_a_target_that_moves_in_the_last_fifth_moves_late(day: date, *, said: bool) -> None:
    """The last 18 of 90 days, by the day it was recorded."""
    found = advised(given(moving(targets=2), moves=[TargetMove("kr", day, Decimal(8), Decimal(5))]))
    assert [piece.code for piece in found] == (["target_moved_late"] if said else [])
    if said:
        assert "2026-03-14에 바뀌었습니다: 8 → 5" in found[0].text.ko
        assert "8 → 5" in found[0].text.en


def test_a_late_move_stays_late_when_the_objective_goes_to_another_cycle() -> None:
    """Each move is held against the cycle that the objective was in that day."""
    late = TargetMove("kr", date(2026, 3, 14), Decimal(8), Decimal(5))
    q2 = Q1.model_copy(update={"id": "2026-q2", "start": date(2026, 4, 1), "end": date(2026, 6, 30)})
    goal = moving(targets=2).model_copy(
        update={"cycle": q2.id, "earlier_cycles": (EarlierCycle(cycle=Q1.id, until=date(2026, 3, 20)),)}
    )
    (piece,) = advised(given(goal, moves=[late], cycles=(Q1, q2)))
    assert piece.code == "target_moved_late"


def test_another_measure_says_the_units_of_both() -> None:
    move = TargetMove("kr", Q1.end, Decimal(5), Decimal(30), units=("rank", "days"))
    (piece,) = advised(given(moving(targets=1), moves=[move]))
    assert (piece.code, "5 rank → 30 days" in piece.text.en) == ("target_moved_late", True)


def test_a_target_that_moves_while_behind_pace_is_told() -> None:
    """Once: in the last fifth it is told as late. Moved while ahead or on pace it is nobody's business."""
    pace = pace_of(Fraction("0.16"), Fraction("0.3511"), Decimal("0.05"))
    move = TargetMove("kr", TODAY, Decimal(8), Decimal(5), pace=pace)
    (piece,) = advised(given(moving(targets=2), moves=[move]))
    assert (piece.code, piece.severity) == ("target_moved_while_behind", "warning")
    assert "2026-02-10에 목표치가 바뀌었습니다: 8 → 5" in piece.text.ko
    assert "점수는 0.16, 기대 점수는 0.35" in piece.text.ko
    assert "behind pace: 8 → 5. Before, the score was 0.16 and 0.35 was expected" in piece.text.en
    late = move._replace(recorded_on=Q1.end)
    assert [one.code for one in advised(given(moving(targets=2), moves=[late]))] == ["target_moved_late"]
    for score in ("0.3101", "0.9"):
        fine = pace_of(Fraction(score), Fraction("0.3511"), Decimal("0.05"))
        assert advised(given(moving(targets=2), moves=[move._replace(pace=fine)])) == []
    assert advised(given(moving(targets=2), moves=[move._replace(pace=None)])) == []


def test_the_last_fifth_has_whole_days() -> None:
    """Of 90 days 18."""
    assert late_from(Q1) == date(2026, 3, 14)


def test_dropped_key_results_get_no_advice() -> None:
    """Neither on their words nor on their moves."""
    targets = moving(targets=2).key_results[0].targets
    gone = key_result("A/B 테스트 10 복사변형", id="gone", status="dropped", targets=targets)
    moved = TargetMove("gone", Q1.end, Decimal(8), Decimal(5))
    goal = objective(key_results=(*objective().key_results, gone))
    assert codes(given(goal, moves=[moved])) == set()


def test_ranges_and_counted_periods_are_sound() -> None:
    """Neither moves, so neither needs a baseline; words of a direction say nothing against them."""
    weeks = key_result(
        "12주 중 10주 동안 직원 만족도 조사에서 4점 이상 획득",
        kind="count_of_periods",
        target=10,
        unit="score",
        periods={"of": 12, "each": "at_least", "threshold": 4},
        kpi="satisfaction",
    )
    assert codes_of(weeks) == set()
    between = key_result(
        "재고 일수 20~30일", kind="between", target=20, upper=30, grading="strict", unit="days"
    )
    assert codes_of(between) == set()
