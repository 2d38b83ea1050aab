"""What the worker processes have in common: a FastStream application, its broker, and its health page."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from types import TracebackType

import orjson
import structlog
import uvicorn
from faststream import FastStream
from faststream.asgi import AsgiResponse, get
from faststream.asgi.types import Scope
from faststream.nats import NatsBroker
from faststream.security import SASLPlaintext
from nats.errors import Error as NatsError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.runtime import loop
from services.runtime.background import TOLD_EVERY, TOLD_PREFIX, Background, failing
from services.runtime.nats_reconnecting import end_reconnecting
from services.runtime.settings import Settings, nats_inbox

log = structlog.get_logger(__name__)


class WorkerBroker(NatsBroker):
    """Wakes a worker, and tells how it is; nothing is lost when it stops while NATS is away."""

    async def stop(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        """Stop, also while NATS can't be reached."""
        client = self._connection
        try:
            await super().stop(exc_type, exc_val, exc_tb)
        except NatsError as error:
            log.info("stopped while NATS was away", because=str(error))
        if client is not None:
            await client.close()  # FastStream only drains it, which does nothing while NATS is away
            await end_reconnecting(client)


def worker_broker(settings: Settings, name: str) -> WorkerBroker:
    """Return a broker that connects for ever and leaves logging to us."""
    return WorkerBroker(
        settings.nats_servers,
        security=SASLPlaintext(settings.nats_user, settings.nats_password.get_secret_value()),
        inbox_prefix=nats_inbox(settings.nats_user),
        max_reconnect_attempts=-1,
        name=name,
        logger=None,
    )


@asynccontextmanager
async def working(
    broker: WorkerBroker, process: str, kind: str, work: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """Keep a worker's main task running, and tell the API what fails in this process."""
    telling = Background("tell", partial(_tell, broker, f"{TOLD_PREFIX}{process}.{secrets.token_hex(4)}"))
    main = Background(kind, work)
    try:
        yield
    finally:
        await main.stop()
        await telling.stop()


async def _tell(broker: WorkerBroker, subject: str) -> None:
    while True:
        if problems := failing():
            with suppress(Exception):  # NATS is away, which everybody notices, or not connected yet
                await broker.publish(orjson.dumps([problem._asdict() for problem in problems]), subject)
        await asyncio.sleep(TOLD_EVERY)


def run_worker(app: FastStream, settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C, with /healthz and /metrics if a port is set for them."""
    if not settings.metrics_port:
        loop.run(app.run())
        return

    @get(include_in_schema=False)
    async def healthz(_scope: Scope) -> AsgiResponse:
        problems = ", ".join(f"{problem.task}: {problem.error}" for problem in failing())
        return AsgiResponse(problems.encode() or b"ok", 503 if problems else 200)

    @get(include_in_schema=False)
    async def metrics(_scope: Scope) -> AsgiResponse:
        return AsgiResponse(generate_latest(), 200, {"content-type": CONTENT_TYPE_LATEST})

    config = uvicorn.Config(
        app.as_asgi(asgi_routes=[("/healthz", healthz), ("/metrics", metrics)]),
        host=settings.metrics_host,
        port=settings.metrics_port,
        log_config=None,
        access_log=False,
        lifespan="on",
    )
    loop.run(uvicorn.Server(config).serve())
