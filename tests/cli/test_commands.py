"""Commands are loaded when they are asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from services.cli.main import COMMANDS, app


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_its_help_under_its_name(command: str) -> None:
    """The table names a module and a function that are there."""
    asked = CliRunner().invoke(app, [command, "--help"], prog_name="goaltrail")
    assert asked.exit_code == 0, asked.output
    assert f"Usage: goaltrail {command}" in asked.output


def test_all_commands_are_listed_in_their_order() -> None:
    """As the table has them."""
    listed = CliRunner().invoke(app, ["--help"]).output
    places = [listed.index(f"│ {command} ") for command in COMMANDS]
    assert places == sorted(places)


def test_what_may_have_been_meant_is_told() -> None:
    """Although no command is loaded for it."""
    asked = CliRunner().invoke(app, ["scorecrad"])
    assert asked.exit_code == 2
    assert "Did you mean 'scorecard'?" in asked.output


@pytest.mark.parametrize("module", ["main", "state", "trail", "token", "people", "up", "processes"])
def test_a_command_loads_what_it_needs(module: str) -> None:
    """What only talks over HTTP, or starts other processes, loads neither SQLAlchemy nor nats-py."""
    program = (
        f"import sys, services.cli.{module}; print([m for m in ('sqlalchemy', 'nats') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert loaded.stdout.strip() == "[]"
