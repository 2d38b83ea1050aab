"""Child processes: they die with their parent where the system can do that; else a pid file finds them.

A process is known by its pid, its birth mark (boot and start time) *and* the directory it works in. The birth
mark tells it from one that was given the same pid later; the directory tells it from the one whose pid file
was copied together with a whole data directory.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from services.runtime.private_files import write_private

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: a child between fork and exec must not import or allocate much.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

_handed_out: set[int] = set()


class ProcessError(RuntimeError):
    """A process could not be started or did not become ready; the text is one line for a person."""


@dataclass(frozen=True)
class SystemUser:
    """The unprivileged user that a process runs as when we are root."""

    uid: int
    gid: int


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    parent_death_signal: signal.Signals = signal.SIGTERM,
    run_as: SystemUser | None = None,
    pid_file: Path | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own (a Ctrl-C in the terminal reaches only us).

    `cwd` is entered before privileges are dropped to `run_as`. On Linux the process gets
    `parent_death_signal` when the thread that called this ends. `pid_file` is written 0600; it names `cwd`,
    by which `stop_leftover` knows the process again.
    """
    process = subprocess.Popen(
        [str(part) for part in argv],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        umask=0o077,
        user=run_as.uid if run_as else None,
        group=run_as.gid if run_as else None,
        extra_groups=[] if run_as else None,
        pass_fds=pass_fds,
        preexec_fn=die_with_parent(parent_death_signal),
    )
    if pid_file is not None:
        assert cwd is not None, "a pid file names the directory that the process works in"
        record = {"pid": process.pid, "born": birth_mark(process.pid), "directory": _identity(cwd)}
        with contextlib.suppress(OSError):  # on a full disk it runs all the same
            write_private(pid_file, json.dumps(record))
    return process


def birth_mark(pid: int) -> str | None:
    """Return what tells this process from any other that ever had its pid; None if it is not running."""
    if sys.platform == "linux":
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            # The name in parentheses may hold anything, so count the fields after the last one.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        state, start_ticks = fields[0], fields[19]
        return None if state in "ZX" else f"{boot}:{start_ticks}"
    listing = _printed("ps", "-o", "state=,lstart=", "-p", str(pid)).split(maxsplit=1)
    return None if len(listing) < 2 or listing[0].startswith("Z") else listing[1].strip()


def works_in(pid: int, directory: Path) -> bool | None:
    """Return whether a process works in this very directory; None where the system doesn't tell.

    The system follows a directory that is moved, and tells a copy from its original.
    """
    if sys.platform == "linux":
        there = f"/proc/{pid}/cwd"
    else:
        lines = _printed("lsof", "-a", "-p", str(pid), "-d", "cwd", "-F", "n").splitlines()
        there = next((line[1:] for line in lines if line.startswith("n")), "")
        if not there:
            return None
    try:
        return Path(there).samefile(directory)
    except PermissionError:
        return None
    except OSError:
        return False


def stop(
    process: subprocess.Popen[bytes], *, sig: signal.Signals = signal.SIGTERM, grace: float = 4.0
) -> int:
    """Ask a child to stop, and after `grace` seconds make it. Returns its exit code."""
    if process.poll() is None:
        process.send_signal(sig)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            kill_group(process.pid)
    return process.wait()


def kill_group(pid: int) -> None:
    """SIGKILL to a process that `spawn` started and to whatever it started in its session."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def stop_leftover(
    pid_file: Path, directory: Path, *, sig: signal.Signals = signal.SIGTERM, grace: float = 8.0
) -> int | None:
    """Stop what a killed parent left running in `directory`, as its pid file says. Returns its pid, or None.

    A pid file that came with a copy of the directory names a process of the original: that one goes on.
    """
    try:
        record = json.loads(pid_file.read_text())
        pid, born, named = int(record["pid"]), record["born"], record["directory"]
        here = _identity(directory)
    except (OSError, ValueError, KeyError, TypeError):
        pid_file.unlink(missing_ok=True)
        return None
    found = (
        born is not None
        and birth_mark(pid) == born
        and named == here
        and works_in(pid, directory) is not False
    )
    if found:
        stop_stranger(pid, sig=sig, grace=grace)
    pid_file.unlink(missing_ok=True)
    return pid if found else None


def stop_stranger(pid: int, *, sig: signal.Signals, grace: float) -> None:
    """Stop a process that is ours but not our child: signal, wait `grace` seconds, SIGKILL, wait."""
    born = birth_mark(pid)
    for attempt, seconds in ((sig, grace), (signal.SIGKILL, 5.0)):
        if born is None or birth_mark(pid) != born:
            return
        try:
            os.kill(pid, attempt)
        except ProcessLookupError:
            return
        wait_until(lambda: birth_mark(pid) != born, timeout=seconds)
    if birth_mark(pid) == born:
        raise ProcessError(f"process {pid} is left over from an earlier run and could not be stopped")


def wait_until(condition: Callable[[], bool], *, timeout: float, every: float = 0.01) -> bool:
    """Poll until `condition` holds; False when `timeout` seconds passed first."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def free_port(*, besides: Container[int] = ()) -> int:
    """Return a loopback TCP port that nobody listens on, and that this process has not handed out before.

    `besides`: ports that somebody else is going to listen on.

    It lies below the range the system picks client ports from: a client that keeps trying to reach a
    stopped server on a port of that range can end up connected to itself and so block the server.
    """
    for _ in range(200):
        port = 15_000 + secrets.randbelow(17_000)
        if port not in _handed_out and port not in besides and port_is_free(port):
            _handed_out.add(port)
            return port
    raise ProcessError("no free TCP port on 127.0.0.1 between 15000 and 32000")


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def answers(port: int, greeting: bytes = b"", *, seconds: float = 1.0) -> bool:
    """Return whether the server on a loopback port says anything, in so many seconds, to `greeting`.

    Nobody listening counts as an answer: a server that starts or recovers is not one that hangs.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            connection.sendall(greeting)
            connection.recv(1)
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def last_lines(path: Path, count: int = 5) -> str:
    """Return the end of a log, for an error message; empty if there is no log."""
    try:
        return " | ".join(path.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""


def _identity(directory: Path) -> str:
    """Return what stays the same when a directory is moved, and differs in a copy of it."""
    status = directory.stat()
    return f"{status.st_dev}:{status.st_ino}"


def _printed(*command: str) -> str:
    """Return what a program of the system prints; nothing where it is not installed."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def die_with_parent(sig: signal.Signals) -> Callable[[], None] | None:
    """Return what a child calls before exec to get `sig` when the thread that forked it ends; None off
    Linux.
    """
    if _LIBC is None:
        return None  # macOS has no such call: there the pid file alone finds what is left over
    libc, parent, number = _LIBC, os.getpid(), int(sig)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)

    return ask
