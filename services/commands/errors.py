"""Why a goal command was not carried out, besides a decider's refusal (events/errors.py)."""

from __future__ import annotations


class GoalError(Exception):
    """The command changed nothing."""


class Stale(GoalError):
    """The goal was changed after the revision that the caller has read."""

    def __init__(self, expected: int, current: int) -> None:
        """`expected`: the revision of the caller's read; `current`: the one it has now."""
        super().__init__(f"revision {current}, not {expected}")
        self.expected = expected
        self.current = current


class KeyReused(GoalError):
    """The Idempotency-Key belongs to another request."""


class KeyInFlight(GoalError):
    """A request with the same Idempotency-Key is being handled at this moment."""


class TooContended(GoalError):
    """Others changed the goal at every try."""
