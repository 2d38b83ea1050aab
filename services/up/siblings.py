"""Several processes of one role behind one port: `goaltrail api --processes N`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import FrameType

from services.up.processes import spawn

_LOOK = 0.1


def run_siblings(command: list[str], count: int) -> int:
    """Run so many processes of a command until a signal, or until one of them ends. Returns the exit code.

    They end together: whoever supervises this process then starts all of them again.
    """
    siblings: list[subprocess.Popen[bytes]] = []
    stopping = False

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        for sibling in siblings:
            sibling.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    for place in range(count):
        env = os.environ | {"GOALTRAIL_API_PROCESSES": str(count)}
        if place:
            env["GOALTRAIL_RESOLVE_GOALS"] = "false"  # one of them does it for all
        siblings.append(spawn([sys.executable, "-P", "-m", "services.cli.main", *command], env=env))
        if stopping:
            stop(signal.SIGTERM, None)
    while all(sibling.poll() is None for sibling in siblings):
        time.sleep(_LOOK)
    ended = next(sibling for sibling in siblings if sibling.poll() is not None)
    if not stopping:
        stop(signal.SIGTERM, None)
        for sibling in siblings:
            sibling.wait()
        return ended.returncode or 1
    return max(abs(sibling.wait()) for sibling in siblings)
