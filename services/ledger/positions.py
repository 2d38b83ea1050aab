"""Positions as clients hold them: with the epoch, since a restored ledger uses positions again."""

from __future__ import annotations

import re
from typing import NamedTuple, Self

_TEXT = re.compile(r"(\d{1,18})(?:@(\d{1,6}))?")


class LedgerPosition(NamedTuple):
    """A position or revision, and the epoch of the ledger in which it means something."""

    position: int
    epoch: int = 1

    def __str__(self) -> str:
        """As clients see it: `1843`, and `1843@2` once a person accepted a restored ledger."""
        return str(self.position) if self.epoch == 1 else f"{self.position}@{self.epoch}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a client sent. Raises ValueError."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"{text[:80]!r} is no position")
        return cls(int(match[1]), int(match[2] or 1))


class OldEpoch(Exception):
    """What a client holds is of a time before the ledger was restored: it may name something else now."""

    def __init__(self, epoch: int, current: int) -> None:
        """`epoch`: that of what the client holds; `current`: the ledger's."""
        super().__init__(f"it is of epoch {epoch}, the ledger is in epoch {current}")
        self.epoch = epoch
        self.current = current


def require_epoch(epoch: int, current: int) -> None:
    """Raise OldEpoch unless what a client holds is of the ledger's epoch."""
    if epoch != current:
        raise OldEpoch(epoch, current)
