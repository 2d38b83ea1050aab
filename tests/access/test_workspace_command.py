"""`goaltrail workspace`, as an operator runs it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.access.access import Access
from services.access.first import ACTOR
from services.cli.main import app
from services.ledger import Ledger
from services.runtime.settings import Settings
from tests.nats_only import provisioned_settings
from tests.servers import TestNats


@pytest.fixture
def operator(
    nats_server: TestNats, workspace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """An operator's shell on the test's server."""
    settings = asyncio.run(provisioned_settings(nats_server, workspace, tmp_path / "data"))
    for name in ("nats_url", "nats_user", "nats_provisioner_user", "data"):
        monkeypatch.setenv(f"GOALTRAIL_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("GOALTRAIL_NATS_PASSWORD", nats_server.app.password)
    monkeypatch.setenv("GOALTRAIL_NATS_PROVISIONER_PASSWORD", nats_server.provisioner.password)
    return settings


async def callers(settings: Settings, text: str) -> tuple[str, str, str] | None:
    """Workspace, actor and role behind a token."""
    async with await Ledger.connect(settings) as ledger:
        access = await Access.start(ledger)
        caller = access.caller(text)
        await access.close()
    return (caller.workspace, caller.actor, caller.role) if caller else None


def test_new_workspace_has_an_administrator(operator: Settings, workspace: str) -> None:
    """The command makes stream, first event and token; again it says so and changes nothing."""
    new = f"{workspace}-b"
    made = CliRunner().invoke(app, ["workspace", "create", new, "--name", "Acme", "--zone", "Europe/Berlin"])
    assert made.exit_code == 0, made.output
    path = operator.data / "secrets" / f"{new}.admin.token"
    text = path.read_text().strip()
    assert str(path) in made.output
    assert text not in made.output
    assert path.stat().st_mode & 0o777 == 0o600
    assert asyncio.run(callers(operator, text)) == (new, ACTOR, "admin")

    again = CliRunner().invoke(app, ["workspace", "create", new, "--json"])
    assert json.loads(again.output) == {"workspace": new, "created": False, "admin_token_file": str(path)}
    assert path.read_text().strip() == text

    listed = json.loads(CliRunner().invoke(app, ["workspace", "list", "--json"]).output)
    assert {new, workspace} <= {item["id"] for item in listed["data"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Not A Slug"], "can't be the id of a workspace"),
        (["nowhere", "--zone", "Mars/Olympus"], "is no IANA time zone"),
    ],
)
def test_wrong_argument_is_one_line(operator: Settings, arguments: list[str], words: str) -> None:
    """An error is one line on stderr and exit code 1."""
    result = CliRunner().invoke(app, ["workspace", "create", *arguments])
    assert result.exit_code == 1
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_the_provisioner_it_says_what_is_missing(
    operator: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application's user can't make streams, and the message names the setting."""
    monkeypatch.delenv("GOALTRAIL_NATS_PROVISIONER_PASSWORD")
    result = CliRunner().invoke(app, ["workspace", "create", "acme"])
    assert result.exit_code == 1
    assert "GOALTRAIL_NATS_PROVISIONER_PASSWORD" in result.stderr
