"""Loading the demo company over HTTP. Every request may be repeated: the same company is loaded only once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.demo.plan import Batch, Command, Request

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


class NotTaken(Exception):
    """A reading of the demo was neither taken nor there already."""

    def __init__(self, receipt: dict[str, Any]) -> None:
        super().__init__(f"{receipt['source_id']}: {receipt['status']}, {receipt.get('reason')}")


def size(request: Request) -> int:
    """How many changes and readings a request stands for."""
    return len(request.items) if isinstance(request, Batch) else 1


class Loader:
    """Sends the requests of a plan one after another; each knows the revisions that the ones before made."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._revisions: dict[str, int] = {}
        self.loaded = Loaded()

    def load(self, requests: Sequence[Request], progress: Progress) -> Loaded:
        """Send everything. Raises NotTaken, and what `send` raises; then all of it may be sent again."""
        for request in requests:
            if isinstance(request, Batch):
                self._record(request)
            else:
                self._change(request)
            progress(size(request))
        return self.loaded

    def _change(self, command: Command) -> None:
        headers = {"Idempotency-Key": command.key}
        revision = self._revisions.get(command.target or "")
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        answer = self._send(
            command.method, command.path, params=command.params, json=command.body, headers=headers
        )
        receipt = answer.json()
        if command.target is not None:
            self._revisions[command.target] = receipt["revision"]
        if answer.headers.get("Idempotent-Replayed") == "true":
            self.loaded.changes_before += 1
        else:
            self.loaded.changes += 1
        self._reached(receipt["position"])

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
