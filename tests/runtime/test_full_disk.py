"""A disk that is full, and has room again: a real small file system under everything that `up` stores."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.runtime.settings import load_settings
from services.up.children import _Log
from services.up.nats_server import NatsServer, NatsUsers
from services.up.processes import free_port, wait_until
from tests.up import Running

RECOVERY_SECONDS = 10.0
"""Within so long after there is room again everything is written as before."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 MB in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"this machine lets us mount no small file system: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path: Path) -> None:
    """Write until there is no room for another byte."""
    with path.open("ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


class Caller:
    """The administrator of a running instance."""

    def __init__(self, running: Running) -> None:
        token = (running.data / "secrets" / "admin.token").read_text().strip()
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{running.port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        )
        self.made: list[str] = []

    def make_unit(self) -> httpx.Response:
        """Make an org unit with a long name; what is acknowledged is remembered."""
        id_ = f"u{time.monotonic_ns()}"
        answer = self.http.post("/v1/org-units", json={"id": id_, "name_ko": "x" * 100, "level": "team"})
        if answer.status_code == 201:
            self.made.append(id_)
            self.http.headers["Goaltrail-Min-Position"] = answer.headers["Goaltrail-Position"]
        return answer

    def units(self) -> set[str]:
        """The ids of all units; none while the views can't be read."""
        found: set[str] = set()
        cursor: str | None = None
        while True:
            answer = self.http.get("/v1/org-units", params={"cursor": cursor} if cursor else {})
            if answer.status_code != 200:
                return set()
            found |= {unit["id"] for unit in answer.json()["data"]}
            cursor = answer.json()["next_cursor"]
            if cursor is None:
                return found

    def ready(self) -> dict[str, Any]:
        """What /readyz says."""
        return dict(self.http.get("/readyz").json())


@pytest.mark.faults
def test_a_full_disk_is_said_and_got_over(small_disk: Path) -> None:
    """Writes are answered 507 and /readyz tells; with room again all goes on by itself, nothing is lost."""
    with Running(small_disk / "data", free_port()) as running:
        caller = Caller(running)
        for _ in range(20):
            assert (made := caller.make_unit()).status_code == 201, made.text
        fill(small_disk / "filler")
        answers: list[tuple[int, str]] = []
        until = time.monotonic() + 120
        while time.monotonic() < until and (507, "storage_full") not in answers:
            answer = caller.make_unit()
            answers.append((answer.status_code, str(answer.json().get("code"))))
        assert (507, "storage_full") in answers, answers[-5:]
        assert wait_until(lambda: caller.ready()["storage_full"], timeout=10, every=0.2)
        ready = caller.ready()
        assert (ready["ready"], ready["nats"]) == (False, False)
        assert caller.http.get("/healthz").status_code == 200
        assert "the disk is full: nats-server takes no writes" in running.said()

        (small_disk / "filler").unlink()
        began = time.monotonic()
        assert wait_until(lambda: caller.make_unit().status_code == 201, timeout=60, every=0.1)
        assert time.monotonic() - began < RECOVERY_SECONDS
        assert wait_until(lambda: caller.ready()["ready"], timeout=60, every=0.2), caller.ready()
        assert running.process.poll() is None
        assert wait_until(lambda: set(caller.made) <= caller.units(), timeout=60, every=0.5)
        logged = (running.data / "logs" / "api.log").read_text().splitlines()
        assert json.loads(logged[-1])["event"], "the log goes on"


@pytest.mark.faults
def test_a_log_goes_on_after_a_full_disk(small_disk: Path) -> None:
    """Lines that can't be written are counted; nothing is raised in the thread that copies them."""
    log = _Log(small_disk / "x.log")
    log.write("before")
    fill(small_disk / "filler")
    for _ in range(100):
        log.write("y" * 4096)
    (small_disk / "filler").unlink()
    log.write("after")
    lines = (small_disk / "x.log").read_text().splitlines()
    assert lines[0] == "before"
    assert lines[-1] == "after"
    assert any("lines could not be written" in line for line in lines)


def test_nobody_is_told_of_a_full_disk_where_there_is_none(tmp_path: Path) -> None:
    """A server that works, and one that is away, count as neither full nor closed."""
    server = NatsServer(tmp_path / "nats", users=NatsUsers.generate())
    with server:
        assert server.closed_by_full_disk() is None
    assert server.closed_by_full_disk() is None
    assert load_settings("api", data=tmp_path, nats_monitor_url="http://a:1/, http://b:2").nats_monitors == [
        "http://a:1",
        "http://b:2",
    ]
