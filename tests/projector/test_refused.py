"""What PostgreSQL refuses, though it is there: poison where a row is to blame, else a line that says so."""

from __future__ import annotations

from random import Random

import structlog
from prometheus_client import REGISTRY
from sqlalchemy import text

from events.objectives.events import ObjectiveDrafted
from projections.groups import GROUPS
from services.runtime.settings import Settings
from tests.projections.contract.histories import History
from tests.projector.conftest import Company
from tests.running import eventually, projecting

STATE = GROUPS["state"]


async def drafted(company: Company, id_: str, takes_over: str | None = None) -> int:
    """An objective on the ledger; its position."""
    history = History(Random(1))
    history.append(
        "objective",
        id_,
        ObjectiveDrafted(title=id_, cycle="2026", ambition="stretch", takes_over=takes_over),
    )
    return await company.record(history.messages)


async def execute(company: Company, statement: str) -> None:
    """Change the live build behind the projector's back; `state` means its schema."""
    schema = (await company.build(STATE)).schema
    async with company.engine.begin() as connection:
        await connection.execute(text(statement.replace("state.", f'"{schema}".')))


async def test_a_row_that_is_there_already_makes_its_event_poison(
    company: Company, settings: Settings
) -> None:
    """Nothing stands still for a unique key, whatever brought the row about."""
    async with projecting(settings):
        await company.visible(await drafted(company, "o1"), STATE)
        await execute(company, "INSERT INTO state.taken_over VALUES ('kr', 'o2', 1)")
        bad = await drafted(company, "o2", takes_over="kr")
        await company.visible(await drafted(company, "o3"), STATE)
    (poison,) = await company.poisoned(STATE)
    assert (poison.position, poison.kind, poison.id) == (bad, "objective", "o2")
    assert "taken_over_pkey" in poison.error
    assert not any(word in poison.error for word in ("\n", "http", "INSERT")), "it is shown in one line"
    labels = {"workspace": company.workspace, "group": "state"}
    assert REGISTRY.get_sample_value("goaltrail_projection_poison_total", labels) == 1


async def test_what_no_waiting_cures_is_no_waiting_for_postgresql(
    company: Company, settings: Settings
) -> None:
    """The log says that it is refused, and why; when it is cured the projector goes on by itself."""
    with structlog.testing.capture_logs() as lines:
        async with projecting(settings):
            await company.visible(await drafted(company, "o1"), STATE)
            await execute(company, "REVOKE INSERT ON state.version FROM CURRENT_USER")
            last = await drafted(company, "o2")

            async def said() -> bool:
                return any(line["event"] == "projector is stuck: PostgreSQL refuses it" for line in lines)

            await eventually(said)
            await execute(company, "GRANT INSERT ON state.version TO CURRENT_USER")
            await company.visible(last, STATE)
    about = [line for line in lines if "PostgreSQL" in line["event"]]
    assert {(line["log_level"], line["event"]) for line in about} == {
        ("error", "projector is stuck: PostgreSQL refuses it")
    }
    assert all("permission denied for table version" in line["because"] for line in about)
