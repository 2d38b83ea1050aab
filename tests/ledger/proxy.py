"""A TCP proxy on loopback that cuts a connection around the commit of an append."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

Cut = Literal["after the server answered", "before the server got it", "and the server gets it late", "mute"]
"""What happens to the next commit. `mute`: it is stored, but no answer comes and the connection stays."""

_COMMITS = (b"Nats-Batch-Commit: 1", b"Goaltrail-Append: ")


class Proxy:
    """Forwards to a NATS server until it is told to cut. `connected` is cleared to keep clients out."""

    def __init__(self, upstream: str) -> None:
        address = urlsplit(upstream)
        self._host, self._port = address.hostname, address.port
        self._server: asyncio.Server | None = None
        self._cut: Cut | None = None
        self._late: list[tuple[bytes, asyncio.StreamWriter]] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.open = asyncio.Event()
        """Cleared: new connections wait."""
        self.open.set()
        self.was_cut = asyncio.Event()
        """Set once a commit was cut off, and with it the answer."""

    @property
    def url(self) -> str:
        """Where clients connect."""
        assert self._server is not None
        return f"nats://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self, how: Cut) -> None:
        """Cut at the next commit."""
        self._cut = how

    async def release(self) -> None:
        """Let the server have what was held back."""
        for data, server in self._late:
            server.write(data)
            await server.drain()
            await asyncio.sleep(0.2)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self._writers.add(client)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self.open.wait()
            answers, server = await asyncio.open_connection(self._host, self._port)
            self._writers.add(server)
            await self._forward(reader, client, answers, server)
        client.close()
        self._connections.discard(task)

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        client: asyncio.StreamWriter,
        answers: asyncio.StreamReader,
        server: asyncio.StreamWriter,
    ) -> None:
        """Until one side ends or the commit is cut off."""
        down = asyncio.ensure_future(_copy(answers, client))
        tail = b""
        try:
            while data := await reader.read(65536):
                committing = any(mark in tail + data for mark in _COMMITS)
                tail = data[-32:]
                how, self._cut = (self._cut, None) if committing else (None, self._cut)
                if how is None:
                    server.write(data)
                    continue
                if how == "before the server got it":
                    server.close()
                    self.was_cut.set()
                    return
                if how == "and the server gets it late":
                    self._late.append((data, server))
                    self.was_cut.set()
                    return
                down.cancel()
                await asyncio.gather(down, return_exceptions=True)
                server.write(data)
                while b'"seq":' not in await answers.read(65536):
                    continue
                self.was_cut.set()
                if how == "mute":
                    down = asyncio.ensure_future(_copy(answers, client))
                    continue
                server.close()
                return
        finally:
            down.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()
