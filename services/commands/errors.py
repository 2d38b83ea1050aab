"""Why a goal command was not carried out, besides a decider's refusal (events/errors.py)."""

from __future__ import annotations

from services.ledger.positions import LedgerPosition


class GoalError(Exception):
    """The command changed nothing."""


class Stale(GoalError):
    """The goal was changed after the revision that the caller has read."""

    def __init__(self, expected: LedgerPosition, current: int) -> None:
        """`expected`: the revision of the caller's read; `current`: the one it has now, in the same epoch."""
        super().__init__(f"revision {current}, not {expected.position}")
        self.expected = expected
        self.current = expected._replace(position=current)


class KeyReused(GoalError):
    """The Idempotency-Key belongs to another request."""


class KeyInFlight(GoalError):
    """A request with the same Idempotency-Key is being handled at this moment."""


class ClockAhead(GoalError):
    """By this process's clock it is a business day that has not begun by the ledger's: nothing is stored."""

    def __init__(self) -> None:
        super().__init__("the clock of this process is ahead of the ledger's, where its day has not begun")


class TooContended(GoalError):
    """Others changed the goal at every try."""
