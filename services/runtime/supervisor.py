"""`goaltrail up`: everything on one machine, under one data directory, supervised.

Data directory (0700):

    lock        held by the supervisor while it runs
    secrets/    passwords, admin.token, master.key; 0600
    run/        pid files, ports, and the settings of each role; 0600
    logs/       one log per process
    nats/       the ledger: the only truth
    postgres/   the views, rebuilt from the ledger at any time
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import IO, Any, Protocol

import services
from services.runtime import database
from services.runtime.logging import configure_logging
from services.runtime.nats_server import NatsLogin, NatsServer, new_password
from services.runtime.postgres_server import PostgresServer
from services.runtime.processes import (
    ProcessError,
    free_port,
    kill_group,
    port_is_free,
    private_directory,
    spawn,
    stop_leftover,
    write_private,
)
from services.runtime.provisioning import provision
from services.runtime.settings import Role, Settings, load_settings, role_file

ROLES: dict[str, list[str]] = {"api": ["api"], "intake": ["intake"], "projector": ["worker"]}
"""The processes beside the servers, and the command that each one runs."""

START_SECONDS = 90.0
"""How long servers may take to start; a crash recovery is the longest part."""
START_TRIES = 6
"""A server that stops so often while we start will not start; a few times may be a crash being cleaned up."""
READY_SECONDS = 60.0
"""After this long without /readyz we say so and go on waiting."""
SERVICE_GRACE = 6.0
"""Seconds that the services have to finish what they began; then the servers have theirs."""
SERVER_GRACE = 3.0
LOG_BYTES = 10_000_000

Say = Callable[[str], None]


class AlreadyRunningError(ProcessError):
    """Another supervisor holds the data directory."""


def up(data: Path, port: int | None, say: Say) -> int:
    """Run everything until SIGINT, SIGTERM or SIGHUP. Returns the exit code.

    `say` prints one line for the person at the terminal. Raises ProcessError when it can't start.
    """
    os.umask(0o077)
    supervisor = Supervisor(data, port, say)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, supervisor.on_signal)
    return supervisor.run()


class Supervisor:
    """Starts the servers and the services in order, restarts what crashes, stops all of it."""

    def __init__(self, data: Path, port: int | None, say: Say) -> None:
        self.data = DataDirectory(data)
        self._port = port
        self._say = say
        self._stopping = False
        self._children: list[_Child] = []

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """The first signal stops in order, the second one at once."""
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
                    child.tend(time.monotonic())
                time.sleep(0.1)
        except _StoppedError:
            pass
        finally:
            self._stopping = True
            self._stop()
            self.data.close()
        return 0

    def _start(self) -> None:
        started = time.monotonic()
        data = self.data
        for name in ROLES:
            stop_leftover(data.pid_file(name))
        port = self._port or load_settings("operator", data=data.root).api_port
        if not port_is_free(port):
            raise ProcessError(
                f"port {port} of 127.0.0.1 is in use: choose another with `goaltrail up --port N`"
            )
        nats, postgres = data.servers()
        self._children = [_Server("nats-server", nats, self._say), _Server("PostgreSQL", postgres, self._say)]
        operator = data.write_roles(nats, postgres, port)
        configure_logging(operator, "up", stream=(data.logs / "up.log").open("a"))
        nats.spawn()
        postgres.spawn()
        self._wait(nats.ready, START_SECONDS, nats.wait_ready)
        self._wait(postgres.ready, START_SECONDS, postgres.wait_ready)
        asyncio.run(provision(operator))
        roles = [_Role(name, command, data, self._say) for name, command in ROLES.items()]
        for role in roles:
            if self._stopping:
                raise _StoppedError
            role.start()
            self._children.insert(0, role)  # stopped before the servers
        data.announce(port)
        address = f"http://127.0.0.1:{port}"
        self._wait(lambda: _ready(address), READY_SECONDS, lambda _: None)
        seconds = time.monotonic() - started
        state = (
            f"ready after {seconds:.1f} s" if _ready(address) else "not ready yet: see /readyz and the logs"
        )
        self._say(f"Goaltrail runs at {address} ({state})")
        self._say(f"Admin token: {data.secret_file('admin.token')}")
        self._say(f"Logs: {data.logs}   Stop: Ctrl-C")

    def _wait(self, condition: Callable[[], bool], timeout: float, give_up: Callable[[float], None]) -> None:
        """Wait and keep the other children alive; `give_up(0)` raises what went wrong."""
        deadline = time.monotonic() + timeout
        while not condition():
            if self._stopping:
                raise _StoppedError
            now = time.monotonic()
            if now > deadline:
                give_up(0.0)
                return
            for child in self._children:
                child.tend(now)
                if isinstance(child, _Server) and child.crashes >= START_TRIES:
                    child.server.wait_ready(0)
            time.sleep(0.02)

    def _stop(self) -> None:
        """Services first, together; then the servers, together."""
        for kind, grace in ((_Role, SERVICE_GRACE), (_Server, SERVER_GRACE)):
            children = [child for child in self._children if isinstance(child, kind)]
            for child in children:
                child.ask_to_stop()
            deadline = time.monotonic() + grace
            while any(child.alive for child in children) and time.monotonic() < deadline:
                time.sleep(0.02)
            for child in children:
                child.finish()


class DataDirectory:
    """The layout of `data/`, its lock and its secrets."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.logs = self.root / "logs"
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Make the directories and take the lock. Raises AlreadyRunningError, ProcessError."""
        lock = self.root / "lock"
        if self.root.is_dir() and not lock.exists() and any(self.root.iterdir()):
            raise ProcessError(f"{self.root} is not empty and not a data directory of Goaltrail")
        try:
            private_directory(self.root)
            file = lock.open("a+")
            for path in (self.root / "secrets", self.root / "run", self.logs):
                private_directory(path)
        except OSError as error:
            raise ProcessError(f"can't use {error.filename} as data directory: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            owner = file.read().strip()
            file.close()
            raise AlreadyRunningError(
                f"Goaltrail already runs on {self.root}{f' ({owner})' if owner else ''}"
            ) from None
        self._lock = file
        self._note(f"process {os.getpid()}")

    def announce(self, port: int) -> None:
        """Leave the address for whoever tries to start a second time."""
        self._note(f"process {os.getpid()}, http://127.0.0.1:{port}")

    def close(self) -> None:
        """Give the lock back; the file stays as the mark of a data directory."""
        if self._lock is not None:
            self._note("")
            self._lock.close()
            self._lock = None

    def pid_file(self, name: str) -> Path:
        """Where the pid of a child is kept."""
        return self.root / "run" / f"{name}.pid"

    def secret_file(self, name: str) -> Path:
        """Where a secret is kept."""
        return self.root / "secrets" / name

    def secret(self, name: str, make: Callable[[], str] = new_password) -> str:
        """A secret, made at the first start."""
        path = self.secret_file(name)
        if not path.exists():
            write_private(path, make())
        return path.read_text().strip()

    def servers(self) -> tuple[NatsServer, PostgresServer]:
        """The servers of this directory, on the ports of the last start where those are free."""
        ports = self._ports()
        if (self.root / "postgres").exists() and not self.secret_file("postgres_password").exists():
            raise ProcessError(
                f"{self.secret_file('postgres_password')} is missing: put it back, or remove "
                f"{self.root / 'postgres'} (all views are rebuilt from the ledger)"
            )
        nats = NatsServer(
            self.root / "nats",
            app=NatsLogin("app", self.secret("nats_password")),
            provisioner=NatsLogin("provisioner", self.secret("nats_provisioner_password")),
            port=ports["nats"],
            monitor_port=ports["nats_monitor"],
            log=self.logs / "nats-server.log",
            pid_file=self.pid_file("nats-server"),
        )
        postgres = PostgresServer(
            self.root / "postgres",
            superuser="goaltrail_provisioner",
            password=self.secret("postgres_password"),
            port=ports["postgres"],
            log=self.logs / "postgres.log",
            pid_file=self.pid_file("postgres"),
        )
        for log in (nats.log, postgres.log):
            if log.exists() and log.stat().st_size > LOG_BYTES:
                log.replace(log.with_suffix(".log.1"))
        return nats, postgres

    def write_roles(self, nats: NatsServer, postgres: PostgresServer, port: int) -> Settings:
        """Write what each role is told, each with the least it needs. Returns the operator's settings."""
        from services.access.tokens import generate  # here: a second `up` doesn't need it

        workspace = load_settings("operator", data=self.root).workspace
        self.secret("admin.token", lambda: generate(workspace, secrets.token_hex(8)))
        self.secret("master.key", lambda: base64.b64encode(secrets.token_bytes(32)).decode())
        common = {
            "DATA": str(self.root),
            "API_PORT": str(port),
            "NATS_URL": nats.url,
            "NATS_USER": nats.app.user,
            "NATS_PASSWORD": nats.app.password,
        }
        keys = {"MASTER_KEY_FILE": str(self.secret_file("master.key"))}
        passwords = {
            database.PROJECTOR: self.secret("projector_database_password"),
            database.API: self.secret("api_database_password"),
            database.BI: self.secret("bi_database_password"),
        }

        def login(role: str) -> dict[str, str]:
            return {"DATABASE_URL": postgres.url("goaltrail", role, passwords[role])}

        told: dict[Role, dict[str, str]] = {
            "api": common | keys | login(database.API),
            "intake": common | keys | login(database.API),
            "projector": common | login(database.PROJECTOR),
            "operator": common
            | keys
            | {
                "ADMIN_TOKEN_FILE": str(self.secret_file("admin.token")),
                "DATABASE_URL": postgres.url("goaltrail"),
                "NATS_PROVISIONER_USER": nats.provisioner.user,
                "NATS_PROVISIONER_PASSWORD": nats.provisioner.password,
                "PROJECTOR_DATABASE_PASSWORD": passwords[database.PROJECTOR],
                "API_DATABASE_PASSWORD": passwords[database.API],
                "BI_DATABASE_PASSWORD": passwords[database.BI],
            },
        }
        for role, variables in told.items():
            lines = [f"GOALTRAIL_{name}={_dotenv(value)}\n" for name, value in variables.items()]
            write_private(role_file(self.root, role), "".join(lines))
        write_private(
            self.root / "run" / "ports.json",
            json.dumps({"nats": nats.port, "nats_monitor": nats.monitor_port, "postgres": postgres.port}),
        )
        # What the embedded servers say is the truth here, whatever the shell's environment points at.
        for name in told["operator"]:
            os.environ.pop(f"GOALTRAIL_{name}", None)
        return load_settings("operator", data=self.root)

    def _ports(self) -> dict[str, int]:
        try:
            known = json.loads((self.root / "run" / "ports.json").read_text())
        except (OSError, ValueError):
            known = {}
        ports: dict[str, int] = {}
        for name in ("nats", "nats_monitor", "postgres"):
            port = known.get(name, 0)
            usable = port and port not in ports.values() and port_is_free(port)
            ports[name] = port if usable else free_port()
        return ports

    def _note(self, text: str) -> None:
        assert self._lock is not None
        self._lock.seek(0)
        self._lock.truncate()
        self._lock.write(text)
        self._lock.flush()


