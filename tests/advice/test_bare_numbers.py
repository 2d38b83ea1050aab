"""A bare number is told from a text with a meaning beyond its figure, in Korean and English."""

from __future__ import annotations

import pytest

from projections.advice.bare_numbers import is_number
from services.demo.company import load_company
from tests.seeds.examples import examples


@pytest.mark.parametrize(
    "text",
    [
        "100",
        "10%",
        "+10%",
        "100억",
        "$10M",
        "매출 100억 원",
        "매출 100억원 달성",
        "매출 100",
        "매출 1조 2천억 원",
        "2026년 매출 100억 원",
        "연 매출 100억 원 돌파",
        "100억 매출",
        "NPS 60점",
        "NPS 60",
        "매출 20% 성장",
        "매출 20% 성장한다",
        "10배 성장",
        "이익률 8%",
        "이익률 5%p 개선",
        "영업이익률을 4%에서 8%로 2배 개선",
        "신규 고객 300명",
        "신규 고객 300명 확보",
        "고객 만족도 90점 이상",
        "고객 수를 1,000명까지 늘린다",
        "전년 대비 매출 15% 증가",
        "3분기 시장 점유율 30%",
        "랜딩 페이지 변환을 12% 증가",
        "월간 웹사이트 순 방문자 수를 10만 명에서 20만 명으로 2배 증가시킨다",
        "Revenue $10M",
        "Revenue +10%",
        "Revenue of $10M by the end of 2026",
        "Q3 revenue 10 million USD",
        "20% revenue growth",
        "Revenue growth of at least 5%",
        "Profit margin 8%",
        "8% profit margin",
        "NPS 60 points",
        "300 new customers",
        "Win 300 new customers",
        "Increase landing page conversion by 12%",
        "Grow monthly recurring revenue by 20%",
        "Shorten the collection period from 75 to 60 days",
        "10x growth",
        "매출 100억 원, 이익률 8%",
        "매출과 이익 10% 증가",
        "평균 계약 금액(ACV)을 5천만 원에서 8천만 원으로 60% 증가시킨다",
        "고객 문의 평균 응답 시간을 4시간에서 1시간으로 단축한다",
        "Raise the average contract value (ACV) from KRW 50 million to KRW 80 million, by 60%",
        "Revenue $10M and profit margin 8%",
    ],
)
def test_a_figure_and_what_it_counts_is_a_bare_number(text: str) -> None:
    """With or without a movement."""
    assert is_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "고객이 먼저 찾는 1등 브랜드가 된다",
        "100개 병원이 먼저 찾는 파트너가 된다",
        "고객 1,000명의 하루를 바꾼다",
        "매일 100명이 찾는 매장",
        "직원 100명이 행복한 회사",
        "고객 100명의 신뢰 확보",
        "품질로 20% 성장",
        "신뢰를 통해 매출 20% 성장",
        "고객이 웃는 회사, 매출 100억 원",
        "24시간 고객 지원",
        "30분 배송 확대",
        "세계 100대 기업 달성",
        "팀원 5명이 함께 성장",
        "2배 빠른 배송",
        "누구나 1분 안에 가입",
        "0에서 1을 만든다",
        "100% 친환경 포장",
        "재생 에너지 100%로 움직이는 공장을 세운다",
        "전환율을 20% 높여 시장을 선도한다",
        "지속 가능한 20% 성장",
        "10배 성장하는 팀",
        "고객이 사랑하는 제품으로 20% 성장한다",
        "업계 1위",
        "비전 2030",
        "5G 네트워크",
        "4차 산업혁명을 이끈다",
        "100세 시대",
        "제품 2.0 출시",
        "1인 가구가 편히 사는 집",
        "한 번에 제대로 만들어 제때 보낸다",
        "신시장 개척",
        "ISO 27001 인증",
        "Be the first choice of 100 hospitals that care about safety",
        "Become the partner of choice and grow 20%",
        "Win the hearts of 100 hospitals",
        "Delight 100 customers",
        "A home for 300 families",
        "Make customers happy, grow 20%",
        "Grow 20% through trust",
        "Get 1% better every day",
        "Help 1 million people learn",
        "Number 1 in customer trust",
        "24-hour support",
        "24/7 support",
        "5-star service",
        "360-degree feedback",
        "100% renewable energy",
        "10x engineers",
        "Vision 2030",
        "2030 goals",
        "Industry 4.0",
        "Phase 2",
        "Top 10",
        "Ready for Web 3",
        "Get ISO 27001",
        "Make it right the first time and deliver it on time",
        "Revenue growth",
        "",
    ],
)
def test_a_meaning_beyond_the_figure_is_heard(text: str) -> None:
    """Silence is better than a false alarm."""
    assert not is_number(text)


def test_the_documents_own_objectives_are_none_but_for_their_bad_examples() -> None:
    """Nor are those of the demo company."""
    found = {one.id for one in examples().objectives if is_number(one.title_ko) or is_number(one.title_en)}
    assert found == {"s1-counter-obj-revenue-10", "s3-counter-obj-landing"}
    goals = [goal.title for goal in load_company().goals if goal.framework == "okr"]
    assert not [title for title in goals if is_number(title.ko) or is_number(title.en)]
