"""`goaltrail up` as a person runs it: a real process with real servers, on a directory of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from services.up.processes import wait_until

REPOSITORY = Path(__file__).parent.parent


class Running:
    """One `goaltrail up`. `with` waits until it is ready; however that ends, nothing of it is left."""

    def __init__(self, data: Path, port: int, *options: str, hang_seconds: float | None = None) -> None:
        """`options` for `up`; `hang_seconds`: after how long a process that hangs is killed."""
        self.options = options
        self.data = data
        self.port = port
        self.hang_seconds = hang_seconds
        self.start()

    def __enter__(self) -> Self:
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop()

    def start(self) -> None:
        """Start it; also again, once it has ended."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.output = self.data.with_name(f"{self.data.name}.{time.monotonic_ns()}.out")
        command = ["-m", "services.cli.main", "up", "--data", str(self.data), "--port", str(self.port)]
        command += self.options
        if self.hang_seconds is not None:
            program = (
                "import functools; from pathlib import Path; from services.up.supervisor import up;"
                f"up(Path({str(self.data)!r}), {self.port}, functools.partial(print, flush=True),"
                f" hang_seconds={self.hang_seconds})"
            )
            command = ["-c", program]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=REPOSITORY,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )

    def wait_ready(self) -> None:
        """Wait until it says that it runs."""
        wait_until(lambda: "Stop: Ctrl-C" in self.said() or self.process.poll() is not None, timeout=90)
        assert "ready after" in self.said(), self.said()

    def said(self) -> str:
        """What the person at the terminal has seen."""
        return self.output.read_text()

    def family(self) -> list[psutil.Process]:
        """The supervisor's children and theirs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def pid(self, name: str) -> int | None:
        """The pid of a supervised process, None if there is none now."""
        try:
            pid = int(json.loads((self.data / "run" / f"{name}.pid").read_text())["pid"])
        except FileNotFoundError:
            return None
        return pid if psutil.pid_exists(pid) else None

    def answers(self) -> bool:
        """Whether the API is ready."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self, number: int = signal.SIGINT) -> float:
        """Signal it and wait; the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        return time.monotonic() - began
