"""The kinds of requests that load the demo company."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Command:
    """A change: one request with an Idempotency-Key that follows from what it is."""

    key: str
    method: Literal["POST", "PATCH", "PUT"]
    path: str
    body: dict[str, Any] = field(default_factory=dict)
    target: str | None = None
    """`<kind>/<id>` of what it creates or changes, where a change has to say which revision is known."""
    params: dict[str, str] = field(default_factory=dict)
    by: str | None = None
    """The person who does it; None: whoever loads the demo."""
    called: str | None = None
    """What later requests call the id in its receipt: people in bodies, others in paths as `{name}`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings that one feed sends together."""

    feed: str
    items: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Enter:
    """From now on a person does things in their own name."""

    person: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Everybody has done what they did."""


Request = Command | Batch | Enter | Leave
