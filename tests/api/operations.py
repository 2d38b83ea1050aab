"""The operations of the API with an example body of each media type, from its OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from services.api.app import application


class Write(NamedTuple):
    """An operation that takes a body."""

    method: str
    template: str
    media_type: str
    example: Any

    @property
    def path(self) -> str:
        """Its path, with an id that exists nowhere in the place of each parameter."""
        return re.sub(r"\{[^}]*\}", "0198c5a0-0000-7000-8000-000000000000", self.template)

    @property
    def name(self) -> str:
        """How a test is called."""
        return f"{self.method} {self.path} {self.media_type}"


@cache
def writes() -> tuple[Write, ...]:
    """Every operation with a body, once for each media type that it takes."""
    return tuple(_writes())


def _writes() -> Iterator[Write]:
    document: dict[str, Any] = application().openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
                yield Write(method.upper(), path, media_type, _example(document, content))


def _example(document: dict[str, Any], content: dict[str, Any]) -> Any:
    """The first example that a body has, in the operation or in its schema."""
    if "example" in content:
        return content["example"]
    for example in content.get("examples", {}).values():
        return example["value"]
    schema = content["schema"]
    for part in [schema, *schema.get("anyOf", [])]:
        model = document["components"]["schemas"].get(part.get("$ref", "").rpartition("/")[2], part)
        for example in model.get("examples", []):
            return example
    raise AssertionError(f"no example in {content}")


def places(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value in a JSON document, but of the document itself."""
    children = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in children:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def replaced(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy of a document with another value at a path."""
    if not path:
        return value
    copy: Any = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = replaced(document[path[0]], path[1:], value)
    return copy


class Read(NamedTuple):
    """An operation that reads, with the names of the times that it takes in its query."""

    path: str
    times: tuple[str, ...]


TIMES = frozenset({"from", "to", "since", "until", "as_of", "known_at", "day"})
"""What a time is called in a query."""


def reads_by_time() -> list[Read]:
    """Every operation that takes a time in its query."""
    document: dict[str, Any] = application().openapi()
    found = []
    for path, methods in document["paths"].items():
        for parameters in (operation.get("parameters", []) for operation in methods.values()):
            named = [one["name"] for one in parameters if one["in"] == "query"]
            times = tuple(name for name in named if name in TIMES)
            if times:
                found.append(Read(path, times))
    return found
