"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Level = Literal["ok", "warn", "fail"]

CLOCK_WARN = timedelta(seconds=1)
CLOCK_FAIL = timedelta(seconds=60)
"""Beyond this, readings of today may be refused as of the future."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was looked at, how it is, and what to do about it."""

    check: str
    """Stable name, such as `nats.streams`."""
    level: Level
    text: str
    cure: str | None = None

    @staticmethod
    def ok(check: str, text: str) -> Finding:
        """Return the finding that all is as it should be."""
        return Finding(check, "ok", text)

    @staticmethod
    def warn(check: str, text: str, cure: str) -> Finding:
        """It works, but somebody should look at it."""
        return Finding(check, "warn", text, cure)

    @staticmethod
    def fail(check: str, text: str, cure: str) -> Finding:
        """Something does not work, or data are at risk."""
        return Finding(check, "fail", text, cure)


def clock(check: str, whose: str, theirs: datetime, asked: datetime, answered: datetime) -> Finding:
    """Compares a server's clock with ours, as it was in the middle of the request (all UTC)."""
    difference = theirs - (asked + (answered - asked) / 2)
    # What the request took can't be told from a difference.
    certain = max(timedelta(0), abs(difference) - (answered - asked) / 2)
    text = f"the clock of {whose} differs from ours by {difference.total_seconds():+.3f} s"
    cure = "let the machines take their time from the same NTP servers"
    if certain >= CLOCK_FAIL:
        return Finding.fail(check, text, cure)
    return Finding.warn(check, text, cure) if certain >= CLOCK_WARN else Finding.ok(check, text)


def now() -> datetime:
    """Return the time here, UTC."""
    return datetime.now(UTC)
