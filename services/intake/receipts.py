"""What a sender learns about each item: a receipt, in the order in which the items came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from events.text import Language, Text
from services.intake.known_from import Batch
from services.intake.rejections import Rejected

Status = Literal["accepted", "duplicate", "superseded", "conflict", "rejected"]
STATUSES: tuple[Status, ...] = ("accepted", "duplicate", "superseded", "conflict", "rejected")

_REASONS: dict[Status, Text] = {
    "superseded": Text(
        "더 새로운 source_version이 이미 기록되어 있습니다",
        "a newer source version is on record",
    ),
    "conflict": Text(
        "같은 실적이 다른 내용으로 기록되어 있어 사람이 확인해야 합니다",
        "the reading is on record with other content; a person has to decide",
    ),
}


class Receipt(NamedTuple):
    """What became of one item."""

    place: int
    """In what was sent, from 0; answered as `index`."""
    source_id: str | None
    id: str | None
    """The reading's identity, a UUID; None for a rejected item."""
    status: Status
    position: int | None
    """Where it is on the ledger: for a duplicate the first time, for a superseded one what superseded it."""
    revision: int = 0
    """How often the reading was corrected, with this item."""
    rejected: Rejected | None = None
    batch: Batch | None = None
    """With what it was stored, if that was just now."""

    def document(self, language: Language, known_from: Mapping[int, datetime]) -> dict[str, Any]:
        """Return it as it is answered; `known_from` tells by position from when on events are known."""
        document: dict[str, Any] = {
            "index": self.place,
            "source_id": self.source_id,
            "id": self.id,
            "status": self.status,
            "position": self.position,
        }
        if self.position is not None:
            document["known_from"] = known_from.get(self.position)
        if self.revision:
            document["revision"] = self.revision
        if self.rejected is not None:
            document["code"] = self.rejected.code
            document["reason"] = self.rejected.reason(language)
            if self.rejected.pointer is not None:
                document["pointer"] = self.rejected.pointer
        elif self.status in _REASONS:
            document["reason"] = _REASONS[self.status].told(language)
        return document


class Counts:
    """How many items became what, and how far the ledger has them."""

    def __init__(self) -> None:
        self.by_status: dict[Status, int] = dict.fromkeys(STATUSES, 0)
        self.position = 0
        """The highest position of a receipt: whoever has read up to it sees all of them."""

    def add(self, receipts: Iterable[Receipt]) -> None:
        """Count some receipts."""
        for receipt in receipts:
            self.by_status[receipt.status] += 1
            if receipt.position is not None and receipt.position > self.position:
                self.position = receipt.position

    @property
    def total(self) -> int:
        """All items."""
        return sum(self.by_status.values())
