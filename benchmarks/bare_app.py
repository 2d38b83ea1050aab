"""The least that an ASGI application can cost: one that does nothing, and one that only publishes.

GET is answered at once. POST publishes its body to JetStream and answers when that is on the disk: a message
and a wait for the disk for each request, as one writes it first.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from itertools import count
from typing import Any

from nats.aio.client import Client

Message = MutableMapping[str, Any]

_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"15")]
_client = Client()
_numbers = count()


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """An ASGI application; the environment tells it where NATS is."""
    if scope["type"] == "lifespan":
        await receive()
        user = os.environ["BARE_USER"]
        await _client.connect(
            os.environ["BARE_NATS"],
            user=user,
            password=os.environ["BARE_PASSWORD"],
            inbox_prefix=f"_INBOX_{user}",  # the one that it may listen on
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await _client.close()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if scope["method"] == "POST":
        await _client.request(f"ledger.bare.kpi.k{next(_numbers) % 200}", body, timeout=30)
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": b'{"status":"ok"}'})
