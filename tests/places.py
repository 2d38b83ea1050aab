"""A running Goaltrail with an empty workspace, as somebody with a terminal or an HTTP client sees it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from services.access.first import ensure_admin_token
from services.cli.main import app
from services.ledger import Ledger
from services.ledger.provision import provision
from services.runtime.settings import Role, Settings
from tests.running import serving
from tests.servers import TestNats, TestPostgres, make_settings

ADMINISTRATOR = "gt_the_administrator_of_a_place_in_tests"

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


@dataclass(frozen=True)
class Place:
    """A running Goaltrail, as somebody at a terminal sees it."""

    url: str
    settings: Settings
    """An operator's."""
    projector: Settings
    """What a projector is told."""
    token: str = ADMINISTRATOR

    @property
    def other_workspace(self) -> str:
        """The id of a second workspace, which nobody has made yet."""
        return f"{self.settings.workspace}-b"

    def goaltrail(self, *arguments: str, columns: int = 100) -> Result:
        """Run a command."""
        env = {
            **environment(self.projector),
            "GOALTRAIL_URL": self.url,
            "GOALTRAIL_TOKEN": self.token,
            "COLUMNS": str(columns),
            "LC_ALL": "C.UTF-8",
        }
        return CliRunner(env=env).invoke(app, list(arguments))

    def shown(self, *arguments: str, columns: int = 100) -> list[str]:
        """The lines that a command prints, which must work; blanks at their ends and times left out."""
        result = self.goaltrail(*arguments, columns=columns)
        assert result.exit_code == 0, result.output
        return [TIME.sub("<time>", line.rstrip()) for line in result.stdout.splitlines()]

    def json(self, *arguments: str) -> Any:
        """What a command prints with --json."""
        result = self.goaltrail(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def head(self, workspace: str | None = None) -> int:
        """The last position on the ledger."""

        async def ask() -> int:
            async with await Ledger.connect(self.settings) as ledger:
                return await ledger.head(workspace or self.settings.workspace)

        return asyncio.run(ask())


def environment(settings: Settings) -> dict[str, str]:
    """The variables that tell a process these settings."""
    said = settings.model_dump(exclude={"admin_token", "admin_token_file", "api_port", "api_host"})
    return {
        f"GOALTRAIL_{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in said.items()
        if value is not None
    }


@contextmanager
def empty_place(nats_server: TestNats, postgres: TestPostgres, data: Path) -> Iterator[Place]:
    """An empty workspace behind a running API; `data` is where its files go."""
    database = asyncio.run(postgres.create())
    workspace = f"t-{secrets.token_hex(6)}"

    def settings_for(role: Role) -> Settings:
        made = make_settings(nats_server, database, workspace=workspace, data=data, role=role)
        return made.model_copy(update={"admin_token": SecretStr(ADMINISTRATOR)})

    operator = settings_for("operator")
    asyncio.run(provision(operator))
    asyncio.run(ensure_admin_token(operator))
    # What the services log would be among what the commands print.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with serving(settings_for("api"), settings_for("projector"), only=[workspace, f"{workspace}-b"]) as url:
        yield Place(url, operator, settings_for("projector"))
    structlog.reset_defaults()
