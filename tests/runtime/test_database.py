"""What each database role may do, tried against a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from services.postgres import database as roles
from services.runtime.settings import Role, Settings
from tests.servers import TestDatabase

pytestmark = pytest.mark.own_database


@asynccontextmanager
async def login(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection for one block."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def view(database: TestDatabase) -> str:
    """A table in a schema that the projector has just made."""
    async with login(database.url(roles.PROJECTOR)) as projector:
        await projector.execute("CREATE SCHEMA state_v1")
        await projector.execute("CREATE TABLE state_v1.kpi (id int); INSERT INTO state_v1.kpi VALUES (1)")
        await projector.execute("CREATE VIEW goaltrail.kpi AS SELECT id FROM state_v1.kpi")
    return "state_v1.kpi"


async def test_the_api_reads_whatever_the_projector_makes(database: TestDatabase, view: str) -> None:
    """No grant has to be repeated for a new schema, and the API can write none of it."""
    async with login(database.url(roles.API)) as api:
        assert await api.fetchval(f"SELECT count(*) FROM {view}") == 1
        assert await api.fetchval("SELECT count(*) FROM goaltrail.kpi") == 1
        for statement in (
            f"INSERT INTO {view} VALUES (2)",
            f"DELETE FROM {view}",
            f"DROP TABLE {view}",
            "CREATE TABLE control.x (id int)",
            "CREATE SCHEMA mine",
            "CREATE TABLE public.x (id int)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await api.execute(statement)


async def test_the_services_have_a_schema_of_their_own(database: TestDatabase) -> None:
    """Small tables of the API live in `service`."""
    async with login(database.url(roles.API)) as api:
        await api.execute("CREATE TABLE service.lease (id int); INSERT INTO service.lease VALUES (1)")


async def test_bi_reads_the_documented_views_only(database: TestDatabase, view: str) -> None:
    """A dashboard sees schema `goaltrail` and nothing behind it."""
    async with login(database.url(roles.BI)) as bi:
        assert await bi.fetchval("SELECT count(*) FROM goaltrail.kpi") == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await bi.execute(f"SELECT * FROM {view}")


async def test_the_projector_drops_what_it_built(database: TestDatabase, view: str) -> None:
    """A rebuild makes and drops schemas; the control schema stays the projector's to fill."""
    async with login(database.url(roles.PROJECTOR)) as projector:
        await projector.execute("CREATE TABLE control.checkpoint (position bigint)")
        await projector.execute("DROP SCHEMA state_v1 CASCADE")


async def test_preparing_again_changes_nothing(
    settings_for: Callable[[Role], Settings], database: TestDatabase, view: str
) -> None:
    """It may run at every start."""
    for _ in range(2):
        await roles.prepare(settings_for("operator"))
    async with login(database.url(roles.API)) as api:
        assert await api.fetchval(f"SELECT count(*) FROM {view}") == 1


async def test_the_server_is_what_we_rely_on(database: TestDatabase) -> None:
    """PostgreSQL 18, durable commits, data checksums, one collation everywhere, passwords never in clear."""
    expected = {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "password_encryption": "scram-sha-256",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
    }
    async with login(database.url(database.server.superuser)) as owner:
        found = {name: await owner.fetchval("SELECT current_setting($1)", name) for name in expected}
        assert found == expected
        assert (await owner.fetchval("SHOW server_version")).startswith("18.")
        collation = await owner.fetchrow(
            "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()"
        )
        assert collation is not None
        assert tuple(collation) == (b"b", "C.UTF-8")
        methods = await owner.fetch("SELECT DISTINCT auth_method FROM pg_hba_file_rules")
        assert [row["auth_method"] for row in methods] == ["scram-sha-256"]


async def test_a_wrong_password_is_refused(database: TestDatabase) -> None:
    """No login without the right password."""
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(database.server.url(database.name, roles.API, "wrong"))
