"""Many workspaces: nudges wake their workers, one sweep makes up for lost ones, and nobody else is asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from events.org_units.events import OrgUnitCreated
from projections.groups import GROUPS
from services.ledger import Ledger
from services.ledger.client import LedgerClient
from services.ledger.provision import Head, create_workspace, list_heads
from services.ledger.stream_api import StreamApi
from services.ledger.streams import ledger_stream
from services.projector.main import Projector
from services.runtime.settings import Settings
from tests.projections.contract.histories import History
from tests.projector.conftest import Company
from tests.running import eventually, projecting
from tests.servers import TestNats

STATE = GROUPS["state"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What was asked of NATS: the kinds of requests, counted."""
    counted: Counter[str] = Counter()
    ask = LedgerClient.ask

    async def counting(self: LedgerClient, subject: str, *rest: Any, **options: Any) -> Any:
        counted[subject.removeprefix("jetstream.").partition(".LEDGER_")[0]] += 1
        return await ask(self, subject, *rest, **options)

    monkeypatch.setattr(LedgerClient, "ask", counting)
    return counted


@pytest.mark.parametrize("heard", [True, False])
async def test_a_lost_nudge_is_made_up_for_by_a_sweep(
    heard: bool, company: Company, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Views show what was appended, whether its nudge came or not, and without sweeps where it came."""

    async def deaf(_self: Projector, _workspace: str) -> None:
        return

    if not heard:
        monkeypatch.setattr(Projector, "nudged", deaf)
    monkeypatch.setattr("services.projector.main.SWEEP", 1e9 if heard else 0.1)
    monkeypatch.setattr("services.projector.main.LONGEST_SWEEP", 1e9 if heard else 0.1)
    async with projecting(settings):
        await company.visible(1, STATE)
        for number in range(3):
            history = History(Random(1))
            planned = OrgUnitCreated(name_ko="팀", name_en="team", level="team")
            history.append("org_unit", f"team-{number}", planned)
            await company.visible(await company.record(history.messages), STATE)


async def test_idle_workspaces_are_asked_for_in_one_go(
    company: Company,
    settings: Settings,
    operator_settings: Settings,
    asked: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many there are: while nothing happens, sweeps are all that is asked."""
    others = [f"{company.workspace[:20]}-{number}" for number in range(5)]
    for other in others:
        await create_workspace(operator_settings, other, name=other, zone="UTC")
    monkeypatch.setattr("services.projector.main.SWEEP", 0.05)
    async with projecting(settings, only=[settings.workspace, *others]):
        followed = [Company(company.ledger, company.engine, workspace) for workspace in others]
        for each in (company, *followed):
            for group in GROUPS.values():
                await each.visible(1, group)

        async def only_sweeps() -> bool:
            asked.clear()
            await asyncio.sleep(0.5)
            return asked.keys() == {"STREAM.LIST"}

        await eventually(only_sweeps)


@pytest.fixture
def own_nats(tmp_path: Path) -> Iterator[TestNats]:
    """A NATS server of its own."""
    nats = TestNats(tmp_path / "nats")
    with nats.server:
        yield nats


async def test_all_heads_come_page_by_page(own_nats: TestNats, operator_settings: Settings) -> None:
    """The server answers 256 streams at a time."""
    settings = operator_settings.model_copy(
        update={
            "nats_url": own_nats.url,
            "nats_user": own_nats.provisioner.user,
            "nats_password": SecretStr(own_nats.provisioner.password),
        }
    )
    names = [f"w{number:03}" for number in range(260)]
    async with await Ledger.connect(settings) as ledger:
        api = StreamApi(ledger.client, patience=10)
        for name in names:
            wanted = ledger_stream(name, 1)
            await api.request(f"STREAM.CREATE.{wanted['name']}", orjson.dumps(wanted))
        heads = await list_heads(ledger)
    assert sorted(heads) == names
    assert {head.position for head in heads.values()} == {0}


def head(position: int, made: str, last: str) -> Head:
    """A head; what the clock says does not matter."""
    return Head(position, made, last, datetime(2026, 1, 1, tzinfo=UTC), timedelta(0))


@pytest.mark.parametrize(
    ("after", "continues"),
    [
        (head(5, "made", "last"), True),
        (head(6, "made", "later"), True),
        (head(4, "made", "earlier"), False),
        (head(5, "made", "another"), False),
        (head(5, "made again", "last"), False),
        (head(9, "made again", "later"), False),
    ],
)
def test_a_head_tells_whether_a_ledger_goes_on(after: Head, continues: bool) -> None:
    """It is another one if it is shorter, was made again, or has another event at the same place."""
    assert after.continues(head(5, "made", "last")) == continues
