"""Brings the servers to the wanted state: database roles, streams, first workspace and administrator."""

from __future__ import annotations

import asyncio

from services.postgres import database
from services.runtime.settings import Settings
from services.up.processes import ProcessError

PROVISION_SECONDS = 90.0
"""How long the servers may take to answer: a large ledger takes a while to open."""


async def provision(settings: Settings) -> None:
    """Provision with an operator's settings; may run any number of times. Raises ProcessError.

    A stream whose stored configuration differs from the wanted one is an error with an explanation.
    """
    # Imported here: a second `up` that only says that the first one runs needs no NATS client.
    from services.access.first import ensure_admin_token
    from services.ledger.provision import provision as provision_ledger

    try:
        async with asyncio.timeout(PROVISION_SECONDS):
            await database.prepare(settings)
            await provision_ledger(settings)
            await ensure_admin_token(settings)
    except TimeoutError:
        raise ProcessError("provisioning took too long: see the logs of nats-server and PostgreSQL") from None
    except Exception as error:  # whatever the servers or the ledger's configuration guard object to
        raise ProcessError(f"provisioning failed: {error or type(error).__name__}") from error
