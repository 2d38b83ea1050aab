"""What a key result is to reach, as commands say it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from events.text import Language
from services.cli.goalposts import goalposts
from services.cli.state import _key_result


@pytest.mark.parametrize(
    ("measure", "score", "ko", "en"),
    [
        ({"kind": "at_least", "unit": "percent"}, {"target": "25"}, "≥ 25%", "≥ 25%"),
        ({"kind": "at_most", "unit": "hours"}, {"target": "24"}, "≤ 24시간", "≤ 24 h"),
        (
            {"kind": "decrease", "unit": "USD"},
            {"target": "30", "baseline": "50"},
            "50달러 → 30달러",
            "50 USD → 30 USD",
        ),
        (
            {
                "kind": "increase",
                "unit": "KRW",
                "relative": {"change": None, "amount": "15", "of": "previous_quarter"},
            },
            {"target": None},
            "지난 분기 대비 +15%",
            "+15% on last quarter",
        ),
        (
            {
                "kind": "at_most",
                "unit": "percent",
                "relative": {"change": "points", "amount": "-2.5", "of": "same_period_last_year"},
            },
            {"target": None},
            "작년 같은 기간 대비 -2.5%p",
            "-2.5 points on the same period last year",
        ),
        (
            {"kind": "between", "unit": "days", "upper": "9"},
            {"target": "4", "upper": "6.5"},
            "4일 이상 6.5일 이하",
            "between 4 days and 6.5 days",
        ),
        (
            {
                "kind": "count_of_periods",
                "unit": "points",
                "periods": {"of": 12, "each": "at_least", "threshold": "4"},
            },
            {"target": "10", "cadence": "week"},
            "12주 중 10주 ≥ 4점",
            "10 of 12 weeks ≥ 4 points",
        ),
        (
            {
                "kind": "count_of_periods",
                "unit": "percent",
                "periods": {"of": 3, "each": "at_most", "threshold": "0.5"},
            },
            {"target": "2", "cadence": None},
            "3기간 중 2기간 ≤ 0.5%",
            "2 of 3 periods ≤ 0.5%",
        ),
    ],
)
def test_goalposts(measure: dict[str, Any], score: dict[str, Any], ko: str, en: str) -> None:
    """The measure's kind in signs or words, with the target in force."""
    assert (goalposts(measure, score, "ko"), goalposts(measure, score, "en")) == (ko, en)


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("ko", ("12주 중 10주 ≥ 4점", "현재 3", "남은 기간 6", "달성 불가")),
        ("en", ("10 of 12 weeks ≥ 4 points", "now 3", "6 still open", "unreachable")),
    ],
)
def test_state_says_what_is_open_and_what_can_no_longer_be_reached(
    lang: Language, said: tuple[str, str, str, str]
) -> None:
    """3 of 10 weeks are met and 6 are open: too few."""
    measure = {
        "kind": "count_of_periods",
        "unit": "points",
        "periods": {"of": 12, "each": "at_least", "threshold": "4"},
        "relative": None,
    }
    score: dict[str, Any] = {
        "value": "3",
        "target": "10",
        "upper": None,
        "baseline": None,
        "raw": "0.3",
        "score": "0.3",
        "met": False,
        "pending": False,
        "open_periods": 6,
        "unreachable": True,
        "cadence": "week",
        "band": None,
        "pace": None,
        "provisional": False,
    }
    key_result: dict[str, Any] = {
        "id": "mood",
        "title": "Content",
        "measure": measure,
        "score": score,
        "targets": [{"target": "10", "upper": None, "base": None}],
        "steps": [],
        "unresolved": False,
        "weight": None,
        "standing": "pending",
        "readings": None,
        "confidence": None,
    }
    console = Console(file=StringIO(), width=120)
    with console.capture() as shown:
        console.print(_key_result(key_result, lang, weakest=False, running=False))
    for words in said:
        assert words in shown.get()
