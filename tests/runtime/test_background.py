"""No background task ends unseen."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import structlog

from services.ledger import LedgerGap, LedgerUnavailable, WorkspaceUnknown
from services.runtime import background
from services.runtime.background import Background, Failing, failing
from tests.running import eventually
from tests.up import REPOSITORY


class Work:
    """A task that goes wrong at first and then does what it should: nothing, for ever."""

    def __init__(self, error: BaseException | None, times: int) -> None:
        self.error = error
        self.times = times
        self.begun = 0

    async def __call__(self) -> None:
        self.begun += 1
        if self.begun > self.times:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error


@pytest.fixture
async def started() -> AsyncIterator[list[Background]]:
    """The tasks of a test; they end with it."""
    tasks: list[Background] = []
    yield tasks
    for task in tasks:
        await task.stop()


@pytest.mark.parametrize(
    ("error", "event", "told"),
    [
        (LedgerGap("main", 7, 3), "task_failed", "LedgerGap"),
        (WorkspaceUnknown("main"), "task_failed", "WorkspaceUnknown"),
        (LedgerUnavailable("NATS is away"), "task_failed", "LedgerUnavailable"),
        (ZeroDivisionError("of a fold"), "task_failed", "ZeroDivisionError"),
        (None, "task_ended", "ended"),
        (asyncio.CancelledError(), "task_cancelled_itself", "CancelledError"),
    ],
)
async def test_a_task_that_ends_is_logged_told_and_started_again(
    started: list[Background],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException | None,
    event: str,
    told: str,
) -> None:
    """However it ends; and once it has run well for a while nothing is told any more."""
    monkeypatch.setattr(background, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(background, "STEADY_SECONDS", 0.5)
    work = Work(error, times=2)
    with structlog.testing.capture_logs() as lines:
        started.append(Background("worker", work, workspace="main"))

        async def tells() -> bool:
            return failing() == [Failing("worker", told)]

        async def is_steady() -> bool:
            return failing() == [] and work.begun == 3

        await eventually(tells)
        await eventually(is_steady)
    assert [(line["event"], line["log_level"], line["task"], line["workspace"]) for line in lines] == [
        (event, "error", "worker", "main")
    ] * 2
    assert ("exc_info" in lines[0]) is (event == "task_failed")


async def test_a_task_that_is_stopped_or_cancelled_from_outside_ends(started: list[Background]) -> None:
    """The end of the process is not held up, and tells of nothing."""
    stopped, cancelled = Work(None, times=0), Work(None, times=0)
    tasks = [Background("stopped", stopped), Background("cancelled", cancelled)]
    await asyncio.sleep(0.01)
    await tasks[0].stop()
    tasks[1]._task.cancel()
    await asyncio.gather(tasks[1]._task, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert (stopped.begun, cancelled.begun) == (1, 1)
    assert failing() == []


WITH_AN_OWNER = {
    "services/runtime/background.py": "the one place that keeps tasks running",
    "services/runtime/heartbeat.py": "its silence is what the supervisor listens for",
    "services/runtime/grouping.py": "whoever waits for the group is told its error",
    "services/postgres/position_waiters.py": "whoever waits for a position is told its error",
    "services/projector/writer.py": "awaited before the next run is written",
    "services/ledger/nudges.py": "awaited by whoever waits for a nudge",
    "services/intake/intake.py": "awaited before the next chunk is answered",
    "services/intake/known_from.py": "awaited by the receipts that it is for",
    "services/commands/handler.py": "awaited by its command",
}
"""Files that start tasks by themselves, and who learns of their errors."""


def test_nobody_starts_a_task_that_could_end_unseen() -> None:
    """A task is a Background, or somebody awaits it: a new place has to say who."""
    starts = re.compile(r"\b(create_task|ensure_future)\(")
    found = {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "services").rglob("*.py")
        if starts.search(path.read_text(encoding="utf-8"))
    }
    assert found == set(WITH_AN_OWNER)
