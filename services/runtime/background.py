"""Background tasks of a process: none ends unseen.

One that fails is logged with its error and started again after a pause. Until it runs well the process says
so: on /readyz of the API, on /healthz of the workers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog

from services.runtime.tasks import end

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0
"""Seconds until a task that failed is started again; doubled each time."""
TOLD_PREFIX = "nudge.failing."
"""What doesn't run well in a worker is told to the API on the subject with this prefix."""
TOLD_EVERY = 5.0
"""Seconds between two times; what was not told again after three of them is over."""
STEADY_SECONDS = 10.0
"""A task that has run for so long after a failure runs well."""


class Failing(NamedTuple):
    """A task that failed and does not run well yet."""

    task: str
    """What kind of task it is, such as `worker`: it names no workspace, so everybody may read it."""
    error: str
    """The name of the exception, such as `LedgerGap`; its words are in the log."""


_RUNNING: set[Background] = set()
"""The tasks of this process: several systems in one process, as in tests, answer for each other."""


def failing() -> list[Failing]:
    """Return the background tasks of this process that do not run well, each kind and error once."""
    return sorted({problem for task in _RUNNING if (problem := task.problem) is not None})


class Background:
    """A task that runs until it is stopped, whatever goes wrong in it."""

    def __init__(self, kind: str, work: Callable[[], Awaitable[None]], **about: str) -> None:
        """Start it. `work` is called again whenever it fails or ends; `about` goes into the log."""
        self._kind = kind
        self._work = work
        self._log = log.bind(task=kind, **about)
        self._failed: Failing | None = None
        self._started = time.monotonic()
        self._task = asyncio.create_task(self._run(), name=" ".join([kind, *about.values()]))
        _RUNNING.add(self)

    @property
    def problem(self) -> Failing | None:
        """Why it does not run well; None if it does."""
        if self._failed is not None and self._waits_or_is_new():
            return self._failed
        return None

    async def stop(self) -> None:
        """End it."""
        _RUNNING.discard(self)
        await end(self._task)

    def _waits_or_is_new(self) -> bool:
        return time.monotonic() - self._started < STEADY_SECONDS

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            self._started = time.monotonic()
            try:
                await self._work()
                self._failed = Failing(self._kind, "ended")
                self._log.error("task_ended", again_in=pause)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    _RUNNING.discard(self)
                    raise
                self._failed = Failing(self._kind, "CancelledError")
                self._log.error("task_cancelled_itself", again_in=pause)
            except Exception as error:
                self._failed = Failing(self._kind, type(error).__name__)
                self._log.exception("task_failed", error=str(error)[:500], again_in=pause)
            if not self._waits_or_is_new():
                pause = FIRST_PAUSE
            self._started = float("inf")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
