"""Commands whose rule spans aggregates are carried out one at a time.

The guard of an append covers one aggregate. A rule about what all the others must *not* be (nobody has this
id, nothing leads back here) would hold for each of two at one instant, and no longer for both. So those of
one workspace wait for each other, in this process; all other commands never wait here (docs/adr/0013).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from events.commands import Command
from services.commands.errors import TooContended

LONGEST_WAIT = 10.0
"""Seconds until a command gives up to wait for those before it: they may be waiting for NATS."""


class OneAtATime:
    """Whose turn it is, of one process."""

    def __init__(self) -> None:
        self._turns: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def turn(self, workspace: str, commands: Iterable[Command]) -> AsyncIterator[None]:
        """Wait until no other command of their rules is under way. Raises TooContended.

        Whoever decides in it sees what the one before appended if it looks at the ledger's head first.
        """
        rules = sorted({rule for command in commands for rule in command.serialized_by})
        async with AsyncExitStack() as turns:
            try:
                async with asyncio.timeout(LONGEST_WAIT):
                    # In one order everywhere, so that no two wait for each other.
                    for rule in rules:
                        await turns.enter_async_context(self._turns[workspace, rule])
            except TimeoutError as error:
                raise TooContended from error
            yield