class _StoppedError(Exception):
    """A signal came while we were starting."""


class _Child(Protocol):
    @property
    def alive(self) -> bool: ...

    def tend(self, now: float) -> None:
        """Start it again if it has stopped, after a pause that grows while it keeps stopping."""

    def ask_to_stop(self) -> None: ...

    def kill(self) -> None: ...

    def finish(self) -> None:
        """Make sure that it has stopped."""


class _Backoff:
    """0.2 s, doubled at each crash up to 10 s; forgotten after a minute without one."""

    def __init__(self) -> None:
        self._pause = 0.2
        self._started = time.monotonic()
        self._due: float | None = None

    def crashed(self, now: float) -> bool:
        """Called while it is down. Returns whether this crash is new."""
        if self._due is not None:
            return False
        if now - self._started > 60.0:
            self._pause = 0.2
        self._due = now + self._pause
        return True

    def due(self, now: float) -> bool:
        """Whether it is time to start again; if so, the next pause is longer."""
        if self._due is None or now < self._due:
            return False
        self._due, self._started = None, now
        self._pause = min(self._pause * 2, 10.0)
        return True


class _Server:
    """nats-server or PostgreSQL."""

    def __init__(self, name: str, server: NatsServer | PostgresServer, say: Say) -> None:
        self.name = name
        self.server = server
        self._say = say
        self.crashes = 0
        self._backoff = _Backoff()

    @property
    def alive(self) -> bool:
        return self.server.alive

    def tend(self, now: float) -> None:
        process = self.server.process
        if process is None or process.poll() is None:
            return
        if self._backoff.crashed(now):
            self.crashes += 1
            self._say(f"{self.name} stopped ({_exit(process)}); starting it again (log: {self.server.log})")
        if self._backoff.due(now):
            self.server.spawn()

    def ask_to_stop(self) -> None:
        if self.server.alive and self.server.process is not None:
            self.server.process.send_signal(self.server.stop_signal)

    def kill(self) -> None:
        if self.server.process is not None and self.alive:
            kill_group(self.server.process.pid)

    def finish(self) -> None:
        self.server.stop(grace=0.0)


