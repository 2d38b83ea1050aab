"""The sign of life that a process gives its supervisor."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from services.runtime import heartbeat
from services.runtime.heartbeat import BEAT_SECONDS, Pulse
from services.up.processes import wait_until

TURNING = "await asyncio.sleep(60)"
BLOCKED = "time.sleep(60)"


@pytest.mark.parametrize(("work", "lives"), [(TURNING, True), (BLOCKED, False)])
def test_only_a_loop_that_turns_gives_a_sign_of_life(work: str, lives: bool) -> None:
    """A process whose loop is blocked exists, and says nothing more."""
    program = (
        "import asyncio, time\n"
        "from services.runtime import loop\n"
        "async def main():\n"
        "    await asyncio.sleep(0)\n"
        f"    {work}\n"
        "loop.run(main())\n"
    )
    pulse = Pulse()
    env = os.environ | {heartbeat.VARIABLE: str(pulse.writing)}
    process = subprocess.Popen([sys.executable, "-c", program], env=env, pass_fds=[pulse.writing])
    pulse.handed_over()
    try:
        assert wait_until(pulse.felt, timeout=30), "the loop did not start"
        assert wait_until(pulse.felt, timeout=30 if lives else 3 * BEAT_SECONDS) is lives
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
        pulse.close()
