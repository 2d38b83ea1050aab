"""The database, its roles and what each may do.

| role | may |
|---|---|
| goaltrail_projector | create and drop the schemas of views; everything inside them |
| goaltrail_api | read every view; own the schema `service` for the services' own small tables |
| goaltrail_reader | group without login: reads whatever the projector creates |
| goaltrail_bi | read the documented views in schema `goaltrail`, nothing else |
"""

from __future__ import annotations

import asyncpg

from services.runtime.settings import Settings

PROJECTOR = "goaltrail_projector"
API = "goaltrail_api"
READER = "goaltrail_reader"
BI = "goaltrail_bi"

CONTROL_SCHEMA = "control"
"""Checkpoints, the pointers to active versions and poison positions: written by projectors, read by all."""
SERVICE_SCHEMA = "service"
"""The small tables of api and intake themselves."""
BI_SCHEMA = "goaltrail"
"""The documented views for BI tools."""


async def prepare(settings: Settings, *, database: str | None = None) -> None:
    """Create the roles and the database, or bring them to the wanted state; may run any number of times.

    `settings.database_url` names a user that may create both, and the wanted database (`database`
    replaces it). Raises asyncpg.PostgresError when the server refuses, OSError when it can't be reached.
    """
    name = database or asyncpg_database(settings)
    connection = await asyncpg.connect(settings.database_dsn, database="postgres")
    try:
        # Two that provision at once take turns.
        await connection.execute("SELECT pg_advisory_lock(hashtext('goaltrail provisioning'))")
        await _prepare_roles(connection, settings)
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await connection.execute(f"CREATE DATABASE {_quoted(name)}")
        await allow_database(connection, name)
    finally:
        await connection.close()
    connection = await asyncpg.connect(settings.database_dsn, database=name)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('goaltrail provisioning'))")
            await _prepare_schemas(connection)
    finally:
        await connection.close()


async def allow_database(connection: asyncpg.Connection[asyncpg.Record], name: str) -> None:
    """Let only our roles into a database, and let the projector create schemas in it."""
    target = _quoted(name)
    await connection.execute(f"REVOKE ALL ON DATABASE {target} FROM PUBLIC")
    await connection.execute(f"GRANT CONNECT ON DATABASE {target} TO {PROJECTOR}, {READER}, {BI}")
    await connection.execute(f"GRANT CREATE, TEMPORARY ON DATABASE {target} TO {PROJECTOR}")
    await connection.execute(f"GRANT TEMPORARY ON DATABASE {target} TO {API}")


def asyncpg_database(settings: Settings) -> str:
    """Return the database that `database_url` names."""
    return settings.database_dsn.rpartition("/")[2].partition("?")[0]


async def _prepare_roles(connection: asyncpg.Connection[asyncpg.Record], settings: Settings) -> None:
    passwords = {
        PROJECTOR: settings.projector_database_password,
        API: settings.api_database_password,
        BI: settings.bi_database_password,
        READER: None,
    }
    for role, password in passwords.items():
        if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
            await connection.execute(f"CREATE ROLE {role}")
        await connection.execute(f"ALTER ROLE {role} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION")
        if password is not None:
            # A password can't be a query parameter; the server quotes it as a literal.
            literal = await connection.fetchval("SELECT quote_literal($1::text)", password.get_secret_value())
            await connection.execute(f"ALTER ROLE {role} LOGIN PASSWORD {literal}")
    await connection.execute(f"GRANT {READER} TO {API}")


async def _prepare_schemas(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    statements = [
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        # Whatever the projector creates from now on, the reader may use: no grant has to be repeated.
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {PROJECTOR} GRANT USAGE ON SCHEMAS TO {READER}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {PROJECTOR} GRANT SELECT ON TABLES TO {READER}",
        f"CREATE SCHEMA IF NOT EXISTS {CONTROL_SCHEMA} AUTHORIZATION {PROJECTOR}",
        f"GRANT USAGE ON SCHEMA {CONTROL_SCHEMA} TO {READER}",
        f"CREATE SCHEMA IF NOT EXISTS {SERVICE_SCHEMA} AUTHORIZATION {API}",
        f"GRANT USAGE ON SCHEMA {SERVICE_SCHEMA} TO {PROJECTOR}",
        f"CREATE SCHEMA IF NOT EXISTS {BI_SCHEMA} AUTHORIZATION {PROJECTOR}",
        f"GRANT USAGE ON SCHEMA {BI_SCHEMA} TO {READER}, {BI}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {PROJECTOR} IN SCHEMA {BI_SCHEMA} GRANT SELECT ON TABLES TO {BI}",
    ]
    for statement in statements:
        await connection.execute(statement)


def _quoted(name: str) -> str:
    """Return an identifier with its quotes."""
    return '"' + name.replace('"', '""') + '"'
