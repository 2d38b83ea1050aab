"""What tests of engines away and their neighbours start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import TestNats, TestPostgres


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[TestNats]:
    """A NATS server that a test may kill."""
    nats = TestNats(tmp_path / "nats")
    with nats.server:
        yield nats


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestPostgres]:
    """A PostgreSQL server that a test may kill; it leaves it running."""
    running = TestPostgres(tmp_path_factory.mktemp("postgres") / "cluster")
    running.start()
    yield running
    running.server.stop()


@pytest.fixture
def without_postgres(postgres: TestPostgres) -> Iterator[TestPostgres]:
    """It may be killed, and runs again afterwards."""
    yield postgres
    if not postgres.server.alive:
        postgres.server.start()
