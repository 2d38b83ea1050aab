"""What `goaltrail trail` says below a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from services.cli.client import Client
from services.cli.trail import _details, _Readings

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
