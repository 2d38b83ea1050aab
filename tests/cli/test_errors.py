"""What people do wrong at the terminal is one line that says what to do, and no traceback."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal

INTERRUPTED = """
import sys
from services.cli.entry import main

class CtrlC:
    def find_spec(self, name, *_):
        if name == "services.cli.main":
            raise KeyboardInterrupt

sys.meta_path.insert(0, CtrlC())
main()
"""


@pytest.mark.parametrize(
    ("token", "said"), [("é", "what stands in GOALTRAIL_TOKEN is no token"), ("gt_a b\x07", "is no token")]
)
def test_a_token_that_cannot_be_one(terminal: Terminal, token: str, said: str) -> None:
    shown = terminal.goaltrail("state", GOALTRAIL_TOKEN=token)
    assert shown.exit_code == 1
    assert said in shown.stderr
    assert token not in shown.stderr


def test_a_token_file_that_is_none(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"\xff\xd8\xff\xe0")
    shown = terminal.goaltrail("state", "--token-file", str(file))
    assert (shown.exit_code, "photo.jpg is no token" in shown.stderr) == (1, True)


def test_a_projection_that_there_is_not(terminal: Terminal) -> None:
    shown = terminal.goaltrail("worker", "nope")
    assert shown.exit_code == 1
    assert "there is no projection 'nope': take state or audit" in shown.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("trend", "acv", "--from"),
        ("trend", "acv", "--to"),
        ("trend", "acv", "--as-of"),
        ("trend", "acv", "--known-at"),
        ("trail", "acv", "--from"),
        ("trail", "acv", "--to"),
        ("state", "--as-of"),
        ("state", "--known-at"),
        ("alignment", "--as-of"),
        ("alignment", "--known-at"),
        ("scorecard", "sales-2026", "--as-of"),
        ("scorecard", "sales-2026", "--known-at"),
        ("people", "list", "--as-of"),
    ],
    ids=" ".join,
)
def test_what_is_no_day_is_told_by_the_option_that_was_typed(
    command: tuple[str, ...], terminal: Terminal
) -> None:
    terminal.read("/v1/workspace", 1)
    for day in ("2025-13-01", "soon"):
        for locale, said in (
            ("ko_KR.UTF-8", f"'{day}'은(는) 올바른 날짜가 아닙니다(예: 2025-03-31)"),
            ("C.UTF-8", f"'{day}' is no day such as 2025-03-31"),
        ):
            shown = terminal.goaltrail(*command, day, LC_ALL=locale)
            told = shown.stderr.replace("'은 ", "'은(는) ").replace("'는 ", "'은(는) ")
            assert (shown.exit_code, told) == (1, f"goaltrail: {command[-1]} {said}\n")


def test_another_error_of_a_time_names_the_option_too(terminal: Terminal) -> None:
    terminal.read("/v1/workspace", 1)
    shown = terminal.goaltrail("trend", "acv", "--known-at", "2025-03-31T09:00")
    assert (shown.exit_code, "--known-at" in shown.stderr) == (1, True), shown.stderr


def test_what_has_no_id_of_its_own_has_a_trail(terminal: Terminal) -> None:
    """As the help of `trail` says."""
    workspace = terminal.read("/v1/workspace", 1)["id"]
    assert terminal.goaltrail("trail", f"workspace/{workspace}").exit_code == 0


def test_ctrl_c_while_the_program_is_loaded() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_a_client_that_sends_all_before_it_reads_learns_that_it_is_too_much(terminal: Terminal) -> None:
    """Its connection is not reset under it."""
    request = urllib.request.Request(
        f"{terminal.http.base_url}/v1/objectives",
        data=b" " * 20_000_000,
        headers={"Authorization": f"Bearer {terminal.token}", "Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert (refused.value.code, b"body_too_large" in refused.value.read()) == (413, True)


@pytest.mark.parametrize(
    "url", ["sekret", "http://u:sekret/pw@127.0.0.1:1", "http://u:sekret@127.0.0.1:1", ""]
)
def test_a_url_that_no_api_can_have(terminal: Terminal, url: str) -> None:
    """What was written may hold a password, so it is not repeated."""
    shown = terminal.goaltrail("state", "--url", url)
    assert (shown.exit_code, shown.stderr.count("\n")) == (1, 1)
    assert "--url: write http://host:port" in shown.stderr
    assert "sekret" not in shown.stderr


def test_a_choice_that_there_is_not(terminal: Terminal) -> None:
    """Without the words with which Typer begins what pydantic reports."""
    shown = terminal.goaltrail("trail", "acv", "--lang", "fr")
    assert shown.exit_code == 2
    assert "Invalid value for '--lang': 'fr' is not one of 'ko', 'en'." in shown.stderr
