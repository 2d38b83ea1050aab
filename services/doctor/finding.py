"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Level = Literal["ok", "warn", "fail"]

CLOCK_WARN = timedelta(seconds=1)
CLOCK_FAIL = timedelta(seconds=60)
"""Beyond this, days noticeably begin at another time."""


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


def clock_difference(check: str, whose: str, ahead: timedelta) -> Finding:
    """Judge how far our clock is ahead of a server's, or behind it where that is negative."""
    if abs(ahead) < CLOCK_WARN:
        return Finding.ok(check, f"the clock of {whose} agrees with ours")
    where = "behind" if ahead > timedelta(0) else "ahead of"
    text = f"the clock of {whose} is {told(abs(ahead))} {where} ours"
    cure = "let the machines take their time from the same NTP servers"
    return (Finding.fail if abs(ahead) >= CLOCK_FAIL else Finding.warn)(check, text, cure)


def told(time: timedelta) -> str:
    """Return a time as text, such as `7,200.0 s`."""
    return f"{time.total_seconds():,.1f} s"
