"""What `advise` prints of the demo company."""

from __future__ import annotations

import pytest

from tests.places import Place

PRODUCTION_KO = """\
주의 2 · 참고 1

조직 · 생산팀 · production
  참고 조직 “생산팀”: KPI가 4개뿐입니다. 보통 5~10개로 운영을 살핍니다.
       too_few_kpis · 중소기업 OKR·KPI 가이드 2
  주의 조직 “생산팀”: KPI가 모두 후행 지표입니다. 미리 알려 주는 선행 지표를 함께 두십시오.
       only_lagging_kpis · OKR, MBO, KPI 안내서 3.3

KPI · 납기 준수율 · on-time
  주의 KPI “납기 준수율”: 목표치 95%를 달성률로 보면 처음부터 거의 1입니다. 허용 오차를 두십시오.
       high_target_without_tolerance · OKR, MBO, KPI 안내서 6.3.3
"""


def test_advice_in_korean_is_grouped_by_item(company: Place) -> None:
    """How grave, what to do, the code and where it comes from."""
    arguments = "advise --unit production --cycle 2025 --as-of 2025-06-30 --lang ko"
    expected = PRODUCTION_KO.splitlines()
    assert company.shown(*arguments.split())[: len(expected)] == expected


def test_advice_in_english_on_one_objective(company: Place) -> None:
    """Its target was moved backdated; the record says when that really was."""
    shown = company.shown("advise", "--objective", "enterprise-partner", "--lang", "en")
    assert shown[0] == "strong 1"
    assert shown[2].startswith("key result · 평균 계약 금액(ACV)을")
    assert shown[-1] == "         target_moved_late · 2025-q2 · guide to OKRs, MBO and KPIs 3.4"


def test_the_rebalanced_company_looks_at_more_than_money(company: Place) -> None:
    """Customers and people are among its KPIs now, and every team's KPI says what it is for."""
    advice = company.json("advise", "--unit", "company", "--cycle", "2025")["advice"]
    codes = {(piece["id"], piece["code"]) for piece in advice}
    assert not {("company", "only_money_kpis"), ("company", "only_lagging_kpis")} & codes
    assert not {code for _, code in codes} & {"kpi_link_missing", "kpi_too_vague", "target_missing"}


def test_good_form_is_said(company: Place) -> None:
    """Nothing to advise is an answer, too."""
    arguments = ["advise", "--objective", "win-again", "--lang"]
    assert company.shown(*arguments, "en") == ["nothing to advise"]
    assert company.shown(*arguments, "ko") == ["조언할 것이 없습니다"]


@pytest.mark.parametrize("option", ["unit", "objective", "cycle"])
def test_what_there_is_not_is_one_line(option: str, company: Place) -> None:
    """Exit code 1, one line on stderr."""
    result = company.goaltrail("advise", f"--{option}", "nothing")
    what = option.replace("unit", "org unit")
    assert (result.exit_code, result.stderr) == (
        1,
        f"goaltrail: There is no {what} 'nothing'. [not_found]\n",
    )
