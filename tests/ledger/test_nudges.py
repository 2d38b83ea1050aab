"""Nudges: who waits for a position wakes at once; a lost nudge only costs time."""

from __future__ import annotations

import asyncio
import time

import pytest

from services.ledger import Ledger, LedgerUnavailable, WorkspaceUnknown
from services.runtime.settings import Settings
from tests.ledger.sites import entries


async def test_a_waiting_reader_wakes_at_once(site: Settings, ledger: Ledger, workspace: str) -> None:
    """Long before it would look by itself, on another connection than the writer's."""
    async with await Ledger.connect(site) as reader:
        await reader.wait(workspace, 0, 5)
        delays = []
        for position in range(2, 12):
            waiting = asyncio.ensure_future(reader.wait(workspace, position - 1, 5))
            await asyncio.sleep(0.02)
            await ledger.append(workspace, entries(workspace, "x"), {})
            start = time.perf_counter()
            assert await waiting == position
            delays.append(time.perf_counter() - start)
    assert sorted(delays)[5] < 0.3


async def test_waiting_for_what_is_there_does_not_wait(ledger_1: Ledger, workspace: str) -> None:
    """The first look finds it, nudge or not."""
    await ledger_1.append(workspace, entries(workspace, "x"), {})
    assert await ledger_1.wait(workspace, 1, 60) == 2


async def test_waiting_ends_after_the_time_with_the_head(ledger_1: Ledger, workspace: str) -> None:
    """Nothing comes: the answer is where the ledger is."""
    start = time.perf_counter()
    assert await ledger_1.wait(workspace, 1, 0.2) == 1
    assert time.perf_counter() - start < 2


async def test_a_lost_nudge_only_costs_time(ledger_1: Ledger, workspace: str) -> None:
    """Something is stored without a nudge: the waiting reader looks for itself."""
    waiting = asyncio.ensure_future(ledger_1.wait(workspace, 1, 10))
    await asyncio.sleep(0.1)
    await ledger_1.client.publish(f"ledger.{workspace}.kpi.sales", b"by hand")
    async with asyncio.timeout(5):
        assert await waiting == 2


async def test_a_subscriber_is_told_workspace_and_position(ledger_1: Ledger, workspace: str) -> None:
    """Once for each append, for one workspace or all; after the end no more."""
    told: list[tuple[str, int]] = []
    told_all: list[tuple[str, int]] = []

    async def one(name: str, position: int) -> None:
        told.append((name, position))

    async def every(name: str, position: int) -> None:
        told_all.append((name, position))

    end = await ledger_1.subscribe(workspace, one)
    end_all = await ledger_1.subscribe("*", every)
    await ledger_1.append(workspace, entries(workspace, "a", "b"), {})
    await ledger_1.client.publish(f"nudge.ledger.{workspace}", b"no number")
    await ledger_1.append(workspace, entries(workspace, "c"), {})
    await ledger_1.client.flush()
    await end()
    await ledger_1.append(workspace, entries(workspace, "d"), {})
    await ledger_1.client.flush()
    await end_all()
    assert told == [(workspace, 3), (workspace, 4)]
    assert told_all == [(workspace, 3), (workspace, 4), (workspace, 5)]


async def test_waiting_says_when_there_is_nothing_to_wait_for(one_node: Settings) -> None:
    """No such workspace, or no NATS."""
    ledger = await Ledger.connect(one_node, patience=0.3)
    with pytest.raises(WorkspaceUnknown):
        await ledger.wait("nowhere", 0, 5)
    await ledger.close()
    with pytest.raises(LedgerUnavailable):
        await ledger.wait("nowhere", 0, 5)
