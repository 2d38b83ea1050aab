"""How large a request may be."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.http.problems import Problem

BODY = 256 * 1024
"""Bytes of a request body, as of an event."""

BODIES = {"/v1/readings": 50 * 1024 * 1024}
"""Paths whose bodies may be larger."""

THROWN_AWAY = 64 * 1024 * 1024
"""Bytes beyond the limit that are still taken: a client that reads only after it has sent all would see a
connection that is reset instead of an answer."""
SECONDS = 5.0
"""How long they are taken."""


class BodyLimit:
    """Stops reading a body that is too large, also one that does not say how long it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI call."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = BODIES.get(scope["path"], BODY)
        headers = Headers(scope=scope)
        announced = headers.get("content-length", "")
        too_large = announced.isdigit() and int(announced) > limit
        read = 0

        async def receive_limited() -> Message:
            nonlocal read
            if too_large:
                if "expect" not in headers:  # who asks first has sent nothing yet
                    await _throw_away(receive)
                raise _too_large(limit)
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                await _throw_away(receive)
                raise _too_large(limit)
            return message

        await self.app(scope, receive_limited, send)


async def _throw_away(receive: Receive) -> None:
    thrown_away = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            more = True
            while more and thrown_away < THROWN_AWAY:
                message = await receive()
                thrown_away += len(message.get("body", b""))
                more = message.get("more_body", False)


def _too_large(limit: int) -> Problem:
    size = f"{limit // 1024} KiB" if limit < 1024 * 1024 else f"{limit // 1024 // 1024} MiB"
    return Problem(
        413,
        "body_too_large",
        f"A body may have at most {size} here.",
        f"본문은 최대 {size}까지 보낼 수 있습니다.",
    )
