"""`goaltrail up` as a person runs it: a real process with real servers, on a directory of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nats
import psutil
import pytest
from nats.aio.client import Client

from services.runtime.settings import Settings, load_settings, nats_inbox
from services.up.processes import free_port, wait_until
from tests.up import REPOSITORY, Running

NAMES = ("api", "intake", "projector", "nats-server", "postgres")
START_SECONDS = 60.0
"""Far more than `up` needs: the machine may be busy with other tests."""


def all_gone(family: list[psutil.Process]) -> bool:
    """Whether none of these processes runs any more (a zombie waits for init only)."""
    return not any(
        member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in alive(family)
    )


def alive(family: list[psutil.Process]) -> list[psutil.Process]:
    """Those that have not gone meanwhile."""
    return [member for member in family if psutil.pid_exists(member.pid)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One instance for the tests that leave it as they found it, in a folder as people name theirs."""
    with Running(
        tmp_path_factory.mktemp("up") / "My Goals, 목표 #1 (it's)" / "data", free_port()
    ) as instance:
        yield instance


def test_everything_is_private(running: Running) -> None:
    """The data directory is 0700 and nothing in it can be read by others."""
    assert running.data.stat().st_mode & 0o777 == 0o700
    shared = [str(p) for p in running.data.rglob("*") if not p.is_symlink() and p.stat().st_mode & 0o077]
    assert shared == []
    for name in ("admin.token", "master.key", "nats_api_password", "postgres_password"):
        assert (running.data / "secrets" / name).stat().st_mode & 0o777 == 0o600


def test_the_address_and_the_token_file_are_said_and_no_secret(running: Running) -> None:
    """The person learns where the token is; no secret is on the terminal, in a log or in a command line."""
    assert f"http://127.0.0.1:{running.port}" in running.said()
    assert str(running.data / "secrets" / "admin.token") in running.said()
    secrets = [path.read_text().strip() for path in (running.data / "secrets").iterdir()]
    places = [running.said()]
    places += [path.read_text(errors="replace") for path in (running.data / "logs").iterdir()]
    places += [" ".join(member.cmdline()) for member in running.family()]
    assert [secret for secret in secrets if any(secret in place for place in places)] == []


