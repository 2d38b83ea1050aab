"""How large a body may be, and how long it may take."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import cast

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.http.problems import Problem
from services.api.http.services import Services

BODY = 256 * 1024
"""Bytes of a request body, as of an event."""

BODIES = {"/v1/readings": 50 * 1024 * 1024}
"""Paths whose bodies may be larger."""

THROWN_AWAY = 64 * 1024 * 1024
"""Bytes beyond the limit that are still taken: a client that reads only after it has sent all would see a
connection that is reset instead of an answer."""
SECONDS = 5.0
"""How long they are taken."""


BYTES_PER_SECOND = 16 * 1024
"""How fast a body comes at least, once the seconds that every body has are over."""


class BodyLimit:
    """Stops reading a body that is too large, also if it does not say how long it is, or that is too slow."""

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
        read, waited, whole = 0, 0.0, False
        services = cast("Services", scope["state"]["services"])

        async def receive_limited() -> Message:
            nonlocal read, waited, whole
            if whole:  # who asks for more waits for the client to go away, for as long as the answer takes
                return await receive()
            if too_large:
                if "expect" not in headers:  # who asks first has sent nothing yet
                    await _throw_away(receive)
                raise _too_large(limit)
            seconds = services.settings.api_body_seconds + read / BYTES_PER_SECOND - waited
            began = time.monotonic()
            try:
                async with asyncio.timeout(seconds):
                    message = await receive()
            except TimeoutError:
                raise _too_slow() from None
            # Only the client is waited for here: while a part is taken the next one is not asked for.
            waited += time.monotonic() - began
            read += len(message.get("body", b""))
            whole = not message.get("more_body", False)
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


def _too_slow() -> Problem:
    return Problem(
        408,
        "request_too_slow",
        "The request did not come in time; send it again.",
        "요청이 제때 도착하지 않았습니다. 다시 보내십시오.",
        headers={"Connection": "close"},
    )


def _too_large(limit: int) -> Problem:
    size = f"{limit // 1024} KiB" if limit < 1024 * 1024 else f"{limit // 1024 // 1024} MiB"
    return Problem(
        413,
        "body_too_large",
        f"A body may have at most {size} here.",
        f"본문은 최대 {size}까지 보낼 수 있습니다.",
    )
