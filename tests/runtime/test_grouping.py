"""Group commit: together what waits together, each with its own answer or refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from services.runtime.grouping import Grouping


class EngineAwayError(Exception):
    """Holds for everybody."""


class Store:
    """Takes numbers; refuses a group with one that is bad, as the ledger refuses an atomic batch."""

    def __init__(self, bad: frozenset[int] = frozenset()) -> None:
        self.bad = bad
        self.away = False
        self.tries: list[list[int]] = []
        self.stored: list[int] = []
        self.begun = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def store(self, numbers: list[int]) -> list[str]:
        """Answer each, all or none."""
        self.tries.append(numbers)
        self.begun.set()
        await self.open.wait()
        if self.away:
            raise EngineAwayError
        refused = self.bad & set(numbers)
        if refused:
            raise ValueError(sorted(refused))
        self.stored += numbers
        return [f"stored {number}" for number in numbers]

    def grouping(self, most: int = 1000) -> Grouping[int, str]:
        """Groups of at most so many, none with two that are equal."""

        def open_group() -> Callable[[int], bool]:
            taken: set[int] = set()

            def joins(number: int) -> bool:
                if len(taken) == most or number in taken:
                    return False
                taken.add(number)
                return True

            return joins

        return Grouping(self.store, open_group, (EngineAwayError,))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=6),
    st.frozensets(st.integers(0, 9), max_size=3),
    st.integers(1, 5),
)
def test_each_gets_what_it_would_get_by_itself(
    bursts: list[list[int]], bad: frozenset[int], most: int
) -> None:
    """However they come together, and whoever is refused among them."""

    async def play() -> None:
        store = Store(bad)
        grouping = store.grouping(most)
        asked: list[asyncio.Task[str]] = []
        for burst in bursts:
            asked += [asyncio.create_task(grouping.submit(number)) for number in burst]
            await asyncio.sleep(0)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        numbers = [number for burst in bursts for number in burst]
        for number, answer in zip(numbers, answers, strict=True):
            if number in bad:
                assert isinstance(answer, ValueError)
                assert answer.args == ([number],)
            else:
                assert answer == f"stored {number}"
        assert sorted(store.stored) == sorted(number for number in numbers if number not in bad)
        assert all(len(set(tried)) == len(tried) <= most for tried in store.tries)

    asyncio.run(play())


async def test_those_that_wait_meanwhile_are_one_group() -> None:
    """The first one waits for nobody; the others share the next write."""
    store = Store()
    store.open.clear()
    grouping = store.grouping()
    first = asyncio.create_task(grouping.submit(0))
    await store.begun.wait()
    others = [asyncio.create_task(grouping.submit(number)) for number in range(1, 50)]
    await asyncio.sleep(0)
    store.open.set()
    await asyncio.gather(first, *others)
    assert store.tries == [[0], list(range(1, 50))]


async def test_one_that_is_cancelled_leaves_the_others_alone() -> None:
    """While it waits it is left out; once its group is under way it is stored."""
    store = Store()
    store.open.clear()
    grouping = store.grouping()
    asked = [asyncio.create_task(grouping.submit(number)) for number in (0, 1)]
    await store.begun.wait()
    asked += [asyncio.create_task(grouping.submit(number)) for number in (2, 3)]
    await asyncio.sleep(0)
    asked[1].cancel()
    asked[2].cancel()
    store.open.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [str, asyncio.CancelledError, asyncio.CancelledError, str]
    assert store.tries == [[0, 1], [3]]


async def test_what_holds_for_all_is_not_tried_one_by_one() -> None:
    """While an engine is away fifty tries would take fifty times as long."""
    store = Store()
    store.away = True
    grouping = store.grouping()
    answers = await asyncio.gather(*(grouping.submit(number) for number in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [EngineAwayError] * 5
    assert store.tries == [[0, 1, 2, 3, 4]]
    store.away = False
    assert await grouping.submit(7) == "stored 7"