def test_it_listens_on_loopback_only(running: Running) -> None:
    """No process of it can be reached from another machine."""
    listening = {
        connection.laddr.ip
        for member in running.family()
        for connection in member.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_a_second_up_on_the_same_data_says_so_in_one_line(running: Running) -> None:
    """It names the first one, exits with an error and disturbs nothing."""
    second = Running(running.data, free_port())
    assert second.process.wait(30) == 1
    assert second.said().count("\n") == 1
    assert "already runs" in second.said()
    assert f"process {running.process.pid}" in second.said()
    assert running.answers()


@pytest.mark.faults
@pytest.mark.parametrize("name", NAMES)
def test_a_killed_child_is_started_again(running: Running, name: str) -> None:
    """SIGKILL to any one process: another takes its place, and the API is ready again."""
    before = running.pid(name)
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert wait_until(lambda: running.pid(name) not in (None, before), timeout=START_SECONDS)
    assert wait_until(running.answers, timeout=START_SECONDS, every=0.1)
    assert "stopped (SIGKILL); starting it again" in running.said()


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An instance that bears a process that hangs for a few seconds only."""
    with Running(tmp_path_factory.mktemp("up") / "data", free_port(), hang_seconds=6.0) as instance:
        yield instance


@pytest.mark.faults
@pytest.mark.parametrize("name", NAMES)
def test_a_child_that_hangs_is_killed_and_started_again(impatient: Running, name: str) -> None:
    """SIGSTOP to any one process, which goes on existing: another takes its place, and the API is ready."""
    before = impatient.pid(name)
    assert before is not None
    others = {other: impatient.pid(other) for other in NAMES if other != name}
    os.kill(before, signal.SIGSTOP)
    assert wait_until(lambda: impatient.pid(name) not in (None, before), timeout=START_SECONDS)
    assert wait_until(impatient.answers, timeout=START_SECONDS, every=0.1)
    assert "does not respond any more; killing it" in impatient.said()
    assert {other: impatient.pid(other) for other in others} == others


def test_up_on_a_copy_of_a_live_directory_leaves_the_original_alone(running: Running, tmp_path: Path) -> None:
    """`cp -a` takes the pid files along: the copy starts beside the original, on other ports."""
    said = running.said()
    before = {name: running.pid(name) for name in NAMES}
    assert None not in before.values()
    subprocess.run(["cp", "-a", running.data, tmp_path / "data2"], check=True)
    with Running(tmp_path / "data2", free_port()) as copy:
        assert copy.answers()
        assert not {copy.pid(name) for name in before} & set(before.values())
        assert {name: running.pid(name) for name in before} == before
    assert {name: running.pid(name) for name in before} == before
    assert running.answers()
    assert running.said() == said


def test_a_data_directory_of_an_earlier_version_goes_on_working(tmp_path: Path) -> None:
    """One password for all NATS users, and streams in the default account: both are brought up to date."""
    data, port = tmp_path / "data", free_port()
    with Running(data, port):
        token = (data / "secrets" / "admin.token").read_text()
    for secret in (data / "secrets").glob("nats_*"):
        secret.unlink()
    (data / "secrets" / "nats_password").write_text("of all")
    (data / "secrets" / "nats_provisioner_password").write_text("of the provisioner")
    streams = data / "nats" / "jetstream"
    (streams / "GOALTRAIL").rename(streams / "$G")
    with Running(data, port) as running:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/workspace", headers={"Authorization": f"Bearer {token.strip()}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer)["id"] == "main"
        assert running.answers()
    kept = {path.name for path in (data / "secrets").glob("nats_*")}
    assert kept == {
        f"nats_{user}_password" for user in ("api", "intake", "projector", "provisioner", "sender")
    }
    assert (data / "secrets" / "nats_provisioner_password").read_text() == "of the provisioner"


def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    """SIGINT: exit code 0 within ten seconds, no process is left, the port is free; it starts again."""
    data, port = tmp_path / "data", free_port()
    first = Running(data, port)
    first.wait_ready()
    family = first.family()
    assert len(family) >= 5
    assert first.stop(signal.SIGINT) < 10
    assert first.process.returncode == 0
    assert all_gone(family)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_sigterm_while_starting_leaves_nothing(tmp_path: Path) -> None:
    """A stop is obeyed at any moment of the start."""
    for delay in (0.5, 1.0, 1.5, 2.5):
        instance = Running(tmp_path / "data", free_port())
        time.sleep(delay)
        family = instance.family()
        assert instance.stop(signal.SIGTERM) < 10
        assert all_gone(family)


async def connect(settings: Settings) -> Client:
    """A connection as the API has it."""
    return await nats.connect(
        settings.nats_servers,
        user=settings.nats_user,
        password=settings.nats_password.get_secret_value(),
        inbox_prefix=nats_inbox(settings.nats_user),
    )


@pytest.mark.faults
async def test_after_kill_nine_the_next_up_is_clean(tmp_path: Path) -> None:
    """SIGKILL to the supervisor: the next `up` starts, no old process runs, what was acked is there."""
    data, port = tmp_path / "data", free_port()
    first = Running(data, port)
    first.wait_ready()
    family = first.family()
    settings = load_settings("api", data=data)
    client = await connect(settings)
    subject = f"ledger.{settings.workspace}.probe.1"
    ack = await client.jetstream().publish(subject, b"acked before the crash")
    first.process.kill()
    first.process.wait()
    await client.close()

    with Running(data, port):
        assert all_gone(family)
        settings = load_settings("api", data=data)
        client = await connect(settings)
        kept = await client.jetstream(prefix="jetstream").get_msg(ack.stream, ack.seq)
        await client.close()
        assert kept.data == b"acked before the crash"


def test_the_api_gets_the_port_it_is_to_have(tmp_path: Path) -> None:
    """Even if a server had it at the last start: that one takes another."""
    data = tmp_path / "data"
    with Running(data, free_port()):
        ports = json.loads((data / "run" / "ports.json").read_text())
    with Running(data, ports["postgres"]) as running:
        assert running.answers()
        again = json.loads((data / "run" / "ports.json").read_text())
        assert running.port not in again.values()


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """It names the port and the option."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        instance = Running(tmp_path / "data", taken.getsockname()[1])
        assert instance.process.wait(30) == 1
    assert instance.said().count("\n") == 1
    assert "--port" in instance.said()


def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """A folder with other files is neither used nor changed."""
    (tmp_path / "thesis.txt").write_text("precious")
    tmp_path.chmod(0o755)
    instance = Running(tmp_path / ".." / tmp_path.name, free_port())
    assert instance.process.wait(30) == 1
    assert "not a data directory of Goaltrail" in instance.said()
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_several_api_processes_share_the_port(tmp_path: Path) -> None:
    """Both serve; when one is killed the other goes on, and it is started again."""
    with Running(tmp_path / "data", free_port(), "--processes", "2") as running:
        pids = {running.pid("api"), running.pid("api-2")}
        assert None not in pids
        assert wait_until(lambda: all(_listens(pid or 0, running.port) for pid in pids), timeout=60)
        killed = running.pid("api-2")
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        assert wait_until(
            lambda: not psutil.pid_exists(killed) or not _listens(killed, running.port), timeout=10
        )
        assert all(running.answers() for _ in range(5))
        assert wait_until(lambda: running.pid("api-2") not in (None, killed), timeout=30)
        assert wait_until(lambda: _listens(running.pid("api-2") or 0, running.port), timeout=60)
    assert not running.answers()


def test_siblings_serve_and_end_together(tmp_path: Path) -> None:
    """`goaltrail api --processes 2`: if one of them ends, the command ends, and nothing is left."""
    with Running(tmp_path / "data", free_port()) as running:
        port = free_port()
        command = [sys.executable, "-m", "services.cli.main", "api", "--processes", "2"]
        env = os.environ | {"GOALTRAIL_DATA": str(running.data), "GOALTRAIL_API_PORT": str(port)}
        with (tmp_path / "out").open("wb") as output:
            parent = subprocess.Popen(command, cwd=REPOSITORY, env=env, stdout=output, stderr=output)
        assert wait_until(
            lambda: len(_listening(parent.pid, port)) == 2 or parent.poll() is not None,
            timeout=60,
            every=0.25,
        )
        assert parent.poll() is None, (tmp_path / "out").read_text()
        first, second = _listening(parent.pid, port)
        os.kill(first, signal.SIGKILL)
        assert parent.wait(30) != 0
        assert wait_until(lambda: not psutil.pid_exists(second), timeout=10)


def _listening(parent: int, port: int) -> list[int]:
    children = psutil.Process(parent).children() if psutil.pid_exists(parent) else []
    return [child.pid for child in children if _listens(child.pid, port)]


def _listens(pid: int, port: int) -> bool:
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.NoSuchProcess:
        return False
    return any(
        found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port
        for found in connections
    )
