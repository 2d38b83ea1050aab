"""What `state`, `trail` and `trend` print of the demo company, in 100 columns."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import Place, environment

STATE_EN = """\
as of 2025-06-19
pace: against the score expected by now (▲ ahead ● on pace ▼ behind)

2025년 2분기 · 2025-q2 · 2025-04-01 ~ 2025-06-30 · closed
└── Sales
    └── 0.46 ████▋      ▼ −0.09 단순 계약 중심의 영업을 넘어, 고부가가치 엔터프라이즈 시장의 전략적
                                파트너로 도약한다
                                enterprise-partner · stretch · 김민서 · supports → better-portfolio
        ├── 0.35 ███▌       ▼ −0.27 전체 매출에서 엔터프라이즈 고객이 차지하는 비중을 20%에서 40%로
        │                           2배 확대한다
        │                           enterprise-share-40 · now 27% · 20% → 40%
        ├── 0.70 ███████    ▲ +0.08 평균 계약 금액(ACV)을 5천만 원에서 8천만 원으로 60% 증가시킨다
        │                           acv-80m · now 71,000,000 KRW · 50,000,000 KRW → 80,000,000 KRW ·
        │                           confidence 6/10
        └── 0.33 ███▍               사전에 정의한 10대 타겟 엔터프라이즈 고객사 중 3곳 이상과 신규
                                    계약을 체결한다
                                    target-accounts-3 · now 1 · ≥ 3 · confidence 7/10 · weakest
"""

STATE_KO = """\
2025-06-30 기준

2025년 2분기 · 2025-q2 · 2025-04-01 ~ 2025-06-30 · 마감
└── 제품개발팀
    └── 0.72 ███████▎   사용자가 매일 접속하고 싶어하는 ‘중독성 있는’ 사용자 경험을 제공한다
                        daily-experience · 성공 · 도전 · 박서연 · 기여 → growth-5
        ├── 0.75 ███████▌   신규 가입 후 첫 주 내 사용자 이탈률을 12%에서 8%로 감소시킨다
        │                   first-week-churn-8 · 성공 · 현재 9% · 12% → 8%
        ├── 0.69 ██████▉    활성 사용자 지표인 DAU/MAU 비율을 25%에서 40%로 개선한다
        │                   dau-mau-40 · 성공 · 현재 34% · 25% → 38% · 처음 목표치 40% · 가장 약함
        └──   –             이번 분기에 출시한 핵심 신규 기능의 채택률(Adoption Rate)을 30%까지
                            끌어올린다
                            adoption-30 · 추진 중단
"""

TRAIL_EN = """\
<time>  김민서 added the key result “평균 계약 금액(ACV)을 5천만 원에서 8천만 원으로 60%
                  증가시킨다” (target 80,000,000 KRW).
<time>  김민서 checked in on the key result acv-80m (2025-04-30, confidence 6).
                    note: 소액 계약을 줄이니 평균이 바로 움직인다
<time>  김민서 changed the target of the key result acv-80m, 80,000,000 → 70,000,000, from
                  2025-06-20 on.
                    backdated: holds from a day before it was recorded
                    reason: 대형 계약 두 건의 서명이 7월로 밀려 분기 안에 8천만 원은 어려움
"""

TREND_KO = """\
안전사고 건수 · safety-incidents · 개수 · 2025-06-30 기준
월       값  0 … 1             │ 목표치  달성률  직전 대비  전년 대비  실적 수
2025-04   0  │                        0    100%          –          –        0
2025-05   1  ████████████████         0      0%          –          –        1
2025-06   0  │                        0    100%      -100%          –        0
"""


def test_state_in_english(company: Place) -> None:
    """A unit's objectives on the day before a target was lowered."""
    shown = company.shown(
        *["state", "--cycle", "2025-q2", "--unit", "sales", "--as-of", "2025-06-19", "--lang", "en"]
    )
    assert shown == STATE_EN.splitlines()


