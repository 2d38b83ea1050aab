"""The API process: connects to the engines, serves until it is told to stop, then finishes what it began."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from datetime import timedelta

import structlog
import uvicorn
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.access.access import Access
from services.api.app import create_app
from services.api.http.connections import LimitedProtocol, protocol_of
from services.api.http.services import Services
from services.api.operations.health import Health
from services.commands.handler import Goals
from services.commands.private_readings import PrivateReadings
from services.commands.resolver import Resolver
from services.intake.intake import Intake
from services.keys.keys import Keys, MasterKeyDiffersError
from services.ledger import Ledger, LedgerError
from services.ledger.provision import check
from services.postgres.locks import Locks
from services.postgres.views import Views
from services.runtime import loop
from services.runtime.garbage import collect_rarely
from services.runtime.settings import Settings, SettingsError

log = structlog.get_logger(__name__)

PATIENCE = 3.0
"""Seconds that a request waits for NATS before it is answered 503."""
FINISH = 8
"""Seconds that requests have to end after SIGTERM."""


def run(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C. What keeps it from starting is one line in the log, and exit code 1."""
    collect_rarely()
    try:
        loop.run(_serve(settings))
    except (LedgerError, MasterKeyDiffersError, SettingsError) as error:
        log.error("the API can't start", because=str(error))
        sys.exit(1)


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Services]:
    """Yield everything the API works with, connected; closed in reverse order.

    PostgreSQL may be away and come later. Raises LedgerUnavailable, ConfigurationDiffers, SettingsError,
    MasterKeyDiffersError.
    """
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(
            await Ledger.connect(settings, name="goaltrail-api", patience=PATIENCE)
        )
        await check(settings, ledger)
        views = await stack.enter_async_context(Views.connect(settings))
        await ledger.subscribe_views(views.nudged)
        views.tell_damage_to(ledger.tell_damage)
        ledger.append_only_to(views.require_same_ledger)
        access = await Access.start(ledger)
        stack.push_async_callback(access.close)
        keys = await Keys.start(ledger, settings.load_master_key())
        stack.push_async_callback(keys.close)
        intake = Intake.connect(settings, ledger)
        stack.push_async_callback(intake.close)
        locks = await _locks(settings, stack) if settings.api_processes > 1 else None
        health = Health(ledger, views)
        stack.push_async_callback(health.close)
        await health.start()
        goals = Goals(ledger, views, keys, locks=locks, administrators=access.administrators)
        yield Services(
            settings=settings,
            ledger=ledger,
            views=views,
            access=access,
            keys=keys,
            goals=goals,
            private_readings=PrivateReadings(goals),
            intake=intake,
            health=health,
        )


async def _locks(settings: Settings, stack: AsyncExitStack) -> Locks:
    """Locks in a session of their own, that keep the rules of commands over several processes."""
    engine = create_async_engine(
        settings.sqlalchemy_url, poolclass=NullPool, connect_args={"timeout": 2.0, "command_timeout": 5.0}
    )
    stack.push_async_callback(engine.dispose)
    return await stack.enter_async_context(Locks(engine))


def _listen(settings: Settings) -> list[socket.socket] | None:
    """Return a socket on the port that several processes share; None where one process has it for itself."""
    if settings.api_processes == 1:
        return None
    shared = socket.socket(socket.AF_INET6 if ":" in settings.api_host else socket.AF_INET)
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    shared.bind((settings.api_host, settings.api_port))
    return [shared]


async def _serve(settings: Settings) -> None:
    async with connected(settings) as services:
        config = uvicorn.Config(
            create_app(services),
            host=settings.api_host,
            port=settings.api_port,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            http=protocol_of(settings),
            ws="none",
            timeout_graceful_shutdown=FINISH,
        )
        after = timedelta(minutes=settings.resolve_goals_after)
        resolver = Resolver(services.ledger, services.views, services.goals, after=after)
        resolving = resolver.running() if settings.resolve_goals else nullcontext()
        async with resolving:
            await _Server(config).serve(_listen(settings))


class _Server(uvicorn.Server):
    """A server that leaves the process alive after a signal, so that connections can be closed.

    Once a second it looks at every connection.
    """

    async def on_tick(self, counter: int) -> bool:
        """Return what uvicorn does ten times a second; True to stop."""
        if counter % 10 == 0:
            now = time.monotonic()
            for connection in list(self.server_state.connections):
                if isinstance(connection, LimitedProtocol):
                    connection.tick(now)
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and Ctrl-C; at once on the second one."""
        running = asyncio.get_running_loop()

        def stop() -> None:
            self.force_exit = self.should_exit
            self.should_exit = True

        for signal_ in (signal.SIGINT, signal.SIGTERM):
            running.add_signal_handler(signal_, stop)
        try:
            yield
        finally:
            for signal_ in (signal.SIGINT, signal.SIGTERM):
                running.remove_signal_handler(signal_)
