"""What `goaltrail trail` says below a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from events.text import Language
from services.cli.client import Client
from services.cli.trail import _details, _Readings, _recorded

READINGS = _Readings(Client("http://127.0.0.1:1", "no token"))
"""Nothing here asks for readings."""


@pytest.mark.parametrize(
    ("type_", "data", "lines"),
    [
        ("recognition.given", {"to": ["jun"], "text": "고맙습니다"}, ["“고맙습니다”"]),
        ("conversation.opened", {"parties": ["mina", "jun"], "agenda": "중간 점검"}, ["“중간 점검”"]),
        ("feedback.given", {"to": "jun", "text": None}, []),
        (
            "initiative.replanned",
            {"old": {"title": "포털", "due": None}, "new": {"title": "포털", "due": "2026-03-13"}},
            ["기한: 없음 → 2026-03-13"],
        ),
    ],
)
def test_words_are_quoted_where_the_reader_may_read_them(
    type_: str, data: dict[str, Any], lines: list[str]
) -> None:
    entry = {"type": type_, "data": data, "reason": None, "position": 1}
    assert [line for line, _style in _details(entry, READINGS, "ko")] == lines


@pytest.mark.parametrize(
    ("count", "lang", "told"),
    [
        (1, "en", "1 reading was recorded from the feed erp, at position 1,234."),
        (2000, "en", "2,000 readings were recorded from the feed erp, from position 1,234 on."),
        (1, "ko", "erp 연동에서 실적 1건을 기록했습니다(위치 1,234)."),
        (2000, "ko", "erp 연동에서 실적 2,000건을 기록했습니다(위치 1,234부터)."),
    ],
)
def test_one_reading_is_one(count: int, lang: Language, told: str) -> None:
    assert _recorded({"feed": "erp", "count": count, "first_position": 1234}, lang) == told
