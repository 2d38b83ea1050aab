"""What commands say is in Korean and in English."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import services.cli
from events.text import Language
from services.cli.main import app

FILES = sorted(Path(services.cli.__path__[0]).rglob("*.py"))
SPEAKING = {
    "echo",
    "secho",
    "confirm",
    "fail",
    "say",
    "as_reported",
    "print",
    "Styled",
    "TextColumn",
    "Failure",
}
"""Whose first argument a person reads."""
NAMES = ("PostgreSQL", "goaltrail")
"""What is called the same in both languages."""


def _calls() -> Iterator[tuple[str, str, ast.Call]]:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield f"{file.name}:{node.lineno}", ast.unparse(node.func).rpartition(".")[2], node


def _literal(node: ast.expr) -> str:
    """What of a text stands in the code."""
    return "".join(
        part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""
        for part in (node.values if isinstance(node, ast.JoinedStr) else [node])
    )


def test_no_words_in_one_language_only() -> None:
    """A sentence or word is a `Text`; what others report has no words of ours around it."""
    found = [
        f"{place} {words}"
        for place, name, call in _calls()
        if (name in SPEAKING or name.endswith("Error")) and call.args
        for words in [_literal(call.args[0])]
        if re.search("[A-Za-z가-힣]{2}", re.sub("|".join(NAMES), "", re.sub(r"\{.*?\}", "", words)))
    ]
    assert not found


def test_each_text_is_in_both_languages() -> None:
    """The Korean one has Korean letters, unless there is nothing to translate; both have the same fields."""
    found = []
    for place, name, call in _calls():
        if name != "Text" or len(call.args) != 2:
            continue
        ko, en = map(_literal, call.args)
        korean = re.search("[가-힣]", ko) or ko == en or not re.search("[A-Za-z]{2}", ko)
        fields = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in (ko, en)]
        if (
            not korean
            or re.search("[가-힣]", en)
            or (isinstance(call.args[0], ast.Constant) and fields[0] != fields[1])
        ):
            found.append(f"{place} {ko} | {en}")
    assert not found


ERRORS: dict[str, tuple[list[str], str, str]] = {
    "nobody there": (
        ["state"],
        "http://127.0.0.1:1에서 응답이 없습니다. `make up`으로 시작하십시오",
        "Nothing answers at http://127.0.0.1:1: start it with `make up`",
    ),
    "no token file": (
        ["state", "--token-file", "none"],
        "none을(를) 읽을 수 없습니다: No such file or directory",
        "can't read none: No such file or directory",
    ),
    "not a day": (
        ["state", "--as-of", "soon"],
        "--as-of 'soon'은(는) 올바른 날짜가 아닙니다(예: 2025-03-31)",
        "--as-of 'soon' is no day such as 2025-03-31",
    ),
    "not an id": (
        ["trail", "A!"],
        "'A!'는 아이디가 아닙니다. 아이디에는 영문 소문자, 숫자, -, _만 들어갑니다",
        "'A!' is no id: ids have small letters, digits, - and _",
    ),
    "not a person": (
        ["people", "join", "a/b", "sales"],
        "'a/b'은(는) 구성원의 아이디가 아닙니다",
        "'a/b' is not the id of a person",
    ),
    "not sure": (
        ["forget", "p1", "--reason", "x"],
        "p1의 개인정보 삭제는 되돌릴 수 없습니다. 진행하려면 --yes를 붙이십시오",
        "forgetting p1 can't be undone: say --yes to do it",
    ),
    "no role": (
        ["token", "create", "person:anna"],
        "구성원의 토큰에는 --role이 필요합니다: admin, owner, editor, viewer, auditor, hr",
        "a person's token needs --role: admin, owner, editor, viewer, auditor or hr",
    ),
    "no expiry": (
        ["token", "create", "feed:erp", "--expires", "soon"],
        "--expires 'soon'은(는) 12h, 90d, 4w와 같은 기간도 2027-01-01T00:00:00+09:00과 같은 시각도 아닙니다",
        "--expires 'soon' is neither 12h, 90d, 4w nor a time such as 2027-01-01T00:00:00+09:00",
    ),
    "nothing to say": (
        ["feedback", "p1"],
        "전할 말을 -m TEXT로 적으십시오",
        "say what you want to tell them: -m TEXT",
    ),
    "no projection": (
        ["rebuild", "nope"],
        "프로젝션 'nope'이(가) 없습니다. 있는 것: state, audit, all",
        "there is no projection 'nope': take state, audit or all",
    ),
    "not a file of readings": (
        ["import", "sales.pdf", "--feed", "erp", "--dry-run"],
        "sales.pdf: 확장자는 다음 중 하나여야 합니다: .csv, .tsv, .jsonl, .ndjson, .json",
        "sales.pdf: the ending must be one of .csv, .tsv, .jsonl, .ndjson, .json",
    ),
    "no mapping": (
        ["import", "sales.csv", "--feed", "erp", "--mapping", "wrong.yaml"],
        "wrong.yaml: fields/kpi: column, constant, text 중 하나만 적으십시오",
        "wrong.yaml: fields/kpi: give one of column, constant and text",
    ),
}


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str, lang: Language, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal's locale says in which language."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.yaml").write_text("fields: {kpi: {}, source_id: ID}")
    arguments, ko, en = ERRORS[name]
    environment = {
        "GOALTRAIL_URL": "http://127.0.0.1:1",
        "GOALTRAIL_TOKEN": "gt_x",
        "LC_ALL": "ko_KR.UTF-8" if lang == "ko" else "C.UTF-8",
    }
    ended = CliRunner(env=environment).invoke(app, arguments)
    assert (ended.exit_code, ended.stderr) == (1, f"goaltrail: {ko if lang == 'ko' else en}\n")


@pytest.mark.parametrize("name", ["nobody there", "not a day", "not an id", "nothing to say", "no mapping"])
def test_the_language_that_is_asked_for_counts_more_than_the_terminals(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.yaml").write_text("fields: {kpi: {}, source_id: ID}")
    arguments, ko, _ = ERRORS[name]
    environment = {"GOALTRAIL_URL": "http://127.0.0.1:1", "GOALTRAIL_TOKEN": "gt_x", "LC_ALL": "C.UTF-8"}
    ended = CliRunner(env=environment).invoke(app, [*arguments, "--lang", "ko"])
    assert ended.stderr == f"goaltrail: {ko}\n"