class _Role:
    """One of our own services, as a Python process of its own."""

    def __init__(self, name: str, command: list[str], data: DataDirectory, say: Say) -> None:
        self.name = name
        self._command = command
        self._data = data
        self._say = say
        self._backoff = _Backoff()
        self._process: subprocess.Popen[bytes] | None = None
        self._last_text = ""
        self._last_shown = ""
        self._log = _Log(data.logs / f"{name}.log")

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process; a thread copies what it prints into its log."""
        packages = str(Path(services.__file__).resolve().parent.parent)
        path = os.environ.get("PYTHONPATH")
        env = os.environ | {
            "GOALTRAIL_DATA": str(self._data.root),
            "GOALTRAIL_LOG_FORMAT": "json",
            "PYTHONPATH": f"{packages}{os.pathsep}{path}" if path else packages,
            "PYTHONUNBUFFERED": "1",
        }
        # -P: a folder of the user's named like a module of ours must not be imported.
        process = self._process = spawn(
            [sys.executable, "-P", "-m", "services.cli.main", *self._command],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pid_file=self._data.pid_file(self.name),
        )
        assert process.stdout is not None
        threading.Thread(target=self._copy, args=(process.stdout,), daemon=True).start()

    def tend(self, now: float) -> None:
        if self._process is None or self._process.poll() is None:
            return
        if self._backoff.crashed(now):
            why = _exit(self._process)
            if self._last_text and self._process.returncode > 0:
                why += f"; it said: {self._last_text}"
            self._say(f"{self.name} stopped ({why}); starting it again (log: {self._log.path})")
        if self._backoff.due(now):
            self.start()

    def ask_to_stop(self) -> None:
        if self._process is not None and self.alive:
            self._process.terminate()

    def kill(self) -> None:
        if self._process is not None and self.alive:
            kill_group(self._process.pid)

    def finish(self) -> None:
        self.kill()
        if self._process is not None:
            self._process.wait()
        self._data.pid_file(self.name).unlink(missing_ok=True)

    def _copy(self, output: IO[bytes]) -> None:
        with output:
            for raw in output:
                line = raw.decode(errors="replace").rstrip("\n")
                self._log.write(line)
                record = _record(line)
                if record is None:
                    self._last_text = line.strip() or self._last_text
                elif record.get("level") in ("error", "critical"):
                    self._show(record)

    def _show(self, record: dict[str, Any]) -> None:
        """An error is for the person at the terminal, too; the same one again is not."""
        detail = record.get("error")
        text = f"{self.name}: {record.get('event')}{f': {detail}' if detail else ''}"
        if text != self._last_shown:
            self._last_shown = text
            self._say(text)


class _Log:
    """A log file that is moved to `.1` when it has grown too long."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()  # the thread of a crashed process may still be copying its last lines

    def write(self, line: str) -> None:
        with self._lock:
            if self.path.exists() and self.path.stat().st_size > LOG_BYTES:
                self.path.replace(self.path.with_suffix(".log.1"))
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")


def _record(line: str) -> dict[str, Any] | None:
    """A log line as its object; None for other text, such as a traceback."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _ready(address: str) -> bool:
    """GET /readyz; an address on loopback, so no proxy of the environment is asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/readyz", timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _exit(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


def _dotenv(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
