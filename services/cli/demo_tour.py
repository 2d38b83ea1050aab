"""What to look at in the demo company: commands to try, and what one sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.text import Text as Styled

from events.text import Language, Text
from services.cli.client import Client
from services.cli.formatting import pages, said

WORDS: dict[str, Text] = {
    "next": Text("이제 해 볼 만한 명령:", "What to try next:"),
    "others": Text(
        "MBO 목표는 두 당사자와 그 조직장, 그리고 관리자 같은 몇몇 역할만 봅니다. 다른 사람의 눈으로 보려면:",
        "An MBO goal is seen by its two parties, their line and a few roles. To look as somebody else:",
    ),
}


class Stop(NamedTuple):
    """A command that the tour suggests, and what it shows."""

    command: str
    shows: Text


TOUR = (
    Stop(
        "goaltrail state",
        Text("지금 운영 중인 사이클의 목표 트리", "the goals of the cycles that are open now"),
    ),
    Stop(
        "goaltrail state --cycle 2025-q2 --as-of 2025-06-19",
        Text("2분기가 끝나기 11일 전. ACV 점수는 0.70", "Q2, eleven days before its end: ACV scores 0.70"),
    ),
    Stop(
        "goaltrail state --cycle 2025-q2",
        Text("하루 뒤 목표치가 내려가 1.00이 됨", "a day later its target was lowered, and it scores 1.00"),
    ),
    Stop("goaltrail trail acv-80m", Text("누가 언제 왜 옮겼는지", "who moved it, when and why")),
    Stop(
        "goaltrail alignment --as-of 2025-12-31",
        Text(
            "회사 목표를 어느 팀과 누가 이어받았는지, KPI는 무엇에 어떻게 기여하는지",
            "which teams and people carry the company's goals, and how each KPI serves them",
        ),
    ),
    Stop(
        "goaltrail scorecard",
        Text(
            "팀과 구성원의 평가표. 안전사고 한 건에 생산팀 등급이 A에서 B로",
            "scorecards with grade and pay factor: one accident costs production its A",
        ),
    ),
    Stop(
        "goaltrail trend operating-margin --from 2024-01-01 --to 2025-12-31",
        Text(
            "매출만 늘던 해에는 내려가고, 재설계 뒤 두 배가 된 이익률",
            "a margin that fell while only revenue grew, then doubled",
        ),
    ),
    Stop(
        "goaltrail trend repeat-enquiries --from 2025-06-01 --to 2025-12-31",
        Text("응답 시간만 보던 때 늘어난 반복 문의", "what went up while only the response time was watched"),
    ),
    Stop(
        "goaltrail trail onboarding",
        Text(
            "정정된 실적. 지난 분기 대비 +20%인 목표 onboarding-20의 기준값은 정정 전 그대로(state에 표시)",
            "a corrected reading; the base of onboarding-20, +20% on last quarter, stays as it was frozen",
        ),
    ),
    Stop(
        "goaltrail advise",
        Text(
            "열린 사이클의 목표와 KPI에 대한 조언. 사이클 끝에 옮긴 목표치가 가장 심각",
            "advice on goals and KPIs of the open cycles; gravest is a target that was moved at the end",
        ),
    ),
)

PARTY, COLLEAGUE = "doyun.lee@example.com", "minseo.kim@example.com"
"""Whose MBO goal it is, and somebody who is neither its other party nor of their line."""


def as_others(client: Client) -> tuple[Stop, ...]:
    """Return how to look at the MBO goal as one of its parties, and as somebody else."""
    ids = {person["mail"]: person["id"] for person in pages(client, "/v1/people", limit=1000)}
    return (
        Stop(
            "goaltrail state --cycle 2025-h1",
            Text("관리자로 보는 이도윤의 MBO 목표", "Lee Doyun's MBO goal, as you see it"),
        ),
        *_looks(ids.get(PARTY), "doyun", Text("이도윤도 자기 목표를 봄", "Lee Doyun sees the own goal, too")),
        *_looks(
            ids.get(COLLEAGUE),
            "minseo",
            Text("김민서에게는 없는 목표", "to Kim Minseo there is no such goal"),
        ),
    )


def _looks(person: str | None, name: str, shows: Text) -> Iterator[Stop]:
    if person is not None:  # who was forgotten has no mail
        yield Stop(
            f"goaltrail token create person:{person} --role viewer > {name}.token",
            Text(f"{name}.token 파일에 토큰을 둠", f"puts a token into {name}.token"),
        )
        yield Stop(f"goaltrail state --cycle 2025-h1 --token-file {name}.token", shows)


def tour(others: Sequence[Stop], lang: Language) -> Iterator[Styled]:
    """Yield the commands to try, each with what it shows below it."""
    yield Styled(said(WORDS, "next", lang))
    yield from (_line(stop, lang) for stop in TOUR)
    yield Styled("\n" + said(WORDS, "others", lang))
    yield from (_line(stop, lang) for stop in others)


def _line(stop: Stop, lang: Language) -> Styled:
    return Styled.assemble("  ", (stop.command, "bold cyan"), "\n      ", (stop.shows.told(lang), "dim"))
