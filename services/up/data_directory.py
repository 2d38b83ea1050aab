"""The data directory of `goaltrail up`: its layout, its lock, its secrets and the settings of each role.

Data directory (0700):

    lock        held by the supervisor while it runs
    secrets/    passwords, admin.token, master.key; 0600
    run/        pid files, ports, and the settings of each role; 0600
    logs/       one log per process
    nats/       the ledger: the only truth
    postgres/   the views, rebuilt from the ledger at any time
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import IO

from services.postgres import database
from services.runtime.private_files import private_directory, write_private
from services.runtime.settings import Role, Settings, load_settings, role_file
from services.up.nats_server import NatsLogin, NatsServer, NatsUsers, new_password
from services.up.postgres_server import PostgresServer
from services.up.processes import (
    ProcessError,
    free_port,
    port_is_free,
)

LOG_BYTES = 10_000_000
"""A log that is longer is moved to `.1`."""


class AlreadyRunningError(ProcessError):
    """Another supervisor holds the data directory."""


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
        """Return where the pid of a child is kept."""
        return self.root / "run" / f"{name}.pid"

    def secret_file(self, name: str) -> Path:
        """Return where a secret is kept."""
        return self.root / "secrets" / name

    def secret(self, name: str, make: Callable[[], str] = new_password) -> str:
        """Return a secret, made at the first start."""
        path = self.secret_file(name)
        if not path.exists():
            write_private(path, make())
        return path.read_text().strip()

    def servers(self, api_port: int) -> tuple[NatsServer, PostgresServer]:
        """Return the servers of this directory, on the ports of the last start where the API leaves them
        free.
        """
        ports = self._ports(api_port)
        self._forget_the_shared_user()
        if (self.root / "postgres").exists() and not self.secret_file("postgres_password").exists():
            raise ProcessError(
                f"{self.secret_file('postgres_password')} is missing: put it back, or remove "
                f"{self.root / 'postgres'} (all views are rebuilt from the ledger)"
            )
        nats = NatsServer(
            self.root / "nats",
            users=NatsUsers.with_passwords(lambda user: self.secret(f"nats_{user}_password")),
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

    def write_roles(
        self, nats: NatsServer, postgres: PostgresServer, port: int, processes: int = 1
    ) -> Settings:
        """Write what each role is told, each with the least it needs. Returns the operator's settings."""
        from services.access.tokens import generate  # here: a second `up` doesn't need it

        workspace = load_settings("operator", data=self.root).workspace
        self.secret("admin.token", lambda: generate(workspace, secrets.token_hex(8)))
        self.secret("master.key", lambda: base64.b64encode(secrets.token_bytes(32)).decode())
        common = {
            "DATA": str(self.root),
            "API_PORT": str(port),
            "API_PROCESSES": str(processes),
            "NATS_URL": nats.url,
            "NATS_MONITOR_URL": nats.monitor_url,
        }
        keys = {"MASTER_KEY_FILE": str(self.secret_file("master.key"))}
        passwords = {
            database.PROJECTOR: self.secret("projector_database_password"),
            database.API: self.secret("api_database_password"),
            database.BI: self.secret("bi_database_password"),
        }

        def login(role: str) -> dict[str, str]:
            return {"DATABASE_URL": postgres.url("goaltrail", role, passwords[role])}

        def as_user(login: NatsLogin) -> dict[str, str]:
            return {"NATS_USER": login.user, "NATS_PASSWORD": login.password}

        told: dict[Role, dict[str, str]] = {
            "api": common | keys | as_user(nats.users.api) | login(database.API),
            "intake": common | as_user(nats.users.intake) | login(database.API),
            "projector": common | as_user(nats.users.projector) | login(database.PROJECTOR),
            "operator": common
            | keys
            | as_user(nats.users.provisioner)
            | {
                "ADMIN_TOKEN_FILE": str(self.secret_file("admin.token")),
                "DATABASE_URL": postgres.url("goaltrail"),
                "NATS_PROVISIONER_USER": nats.users.provisioner.user,
                "NATS_PROVISIONER_PASSWORD": nats.users.provisioner.password,
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

    def _forget_the_shared_user(self) -> None:
        """Remove the password that all services and senders had in common: nobody knows its user any more."""
        self.secret_file("nats_password").unlink(missing_ok=True)

    def _ports(self, api_port: int) -> dict[str, int]:
        try:
            known = json.loads((self.root / "run" / "ports.json").read_text())
        except (OSError, ValueError):
            known = {}
        ports: dict[str, int] = {}
        for name in ("nats", "nats_monitor", "postgres"):
            port, taken = known.get(name, 0), {api_port, *ports.values()}
            usable = port and port not in taken and port_is_free(port)
            ports[name] = port if usable else free_port(besides=taken)
        return ports

    def _note(self, text: str) -> None:
        assert self._lock is not None
        self._lock.seek(0)
        self._lock.truncate()
        self._lock.write(text)
        self._lock.flush()


def _dotenv(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
