"""Group commit: what waits at the same time is stored together, by one write to the disk.

While one group is being stored the next one gathers, so nobody waits for company: alone, a member is stored
at once. A group that is refused is stored again one by one, because a refusal does not say whose it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, NamedTuple, TypeVar

from services.runtime.tasks import end

M = TypeVar("M")
A = TypeVar("A")


class _Waiting(NamedTuple, Generic[M, A]):
    member: M
    answer: asyncio.Future[A]


class Grouping(Generic[M, A]):
    """Stores members in groups, one group at a time."""

    def __init__(
        self,
        store: Callable[[list[M]], Awaitable[Sequence[A]]],
        open_group: Callable[[], Callable[[M], bool]],
        of_all: tuple[type[Exception], ...],
    ) -> None:
        """`store` answers each member of a group, or raises, and then nothing of the group was stored.

        `open_group` makes for each group a function that takes one member after the other in, or tells that
        it can't join those before it; the first one always joins. The errors `of_all` hold for every member
        (an engine is away); after any other one each member is stored, or refused, by itself.
        """
        self._store = store
        self._open_group = open_group
        self._of_all = of_all
        self._waiting: list[_Waiting[M, A]] = []
        self._storing: asyncio.Task[None] | None = None

    async def submit(self, member: M) -> A:
        """Store a member with those that wait, too; its own answer. Raises what refused it.

        It is stored all the same if the caller is cancelled while its group is under way.
        """
        waiting: _Waiting[M, A] = _Waiting(member, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._storing is None or self._storing.done():
            # In a context of its own: what is logged there belongs to no single request.
            self._storing = asyncio.create_task(self._store_all(), context=Context())
        return await waiting.answer

    async def close(self) -> None:
        """Stop; nobody may be waiting any longer."""
        if self._storing is not None:
            await end(self._storing)
        for waiting in self._waiting:
            waiting.answer.cancel()

    async def _store_all(self) -> None:
        while self._waiting:
            group = self._next_group()
            if group:
                await self._store_group(group)

    def _next_group(self) -> list[_Waiting[M, A]]:
        """Take the one that waits longest, and all that may join it."""
        joins = self._open_group()
        group: list[_Waiting[M, A]] = []
        rest: list[_Waiting[M, A]] = []
        for waiting in self._waiting:
            if waiting.answer.done():
                continue  # its caller was cancelled
            if joins(waiting.member) or not group:
                group.append(waiting)
            else:
                rest.append(waiting)
        self._waiting = rest
        return group

    async def _store_group(self, group: list[_Waiting[M, A]]) -> None:
        try:
            answers = await self._store([waiting.member for waiting in group])
        except asyncio.CancelledError:
            for waiting in group:
                waiting.answer.cancel()
            raise
        except Exception as error:
            if len(group) > 1 and not isinstance(error, self._of_all):
                for waiting in group:
                    await self._store_group([waiting])
                return
            for waiting in group:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
        else:
            for waiting, answer in zip(group, answers, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(answer)