def test_state_in_korean(company: Place) -> None:
    """With a target that moved, and a key result that was dropped."""
    shown = company.shown(
        *["state", "--cycle", "2025-q2", "--unit", "product", "--as-of", "2025-06-30", "--lang", "ko"]
    )
    assert shown == STATE_KO.splitlines()


def test_a_base_that_was_corrected_is_told(company: Place) -> None:
    """What the goal was frozen with, and what the third quarter came to as it is known now."""
    shown = company.shown("state", "--cycle", "2025-q4", "--unit", "product", "--lang", "en", columns=200)
    assert any("+20% on last quarter · its base was corrected since (58% → 60%)" in line for line in shown)
    assert sum("its base was corrected" in line for line in shown) == 1


def test_trail_in_english(company: Place) -> None:
    """Who, what, why; that it was backdated; the note of a check-in."""
    assert company.shown("trail", "acv-80m", "--lang", "en") == TRAIL_EN.splitlines()


def test_trail_of_a_kpi_says_what_it_is_watched_with(company: Place) -> None:
    """In words, with the reason of whoever owns it."""
    shown = "\n".join(company.shown("trail", "response-time", "--lang", "ko"))
    assert "기여하는 목표: 없음 → growth-5" in shown
    assert "함께 보는 지표: 없음 → repeat-enquiries, csat" in shown
    assert "최하늘 님이 KPI" in shown


def test_what_is_said_before_everybody_is_in_the_trail(company: Place) -> None:
    """Thanks and an open talk are; feedback between two is not."""
    thanked = "\n".join(company.shown("trail", "scrap-1-5", "--lang", "ko"))
    assert "금형 두 개를 밤사이에 바꿔" in thanked
    between_two = "\n".join(company.shown("trail", "response-1h", "--lang", "ko"))
    assert "한 시간 안에 답한 것은" not in between_two


def test_an_mbo_goal_is_agreed_by_both(company: Place) -> None:
    """Its owner proposed it, and its reviewer said yes."""
    shown = "\n".join(company.shown("trail", "doyun-half-year", "--lang", "en"))
    assert "이도윤 proposed the objective doyun-half-year" in shown
    assert "한지원 agreed to the objective doyun-half-year" in shown


def test_trail_of_a_kpi_says_what_a_retraction_took_away(company: Place) -> None:
    """The reading that was retracted, and how many ordinary ones there are."""
    shown = company.shown("trail", "visitors", "--lang", "ko")
    assert shown[-2:] == [
        "                    2025-03-31: 231,400 → 없음",
        "                    사유: 부하 시험 트래픽이 방문자로 집계됨",
    ]
    assert any("web 연동에서 실적 59건을 기록했습니다" in line for line in shown)


def test_trend_in_korean(company: Place) -> None:
    """A KPI whose empty months count as 0, against its target."""
    arguments = "trend safety-incidents --from 2025-04-01 --to 2025-06-30 --as-of 2025-06-30 --lang ko"
    assert company.shown(*arguments.split()) == TREND_KO.splitlines()


def test_close_values_are_dots_with_the_target_between(company: Place) -> None:
    """Uptime lies between 99.9 and 100 %: a bar from 0 would show nothing."""
    arguments = "trend uptime --from 2025-02-01 --to 2025-03-31 --as-of 2025-03-31 --lang en"
    shown = company.shown(*arguments.split())
    assert shown[2].split()[:5] == ["2025-02", "99.97", "│", "●", "99.95"]
    assert shown[3].split()[:5] == ["2025-03", "99.91", "●", "│", "99.95"]


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("command", ["state --lang ko", "advise", "trail acv", "trail better-portfolio"])
def test_any_width_fits(command: str, columns: int, company: Place) -> None:
    """Lines are folded, never cut: no letter is lost."""
    narrow = company.shown(*command.split(), columns=columns)
    wide = company.shown(*command.split(), columns=400)
    assert _letters(narrow) == _letters(wide)


