"""Kills processes of a running `goaltrail up` with SIGKILL at random moments of an import."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import psutil

from services.up.processes import wait_until
from tests.up import Running

EVERYTHING = "everything"
"""The supervisor and all its children at once; then a new `goaltrail up`."""
SERVERS = ("nats-server", "postgres")
PATIENCE = 60.0
"""Seconds that a killed process may take until it runs again."""


class Killer:
    """Follows the import and kills; which and when follows from the seed, and is written to a log."""

    def __init__(self, running: Running, victims: Sequence[str], readings: int, seed: int) -> None:
        self._running = running
        self.log: list[str] = []
        self._stopped = threading.Event()
        self._random = random.Random(seed)
        order = list(victims)
        self._random.shuffle(order)
        # Spread over the import, so that all of it is under fire; the last one is left time to matter.
        step = readings * 0.85 / len(order)
        self._plan = [(int(step * (at + self._random.random())), name) for at, name in enumerate(order)]

    def follow(self, progress: Callable[[], int]) -> None:
        """Kill until the plan is through. `progress` says how many readings are imported."""
        for readings, name in self._plan:
            while progress() < readings:
                if self._stopped.wait(0.01):
                    return
            time.sleep(self._random.uniform(0, 0.3))
            self._kill(name, progress())

    def stop(self) -> None:
        """Let it be: the import has failed."""
        self._stopped.set()

    def _kill(self, name: str, progress: int) -> None:
        if name == EVERYTHING:
            self.log.append(f"after {progress} readings: everything")
            self._kill_everything()
            return
        found = self._pid(name)
        # A server is more than one process; sometimes only the first of them is hit.
        whole = name in SERVERS and self._random.random() < 0.5
        self.log.append(f"after {progress} readings: {name}{' with its children' if whole else ''} ({found})")
        if whole:
            os.killpg(found, signal.SIGKILL)
        else:
            os.kill(found, signal.SIGKILL)

    def _pid(self, name: str) -> int:
        """The victim; one that is being started again is waited for."""
        assert wait_until(lambda: self._alive(name) is not None, timeout=PATIENCE), f"{name} never came back"
        found = self._alive(name)
        assert found is not None
        return found

    def _alive(self, name: str) -> int | None:
        pid = self._running.pid(name)
        with suppress(psutil.NoSuchProcess):
            if pid is not None and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return pid
        return None

    def _kill_everything(self) -> None:
        family = [psutil.Process(self._running.process.pid), *self._running.family()]
        for process in family:
            with suppress(psutil.NoSuchProcess):  # it fell with the ones before
                process.kill()
        self._running.process.wait()
        self._running.start()
        self._running.wait_ready()
