"""The services of Goaltrail inside the test's own process, on the test's real servers."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import uvicorn

from projections.groups import GROUPS
from services.api.app import create_app
from services.api.main import connected
from services.projector.main import Projector
from services.runtime.settings import Settings

Found = TypeVar("Found")


@asynccontextmanager
async def projecting(
    settings: Settings, groups: Sequence[str] = (), *, only: Collection[str] | None = None
) -> AsyncIterator[Projector]:
    """A projector for the settings' workspace, or for those that are in `only`; leaves nothing running."""
    only = {settings.workspace} if only is None else only
    projector = Projector(settings, [GROUPS[name] for name in groups or GROUPS], only=only)
    async with projector.running():
        await projector.broker.start()
        try:
            yield projector
        finally:
            await projector.broker.stop()


async def eventually(look: Callable[[], Awaitable[Found | None]], *, seconds: float = 20) -> Found:
    """What `look` finds as soon as it finds something true; fails the test after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < until, f"not within {seconds} s"
        await asyncio.sleep(0.02)


@contextmanager
def serving(api: Settings, projector: Settings, *, only: Collection[str] | None = None) -> Iterator[str]:
    """The API on a port of its own and a projector, in a thread; yields the address.

    For tests of commands, which talk to it as from another process. The projector hosts the settings'
    workspace, or those that are in `only`.
    """
    servers: list[uvicorn.Server] = []

    async def serve(listening: socket.socket) -> None:
        async with connected(api) as services, projecting(projector, only=only):
            config = uvicorn.Config(
                create_app(services),
                lifespan="off",
                log_config=None,
                access_log=False,
                ws="none",
                timeout_graceful_shutdown=2,
            )
            servers.append(uvicorn.Server(config))
            await servers[0].serve(sockets=[listening])

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=lambda: asyncio.run(serve(listening)), name="api")
        thread.start()
        try:
            until = time.monotonic() + 30
            while not (servers and servers[0].started):
                assert thread.is_alive(), "the API did not start"
                assert time.monotonic() < until, "the API did not start within 30 s"
                time.sleep(0.02)
            yield address
        finally:
            if servers:
                servers[0].should_exit = True
            thread.join(20)
