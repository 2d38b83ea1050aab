"""Recognize bare numbers: a figure with what it counts, maybe its movement, and no meaning beyond.

All that only tells a figure is taken out: the figure with its unit, its movement, limits and times. Where
next to nothing is left, the text says no more than the figure. It errs towards silence.
"""

from __future__ import annotations

import re

from projections.advice.words import METRIC

_TIME = re.compile(
    r"(?<![\w.])(?:(?:19|20)\d\d(?:년도?)?(?:까지|에)?(?![\w.,])|\d{1,2}(?:사?분기|월)(?:까지|에)?(?![가-힣])"
    r"|(?:Q[1-4]|H[12]|FY\s?\d+)\b)",
    re.IGNORECASE,
)
_UNIT = (
    r"%\s?p\b|%포인트|%|퍼센트|배|원|달러|유로|개사|개|건|곳|명|점|회|톤|시간|일|분|초"
    r"|percent|points?|times|x|k|m|mn|bn|thousand|million|billion|KRW|USD|EUR|won|dollars?|euros?"
    r"|hours?|days?|minutes?|seconds?"
)
_FIGURE = re.compile(
    r"(?<![A-Za-z\d.,/])(?<![A-Za-z가-힣]-)[+\-−±~]?\s?(?P<money>(?:[$₩€]|KRW|USD|EUR)\s?)?\d[\d.,]*"
    rf"(?P<unit>\s?[십백천만억조]+(?:\s?(?:{_UNIT}))?|(?:\s?(?:{_UNIT}))+)?"
    r"(?:을|를|이|가|로|으로|에서|까지|씩|에)?(?![\w/-])",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(?<![\w.,$-])\d[\d,]*((?:\s[A-Za-z]+)?\s[A-Za-z]+s)\s*$")
"""A number of things, which needs no unit: “300 new customers”."""

_MOVEMENT = re.compile(
    r"(?:증가|증대|향상|상승|확대|상향|성장|달성|확보|돌파|유치|개선|도달|감소|단축|절감|감축|축소|하향)"
    r"(?:을|를)?(?:한다|합니다|하기|하자|함|시킨다|시킵니다|시키기)?"
    r"|(?:늘[리린립]|높[이인입]|올[리린립]|끌어올[리린립]|키[우운웁]|넘[기긴깁]|줄[이인입]|낮[추춘춥])(?:다|니다|기|자)?"
    r"|increas(?:e|es|ed|ing)|grow(?:s|th|ing)?|rais(?:e|es|ing)|boost|improve(?:ment)?|double|up|reach|achieve"
    r"|exceed|win|get|gain|decrease|reduce|reduction|cut|lower|shorten|shrink|down",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"이상|이하|이내|미만|초과|까지|약|총|최소|최대|전|전년|전년도|작년|지난해|전월|전분기|동기|대비|올해|내년|연말|상반기|하반기"
    r"|연|연간|월|월간|분기"
    r"|the|an?|of|by|to|from|at|least|most|in|on|over|above|below|under|per|more|less|than|last|this|next|end"
    r"|year|quarter|month|annual|yearly|quarterly|monthly",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"(?:는|한|할|된|될|하고|하며|하여|해|해서|되어|으로|[^\W\d]로|없이|함께)$"
    r"|^(?:that|who|which|where|so|be|become|is|are|we|our|for|with|without|through|into|as)$",
    re.IGNORECASE,
)
"""A word of a clause, or of how and what for: nobody needs one for a figure."""
_STATEMENTS = re.compile(r",\s|;|\s(?:및|그리고|and)\s")
_BRACKETS = re.compile(r"\([^)]*\)")
_MOST_WORDS = 2
_MOST_WORDS_THAT_MOVE = 5


def is_number(text: str) -> bool:
    """Return whether a text is a figure, alone or with what it counts: “100”, “매출 10% 증가”."""
    statements = _STATEMENTS.split(_TIME.sub(" ", _BRACKETS.sub("", text)))
    return all(map(_says_a_figure_only, statements))


def _says_a_figure_only(statement: str) -> bool:
    """Return whether only what a figure counts stands before it, not more: “24시간 고객 지원” says more."""
    counted = _COUNTED.search(statement)
    if counted is not None and not _telling(statement[: counted.start()]):
        return True
    marked = _FIGURE.sub(lambda found: " ## " if found["unit"] or found["money"] else " # ", statement)
    words = _telling(marked)
    left = [word for word in words if "#" not in word]
    if len(left) == len(words) or any(_CLAUSE.search(word) for word in left):
        return False
    measure = METRIC.search(statement) is not None
    if left and not measure and "##" not in words:
        return False  # a number that does not say of what: “Industry 4.0”
    if any(map(_MOVEMENT.fullmatch, _words(marked))):
        return len(left) <= _MOST_WORDS_THAT_MOVE and (measure or not left or "#" not in words[0])
    return len(left) <= _MOST_WORDS and (measure or "#" in words[-1])


def _telling(text: str) -> list[str]:
    """Return the words of a text without movements, limits and times."""
    return [word for word in _words(text) if not (_FILLER.fullmatch(word) or _MOVEMENT.fullmatch(word))]


def _words(text: str) -> list[str]:
    return re.findall(r"[\w&/-]+|#+", text)
