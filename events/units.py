"""How a unit is written behind a figure, in Korean and English."""

from events.registry import Language

PERCENT_UNITS = frozenset({"percent", "%"})
"""Units in which one half is written 50."""
SHARE_UNITS = frozenset({"ratio", "share"})
"""Units in which one half is written 0.5."""
PERCENTAGE_POINTS = "percentage_points"
"""The unit of a difference of two percentages."""

_WORDS: dict[str, tuple[str, str]] = {
    "percent": ("%", "%"),
    "%": ("%", "%"),
    PERCENTAGE_POINTS: ("%포인트", " points"),
    "KRW": ("원", " KRW"),
    "USD": ("달러", " USD"),
    "EUR": ("유로", " EUR"),
    "days": ("일", " days"),
    "hours": ("시간", " h"),
    "minutes": ("분", " min"),
    "seconds": ("초", " s"),
    "count": ("", ""),
    "points": ("점", " points"),
    "score": ("점", " points"),
}


def unit_text(unit: str, lang: Language) -> str:
    """A unit as it follows a figure, with the blank it needs; one that is not known as it is."""
    ko, en = _WORDS.get(unit, (f" {unit}", f" {unit}"))
    return ko if lang == "ko" else en
