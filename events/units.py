"""Write a unit behind a figure, in Korean and English."""

from decimal import Decimal

from events.text import Language, Text

PERCENT_UNITS = frozenset({"percent", "%"})
"""Units in which one half is written 50."""
SHARE_UNITS = frozenset({"ratio", "share"})
"""Units in which one half is written 0.5."""
PERCENTAGES = PERCENT_UNITS | SHARE_UNITS
"""Units whose change may be meant in percent of itself or in percentage points."""
PERCENTAGE_POINTS = "percentage_points"
"""The unit of a difference of two percentages."""

_WORDS: dict[str, Text] = {
    "percent": Text("%", "%"),
    "%": Text("%", "%"),
    PERCENTAGE_POINTS: Text("%포인트", " points"),
    "KRW": Text("원", " KRW"),
    "USD": Text("달러", " USD"),
    "EUR": Text("유로", " EUR"),
    "days": Text("일", " days"),
    "hours": Text("시간", " h"),
    "minutes": Text("분", " min"),
    "seconds": Text("초", " s"),
    "count": Text("", ""),
    "points": Text("점", " points"),
    "score": Text("점", " points"),
}


def in_percent(value: Decimal, unit: str) -> Decimal | None:
    """Return a share as it is written in percent: 99.95 for 99.95 percent and for a share of 0.9995.

    None in any other unit, and of a share or ratio above 1, which says how many times and is no part.
    """
    if unit in PERCENT_UNITS:
        return value
    return value * 100 if unit in SHARE_UNITS and value <= 1 else None


def unit_name(unit: str, lang: Language) -> str:
    """Return a unit as it stands alone."""
    return Text("개수", "count").told(lang) if unit == "count" else unit_text(unit, lang).strip()


def unit_text(unit: str, lang: Language) -> str:
    """Return a unit as it follows a figure, with the blank it needs; one that is not known as it is."""
    return _WORDS.get(unit, Text(f" {unit}", f" {unit}")).told(lang)
