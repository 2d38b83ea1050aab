"""How large a request may be."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.problems import Problem

BODY = 256 * 1024
"""Bytes of a request body, as of an event."""

BODIES = {"/v1/readings": 50 * 1024 * 1024}
"""Paths whose bodies may be larger."""


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
        announced = Headers(scope=scope).get("content-length", "")
        too_large = announced.isdigit() and int(announced) > limit
        read = 0

        async def receive_limited() -> Message:
            nonlocal read
            if too_large:
                raise _too_large(limit)
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, receive_limited, send)


def _too_large(limit: int) -> Problem:
    size = f"{limit // 1024} KiB" if limit < 1024 * 1024 else f"{limit // 1024 // 1024} MiB"
    return Problem(
        413,
        "body_too_large",
        f"A body may have at most {size} here.",
        f"본문은 최대 {size}까지 보낼 수 있습니다.",
    )
