"""`goaltrail forget` on a real data directory: no file of it holds the key or a word any more."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.up.processes import free_port
from tests.up import REPOSITORY, Running

NAME, MAIL, NOTE = "김수로왕", "suro.kim@example.com", "두통이 심해 늦어집니다"
WORDS = (NAME, MAIL, "두통")
WRAPPED = re.compile(rb'"wrapped":"([A-Za-z0-9_-]{80})"')


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Goaltrail of its own."""
    with Running(tmp_path_factory.mktemp("forget") / "data", free_port()) as instance:
        yield instance


def files_with(data: Path, *needles: bytes) -> list[Path]:
    """The files of the data directory that hold any of some bytes."""
    files = [path for path in data.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in files if any(needle in path.read_bytes() for needle in needles)]


def forget(running: Running, *arguments: str) -> tuple[int, str]:
    """The command's exit code and what it printed."""
    token_file = running.data / "secrets" / "admin.token"
    where = ["--url", f"http://127.0.0.1:{running.port}", "--token-file", str(token_file)]
    done = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "forget", *arguments, *where],
        cwd=REPOSITORY,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).decode()


def test_nothing_of_a_person_is_left_on_the_disk(running: Running) -> None:
    """Their words are in no file at any time, their key in none once they are forgotten."""
    address = f"http://127.0.0.1:{running.port}"
    headers = {"Authorization": f"Bearer {(running.data / 'secrets' / 'admin.token').read_text().strip()}"}
    with httpx.Client(base_url=address, headers=headers, timeout=30) as admin:
        registered = admin.post("/v1/people", json={"name": NAME, "mail": MAIL, "reason": NOTE})
        assert registered.status_code == 201
        id_ = registered.json()["id"]
        keys = {key for path in files_with(running.data, b'"wrapped"') for key in wrapped(path, id_)}
        assert len(keys) == 1
        key = keys.pop()
        raw = base64.urlsafe_b64decode(key + b"==")
        assert files_with(running.data, key)
        assert not files_with(running.data, *(word.encode() for word in WORDS))

        assert forget(running, id_, "--reason", "x")[0] == 1
        assert forget(running, "No/One", "--reason", "x", "--yes") == (
            1,
            "goaltrail: 'No/One' is not the id of a person\n",
        )
        assert files_with(running.data, key)
        code, said = forget(running, id_, "--reason", "퇴사", "--yes")
        assert (code, said) == (0, f"{id_} is forgotten: their key is destroyed, 0 tokens revoked.\n")
        assert not files_with(running.data, key, raw)
        shown = admin.get(f"/v1/people/{id_}", headers={"Accept-Language": "ko"})
        assert (shown.json()["name"], shown.json()["mail"]) == ("[삭제됨]", "[삭제됨]")
        assert forget(running, id_, "--reason", "퇴사", "--yes") == (
            0,
            f"{id_} had been forgotten already.\n",
        )
    # Not only in memory: a new start knows it, and finds no more either.
    running.stop()
    assert not files_with(running.data, key, raw, *(word.encode() for word in WORDS))
    running.start()
    running.wait_ready()
    with httpx.Client(base_url=address, headers=headers, timeout=30) as admin:
        assert admin.get(f"/v1/people/{id_}").json()["name"] == "[erased]"
        token = admin.post("/v1/tokens", json={"actor": f"person:{id_}", "role": "viewer"})
        assert token.json()["code"] == "person_forgotten"


def wrapped(path: Path, person: str) -> list[bytes]:
    """The wrapped keys of one person in a file of the server's."""
    after = path.read_bytes().split(b"keys.main.person." + person.encode())[1:]
    return [match[1] for rest in after if (match := WRAPPED.search(rest[:1000]))]
