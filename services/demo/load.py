"""Loading the demo company over HTTP. Every request may be repeated: the same company is loaded only once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.demo.requests import Batch, Command, Enter, Leave, Request

PEOPLE = frozenset({"owner", "reviewer", "person", "to", "parties"})
"""Fields that name people."""

Progress = Callable[[int], None]
"""Told how many changes and readings were sent."""


class Answer(Protocol):
    """An HTTP answer that is no error."""

    @property
    def headers(self) -> Mapping[str, str]: ...
    def json(self) -> Any: ...


class Send(Protocol):
    """One HTTP request. Deals with errors itself, by an exception."""

    def __call__(
        self, method: str, path: str, *, params: dict[str, str], json: Any, headers: dict[str, str]
    ) -> Answer: ...


@dataclass(slots=True)
class Loaded:
    """What loading did: how many changes and readings are new, and how many were there already."""

    changes: int = 0
    changes_before: int = 0
    readings: int = 0
    readings_before: int = 0
    position: int = 0
    """Of the last event; a view at this position shows everything."""

    @property
    def anything_new(self) -> bool:
        """Whether the ledger is longer now."""
        return bool(self.changes or self.readings)


class _There(Exception):
    """The people of the demo have come and gone: all of it was loaded before."""


class NotTaken(Exception):
    """A reading of the demo was neither taken nor there already."""

    def __init__(self, receipt: dict[str, Any]) -> None:
        super().__init__(f"{receipt['source_id']}: {receipt['status']}, {receipt.get('reason')}")


def size(request: Request) -> int:
    """Return how many changes and readings a request stands for."""
    return len(request.items) if isinstance(request, Batch) else 1


class Loader:
    """Sends the requests of a plan one after another; each knows the revisions that the ones before made."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._revisions: dict[str, int] = {}
        self._ids: dict[str, str] = {}
        """What the server called that which the plan has a name for."""
        self._tokens: dict[str, str] = {}
        """By the plan's name of the person."""
        self._entered: list[str] = []
        """Ids of those tokens."""
        self.loaded = Loaded()

    def load(self, requests: Sequence[Request], progress: Progress) -> Loaded:
        """Send everything. Raises NotTaken, and what `send` raises; then all of it may be sent again."""
        try:
            for request in requests:
                self._one(request)
                progress(size(request))
        except _There:
            changes = sum(isinstance(request, Command) for request in requests)
            readings = sum(len(request.items) for request in requests if isinstance(request, Batch))
            self.loaded = Loaded(0, changes, 0, readings, self.loaded.position)
            progress(sum(map(size, requests)))
        return self.loaded

    def _one(self, request: Request) -> None:
        match request:
            case Batch():
                self._record(request)
            case Enter():
                self._enter(request.person)
            case Leave():
                for token in self._entered:
                    self._send("DELETE", f"/v1/tokens/{token}", params={}, json=None, headers={})
            case Command():
                self._change(request)

    def _enter(self, person: str) -> None:
        """Get a token of a person. Raises _There if they had one and gave it back."""
        body = {"actor": f"person:{self._ids[person]}", "role": "owner", "label": "demo"}
        again = {"Idempotency-Key": f"demo/token/{person}"}
        made = self._send("POST", "/v1/tokens", params={}, json=body, headers=again).json()
        self._entered.append(made["id"])
        if made["token"] is None:
            if made["state"] == "revoked":
                raise _There
            # The text of a token is told once; whoever was interrupted has lost it.
            made = self._send("POST", "/v1/tokens", params={}, json=body, headers={}).json()
            self._entered.append(made["id"])
        self._tokens[person] = made["token"]

    def _change(self, command: Command) -> None:
        headers = {"Idempotency-Key": command.key}
        revision = self._revisions.get(command.target or "")
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        if command.by is not None:
            headers["Authorization"] = f"Bearer {self._tokens[command.by]}"
        path, body = command.path.format_map(self._ids), self._named(command.body)
        answer = self._send(command.method, path, params=command.params, json=body, headers=headers)
        receipt = answer.json()
        if command.target is not None:
            self._revisions[command.target] = receipt["revision"]
        if command.called is not None:
            self._ids[command.called] = receipt["id"]
        if answer.headers.get("Idempotent-Replayed") == "true":
            self.loaded.changes_before += 1
        else:
            self.loaded.changes += 1
        self._reached(receipt["position"])

    def _named(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body with people under the ids they have on the record."""
        return {name: self._person(said) if name in PEOPLE else said for name, said in body.items()}

    def _person(self, said: Any) -> Any:
        return [self._ids[one] for one in said] if isinstance(said, list) else self._ids.get(said, said)

    def _record(self, batch: Batch) -> None:
        params = {"feed": batch.feed}
        answer = self._send("POST", "/v1/readings", params=params, json=batch.items, headers={}).json()
        for receipt in answer["receipts"]:
            match receipt["status"]:
                case "accepted":
                    self.loaded.readings += 1
                case "duplicate":
                    self.loaded.readings_before += 1
                case _:
                    raise NotTaken(receipt)
        self._reached(answer["position"])

    def _reached(self, position: int) -> None:
        self.loaded.position = max(self.loaded.position, position)
