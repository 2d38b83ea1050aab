"""Figures, scores, bars and times as commands write them."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.text import Language
from services.cli.formatting import bar, compact, figure, minute, percent, share


@pytest.mark.parametrize(
    ("value", "unit", "lang", "text"),
    [
        ("71000000", "KRW", "ko", "71,000,000원"),
        ("71000000", "KRW", "en", "71,000,000 KRW"),
        ("23.333333", "percent", "en", "23.33%"),
        ("7.90", "percent", "ko", "7.9%"),
        ("1.125", "", "en", "1.13"),
        ("0.0031", "", "en", "0.0031"),
        ("-0.25", "hours", "en", "-0.25 h"),
        ("-0.000", "", "en", "0"),
        ("100", "", "en", "100"),
        ("12", "MKRW", "ko", "12 MKRW"),
        (None, "KRW", "ko", "–"),
    ],
)
def test_figure(value: str | None, unit: str, lang: Language, text: str) -> None:
    """Two digits after the point, thousands apart, the unit in the reader's language."""
    assert figure(value, unit, lang) == text


@pytest.mark.parametrize(
    ("value", "ko", "en"),
    [
        ("1050000000", "10.5억", "1.05B"),
        ("814600000", "8.15억", "814.6M"),
        ("200000", "20만", "200,000"),
        ("2000000000000", "2조", "2T"),
        ("99.82", "99.82", "99.82"),
    ],
)
def test_compact(value: str, ko: str, en: str) -> None:
    """Large figures in the units that each language counts in."""
    assert (compact(Decimal(value), "ko"), compact(Decimal(value), "en")) == (ko, en)


@pytest.mark.parametrize(
    ("score", "text"),
    [("0.7", "0.70"), ("0.925", "0.93"), ("0.999999", "0.99"), ("1.000000", "1.00"), (None, "  – ")],
)
def test_share(score: str | None, text: str) -> None:
    """Two digits, and never 1.00 for what is not reached."""
    assert share(score) == text


@given(st.decimals(-2, 3, places=6), st.integers(1, 40))
def test_bar_has_its_width(part: Decimal, width: int) -> None:
    """Whatever the part is, also outside 0 to 1."""
    assert len(bar(part, width)) == width


def test_bar_grows_by_eighths() -> None:
    """Empty at 0, half at a half, full at 1."""
    assert [bar(Decimal(part), 4) for part in ("0", "0.5", "0.53125", "1")] == [
        "    ",
        "██  ",
        "██▏ ",
        "████",
    ]


def test_minute_is_in_the_zone() -> None:
    """A time of the API (UTC) as the clock on the wall showed it."""
    assert minute("2026-11-22T15:30:59.123456Z", ZoneInfo("Asia/Seoul")) == "2026-11-23 00:30"


@given(st.decimals(0, 2, places=9))
def test_what_is_not_reached_is_shown_below_what_is(attainment: Decimal) -> None:
    """However close it is: 0.99996 is 99.99%, not 100%."""
    shown = Decimal(percent(str(attainment)).rstrip("%"))
    assert (shown < 100) == (attainment < 1)
    assert abs(shown - attainment * 100) <= Decimal("0.01")
