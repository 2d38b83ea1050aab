"""The end of a connection to NATS."""

from __future__ import annotations

import asyncio

from nats.aio.client import Client

from services.runtime.tasks import end


async def end_reconnecting(client: Client) -> None:
    """End the tries of a closed client to connect again.

    nats-py cancels them once, and they swallow that when a try fails in the same moment.
    """
    tries = client._reconnection_task
    if tries is not None and tries is not asyncio.current_task():
        await end(tries)
