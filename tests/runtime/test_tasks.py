"""A task that is ended has ended, also one that swallows a cancellation."""

from __future__ import annotations

import asyncio

import pytest

from services.ledger.client import LedgerClient
from services.runtime import loop, tasks
from services.runtime.background import Background
from tests.servers import TestNats


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN", 0.01)


class Deaf:
    """Work that swallows as many cancellations as it is told."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.ended = False

    async def __call__(self) -> None:
        try:
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    self.left -= 1
                    if self.left < 0:
                        raise
        finally:
            self.ended = True


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_a_task_that_swallows_its_cancellation_is_cancelled_again(times: int) -> None:
    """Whether it stands alone or is a background task."""
    alone, background = Deaf(times), Deaf(times)
    task, kept = asyncio.create_task(alone()), Background("deaf", background)
    await asyncio.sleep(0)
    await tasks.end(task)
    await kept.stop()
    assert alone.ended
    assert background.ended


async def test_however_a_task_ended_it_is_no_failure_of_the_one_who_ends_it() -> None:
    """An error of a task that is no longer wanted is nobody's any more."""

    async def fails() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ZeroDivisionError

    async def returns() -> int:
        return 1

    ended = [asyncio.create_task(fails()), asyncio.create_task(returns())]
    await asyncio.sleep(0)
    await tasks.end(*ended)
    assert all(task.done() for task in ended)


def test_a_process_ends_its_tasks() -> None:
    """Also those that a library left, and that swallow a cancellation."""
    left = Deaf(2)

    async def main() -> asyncio.Task[None]:
        task = asyncio.create_task(left())
        await asyncio.sleep(0)
        return task

    assert loop.run(main()).done()
    assert left.ended


async def test_a_closed_connection_connects_no_more(
    nats_server: TestNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when nats-py swallows the cancellation of its tries to connect again."""
    tries = Deaf(1)
    client = LedgerClient()
    await client.open(
        [nats_server.url], user=nats_server.app.user, password=nats_server.app.password, name="test"
    )
    monkeypatch.setattr(client, "_attempt_reconnect", tries)
    await client.force_reconnect()
    await asyncio.sleep(0)
    await client.close()
    assert tries.ended
