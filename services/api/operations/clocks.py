"""Comparing the clock of this process with those of NATS, and those with the newest events on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import structlog
from pydantic import BaseModel, Field

from projections.control import ActiveVersion
from services.ledger.provision import Head

log = structlog.get_logger(__name__)

DIFFERS = timedelta(seconds=5)
"""What a clock may be away from the one of NATS."""
SET_BACK = timedelta(seconds=1)
"""What the clock of NATS may be behind the newest event: two nodes kept by NTP differ by far less."""

WarningCode = Literal["clock_differs", "clock_set_back"]


class ClockWarning(BaseModel):
    """What does not keep anything from working, but needs somebody to look at it."""

    code: WarningCode = Field(description="What it is about, for programs.")
    text: str = Field(description="What it is, what follows, and what to do.")


class Clocks(NamedTuple):
    """How clocks stand to each other."""

    ahead: timedelta
    """How far ours is ahead of the one of NATS that differs most; negative where ours is behind."""
    set_back: timedelta
    """How far the clock of NATS is behind the newest event on record; 0 if it is not."""

    def warnings(self) -> list[ClockWarning]:
        """Return what somebody should look at."""
        found = []
        if abs(self.ahead) > DIFFERS:
            found.append(ClockWarning(code="clock_differs", text=self._differs()))
        if self.set_back > SET_BACK:
            found.append(ClockWarning(code="clock_set_back", text=self._set_back()))
        return found

    def _differs(self) -> str:
        by = f"{abs(self.ahead).total_seconds():,.1f} s"
        if self.ahead > timedelta(0):
            what = (
                f"is {by} ahead of the one of NATS: commands on a business day that has not begun there are"
                " refused (503 clock_ahead)"
            )
        else:
            what = (
                f"is {by} behind the one of NATS: until it comes to midnight as well, commands are recorded"
                " on the day before"
            )
        return (
            f"The clock of this process {what}; reads without as_of show the day that it is by this clock."
            " Let the machines take their time from the same NTP servers."
        )

    def _set_back(self) -> str:
        return (
            f"The clock of NATS is {self.set_back.total_seconds():,.1f} s behind the newest event on record:"
            " it was set back. Until it has caught up, what comes is recorded at the time of that event, and"
            " a known_at before that shows none of it; reads without known_at show everything."
            " `goaltrail doctor` says which clock to set."
        )


def compare(heads: Mapping[str, Head], builds: Mapping[tuple[str, str], ActiveVersion]) -> Clocks:
    """Compare all clocks. `builds` were read before `heads`, else an event may come in between."""
    recorded: dict[str, datetime] = {}
    for (workspace, _), build in builds.items():
        if build.recorded_at is not None and build.differs is None:
            recorded[workspace] = max(build.recorded_at, recorded.get(workspace, build.recorded_at))
    return Clocks(
        ahead=max((head.ahead for head in heads.values()), key=abs, default=timedelta(0)),
        set_back=max(
            (head.set_back(recorded.get(workspace)) for workspace, head in heads.items()),
            default=timedelta(0),
        ),
    )


class ClockLog:
    """Writes a line when a warning begins, and one when it is over."""

    def __init__(self) -> None:
        self._told: set[WarningCode] = set()

    def note(self, clocks: Clocks) -> None:
        """Log what has changed since the last time."""
        now = {warning.code: warning for warning in clocks.warnings()}
        for code in self._told - now.keys():
            log.info(f"{code}_no_longer")
        for code in now.keys() - self._told:
            log.warning(
                code,
                ahead_seconds=clocks.ahead.total_seconds(),
                set_back_seconds=clocks.set_back.total_seconds(),
                because=now[code].text,
            )
        self._told = set(now)
