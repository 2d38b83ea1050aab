"""The demo company, loaded once by its command through a running API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from typer.testing import Result

from tests.places import Place, empty_place
from tests.servers import TestNats, TestPostgres


@pytest.fixture(scope="session")
def place(
    nats_server: TestNats, postgres: TestPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """An empty workspace behind a running API."""
    with empty_place(nats_server, postgres, tmp_path_factory.mktemp("demo") / "data") as made:
        yield made


@pytest.fixture(scope="session")
def loaded(place: Place) -> Result:
    """What `goaltrail demo --lang ko` said the first time."""
    return place.goaltrail("demo", "--lang", "ko")


@pytest.fixture(scope="session")
def company(place: Place, loaded: Result) -> Place:
    """The workspace with the demo company in it."""
    assert loaded.exit_code == 0, loaded.output
    return place
