"""One workspace with all of the documents' examples in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.places import empty_place
from tests.seeds.build import Builder
from tests.servers import TestNats, TestPostgres


class Reader:
    """Reads of the workspace, once everything is in it."""

    def __init__(self, http: httpx.Client, position: int) -> None:
        self._http = http
        self._headers = {"Goaltrail-Min-Position": str(position)}

    def get(self, path: str, **params: str) -> Any:
        """The body of a read that works."""
        answer = self._http.get(path, params=params, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="session")
def seeds(
    nats_server: TestNats, postgres: TestPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    """The workspace. It fails here where the API refuses an example."""
    with empty_place(nats_server, postgres, tmp_path_factory.mktemp("seeds") / "data") as place:
        headers = {"Authorization": f"Bearer {place.token}", "Accept-Language": "en"}
        with httpx.Client(base_url=place.url, headers=headers, timeout=30) as http:
            builder = Builder(http)
            builder.build()
            yield Reader(http, builder.position)
