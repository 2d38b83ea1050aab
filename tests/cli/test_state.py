"""What `goaltrail state` says of an objective."""

from __future__ import annotations

from io import StringIO
from typing import Any, get_args

import pytest
from rich.console import Console

from events.cycles.state import CycleStatus
from events.initiatives.state import InitiativeStatus
from events.objectives.state import ObjectiveStatus
from events.text import Language
from services.cli.state import WORDS, _initiative, _objective


@pytest.mark.parametrize("status", [*get_args(ObjectiveStatus), *get_args(CycleStatus)])
def test_every_status_but_the_usual_one_has_words(status: str) -> None:
    """An active objective is not marked."""
    assert status == "active" or all(WORDS[status])


@pytest.mark.parametrize(
    ("lang", "said"),
    [("ko", ("성공", "평가 완료", "자기 평가 0.85")), ("en", ("success", "graded", "own grade 0.85"))],
)
def test_the_own_grade_stands_beside_the_score(lang: Language, said: tuple[str, str]) -> None:
    objective: dict[str, Any] = {
        "id": "growth",
        "title": "성장",
        "framework": "okr",
        "ambition": "stretch",
        "waiting": None,
        "owner": "anna",
        "status": "graded",
        "score": "0.7",
        "own_grade": "0.85",
        "band": {"code": "success", "name_ko": "성공", "name_en": "success"},
        "pace": None,
        "supports": [],
        "takes_over": None,
        "incomplete": False,
    }
    console = Console(file=StringIO(), width=100)
    with console.capture() as shown:
        console.print(_objective(objective, lang, running=False))
    assert "0.70" in shown.get()
    for words in said:
        assert words in shown.get()


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        ("ko", "▷ 포털 공개 · portal · 진행 중 · anna · 기한 2026-02-27"),
        ("en", "▷ 포털 공개 · portal · in progress · anna · due 2026-02-27"),
    ],
)
def test_an_initiative_says_how_far_it_is(lang: Language, line: str) -> None:
    initiative: dict[str, Any] = {
        "id": "portal",
        "title": "포털 공개",
        "status": "doing",
        "owner": "anna",
        "due": "2026-02-27",
    }
    console = Console(file=StringIO(), width=100)
    with console.capture() as shown:
        console.print(_initiative(initiative, lang))
    assert shown.get().strip() == line


@pytest.mark.parametrize("status", get_args(InitiativeStatus))
def test_every_status_of_an_initiative_has_words(status: str) -> None:
    assert all(WORDS[f"initiative {status}"])
