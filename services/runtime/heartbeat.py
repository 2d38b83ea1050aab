"""The sign of life of a supervised process: its event loop writes to a pipe that the supervisor reads.

A process that is stopped, or whose loop is blocked, can't write. A probe over HTTP would ask any one of
several processes behind the same port, and workers need not have a port at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.runtime.tasks import end

VARIABLE = "GOALTRAIL_HEARTBEAT_FD"
"""Names the pipe to the process that writes to it."""

BEAT_SECONDS = 1.0


class Pulse:
    """The supervisor's end: made before the process is spawned, and closed when it has ended."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self.writing, False)

    def handed_over(self) -> None:
        """Close the process's end here, once the process has it."""
        os.close(self.writing)

    def felt(self) -> bool:
        """Return whether the process has written since the last look."""
        with contextlib.suppress(BlockingIOError):
            return bool(os.read(self._reading, 65_536))
        return False

    def close(self) -> None:
        """Close the supervisor's end."""
        os.close(self._reading)


@asynccontextmanager
async def beating() -> AsyncIterator[None]:
    """Write to the supervisor's pipe every second, if there is one, as long as the event loop turns."""
    # Taken out: a process that this one starts has the variable, but another file of that number or none.
    pipe = os.environ.pop(VARIABLE, None)
    if pipe is None:
        yield
        return
    task = asyncio.create_task(_beat(int(pipe)), name="heartbeat")
    try:
        yield
    finally:
        await end(task)


async def _beat(pipe: int) -> None:
    while True:
        # A full pipe: nobody reads just now. A broken one: the supervisor is gone, and we follow soon.
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(pipe, b".")
        await asyncio.sleep(BEAT_SECONDS)
