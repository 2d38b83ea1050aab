"""Recognize words of titles that call for advice, in Korean and English; in doubt, none."""

from __future__ import annotations

import re

_UP = r"증가|증대|향상|상승|확대|상향|늘린|늘리|높이|높인|끌어올"
_DOWN = r"감소|단축|절감|축소|하향|줄인|줄이|낮추|낮춘"
_UP_EN = r"\b(?:increase|raise|grow|boost|improve|up)\b"
_DOWN_EN = r"\b(?:decrease|reduce|cut|lower|shorten|shrink|down)\b"
# A rate of decrease is a noun of its own: more of it is better.
_NO_NOUN = r"(?![율률폭량])"
UP = re.compile(rf"(?:{_UP}){_NO_NOUN}|{_UP_EN}", re.IGNORECASE)
DOWN = re.compile(rf"(?:{_DOWN}){_NO_NOUN}|{_DOWN_EN}", re.IGNORECASE)
_MOVES = re.compile(rf"(?:{_UP}|{_DOWN}|개선|달성){_NO_NOUN}|{_UP_EN}|{_DOWN_EN}|\breach\b", re.IGNORECASE)

METRIC = re.compile(
    r"(?:비용|매출|수익|이익|이윤|단가|원가|금액|건수|[가-힣]+[률율]|비율|비중)(?:을|를|이|가|은|는|의)?(?:\s|$)"
    r"|\b(?:cost|revenue|sales|profit|margin|price|turnover|rate|share|NPS|CSAT|ARR|MRR|MAU|DAU)\b",
    re.IGNORECASE,
)
_FEW_WORDS = 4

_TASKS = (
    "발행|발간|작성|제작|기획|테스트|방문|재방문|제안|반영|공유|배포|출시|개최|진행|실시|수행|보고|미팅|회의|"
    "업로드|게시|제출|도입|실행"
)
_TASK_LAST = re.compile(
    rf"(?:{_TASKS})(?:\s*(?:을|를))?"
    r"(?:\s*(?:월|주|분기|연)?\s*\d[\d,]*\s*(?:개|건|회|번|곳|편|명)?\s*(?:이상)?)?"
    r"(?:\s*(?:한다|합니다|하기|하는 것|완료|달성))?\s*$"
)
_PLACEMENTS = re.compile(
    r"A/B\s*(?:테스트|test)|미디어.*확보|\bmedia (?:placements|outlets|mentions)\b", re.IGNORECASE
)
_TASK_FIRST = re.compile(
    r"^(?:publish|write|produce|plan|share|ship|launch|release|propose|visit|revisit|test|hold|organi[sz]e|"
    r"present|submit|post)\b",
    re.IGNORECASE,
)
_TASK_THEN_RESULT = re.compile(
    rf"(?:{_TASKS})(?:을|를)?\s*(?:하여|해서|하고|함으로써|통해)\s"
    rf"|{_TASK_FIRST.pattern}.*\b(?:and|to) (?:reach|win|get|achieve)\b",
    re.IGNORECASE,
)
_SHARE = re.compile(r"[가-힣][률율]|비율|비중|%|\b(?:rate|share of|ratio)\b", re.IGNORECASE)

_TWO_LIMITS = re.compile(
    r"\d\S*\s*(?:이상|이하|이내|미만)\s.*(?:및|그리고|[와과하],?|,)\s.*\d\S*\s*(?:이상|이하|이내|미만)"
    r"|\bat (?:least|most) \S*\d.*\band\b.*\bat (?:least|most) \S*\d",
    re.IGNORECASE,
)
_KEEP = re.compile(r"유지(?![율률보])|\b(?:keep|maintain)\b", re.IGNORECASE)
_LESS_IS_BETTER = re.compile(
    r"순위|이탈|이직|불량|재작업|스크랩|사망|해지|"
    r"\b(?:rank|ranking|churn|employee turnover|defects?|rework|scrap|accidents?|complaints?)\b",
    re.IGNORECASE,
)
_AGAINST = re.compile(r"방지|방어|예방|개선|해결|prevent|solved|resolved", re.IGNORECASE)
_CHANGE = re.compile(
    rf"(?<![\d.])(\d+(?:\.\d+)?)\s*(?:%|퍼센트)\s*(?:이상\s*|이하\s*)?(?:을|를)?\s*(?:{_UP}|{_DOWN}|개선){_NO_NOUN}"
    r"|\b(?:by|up|down)\s+(?:at least\s+)?(\d+(?:\.\d+)?)\s*(?:%|percent\b)",
    re.IGNORECASE,
)
_FROM_TO = re.compile(r"에서\s.*\d|\bfrom\b.*\bto\b", re.IGNORECASE)
_POINTS = re.compile(r"%\s*p\b|포인트|\bpoints?\b|\bpp\b|상대|\brelative", re.IGNORECASE)
_ACTIVITY = re.compile(r"활동|노력|\b(?:activity|activities|efforts?)\b", re.IGNORECASE)
_VAGUE = re.compile(
    r"(?:향상|증대|강화|개선|확대|제고)\s*$|^(?:better|stronger|more|improved?)\b", re.IGNORECASE
)


def is_metric(title: str) -> bool:
    """Return whether a text is a few words that name a measure and its movement: “리드당 비용 감소”."""
    return len(title.split()) <= _FEW_WORDS and bool(METRIC.search(title) and _MOVES.search(title))


def names_initiative(title: str) -> bool:
    """Return whether a task and its result are told: “백서를 발간하여 5,000건의 다운로드를 달성한다”."""
    return bool(_TASK_THEN_RESULT.search(title))


def is_output(title: str) -> bool:
    """Return whether a task or its product is counted: “블로그 포스트 10개 발행”. A share is a result."""
    if names_initiative(title) or _SHARE.search(title):
        return False
    return bool(_TASK_LAST.search(title) or _TASK_FIRST.search(title) or _PLACEMENTS.search(title))


def has_two_limits(title: str) -> bool:
    """Return whether a text has two figures to reach: “5곳 이상 재방문 및 파일럿 발주 2건 이상 확보”."""
    return bool(_TWO_LIMITS.search(title))


def keeps(title: str) -> bool:
    """Return whether a text says that something stays as it is: “4.5점 이상 유지”."""
    return bool(_KEEP.search(title))


def contradicts(title: str, *, upwards: bool) -> bool:
    """Return whether the words want the other direction than the measure.

    Words of both directions, such as “감소율 증가”, say nothing for sure.
    """
    if upwards:
        if _LESS_IS_BETTER.search(title) and not _AGAINST.search(title):
            return True
        return bool(DOWN.search(title) and not UP.search(title))
    return bool(UP.search(title) and not DOWN.search(title) and not _LESS_IS_BETTER.search(title))


def unclear_change(title: str) -> str | None:
    """Return the figure of a change in percent that may be relative or in points: 20 of “완료율 20% 개선”."""
    if _FROM_TO.search(title) or _POINTS.search(title):
        return None
    found = _CHANGE.search(title)
    return None if found is None else found[1] or found[2]


def is_vague(name: str) -> bool:
    """Return whether a KPI's name is an activity, or a movement without a figure: “영업 활동 강화”."""
    return not any(character.isdigit() for character in name) and bool(
        _ACTIVITY.search(name) or _VAGUE.search(name)
    )
