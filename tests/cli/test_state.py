"""What `goaltrail state` says of an objective."""

from __future__ import annotations

from io import StringIO
from typing import Any, get_args

import pytest
from rich.console import Console

from events.cycles.state import CycleStatus
from events.objectives.state import ObjectiveStatus
from services.cli.display import Language
from services.cli.state import WORDS, _objective


@pytest.mark.parametrize("status", [*get_args(ObjectiveStatus), *get_args(CycleStatus)])
def test_every_status_but_the_usual_one_has_words(status: str) -> None:
    """An active objective is not marked."""
    assert status == "active" or all(WORDS[status])


@pytest.mark.parametrize(
    ("lang", "said"), [("ko", ("평가 완료", "자기 평가 0.85")), ("en", ("graded", "own grade 0.85"))]
)
def test_the_own_grade_stands_beside_the_score(lang: Language, said: tuple[str, str]) -> None:
    objective: dict[str, Any] = {
        "id": "growth",
        "title": "성장",
        "ambition": "stretch",
        "owner": "anna",
        "status": "graded",
        "score": "0.7",
        "own_grade": "0.85",
        "supports": [],
        "takes_over": None,
        "incomplete": False,
    }
    console = Console(file=StringIO(), width=100)
    with console.capture() as shown:
        console.print(_objective(objective, lang))
    assert "0.70" in shown.get()
    for words in said:
        assert words in shown.get()
