"""What nats-server and PostgreSQL have in common as servers of one machine: how they start, end and crash."""

from __future__ import annotations

import signal
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from services.up.processes import ProcessError, kill_group, last_lines, stop, wait_until


class Server(ABC):
    """A server in a process of its own. Its port is chosen once, so that clients find it after a restart."""

    name: ClassVar[str]
    """What people call it."""
    stop_signal: ClassVar[signal.Signals]
    """What makes it end in order."""
    start_seconds: ClassVar[float]
    """How long a start may take."""

    def __init__(self, log: Path, pid_file: Path) -> None:
        self.log = log
        self.pid_file = pid_file
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def spawn(self) -> None:
        """Start without waiting; stops a server that an earlier run left on this directory."""

    @abstractmethod
    def ready(self) -> bool:
        """Return whether somebody can log in."""

    def start(self) -> Self:
        """Start and wait until somebody can log in. Raises ProcessError."""
        self.spawn()
        self.wait_ready(self.start_seconds)
        return self

    def wait_ready(self, timeout: float) -> None:
        """Wait until somebody can log in. Raises ProcessError when nobody can in `timeout` s."""
        wait_until(lambda: not self.alive or self.ready(), timeout=timeout)
        if not self.ready():
            raise ProcessError(f"{self.name} did not start: {last_lines(self.log, 3)}")

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self, grace: float = 4.0) -> None:
        """Stop in order; after `grace` seconds by force."""
        if self.process is not None:
            stop(self.process, sig=self.stop_signal, grace=grace)
            self.process = None
        self.pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """SIGKILL to the process and its children, as a crash would."""
        if self.process is not None:
            kill_group(self.process.pid)
            self.process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
