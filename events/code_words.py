"""What the codes in events and answers are called, in Korean and English."""

from __future__ import annotations

from typing import get_args

from pydantic import BaseModel

from events.kpis.definition import Cadence, EmptyPeriod, Perspective
from events.measures import Aggregation
from events.people.events import MemberRole
from events.policies.rules import Framework
from events.talk.audience import Audience
from events.text import Language, Text
from events.units import unit_name

KINDS: dict[str, Text] = {
    "org_unit": Text("조직", "org unit"),
    "cycle": Text("사이클", "cycle"),
    "policy": Text("산정 기준", "policy"),
    "objective": Text("목표", "objective"),
    "key_result": Text("핵심 결과", "key result"),
    "initiative": Text("실행과제", "initiative"),
    "scorecard": Text("평가표", "scorecard"),
    "conversation": Text("대화", "conversation"),
    "feedback": Text("피드백", "feedback"),
    "recognition": Text("인정", "recognition"),
    "kpi": Text("KPI", "KPI"),
    "reading": Text("실적", "reading"),
    "feed": Text("연동", "feed"),
    "person": Text("구성원", "person"),
    "workspace": Text("워크스페이스", "workspace"),
}
"""Of aggregates."""

_WORDS: dict[object, dict[object, Text]] = {
    Aggregation: {
        "sum": Text("합계", "sum"),
        "count": Text("건수", "count"),
        "mean": Text("평균", "mean"),
        "last": Text("마지막 값", "last value"),
        "min": Text("최솟값", "lowest value"),
        "max": Text("최댓값", "highest value"),
        "ratio": Text("비율", "ratio"),
    },
    Cadence: {
        "day": Text("매일", "daily"),
        "week": Text("매주", "weekly"),
        "month": Text("매월", "monthly"),
        "quarter": Text("분기마다", "quarterly"),
        "year": Text("매년", "yearly"),
    },
    EmptyPeriod: {"missing": Text("알 수 없음", "not known"), "zero": Text("0으로 봄", "0")},
    Perspective: {
        "finance": Text("재무", "finance"),
        "customer": Text("고객", "customers"),
        "process": Text("내부 프로세스", "processes"),
        "people": Text("학습과 성장", "people"),
    },
    MemberRole: {"lead": Text("조직장", "lead"), "member": Text("구성원", "member")},
    Framework: {"okr": Text("OKR", "OKR"), "kpi": Text("KPI", "KPI"), "mbo": Text("MBO", "MBO")},
    Audience: {
        "parties": Text("당사자", "its parties"),
        "line": Text("당사자와 조직장", "its parties and their line"),
        "everyone": Text("모두", "everyone"),
    },
    bool: {True: Text("예", "yes"), False: Text("아니요", "no")},
}
"""By the type of a field."""


def code_words(model: type[BaseModel], field: str, value: object, lang: Language) -> str | None:
    """Return what the value of a field is called; None if it is no code."""
    if field == "unit":
        return unit_name(str(value), lang)
    declared = model.model_fields[field].annotation
    for type_ in (declared, *get_args(declared)):
        if type_ in _WORDS and value in _WORDS[type_]:
            return _WORDS[type_][value].told(lang)
    return None
