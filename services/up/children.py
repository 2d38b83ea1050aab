"""The processes that `goaltrail up` keeps alive: the servers, and the services with their logs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Protocol

import services
from services.runtime import heartbeat
from services.runtime.heartbeat import Pulse
from services.up.data_directory import LOG_BYTES, DataDirectory
from services.up.nats_server import NatsServer
from services.up.postgres_server import PostgresServer
from services.up.processes import kill_group, spawn

Say = Callable[[str], None]

HANG_SECONDS = 20.0
"""A process that has shown no sign of life for so long is killed and started again."""
LONGEST_PAUSE = 5.0
"""Seconds; who makes room on a full disk should not have to wait for longer."""
PROBE_SECONDS = 2.0
"""Seconds between two looks at a server."""
ROOM = 16 * 1024 * 1024
"""Free bytes with which nats-server is started again after its disk was full."""
START_SECONDS = 90.0
"""How long a process may take to start; of a server, a crash recovery is the longest part."""


class Child(Protocol):
    """A process that is kept alive until it is asked to stop."""

    @property
    def alive(self) -> bool: ...

    def tend(self, now: float) -> None:
        """Start it again if it has stopped, after a pause that grows while it keeps stopping."""

    def ask_to_stop(self) -> None: ...

    def kill(self) -> None: ...

    def finish(self) -> None:
        """Make sure that it has stopped."""


class _Backoff:
    """0.2 s, doubled at each crash up to LONGEST_PAUSE; forgotten after a minute without one."""

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
        """Return whether it is time to start again; if so, the next pause is longer."""
        if self._due is None or now < self._due:
            return False
        self._due, self._started = None, now
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return True


class _Patience:
    """Until when a process that shows no sign of life is borne."""

    def __init__(self, seconds: float, *, starting: float) -> None:
        self._seconds = seconds
        self._starting = starting
        self.began(time.monotonic())

    def began(self, now: float) -> None:
        """The process was started; until its first sign of life it may take longer."""
        self._until = now + self._starting

    def seen(self, now: float) -> None:
        """It showed a sign of life."""
        self._until = now + self._seconds

    def over(self, now: float) -> bool:
        """Return whether it has been silent for too long."""
        return now > self._until


class Server:
    """nats-server or PostgreSQL."""

    def __init__(
        self, name: str, server: NatsServer | PostgresServer, say: Say, *, hang_seconds: float = HANG_SECONDS
    ) -> None:
        self.name = name
        self.server = server
        self._say = say
        self.crashes = 0
        self._backoff = _Backoff()
        self._patience = _Patience(hang_seconds, starting=hang_seconds)
        self._probe_seconds = min(hang_seconds / 4, PROBE_SECONDS)
        self._next_probe = 0.0
        self._full = False

    @property
    def alive(self) -> bool:
        return self.server.alive

    def tend(self, now: float) -> None:
        process = self.server.process
        if process is None:
            return
        if process.poll() is None:
            self._look(now)
            return
        if self._backoff.crashed(now):
            self.crashes += 1
            self._say(f"{self.name} stopped ({_exit(process)}); starting it again (log: {self.server.log})")
        if self._backoff.due(now):
            self.server.spawn()
            self._patience.began(now)

    def _look(self, now: float) -> None:
        """Ask it now and then whether it is there, and end it when it has not answered for too long."""
        if now < self._next_probe:
            return
        self._next_probe = now + self._probe_seconds
        if self.server.responds():
            self._patience.seen(now)
            if isinstance(self.server, NatsServer):
                self._look_at_disk(self.server)
        elif self._patience.over(now):
            self._say(_hangs(self.name))
            self.kill()

    def _look_at_disk(self, server: NatsServer) -> None:
        """Start nats-server again once there is room: it opens a stream that it closed in no other way."""
        if server.closed_by_full_disk() is None:
            self._full = False
        elif shutil.disk_usage(server.directory).free >= ROOM:
            self._say(f"{self.name} takes no writes since the disk was full; there is room: restarting it")
            self.ask_to_stop()
        elif not self._full:
            self._full = True
            self._say(f"the disk is full: {self.name} takes no writes until there is room")

    def ask_to_stop(self) -> None:
        if self.server.alive and self.server.process is not None:
            self.server.process.send_signal(self.server.stop_signal)

    def kill(self) -> None:
        if self.server.process is not None and self.alive:
            kill_group(self.server.process.pid)

    def finish(self) -> None:
        self.server.stop(grace=0.0)


class RoleProcess:
    """One of our own services, as a Python process of its own."""

    def __init__(
        self,
        name: str,
        command: list[str],
        data: DataDirectory,
        say: Say,
        *,
        env: Mapping[str, str] | None = None,
        hang_seconds: float = HANG_SECONDS,
    ) -> None:
        """`env`: what this process is told besides the settings of its role."""
        self.name = name
        self._command = command
        self._env = env or {}
        self._data = data
        self._say = say
        self._backoff = _Backoff()
        self._process: subprocess.Popen[bytes] | None = None
        self._last_text = ""
        self._last_shown = ""
        self._log = _Log(data.logs / f"{name}.log")
        self._pulse: Pulse | None = None
        self._patience = _Patience(hang_seconds, starting=max(hang_seconds, START_SECONDS))

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process; a thread copies what it prints into its log."""
        packages = str(Path(services.__file__).resolve().parent.parent)
        path = os.environ.get("PYTHONPATH")
        if self._pulse is not None:
            self._pulse.close()
        pulse = self._pulse = Pulse()
        self._patience.began(time.monotonic())
        env = os.environ | {
            "GOALTRAIL_DATA": str(self._data.root),
            "GOALTRAIL_LOG_FORMAT": "json",
            "PYTHONPATH": f"{packages}{os.pathsep}{path}" if path else packages,
            "PYTHONUNBUFFERED": "1",
            heartbeat.VARIABLE: str(pulse.writing),
            **self._env,
        }
        if secrets := os.environ.get("GOALTRAIL_SECRETS_DIR"):
            env["GOALTRAIL_SECRETS_DIR"] = str(Path(secrets).absolute())
        # -P: a folder of the user's named like a module of ours must not be imported.
        process = self._process = spawn(
            [sys.executable, "-P", "-m", "services.cli.main", *self._command],
            env=env,
            cwd=self._data.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pid_file=self._data.pid_file(self.name),
            pass_fds=[pulse.writing],
        )
        pulse.handed_over()
        assert process.stdout is not None
        threading.Thread(target=self._copy, args=(process.stdout,), daemon=True).start()

    def tend(self, now: float) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._look(now)
            return
        if self._backoff.crashed(now):
            why = _exit(self._process)
            if self._last_text and self._process.returncode > 0:
                why += f"; it said: {self._last_text}"
            self._say(f"{self.name} stopped ({why}); starting it again (log: {self._log.path})")
        if self._backoff.due(now):
            self.start()

    def _look(self, now: float) -> None:
        """End it when its event loop has not turned for too long."""
        assert self._pulse is not None
        if self._pulse.felt():
            self._patience.seen(now)
        elif self._patience.over(now):
            self._say(_hangs(self.name))
            self.kill()

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
        if self._pulse is not None:
            self._pulse.close()
            self._pulse = None
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
        self._lost = 0

    def write(self, line: str) -> None:
        """Add a line. One that can't be written, say to a full disk, is counted, and the number told later.

        Nothing is raised: if nobody read what the process prints, it would stop in the middle of a line.
        """
        with self._lock:
            told = f"… {self._lost} lines could not be written\n" if self._lost else ""
            try:
                if self.path.exists() and self.path.stat().st_size > LOG_BYTES:
                    self.path.replace(self.path.with_suffix(".log.1"))
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(f"{told}{line}\n")
                self._lost = 0
            except OSError:
                self._lost += 1


def _record(line: str) -> dict[str, Any] | None:
    """Return a log line as its object; None for other text, such as a traceback."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _hangs(name: str) -> str:
    return f"{name} does not respond any more; killing it"


def _exit(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
