"""How commands write figures, times and words for people, in Korean and English."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.console import Console
from rich.text import Text as Styled

from events.text import Language, Text
from events.units import unit_text
from services.cli.client import Client

INCOMPLETE = Text("일부 기록을 읽지 못함", "part of its record can't be read")
"""Of what the API answers with `incomplete`."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def said(words: Mapping[str, Text], key: str, lang: Language, **values: object) -> str:
    """Return a command's words in Korean or English, with `values` in place of their placeholders."""
    return words[key].told(lang, values)


def console() -> Console:
    """Standard output, as wide as the terminal; without one as COLUMNS says, else 100."""
    made = Console(highlight=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = 100
    return made


def figure(value: str | None, unit: str = "", lang: Language = "en", *, places: int = 2) -> str:
    """Return a decimal of the API for people: at most `places` digits after the point, then the unit.

    A figure below 1 keeps as many digits as make it readable.
    """
    if value is None:
        return "–"
    exact = Decimal(value)
    if exact and abs(exact) < Decimal(1).scaleb(-places):
        places = -exact.adjusted() + 1
    shown = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{shown:,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return ("0" if text == "-0" else text) + (unit_text(unit, lang) if unit else "")


def compact(value: Decimal, lang: Language) -> str:
    """Return a large figure in few letters: 10.5억, 1.05B; a small one as it is."""
    for size, ko, en in ((12, "조", "T"), (9, "", "B"), (8, "억", ""), (6, "", "M"), (4, "만", "")):
        letters = ko if lang == "ko" else en
        if letters and abs(value) >= 10**size:
            return figure(str(value.scaleb(-size))) + letters
    return figure(str(value))


def percent(attainment: str) -> str:
    """Return an attainment, of which 1 is 100%."""
    exact = Decimal(attainment)
    # What is not reached must not look as if it were.
    return "99.99%" if Decimal("0.99995") <= exact < 1 else f"{figure(str(exact * 100))}%"


def share(score: str | None) -> str:
    """Return a score, from 0 to the policy's cap, with two digits after the point."""
    if score is None:
        return "  – "
    exact = Decimal(score)
    shown = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return "0.99" if exact < 1 <= shown else str(shown)


def bar(part: Decimal, width: int) -> str:
    """Return a bar for a part of 1, cut to 0–1, always `width` cells wide."""
    eighths = int((min(max(part, Decimal(0)), Decimal(1)) * width * 8).to_integral_value(ROUND_HALF_UP))
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)


def score_style(score: Decimal) -> str:
    """Return the colour of a score, by the default bands."""
    if score >= 1:
        return "bold green"
    if score >= Decimal("0.6"):
        return "green"
    return "yellow" if score >= Decimal("0.3") else "red"


def zone_of(client: Client) -> ZoneInfo | None:
    """Return the zone of the workspace's business days now; None means the terminal's."""
    zones = client.get("/v1/workspace")["zones"]
    try:
        return ZoneInfo(zones[-1][0])
    except ZoneInfoNotFoundError:
        return None


def minute(moment: str, zone: ZoneInfo | None) -> str:
    """Return a time of the API in a zone, to the minute."""
    return datetime.fromisoformat(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def pages(client: Client, path: str, **params: Any) -> Iterator[dict[str, Any]]:
    """Yield every item of a list, page by page, all at the position of the first page."""
    cursor: str | None = None
    while True:
        page = client.get(path, cursor=cursor, **params)
        yield from page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def joined(parts: Iterable[str | Styled], separator: str = " · ", style: str = "") -> Styled:
    """Return the parts that are not empty, in one line."""
    return Styled(separator, style=style).join(
        part if isinstance(part, Styled) else Styled(part) for part in parts if len(part)
    )
