"""`goaltrail up`: everything on one machine, under one data directory, supervised."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from services.runtime.logging import configure_logging
from services.runtime.settings import load_settings
from services.up.children import HANG_SECONDS, START_SECONDS, Child, RoleProcess, Say, Server
from services.up.data_directory import DataDirectory
from services.up.processes import ProcessError, port_is_free, stop_leftover
from services.up.provisioning import provision

ROLES: dict[str, list[str]] = {"api": ["api"], "intake": ["intake"], "projector": ["worker"]}
"""The processes beside the servers, and the command that each one runs."""

MOST_PROCESSES = 8
"""API processes on one machine."""
START_TRIES = 6
"""A server that stops so often while we start will not start; a few times may be a crash being cleaned up."""
READY_SECONDS = 60.0
"""After this long without /readyz we say so and go on waiting."""
SERVICE_GRACE = 6.0
"""Seconds that the services have to finish what they began; then the servers have theirs."""
SERVER_GRACE = 3.0


def up(
    data: Path,
    port: int | None,
    say: Say,
    *,
    processes: int = 1,
    hang_seconds: float = HANG_SECONDS,
) -> int:
    """Run everything until SIGINT, SIGTERM or SIGHUP. Returns the exit code.

    `say` prints one line for the person at the terminal; `processes` of the API share its port. A process
    that shows no sign of life for `hang_seconds` is killed and started again. Raises ProcessError when it
    can't start.
    """
    os.umask(0o077)
    supervisor = Supervisor(data, port, say, processes=processes, hang_seconds=hang_seconds)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, supervisor.on_signal)
    return supervisor.run()


class Supervisor:
    """Starts the servers and the services in order, restarts what crashes or hangs, stops all of it."""

    def __init__(
        self,
        data: Path,
        port: int | None,
        say: Say,
        *,
        processes: int = 1,
        hang_seconds: float = HANG_SECONDS,
    ) -> None:
        self.data = DataDirectory(data)
        self._port = port
        self._say = say
        self._roles = ROLES | {f"api-{number}": ["api"] for number in range(2, processes + 1)}
        self._processes = processes
        self._hang_seconds = hang_seconds
        self._stopping = False
        self._trouble = ""
        self._children: list[Child] = []

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Stop in order on the first signal, at once on the second one."""
        if self._stopping:
            for child in self._children:
                child.kill()
        self._stopping = True

    def run(self) -> int:
        """Start, supervise, stop."""
        self.data.open()
        try:
            self._start()
            while not self._stopping:
                for child in self._children:
                    self._tend(child)
                time.sleep(0.1)
        except _StoppedError:
            pass
        finally:
            self._stopping = True
            self._stop()
            self.data.close()
        return 0

    def _tend(self, child: Child) -> None:
        """Look after a child; what keeps it from starting, such as a full disk, is said and tried again."""
        try:
            child.tend(time.monotonic())
            self._trouble = ""
        except (OSError, ProcessError) as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                self._say(f"can't start a process: {error}")

    def _start(self) -> None:
        started = time.monotonic()
        data = self.data
        for name in [*ROLES, *(f"api-{number}" for number in range(2, MOST_PROCESSES + 1))]:
            stop_leftover(data.pid_file(name), data.root)
        port = self._port or load_settings("operator", data=data.root).api_port
        if not port_is_free(port):
            raise ProcessError(
                f"port {port} of 127.0.0.1 is in use: choose another with `goaltrail up --port N`"
            )
        nats, postgres = data.servers(port)
        self._children = [
            Server(name, server, self._say, hang_seconds=self._hang_seconds)
            for name, server in (("nats-server", nats), ("PostgreSQL", postgres))
        ]
        operator = data.write_roles(nats, postgres, port, self._processes)
        configure_logging(operator, "up", stream=(data.logs / "up.log").open("a"))
        nats.spawn()
        postgres.spawn()
        self._wait(nats.ready, START_SECONDS, nats.wait_ready)
        self._wait(postgres.ready, START_SECONDS, postgres.wait_ready)
        asyncio.run(provision(operator))
        roles = [
            RoleProcess(
                name,
                command,
                data,
                self._say,
                # What has to be done once is done by the first one of the API.
                env={"GOALTRAIL_RESOLVE_GOALS": "false"} if name not in ROLES else None,
                hang_seconds=self._hang_seconds,
            )
            for name, command in self._roles.items()
        ]
        for role in roles:
            if self._stopping:
                raise _StoppedError
            role.start()
            self._children.insert(0, role)  # stopped before the servers
        data.announce(port)
        address = f"http://127.0.0.1:{port}"
        state = "not ready yet: see /readyz and the logs"
        if self._wait(lambda: _ready(address), READY_SECONDS, lambda _: None):
            state = f"ready after {time.monotonic() - started:.1f} s"
        self._say(f"Goaltrail runs at {address} ({state})")
        self._say(f"Admin token: {data.secret_file('admin.token')}")
        self._say(f"Logs: {data.logs}   Stop: Ctrl-C")

    def _wait(self, condition: Callable[[], bool], timeout: float, give_up: Callable[[float], None]) -> bool:
        """Wait and keep the other children alive; False after `give_up(0)`, which may raise why."""
        deadline = time.monotonic() + timeout
        while not condition():
            if self._stopping:
                raise _StoppedError
            now = time.monotonic()
            if now > deadline:
                give_up(0.0)
                return False
            for child in self._children:
                child.tend(now)
                if isinstance(child, Server) and child.crashes >= START_TRIES:
                    child.server.wait_ready(0)
            time.sleep(0.02)
        return True

    def _stop(self) -> None:
        """Services first, together; then the servers, together."""
        for kind, grace in ((RoleProcess, SERVICE_GRACE), (Server, SERVER_GRACE)):
            children = [child for child in self._children if isinstance(child, kind)]
            for child in children:
                child.ask_to_stop()
            deadline = time.monotonic() + grace
            while any(child.alive for child in children) and time.monotonic() < deadline:
                time.sleep(0.02)
            for child in children:
                child.finish()


class _StoppedError(Exception):
    """A signal came while we were starting."""


def _ready(address: str) -> bool:
    """GET /readyz; an address on loopback, so no proxy of the environment is asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/readyz", timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
