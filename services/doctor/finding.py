"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.ledger.provision import Head

Level = Literal["ok", "warn", "fail"]

SET_BACK = "nats.clock_set_back"
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


def clock_difference(check: str, whose: str, ahead: timedelta, *, ours: str = "ours") -> Finding:
    """Judge how far a clock, ours, is ahead of a server's, or behind it where that is negative."""
    if abs(ahead) < CLOCK_WARN:
        return Finding.ok(check, f"the clock of {whose} agrees with {ours}")
    where = "behind" if ahead > timedelta(0) else "ahead of"
    text = f"the clock of {whose} is {told(abs(ahead))} {where} {ours}"
    cure = "let the machines take their time from the same NTP servers"
    return (Finding.fail if abs(ahead) >= CLOCK_FAIL else Finding.warn)(check, text, cure)


def clock_set_back(workspace: str, newest: datetime, head: Head) -> Finding | None:
    """Judge whether the clock of a ledger's server is behind its newest event; None if it is not."""
    back = newest - head.now
    if back < CLOCK_WARN:
        return None
    text = (
        f"{workspace}: the clock of NATS is {told(back)} behind the newest event, at whose time"
        f" ({newest:%Y-%m-%d %H:%M:%S} UTC) all that comes is recorded until the clock has caught up; a"
        " `known_at` before that shows none of it"
    )
    if head.ahead >= CLOCK_WARN:
        cure = "it is behind our clock as well: let the machine of NATS take its time from NTP"
    else:
        cure = (
            "it agrees with our clock, so it ran ahead before: leave it; nothing is lost, and reads without"
            " `known_at` show everything"
        )
    return Finding.warn(SET_BACK, text, cure)


def told(time: timedelta) -> str:
    """Return a time as text, such as `7,200.0 s`."""
    return f"{time.total_seconds():,.1f} s"
