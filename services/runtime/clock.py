"""The clock of this machine. Whoever in the services needs the time by it asks here.

Call it as `clock.now()`: tests move it in this one place. What must be right for every process, such as
whether a day has begun, is compared with the clock of the ledger's server (`Ledger.now`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """Return the time here, UTC."""
    return datetime.now(UTC)


def ahead(theirs: datetime, asked: datetime, answered: datetime) -> timedelta:
    """Return how far our clock is surely ahead of one that told its time between two of ours (all UTC).

    Negative where ours is behind. What asking took is no difference.
    """
    return max(asked - theirs, timedelta(0)) + min(answered - theirs, timedelta(0))