def _letters(lines: list[str]) -> str:
    return "".join(letter for line in lines for letter in line if letter not in " │├└─…")


def test_without_options_the_open_cycles_are_shown(company: Place) -> None:
    """The year and its last quarter."""
    cycles = company.json("state")["cycles"]
    assert [(cycle["id"], len(cycle["objectives"])) for cycle in cycles] == [("2025", 2), ("2025-q4", 5)]


def test_a_day_picks_its_cycles(company: Place) -> None:
    """With --as-of, the cycles that have that day."""
    cycles = company.json("state", "--as-of", "2025-08-15")["cycles"]
    assert [cycle["id"] for cycle in cycles] == ["2025", "2025-q3"]


def test_a_unit_brings_those_below_it(company: Place) -> None:
    """Everything is below the company."""
    cycles = company.json("state", "--as-of", "2025-08-15", "--unit", "company")["cycles"]
    assert [len(cycle["objectives"]) for cycle in cycles] == [2, 2]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("state --cycle 2024", "There is no cycle '2024'. [not_found]"),
        (
            "state --as-of 2023-01-01",
            "no cycle has the day 2023-01-01; there are 2025, 2025-h1, 2025-q1, 2025-q2, 2025-q3, 2025-q4",
        ),
        ("state --as-of soon", "--as-of 'soon' is no day such as 2025-03-31"),
        (
            "state --known-at 2020-01-01",
            "there is no cycle yet; `goaltrail demo` loads a company to look at",
        ),
        (
            "state --unit nobody",
            "there is no org unit nobody; there are company, marketing, product, production, sales, service",
        ),
        ("trail nothing", "nothing is recorded about nothing"),
        ("trail acv --from 2100-01-01", "nothing is recorded about acv in this time"),
        ("trail Ünit", "'Ünit' is no id: ids have small letters, digits, - and _"),
        ("trend nothing", "There is no KPI 'nothing'. [not_found]"),
        (
            "trend acv --from 2010-01-01 --to 2010-02-28",
            "there are no readings of acv from 2010-01-01 to 2010-02-28",
        ),
        ("rebuild everything", "there is no projection 'everything': take state, audit or all"),
    ],
)
def test_errors_are_one_line(command: str, line: str, company: Place) -> None:
    """Exit code 1, one line on stderr, no traceback."""
    result = company.goaltrail(*command.split())
    assert (result.exit_code, result.stderr) == (1, f"goaltrail: {line}\n")


def rebuild(projection: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run it as a process of its own: it sets up logging."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", "rebuild", projection],
        cwd=Path(__file__).parents[2],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_rebuild_leaves_what_is_read_as_it_was(company: Place) -> None:
    """Both projections are built anew beside the live ones; reads say the same before and after."""
    before = company.json("state", "--as-of", "2025-05-31")
    ran = rebuild("all", environment(company.projector))
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["state", "audit"]
    assert all(f"{company.head():,} events" in line for line in lines)
    assert company.json("state", "--as-of", "2025-05-31") == before


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("GOALTRAIL_NATS_URL", "nats://127.0.0.1:9", "goaltrail: can't reach NATS at nats://127.0.0.1:9"),
        ("GOALTRAIL_DATABASE_URL", "postgresql://x@127.0.0.1:9/x", "goaltrail: PostgreSQL: "),
        ("GOALTRAIL_WORKSPACE", "nobody", "goaltrail: there is no workspace 'nobody'"),
        ("GOALTRAIL_ZONE", "Mars", "goaltrail: GOALTRAIL_ZONE: "),
    ],
)
def test_rebuild_says_what_is_missing(variable: str, value: str, line: str, company: Place) -> None:
    """An engine that is away, or a wrong setting, is one line."""
    ran = rebuild("state", environment(company.projector) | {variable: value})
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith(line)
    assert ran.stderr.count("\n") == 1
