"""Days, times and periods as a mapping declares them: a form of strptime, and a zone for times without one.

What is said is kept: a form without a time says a day, one without a day a month or a year.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Literal

from events.errors import broken
from events.text import Text

Span = Literal["time", "day", "week", "month", "year"]

_DIRECTIVE = re.compile(r"%([A-Za-z%])")
_YEARS, _MONTHS, _DAYS, _TIMES = (
    frozenset("yYcxG"),
    frozenset("mbBjcx"),
    frozenset("djcx"),
    frozenset("HIMSfpXc"),
)


class NotATime(ValueError):
    """It is no time in the form that is declared."""

    def __init__(self, ko: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(ko, en)


@cache
def span_of(form: str) -> Span:
    """Return what a form says. Raises PydanticCustomError for one that leaves out what nobody can guess."""
    has = set(_DIRECTIVE.findall(form))
    if has & {"W", "U"} or ("V" in has) != ("G" in has):
        raise broken(
            "form_of_weeks",
            f"{form!r}: weeks are those of ISO 8601, %G and %V together",
            f"{form!r}: 주는 ISO 8601의 주입니다. %G와 %V를 함께 적으십시오",
        )
    if not has & _YEARS:
        raise broken(
            "form_without_year",
            f"{form!r} says no year: make a text of the columns that say all of it",
            f"{form!r}에 연도가 없습니다. 연도까지 알려 주는 열로 text를 만드십시오",
        )
    if has & _TIMES:
        span: Span = "time"
    elif "V" in has:
        return "day" if has & {"u", "w", "a", "A"} else "week"
    else:
        span = "day" if has & _DAYS else "month" if has & _MONTHS else "year"
    if span in ("time", "day") and not (has & _DAYS and has & _MONTHS):
        raise broken(
            "form_without_day",
            f"{form!r} says a day or a time, but not of which month and day",
            f"{form!r}에 월이나 일이 없습니다",
        )
    return span


def parse(found: str, form: str, span: Span) -> datetime:
    """Return what is written in a form; of a week, month or year its first day. Raises NotATime."""
    try:
        if span == "week":
            return datetime.strptime(f"{found} 1", f"{form} %u")  # noqa: DTZ007 - a week has no zone
        return datetime.strptime(found, form)  # noqa: DTZ007 - the mapping says the zone
    except ValueError:
        raise NotATime(
            f"{found!r}은(는) {form!r} 형식이 아닙니다", f"{found!r} is not of the form {form!r}"
        ) from None


def label(moment: datetime, span: Span) -> str:
    """Return the period that a moment stands for."""
    if span == "week":
        return f"{moment:%G-W%V}"
    return moment.date().isoformat()[: {"year": 4, "month": 7}.get(span, 10)]
