"""How a goal goes while its cycle runs (pace), and how it is graded once that is over (band)."""

from __future__ import annotations

from typing import Any

from rich.text import Text as Styled

from events.text import Language, Text
from services.cli.formatting import figure, said

WIDTH = 7

_WORDS: dict[str, Text] = {
    "ahead": Text("앞섬", "ahead"),
    "on": Text("계획대로", "on pace"),
    "behind": Text("뒤처짐", "behind"),
    "legend": Text("진척: 지금 기대 점수와의 차이", "pace: against the score expected by now"),
}
_SIGNS = {"ahead": ("▲", "green"), "on": ("●", ""), "behind": ("▼", "red")}


def runs(objective: dict[str, Any], cycle: dict[str, Any], day: str) -> bool:
    """Return whether pace says how it goes on a day; from the cycle's last day on the band says how it
    ended.
    """
    return bool(objective["status"] == "active" and day < cycle["end"])


def pace_column(pace: dict[str, Any] | None, *, stale: bool = False) -> Styled:
    """Before or behind what is expected by now: `▲ +0.12`; nothing where there is no pace.

    What follows from stale readings has a question mark for its sign and no green.
    """
    if pace is None:
        return Styled("")
    sign, style = ("?", "yellow") if stale else _SIGNS[pace["word"]]
    difference = figure(pace["pace"].removeprefix("-"))
    return Styled(f"{sign} {'−' if pace['pace'].startswith('-') else '+'}{difference}", style=style)


def band_words(band: dict[str, Any] | None, lang: Language) -> str:
    """Return the band in words; nothing without a score."""
    return "" if band is None else str(band[f"name_{lang}"])


def legend(lang: Language) -> str:
    """Return what the signs of the column mean."""
    signs = " ".join(f"{sign} {said(_WORDS, word, lang)}" for word, (sign, _) in _SIGNS.items())
    return f"{said(_WORDS, 'legend', lang)} ({signs})"
