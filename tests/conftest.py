"""Fixtures for everybody: real servers once per pytest process, a database and a workspace per test."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog
from xdist.scheduler import LoadScopeScheduling

from services.runtime.garbage import collect_rarely
from services.runtime.settings import Role, Settings
from services.up.nats_server import NatsCluster
from tests.servers import TestDatabase, TestNats, TestPostgres, make_settings

REPOSITORY = Path(__file__).parent.parent

# Collecting thousands of tests takes a quarter longer with the default threshold.
collect_rarely()

# A busy machine is slow; that is no reason for a property not to hold.
hypothesis.settings.register_profile("goaltrail", deadline=None)
hypothesis.settings.load_profile("goaltrail")


LONGEST = ("seeds", "demo", "docs", "runtime")
"""Directories that take longest, which begin first; short files at the end fill all workers."""
SHARED = ("seeds", "demo")
"""Directories whose files share what takes many seconds to make: one worker makes it and runs them all."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest begin first."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(_directory(item.nodeid), len(LONGEST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Hand out whole files, and SHARED directories as a whole, in the order above."""
    config.option.loadscopereorder = False
    scheduling = LoadScopeScheduling(config, log)
    scheduling._split_scope = lambda nodeid: (
        _directory(nodeid) if _directory(nodeid) in SHARED else nodeid.partition("::")[0]
    )
    return scheduling


def _directory(nodeid: str) -> str:
    return nodeid.removeprefix("tests/").partition("/")[0]


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Neither a GOALTRAIL_… variable of the developer's shell nor a ./data of theirs may reach a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GOALTRAIL_")]:
            patch.delenv(name)
        patch.setenv("GOALTRAIL_DATA", str(tmp_path_factory.getbasetemp() / "no-data"))
        yield


@pytest.fixture(scope="module", autouse=True)
async def _no_task_is_left() -> AsyncIterator[None]:
    """What a file of tests has started has ended with it, or it would disturb the next file."""
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, left


@pytest.fixture(autouse=True)
def _default_logging() -> None:
    """A test begins with every line being logged, whatever tests and fixtures before it have set up.

    To what is standard error now: servers in threads go on to log there while a test reads what a command
    prints.
    """
    structlog.reset_defaults()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    root = logging.getLogger()
    root.setLevel(_ROOT[0])
    root.handlers[:] = _ROOT[1]


_ROOT = logging.getLogger().level, list(logging.getLogger().handlers)


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestNats]:
    """A running NATS server: `.url`, `.app` and `.provisioner` (user, password), `.server` to kill it."""
    nats = TestNats(tmp_path_factory.mktemp("nats"))
    with nats.server:
        yield nats


@pytest.fixture(scope="session")
def nats_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsCluster]:
    """Three NATS nodes with a leader, in the topology of docker-compose.yml."""
    configuration = REPOSITORY / "deploy" / "nats-cluster.conf"
    with NatsCluster(tmp_path_factory.mktemp("cluster"), configuration=configuration) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestPostgres]:
    """A running PostgreSQL server that makes prepared databases: `await postgres.create()`."""
    running = TestPostgres(tmp_path_factory.mktemp("postgres") / "cluster")
    running.start()
    yield running
    running.server.stop()


@pytest.fixture(scope="session")
def shared_database(postgres: TestPostgres) -> TestDatabase:
    """One for a whole process, as in production: tests have workspaces of their own, and nothing crosses."""
    return asyncio.run(postgres.create())


@pytest.fixture
def database(request: pytest.FixtureRequest) -> TestDatabase:
    """A database with our roles and schemas; `.url(role)` connects as one of the roles.

    Fresh for tests with the mark `own_database`, which look beyond their workspace.
    """
    if request.node.get_closest_marker("own_database") is None:
        shared: TestDatabase = request.getfixturevalue("shared_database")
        return shared
    postgres: TestPostgres = request.getfixturevalue("postgres")
    return asyncio.run(postgres.create())


@pytest.fixture
def database_url(database: TestDatabase) -> str:
    """postgresql://… of a fresh database, as the projector, who owns the views."""
    return database.url()


@pytest.fixture
def workspace() -> str:
    """The slug of a workspace that no other test uses."""
    return f"t-{secrets.token_hex(6)}"


@pytest.fixture
def settings_for(
    nats_server: TestNats, database: TestDatabase, workspace: str, tmp_path: Path
) -> Callable[[Role], Settings]:
    """Settings on this test's servers for a role: api, intake, projector or operator."""

    def make(role: Role) -> Settings:
        return make_settings(nats_server, database, workspace=workspace, data=tmp_path / "data", role=role)

    return make


@pytest.fixture
def settings(settings_for: Callable[[Role], Settings]) -> Settings:
    """What a projector is told: it may read and write all views."""
    return settings_for("projector")


@pytest.fixture
def operator_settings(settings_for: Callable[[Role], Settings]) -> Settings:
    """What an operator is told: may create streams and databases."""
    return settings_for("operator")
