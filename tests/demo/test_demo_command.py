"""`goaltrail demo`: loaded once, whatever happens."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from typer.testing import Result

from services.access.workspaces import make_workspace
from services.demo.company import load_company
from services.demo.load import Loader
from services.demo.plan import plan
from tests.places import Place


def test_it_says_what_was_loaded_and_what_to_try(company: Place, loaded: Result) -> None:
    """Counts, the note on recording times, and commands with real ids."""
    lines = loaded.stdout.splitlines()
    assert lines[0] == "데모 회사를 불러왔습니다: 변경 287건, 실적 2,945건."
    assert any("goaltrail trail acv-80m" in line for line in lines)
    assert loaded.stderr == ""


def test_every_command_of_the_tour_works(company: Place) -> None:
    """Nothing is suggested that fails."""
    for command in company.json("demo")["tour"]:
        assert company.goaltrail(*command.split()[1:]).exit_code == 0, command


def test_each_command_has_a_line_of_its_own_to_copy(company: Place) -> None:
    """However narrow the terminal is."""
    suggested = company.json("demo")
    printed = [line.strip() for line in company.shown("demo", columns=40)]
    assert {*suggested["tour"], *suggested["as_others"]} <= set(printed)


def test_an_mbo_goal_is_looked_at_as_somebody_else(company: Place, tmp_path: Path) -> None:
    """The administrator and its owner see it; to a colleague it is not there."""
    seen = []
    for command in company.json("demo")["as_others"]:
        run, _, file = command.partition(" > ")
        *arguments, last = run.split()[1:]
        if file:
            made = company.goaltrail(*arguments, last)
            (tmp_path / file).write_text(made.stdout)
        elif last.endswith(".token"):
            seen.append("doyun-half-year" in company.goaltrail(*arguments, str(tmp_path / last)).stdout)
        else:
            seen.append("doyun-half-year" in company.goaltrail(*arguments, last).stdout)
    assert seen == [True, True, False]


def test_again_changes_nothing(company: Place) -> None:
    """The ledger does not grow, and the command says so in the language of the first time."""
    before = company.head()
    lines = company.shown("demo")
    assert lines[0] == "데모 회사가 이미 있어 바뀐 것이 없습니다."
    assert company.head() == before


def test_another_language_is_refused(company: Place) -> None:
    """The texts are on the ledger; one line says what to do."""
    result = company.goaltrail("demo", "--lang", "en")
    assert result.exit_code == 1
    assert result.stderr == (
        "goaltrail: the demo company is here with --lang ko; for --lang en take an empty workspace\n"
    )


@pytest.mark.faults
def test_it_goes_on_where_it_was_interrupted(place: Place) -> None:
    """A hundred requests, then the command: the whole company, each part of it once."""
    made = asyncio.run(
        make_workspace(
            place.settings, place.other_workspace, name="B", zone="Asia/Seoul", default_language="en"
        )
    )
    elsewhere = replace(place, token=Path(made.token_file).read_text().strip())
    requests = plan(load_company(), "en")
    with httpx.Client(base_url=place.url, headers={"Authorization": f"Bearer {elsewhere.token}"}) as http:

        def send(method: str, path: str, **content: object) -> httpx.Response:
            answer = http.request(method, path, **content)  # type: ignore[arg-type]
            assert answer.is_success, answer.text
            return answer

        before = Loader(send).load(requests[:100], lambda n: None)
    rest = elsewhere.json("demo", "--lang", "en")
    assert rest["changes"] + rest["changes_before"] == 287
    assert rest["readings"] + rest["readings_before"] == 2945
    assert (rest["changes_before"], rest["readings_before"]) == (before.changes, before.readings)
    lines = elsewhere.shown("state", "--cycle", "2025-q3", "--unit", "service")
    assert any("Cut the average response time to customer enquiries" in line for line in lines)


def test_a_viewer_may_not(place: Place) -> None:
    """The refusal of the API is one line."""
    result = replace(place, token="gt_nobody").goaltrail("demo")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("goaltrail: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["demo", "state", "trail x", "trend x"])
def test_without_a_server(command: str, place: Place) -> None:
    """Nothing answers: one line that says how to start it."""
    result = replace(place, url="http://127.0.0.1:9").goaltrail(*command.split())
    assert result.exit_code == 1
    assert result.stderr == "goaltrail: Nothing answers at http://127.0.0.1:9: start it with `make up`\n"
