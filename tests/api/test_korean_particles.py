"""Korean sentences of the API: no 이(가) and the like stays behind a word that may be foreign."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.intake.rejections import SENTENCES
from tests.api.conftest import Person

ROOT = Path(__file__).parent.parent.parent / "services"
PARTICLE = r"(?:이\(가\)|은\(는\)|을\(를\)|과\(와\)|\(으\)로|\(이\)라)"
BEHIND_A_WORD = re.compile(rf"^[’'\")]*{PARTICLE}")


def behind_a_foreign_word(tree: ast.AST) -> Iterator[str]:
    """The texts where such a particle stands behind something that is filled in and is not Korean itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            for filled, after in zip(node.values, node.values[1:], strict=False):
                if (
                    isinstance(filled, ast.FormattedValue)
                    and not ast.unparse(filled.value).endswith(".ko")
                    and isinstance(after, ast.Constant)
                    and BEHIND_A_WORD.match(str(after.value))
                ):
                    yield ast.unparse(node)


def test_no_sentence_of_the_api_needs_to_know_how_a_foreign_word_is_spoken() -> None:
    """A Korean noun stands between: 'as_of' 매개변수를, not 'as_of'을(를)."""
    found = [
        text
        for path in sorted((ROOT / "api").rglob("*.py"))
        for text in behind_a_foreign_word(ast.parse(path.read_text("utf-8")))
    ]
    assert not found


def test_no_rejection_does() -> None:
    found = [text.ko for text in SENTENCES.values() if re.search(rf"\}}{PARTICLE}", text.ko)]
    assert not found


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/objectives?as_off=2026-01-31", "'as_of' 매개변수를 쓰려고 하셨습니까?"),
        ("/v1/objectives/growth", "아이디가 'growth'인 목표가 없습니다."),
        ("/v1/kpis/acv", "아이디가 'acv'인 KPI가 없습니다."),
        ("/v1/objectives?as_of=x", "as_of에 'x' 값은 쓸 수 없습니다."),
    ],
)
@pytest.mark.usefixtures("projector")
async def test_what_korean_callers_read(anna: Person, path: str, said: str) -> None:
    anna.headers["Accept-Language"] = "ko"
    assert said in (await anna.get(path)).json()["detail"]
