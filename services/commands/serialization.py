"""Commands whose rule spans aggregates are carried out one at a time.

The guard of an append covers one aggregate. A rule about what all the others must *not* be (nobody has this
id, nothing leads back here) would hold for each of two at one instant, and no longer for both. So those of
one workspace wait for each other; all other commands never wait here (docs/adr/0013). Several API processes
hold an advisory lock of PostgreSQL for each rule besides, and refuse such commands while it is away.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from events.commands import Command
from services.commands.errors import TooContended
from services.postgres.locks import LockLost, Locks
from services.postgres.views import ViewsUnavailable, is_away

LONGEST_WAIT = 10.0
"""Seconds until a command gives up to wait for those before it: they may be waiting for NATS."""


_LOOK = 0.01
"""Seconds between looks whether another process is done with a rule."""

StillOurs = Callable[[], Awaitable[None]]
"""Asks, right before an append, whether it is still our turn. Raises ViewsUnavailable."""


class Serialization:
    """Whose turn it is, among the commands of one process and of those it shares a system with."""

    def __init__(self, locks: Locks | None = None) -> None:
        """`locks` are held besides, if there are several processes."""
        self._locks = locks
        self._turns: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def turn(self, workspace: str, commands: Iterable[Command]) -> AsyncIterator[StillOurs]:
        """Wait until no other command of their rules is under way. Raises TooContended, ViewsUnavailable.

        Whoever decides in it sees what the one before appended if it looks at the ledger's head first.
        """
        rules = sorted({rule for command in commands for rule in command.serialized_by})
        async with AsyncExitStack() as turns:
            try:
                async with asyncio.timeout(LONGEST_WAIT):
                    # In one order everywhere, so that no two wait for each other.
                    for rule in rules:
                        await turns.enter_async_context(self._turns[workspace, rule])
                        if self._locks is not None:
                            await turns.enter_async_context(_held(self._locks, workspace, rule))
            except TimeoutError as error:
                raise TooContended from error

            async def still_ours() -> None:
                if self._locks is not None:
                    for rule in rules:
                        await _check(self._locks, workspace, rule)

            yield still_ours


@asynccontextmanager
async def _held(locks: Locks, workspace: str, rule: str) -> AsyncIterator[None]:
    """Hold the lock that stands for a rule, once no other process has it."""
    try:
        while not await locks.take("rule", workspace, rule):  # noqa: ASYNC110 - a lock of another process tells nobody when it is free
            await asyncio.sleep(_LOOK)
    except Exception as error:
        raise _unavailable(error) from error
    try:
        yield
    finally:
        with suppress(Exception):  # with its session the lock is gone as well
            await locks.give_back("rule", workspace, rule)


async def _check(locks: Locks, workspace: str, rule: str) -> None:
    try:
        await locks.check("rule", workspace, rule, look=True)
    except Exception as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> Exception:
    """Without PostgreSQL nobody knows what other processes do: better no such command than a broken rule."""
    if isinstance(error, LockLost) or is_away(error):
        return ViewsUnavailable("PostgreSQL is away, and there are other API processes")
    return error
