"""What `advise` prints of the demo company."""

from __future__ import annotations

import pytest

from tests.places import Place

PRODUCTION_KO = """\
주의 8 · 참고 1

조직 · 생산팀 · production
  참고 조직 “생산팀”: KPI가 4개뿐입니다. 보통 5~10개로 운영을 살핍니다.
       too_few_kpis · 000 2
  주의 조직 “생산팀”: KPI가 모두 후행 지표입니다. 미리 알려 주는 선행 지표를 함께 두십시오.
       only_lagging_kpis · 001 3.3

KPI · 납기 준수율 · on-time
  주의 KPI “납기 준수율”: 어느 회사 핵심 결과에 기여하는지 한 문장으로 적으십시오.
       kpi_link_missing · 000 6
  주의 KPI “납기 준수율”: 목표치 95%를 달성률로 보면 처음부터 거의 1입니다. 허용 오차를 두십시오.
       high_target_without_tolerance · 001 6.3.3
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
    assert shown[-1] == "         target_moved_late · 2025-q2 · 001 3.4"


def test_manufacturer_a_looks_at_money_only(company: Place) -> None:
    """As JSON: the whole of what the API answers."""
    advice = company.json("advise", "--unit", "company", "--cycle", "2025")["advice"]
    (money,) = [piece for piece in advice if piece["code"] == "only_money_kpis"]
    assert (money["severity"], money["kind"], money["id"]) == ("strong", "org_unit", "company")


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
