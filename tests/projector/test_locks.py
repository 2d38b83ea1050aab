"""Advisory locks: one holder, and a holder that notices when it is none any more."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.postgres import locks
from services.postgres.locks import LockLost, Locks
from tests.projector.conftest import Company


@pytest.fixture
def engine(company: Company) -> AsyncEngine:
    """Connections to the test's database."""
    return company.engine


async def test_only_one_session_holds_a_lock(engine: AsyncEngine) -> None:
    """Another session gets it when the first one gives it back, or is closed."""
    async with Locks(engine) as ours:
        async with Locks(engine) as theirs:
            assert await ours.take("projector", "acme")
            assert not await theirs.take("projector", "acme")
            assert await theirs.take("projector", "other")
            await ours.give_back("projector", "acme")
            assert await theirs.take("projector", "acme")
        assert await ours.take("projector", "acme")


async def test_a_lock_that_is_held_passes_every_check(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the session is asked, which happens once a second."""
    monkeypatch.setattr(locks, "CHECK", 0.0)
    async with Locks(engine) as ours:
        assert await ours.take("projector", "acme")
        for _ in range(3):
            await ours.check("projector", "acme")
        with pytest.raises(LockLost):
            await ours.check("projector", "never taken")


async def test_a_lock_is_lost_with_its_session(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ended the session: others may hold the lock now, and it can be taken anew."""
    monkeypatch.setattr(locks, "CHECK", 0.0)
    async with Locks(engine) as ours:
        assert await ours.take("projector", "acme")
        async with engine.connect() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
                    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            )
        with pytest.raises((SQLAlchemyError, OSError)):
            await ours.check("projector", "acme")
        with pytest.raises(LockLost):
            await ours.check("projector", "acme")
        assert await ours.take("projector", "acme")
