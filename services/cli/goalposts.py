"""What a key result is to reach, in words."""

from __future__ import annotations

from typing import Any

from events.relative import BASE_WORDS
from events.text import Language, Text
from events.units import PERCENT_UNITS
from services.cli.formatting import figure, said

_WORDS: dict[str, Text] = {
    "day": Text("일", "days"),
    "week": Text("주", "weeks"),
    "month": Text("개월", "months"),
    "quarter": Text("분기", "quarters"),
    "year": Text("년", "years"),
    "period": Text("기간", "periods"),
    "counted": Text("{of}{periods} 중 {target}{periods} {each}", "{target} of {of} {periods} {each}"),
    "change": Text("{of} 대비 {amount}", "{amount} on {of}"),
    "points": Text("%p", " points"),
    "between": Text("{low} 이상 {high} 이하", "between {low} and {high}"),
}


def goalposts(measure: dict[str, Any], score: dict[str, Any], lang: Language) -> str:
    """Return the target in force, with what it is measured from, for a measure and a score of the API."""
    kind, unit = measure["kind"], measure["unit"]
    if score["target"] is None:
        return relative_change(measure, lang)
    target = figure(score["target"], unit, lang)
    match kind:
        case "at_least":
            return f"≥ {target}"
        case "at_most":
            return f"≤ {target}"
        case "between":
            upper = figure(score["upper"], unit, lang)
            return said(_WORDS, "between", lang, low=target, high=upper)
        case "count_of_periods":
            counted = measure["periods"]
            sign = "≥" if counted["each"] == "at_least" else "≤"
            return said(
                _WORDS,
                "counted",
                lang,
                target=figure(score["target"]),
                of=counted["of"],
                periods=said(_WORDS, score["cadence"] or "period", lang),
                each=f"{sign} {figure(counted['threshold'], unit, lang)}",
            )
        case _:
            return f"{figure(score['baseline'], unit, lang)} → {target}"


def relative_change(measure: dict[str, Any], lang: Language) -> str:
    """By how much of what a relative goal is to change."""
    relative, unit = measure["relative"], measure["unit"]
    sign = "" if relative["amount"].startswith("-") else "+"
    if relative["change"] != "points":
        amount = f"{sign}{figure(relative['amount'])}%"
    elif unit in PERCENT_UNITS:
        amount = f"{sign}{figure(relative['amount'])}{said(_WORDS, 'points', lang)}"
    else:
        amount = f"{sign}{figure(relative['amount'], unit, lang)}"
    return said(_WORDS, "change", lang, of=said(BASE_WORDS, relative["of"], lang), amount=amount)


def outdated_bases(key_result: dict[str, Any]) -> list[dict[str, Any]]:
    """Frozen bases that would be others now; what was resolved again counts no longer."""
    newest = {fact["effective_from"]: fact["base"] for fact in key_result["targets"] if fact["base"]}
    return [base for base in newest.values() if base["out_of_date"]]
