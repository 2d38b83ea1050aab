"""What a command declares to need its decider looks at: nothing is loaded for nobody."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import services.commands.handler  # noqa: F401 - knows every command
from events.commands import Command

DECIDED = """
import json, sys
import pytest
from tests.events.given import READ
failed = pytest.main(["-q", "-p", "no:xdist", "-p", "no:cacheprovider", *sys.argv[1:]])
print(json.dumps({command.__name__: sorted(facts) for command, facts in READ.items()}))
sys.exit(failed)
"""
"""Runs tests of deciders by themselves, and prints last which facts they looked at."""


ELSEWHERE = {
    "AgreeObjective": {"leads_to", "unseen"},
    "ApproveLead": {"org_unit"},
    "ReplanInitiative": {"org_unit"},
}
"""Facts that are looked at in histories which only the tests of the API tell."""


def test_every_fact_that_is_declared_is_looked_at() -> None:
    """In one of the histories that the tests of deciders tell; what a common base declares is left out."""
    here = Path(__file__)
    others = [path for path in sorted(here.parent.glob("test_*.py")) if path != here]
    told = [str(path) for path in others if re.search(r"\.(when|does)\(", path.read_text())]
    command_line = [sys.executable, "-c", DECIDED, *told]
    root = here.parent.parent.parent
    done = subprocess.run(command_line, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    read = {name: set(facts) for name, facts in json.loads(done.stdout.splitlines()[-1]).items()}
    for command in _commands(Command):
        base = command.__base__
        assert base is not None
        assert issubclass(base, Command)
        looked_at = read.get(command.__name__, set()) | ELSEWHERE.get(command.__name__, set())
        assert command.needs - base.needs <= looked_at, command.__name__


def _commands(base: type[Command]) -> Iterator[type[Command]]:
    """Yield the commands that deciders know, not what they have in common nor what requests add."""
    for kind in base.__subclasses__():
        if kind.__module__.startswith("events."):
            if not any(each.__module__.startswith("events.") for each in kind.__subclasses__()):
                yield kind
            yield from _commands(kind)
