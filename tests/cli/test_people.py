"""`goaltrail people` at a terminal: register, join, leave, list as of a day."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Terminal


def test_people_come_and_go(terminal: Terminal) -> None:
    """The id is all that `add` prints; the list names the units of the day and whom they are led by."""
    unit = {"id": "sales", "name_ko": "영업", "level": "team"}
    terminal.http.post("/v1/org-units", json=unit).raise_for_status()
    added = terminal.goaltrail("people", "add", "김수로", "--mail", "suro@example.com")
    assert (added.exit_code, added.output.count("\n")) == (0, 1)
    id_ = added.output.strip()
    joined = terminal.json("people", "join", id_, "sales", "--role", "lead", "--from", "2026-01-01")
    again = terminal.goaltrail("people", "join", id_, "sales", "--role", "lead", "--from", "2026-01-01")
    assert again.output == "That is so already.\n"
    left = terminal.goaltrail("people", "leave", id_, "sales", "--until", "2026-04-30", "--reason", "이동")
    assert left.output == f"{id_} leaves sales.\n"
    terminal.read("/v1/people", joined["position"] + 1)

    april = terminal.goaltrail("people", "list", "--as-of", "2026-04-30", "--lang", "ko").output
    assert april.splitlines()[0].split() == ["아이디", "이름", "메일", "조직"]
    assert april.splitlines()[1].split() == [id_, "김수로", "suro@example.com", "sales", "(조직장)"]
    may = terminal.goaltrail("people", "list", "--as-of", "2026-05-01").output
    assert may.splitlines()[1].split() == [id_, "김수로", "suro@example.com"]
    nobody = terminal.goaltrail("people", "list", "--unit", "sales", "--as-of", "2026-05-01")
    assert nobody.output == "Nobody is there.\n"
    [listed] = terminal.json("people", "list", "--unit", "sales", "--as-of", "2026-04-30")["data"]
    assert (listed["id"], listed["org_units"]) == (id_, ["sales"])

    forgotten = terminal.json("forget", id_, "--reason", "퇴사", "--yes")
    terminal.read("/v1/people", forgotten["position"])
    assert "[삭제됨]" in terminal.goaltrail("people", "list", "--lang", "ko").output
    assert terminal.json("forget", f"person:{id_}", "--reason", "퇴사", "--yes")["already"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["join", "No/One", "sales"], "goaltrail: 'No/One' is not the id of a person\n"),
        (["leave", "../tokens", "sales"], "goaltrail: '../tokens' is not the id of a person\n"),
        (["join", "nobody", "sales"], "goaltrail: there is no such person [person_unknown]\n"),
        (["add", " "], None),
        (["add", "가", "--mail", "no"], None),
        (["list", "--as-of", "soon"], None),
    ],
)
def test_what_is_wrong_is_one_line(terminal: Terminal, arguments: list[str], said: str | None) -> None:
    """An error is one line on standard error and exit code 1."""
    done = terminal.goaltrail("people", *arguments)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert said is None or done.stderr == said
