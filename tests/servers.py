"""The real servers that tests talk to: one nats-server and one PostgreSQL for each pytest process."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from services.postgres import database
from services.runtime.settings import Role, Settings
from services.up.nats_server import NatsLogin, NatsServer, NatsUsers, new_password
from services.up.postgres_server import PostgresServer
from services.up.processes import free_port

TEMPLATE = "goaltrail_template"

MASTER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
"""One for all tests: the keys of every workspace stand in one stream."""


class TestNats:
    """A NATS server with the users and permissions of production."""

    __test__ = False

    def __init__(self, directory: Path) -> None:
        self.users = NatsUsers.generate()
        self.server = NatsServer(directory, users=self.users)

    @property
    def app(self) -> NatsLogin:
        """The user of the API, for tests to which any service is the same."""
        return self.users.api

    @property
    def provisioner(self) -> NatsLogin:
        """The user who may do everything."""
        return self.users.provisioner

    @property
    def url(self) -> str:
        """Where it is, without credentials."""
        return self.server.url


@dataclass(frozen=True, eq=False)
class TestDatabase:
    """A database of its own for one test, with the roles of production."""

    __test__ = False

    name: str
    server: PostgresServer
    passwords: dict[str, str]

    def url(self, role: str = database.PROJECTOR) -> str:
        """A connection URL for one of our roles, or for the superuser."""
        return self.server.url(self.name, role, self.passwords[role])


class TestPostgres:
    """A PostgreSQL server that hands out prepared databases."""

    __test__ = False

    def __init__(self, directory: Path) -> None:
        self.server = PostgresServer(
            directory, superuser="goaltrail_provisioner", password=new_password(), shared_buffers="64MB"
        )
        self.passwords = {
            role: new_password() for role in (database.PROJECTOR, database.API, database.BI)
        } | {self.server.superuser: self.server.password}

    def start(self) -> None:
        """Start, make the roles and the template that each test's database is a copy of."""
        self.server.start()
        asyncio.run(database.prepare(self._settings(), database=TEMPLATE))

    async def create(self) -> TestDatabase:
        """A fresh database; it goes with the server."""
        name = f"t_{secrets.token_hex(6)}"
        connection = await asyncpg.connect(self.server.url())
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE}')
            await database.allow_database(connection, name)
        finally:
            await connection.close()
        return TestDatabase(name, self.server, self.passwords)

    def _settings(self) -> Settings:
        return Settings(
            database_url=SecretStr(self.server.url(TEMPLATE)),
            projector_database_password=SecretStr(self.passwords[database.PROJECTOR]),
            api_database_password=SecretStr(self.passwords[database.API]),
            bi_database_password=SecretStr(self.passwords[database.BI]),
        )


def make_settings(
    nats: TestNats, made: TestDatabase, *, workspace: str, data: Path, role: Role = "projector"
) -> Settings:
    """The settings that a process of this role would get from `goaltrail up` on the test's servers."""
    # Reading the environment and checking every field takes longer than many a test.
    return _settings(nats, made, role).model_copy(update={"workspace": workspace, "data": data})


@cache
def _settings(nats: TestNats, made: TestDatabase, role: Role) -> Settings:
    operator = role == "operator"
    user = {"projector": database.PROJECTOR, "operator": made.server.superuser}.get(role, database.API)
    login = {
        "api": nats.users.api,
        "intake": nats.users.intake,
        "projector": nats.users.projector,
        "operator": nats.users.provisioner,
    }[role]
    return Settings(
        api_port=free_port(),  # nobody listens there, whatever runs on this machine
        nats_url=nats.url,
        nats_user=login.user,
        nats_password=SecretStr(login.password),
        nats_provisioner_user=nats.provisioner.user,
        nats_provisioner_password=SecretStr(nats.provisioner.password) if operator else None,
        database_url=SecretStr(made.url(user)),
        projector_database_password=SecretStr(made.passwords[database.PROJECTOR]) if operator else None,
        api_database_password=SecretStr(made.passwords[database.API]) if operator else None,
        bi_database_password=SecretStr(made.passwords[database.BI]) if operator else None,
        admin_token=SecretStr("gt_test_admin_token_that_only_tests_use"),
        master_key=SecretStr(MASTER_KEY),
        log_level="warning",
    )
