"""A running Goaltrail, as somebody at a terminal sees it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from typer.testing import CliRunner, Result

from services.access.first import ensure_admin_token
from services.cli.main import app
from services.ledger.provision import provision
from services.runtime.settings import Role, Settings
from tests.running import serving
from tests.servers import TestDatabase, TestNats, make_settings


@dataclass(frozen=True)
class Terminal:
    """Runs commands, and asks the API as the same person."""

    http: httpx.Client
    token: str

    def goaltrail(self, *arguments: str | Path, **environment: str) -> Result:
        """Run a command."""
        env = {
            "GOALTRAIL_URL": str(self.http.base_url),
            "GOALTRAIL_TOKEN": self.token,
            "COLUMNS": "100",
            "LC_ALL": "C.UTF-8",
            **environment,
        }
        return CliRunner(env=env).invoke(app, [str(argument) for argument in arguments])

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """What a command prints with --json."""
        result = self.goaltrail(*arguments, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def define(self, kpi: str, unit: str = "KRW") -> None:
        """Define a KPI that is summed up."""
        body = {"id": kpi, "name_ko": kpi, "unit": unit, "kind": "delta", "aggregation": "sum"}
        self.http.post("/v1/kpis", json=body).raise_for_status()

    def read(self, path: str, position: int, **params: str) -> Any:
        """A read that sees everything up to a position."""
        headers = {"Goaltrail-Min-Position": str(position)}
        return self.http.get(path, params=params, headers=headers).raise_for_status().json()


@pytest.fixture
def terminal(
    nats_server: TestNats, database: TestDatabase, workspace: str, tmp_path: Path
) -> Iterator[Terminal]:
    """An empty workspace behind a running API, and its administrator."""

    def settings(role: Role) -> Settings:
        return make_settings(nats_server, database, workspace=workspace, data=tmp_path / "data", role=role)

    operator = settings("operator")
    assert operator.admin_token is not None
    token = operator.admin_token.get_secret_value() + workspace
    operator = operator.model_copy(update={"admin_token": type(operator.admin_token)(token)})
    asyncio.run(provision(operator))
    asyncio.run(ensure_admin_token(operator))
    # What the services log would be among what the commands print.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with (
        serving(settings("api"), settings("projector")) as url,
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as http,
    ):
        yield Terminal(http, token)
    structlog.reset_defaults()


Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file."""

    def file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return file
