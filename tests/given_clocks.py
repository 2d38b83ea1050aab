"""A clock that tests move: every service of this process takes its time from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.runtime import clock


class MovedClock:
    """The clock of this machine, so far ahead of the real one, which the servers have."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.ahead = timedelta(0)
        patch.setattr(clock, "now", lambda: datetime.now(UTC) + self.ahead)
