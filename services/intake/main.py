"""The intake process: a FastStream application that takes in what feeds publish to NATS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from faststream import FastStream
from faststream.nats import NatsMessage
from faststream.specification import AsyncAPI
from sqlalchemy.ext.asyncio import create_async_engine

from services.intake.consumer import Consumer
from services.intake.intake import Intake
from services.ledger import Ledger
from services.ledger.deliveries import Deliveries
from services.runtime.garbage import collect_rarely
from services.runtime.logging import configure_logging
from services.runtime.settings import Settings
from services.runtime.workers import run_worker, worker_broker, working

FOREVER = 1e9
"""Seconds to wait for NATS at the start: the supervisor, or the operator, decides when to give up."""
PATIENCE = 10.0
"""Seconds to wait for a leader before everything is tried again."""


class IntakeProcess:
    """Follows the stream INTAKE inside a FastStream application."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._follower: Consumer | None = None
        self.broker = worker_broker(settings, "goaltrail-intake")
        self.broker.subscriber(
            "intake.>",
            title="delivery",
            description="A CloudEvent of a feed: `intake.<workspace>.<feed>`. JetStream stores it; here it is"
            " only a sign that there is something new.",
            decoder=_unread,
            no_reply=True,  # the one answer that a sender may get is JetStream's: it is stored
        )(self.nudged)
        self.app = FastStream(
            self.broker,
            lifespan=self.running,
            logger=None,
            specification=AsyncAPI(title="Goaltrail intake", version="1"),
        )

    async def nudged(self, _message: NatsMessage) -> None:
        """Something was published."""
        if self._follower is not None:
            self._follower.nudge()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow while the application runs."""
        async with working(self.broker, "intake", "follow INTAKE", self._run):
            yield

    async def _run(self) -> None:
        engine = create_async_engine(self._settings.sqlalchemy_url, pool_size=2, pool_pre_ping=True)
        try:
            async with await Ledger.connect(
                self._settings, name="goaltrail-intake", timeout=FOREVER
            ) as ledger:
                intake = Intake.connect(self._settings, ledger)
                ledger.append_only_to(intake.require_same_ledger)
                try:
                    deliveries = Deliveries(ledger.client, patience=PATIENCE)
                    self._follower = Consumer(intake, deliveries, engine)
                    await self._follower.run()
                finally:
                    await intake.close()
        finally:
            await engine.dispose()


async def _unread(_message: NatsMessage) -> None:
    """The body is read from the stream, in order; not here."""


def run(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C."""
    configure_logging(settings, "intake")
    collect_rarely()
    process = IntakeProcess(settings)
    run_worker(process.app, settings)
