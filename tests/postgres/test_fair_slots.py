"""Shares of connections: never too many, never kept, and the next one for whoever has the fewest."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.postgres.fair_slots import FairSlots, Full, Purpose

SLOTS = 8
ASKING = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["read", "write"]),
        st.integers(0, 3),
        st.sampled_from(["works", "fails", "is cancelled"]),
    ),
    max_size=40,
)


@given(ASKING)
def test_no_share_is_exceeded_and_every_slot_comes_back(
    asking: list[tuple[str, Purpose, int, str]],
) -> None:
    """Whoever comes, however long they hold a slot, and however they end."""

    async def run() -> None:
        slots = FairSlots(SLOTS, queue=5, patience=5)
        held: Counter[tuple[str, Purpose]] = Counter()

        async def use(workspace: str, purpose: Purpose, turns: int, end: str) -> None:
            async with slots.slot(workspace, purpose):
                held[workspace, purpose] += 1
                assert held.total() <= SLOTS
                assert held[workspace, purpose] <= SLOTS // 2
                assert held[workspace, "read"] + held[workspace, "write"] <= SLOTS * 3 // 4
                try:
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    if end == "fails":
                        raise ArithmeticError
                finally:
                    held[workspace, purpose] -= 1

        tasks = [asyncio.create_task(use(*one)) for one in asking]
        await asyncio.sleep(0)
        for task, (*_, end) in zip(tasks, asking, strict=True):
            if end == "is cancelled":
                task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        kinds = (Full, ArithmeticError, asyncio.CancelledError)
        assert all(one is None or isinstance(one, kinds) for one in ended), ended
        # All are free again: two workspaces can hold all of them at once.
        all_hold = asyncio.Barrier(SLOTS)

        async def hold(workspace: str) -> None:
            async with slots.slot(workspace, "read"):
                await all_hold.wait()

        async with asyncio.timeout(1):
            await asyncio.gather(*(hold("a" if n % 2 else "b") for n in range(SLOTS)))

    asyncio.run(run())


async def test_the_next_slot_goes_to_the_workspace_that_holds_the_fewest() -> None:
    """However many of another one came before."""
    slots = FairSlots(2, queue=100, patience=5)
    order: list[str] = []
    first = asyncio.Event()

    async def use(workspace: str, until: asyncio.Event | None = None) -> None:
        async with slots.slot(workspace, "read"):
            order.append(workspace)
            if until is not None:
                await until.wait()

    holders = [asyncio.create_task(use(name, first)) for name in ("a", "b")]
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(use(name)) for name in ["a"] * 20 + ["b"] * 20 + ["c"]]
    await asyncio.sleep(0)
    first.set()
    await asyncio.gather(*holders, *waiting)
    assert order.index("c") <= 4, order


async def test_a_queue_has_an_end_and_nobody_waits_for_ever() -> None:
    """Both are told as Full."""
    slots = FairSlots(2, queue=1, patience=0.05)
    async with slots.slot("a", "read"):
        waiting = asyncio.create_task(_use(slots))
        await asyncio.sleep(0)
        with pytest.raises(Full, match="already"):
            await _use(slots)
        with pytest.raises(Full, match="became free"):
            await waiting
    await _use(slots)


async def _use(slots: FairSlots) -> None:
    async with slots.slot("a", "read"):
        pass
