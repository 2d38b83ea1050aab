"""`goaltrail token` against a running API process, and what the shared client says when it fails."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from services.access.first import admin_token_file, ensure_admin_token
from services.cli.client import problem_line
from services.cli.main import app
from services.ledger.provision import provision
from services.runtime.settings import Role, Settings
from services.up.processes import free_port, spawn, stop, wait_until


def goaltrail(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def running_api(
    operator_settings: Settings,
    settings_for: Callable[[Role], Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """The address of an API process, in a shell that finds the token where `up` would have left it."""
    operator = operator_settings.model_copy(update={"admin_token": None})
    asyncio.run(provision(operator))
    asyncio.run(ensure_admin_token(operator))
    port = free_port()
    environment = {
        f"GOALTRAIL_{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in settings_for("api").model_dump(exclude={"admin_token", "api_port"}).items()
        if value is not None
    }
    monkeypatch.setenv("GOALTRAIL_DATA", str(operator.data))
    process = spawn(
        [sys.executable, "-m", "services.cli.main", "api"],
        env=os.environ
        | environment
        | {"GOALTRAIL_API_PORT": str(port), "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    url = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("GOALTRAIL_URL", url)
    try:
        assert wait_until(lambda: _answers(url), timeout=20, every=0.05)
        yield url
    finally:
        stop(process, grace=10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.usefixtures("running_api")
def test_create_list_and_revoke(tmp_path: Path) -> None:
    """With the administrator's token file of `up`: the text is all of stdout, the rest is in the list."""
    made = goaltrail(
        "token", "create", "person:anna", "--role", "editor", "--label", "laptop", "--expires", "90d"
    )
    assert made.exit_code == 0, made.output
    token = made.stdout.strip()
    assert token.startswith("gt_")

    feed = json.loads(goaltrail("token", "create", "feed:erp", "--json").stdout)
    assert (feed["role"], feed["expires_at"]) == ("feed", None)

    listed = goaltrail("token", "list")
    assert "person:anna" in listed.stdout
    assert token not in listed.stdout
    entries = json.loads(goaltrail("token", "list", "--json").stdout)["data"]
    assert [entry["actor"] for entry in entries] == ["person:admin", "person:anna", "feed:erp"]
    assert entries[1]["expires_at"] is not None

    assert goaltrail("token", "revoke", entries[1]["id"]).exit_code == 0
    file = tmp_path / "anna.token"
    file.write_text(token)
    refused = goaltrail("token", "list", "--token-file", str(file))
    assert refused.exit_code == 1
    assert refused.stderr == "goaltrail: The token is unknown, revoked or expired. [token_invalid]\n"
    missing = goaltrail("token", "revoke", "0123456789abcdef")
    assert (missing.exit_code, "[token_unknown]" in missing.stderr) == (1, True)
    wrong = goaltrail("token", "create", "person:Anna Smith", "--role", "editor")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (1, 1)
    assert "[invalid]" in wrong.stderr


def test_nothing_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection says how to start."""
    monkeypatch.setenv("GOALTRAIL_TOKEN", "x")
    result = goaltrail("token", "list", "--url", "http://127.0.0.1:1")
    assert result.exit_code == 1
    assert result.stderr == "goaltrail: Nothing answers at http://127.0.0.1:1: start it with `make up`\n"


def test_no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a token the message says where one is looked for."""
    monkeypatch.chdir(tmp_path)
    result = goaltrail("token", "list")
    assert result.exit_code == 1
    assert str(admin_token_file(Path("data"))) in result.stderr
    assert "GOALTRAIL_TOKEN" in result.stderr


@pytest.mark.parametrize("expires", ["soon", "2027-01-01T00:00:00", "d", "-3d"])
def test_unreadable_expiry(expires: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time without zone, or no time at all, is refused before anything is sent."""
    monkeypatch.setenv("GOALTRAIL_TOKEN", "x")
    result = goaltrail("token", "create", "person:anna", "--role", "viewer", f"--expires={expires}")
    assert result.exit_code == 1
    assert result.stderr.startswith("goaltrail: --expires")


def test_person_needs_a_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a feed's role is known without being said."""
    monkeypatch.setenv("GOALTRAIL_TOKEN", "x")
    result = goaltrail("token", "create", "person:anna")
    assert (result.exit_code, "--role" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (httpx.Response(502, text="<html>"), "the API answered 502 Bad Gateway"),
        (httpx.Response(500, json=["odd"]), "the API answered 500 Internal Server Error"),
        (httpx.Response(404, json={"title": "Not found", "code": "x"}), "Not found [x]"),
        (httpx.Response(422, json={"detail": "one", "code": "c", "errors": [{"pointer": "#/a"}]}), "one [c]"),
        (
            httpx.Response(
                422,
                json={
                    "detail": "2 values are not valid",
                    "code": "invalid",
                    "errors": [
                        {"pointer": "#/a", "detail": "Too long"},
                        {"parameter": "limit", "detail": "Too big"},
                    ],
                },
            ),
            "2 values are not valid #/a: Too long; limit: Too big [invalid]",
        ),
    ],
)
def test_problem_document_is_one_line(answer: httpx.Response, line: str) -> None:
    """What happened, where, and the code to look up; anything else by its status."""
    assert problem_line(answer) == line
