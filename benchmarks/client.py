"""A caller of the HTTP API that costs next to nothing itself: it shares the machine with what it measures."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

TIMEOUT = 120.0
"""Seconds for one answer."""


class Answer(NamedTuple):
    """What the API answered, and the seconds it took until the last byte was here."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    seconds: float

    def json(self) -> Any:
        """The body's document."""
        return orjson.loads(self.body)


class UnexpectedAnswer(Exception):
    """The API refused what a benchmark asked of it."""


class Client:
    """One connection that is kept open. Not for two threads."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Read."""
        return self.request("GET", path, None, headers or {})

    def post(self, path: str, document: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a JSON document."""
        return self.send(path, orjson.dumps(document), "application/json", headers)

    def send(
        self, path: str, body: bytes, media_type: str, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a body that is serialised already."""
        return self.request("POST", path, body, {"Content-Type": media_type, **(headers or {})})

    def request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One request. Raises UnexpectedAnswer for an error, OSError when nothing answers."""
        started = time.perf_counter()
        self._connection.request(method, path, body, {**self._headers, **headers})
        response = self._connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - started
        if response.status >= 400:
            raise UnexpectedAnswer(f"{method} {path}: {response.status} {content[:500].decode()}")
        names = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, names, content, seconds)

    def close(self) -> None:
        """Close the connection; another request opens it again."""
        self._connection.close()
