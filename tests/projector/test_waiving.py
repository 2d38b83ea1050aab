"""Waiving a position: only poison, with a reason, and obeyed by the next rebuild."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from events.errors import Refused
from events.ledger.events import WAIVERS, PositionWaived
from projections.groups import GROUPS
from services.keys.keys import Keys
from services.ledger import Entry
from services.ledger.provision import provision
from services.projector.decisions import ACTOR
from services.projector.rebuild import RebuildRefused, rebuild
from services.projector.waiving import NotPoison, waive
from services.runtime.settings import Settings
from tests.projector.conftest import Company
from tests.running import projecting

WHY = "Put there by hand; it is no event of ours"


@pytest.fixture
async def keys(company: Company, operator_settings: Settings) -> AsyncIterator[Keys]:
    """The keys that seal reasons."""
    await provision(operator_settings)
    keys = await Keys.start(company.ledger, operator_settings.load_master_key())
    yield keys
    await keys.close()


async def put_by_hand(company: Company) -> int:
    """Something that is no event, on the ledger."""
    entry = Entry(f"ledger.{company.workspace}.kpi.sales", b"not an event")
    return (await company.ledger.append(company.workspace, [entry], {})).last


async def test_a_waived_position_lets_every_group_be_rebuilt(
    company: Company, settings: Settings, keys: Keys
) -> None:
    """Until then a rebuild fails; the reason is on the ledger, sealed."""
    bad = await put_by_hand(company)
    async with projecting(settings):
        for group in GROUPS.values():
            await company.visible(bad, group)
            with pytest.raises(RebuildRefused, match=str(bad)):
                await rebuild(company.engine, company.ledger, company.workspace, group)
        recorded = await waive(company.engine, company.ledger, keys, company.workspace, bad, WHY)
        for group in GROUPS.values():
            await company.visible(recorded, group)
            await rebuild(company.engine, company.ledger, company.workspace, group)
            (poison,) = await company.poisoned(group)
            assert (poison.position, poison.waived) == (bad, True)
    (found,) = await company.ledger.load(company.workspace, WAIVERS)
    assert isinstance(found.event.data, PositionWaived)
    assert (found.position, found.event.data.position, found.event.actor) == (recorded, bad, ACTOR)
    assert WHY not in str(found.event.reason)
    assert (await keys.open_event(found.event)).reason == WHY


async def test_only_poison_can_be_waived(company: Company, settings: Settings, keys: Keys) -> None:
    """A healthy event is never left out, and nothing is decided twice or without a reason."""
    bad = await put_by_hand(company)
    async with projecting(settings):
        for group in GROUPS.values():
            await company.visible(bad, group)
        for healthy in (1, bad + 1):
            with pytest.raises(NotPoison):
                await waive(company.engine, company.ledger, keys, company.workspace, healthy, WHY)
        with pytest.raises(Refused, match="reason_required"):
            await waive(company.engine, company.ledger, keys, company.workspace, bad, " ")
    assert await company.ledger.load(company.workspace, WAIVERS) == []
