"""A ledger that is lost, replaced or restored from an older copy: noticed, told, and no view goes with it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from events.ledger.events import RESTORES, LedgerRestored
from projections import control
from projections.groups import GROUPS
from services.api.main import connected
from services.api.operations.operations import readiness
from services.doctor.examine import examine
from services.keys.keys import Keys
from services.ledger import Ledger, Mark
from services.postgres.views import LedgerDiffers, Views
from services.projector import builds
from services.projector.accepting import NothingToAccept, find_loss
from services.projector.rebuild import RebuildRefused, rebuild
from tests.lost_ledgers import (
    Lost,
    Place,
    a_history,
    accepted,
    deleted,
    keys,
    last_block_lost,
    made_again_with_fewer,
    made_again_with_more,
    older_copy,
    older_copy_goes_on,
    place,
)
from tests.projections.contract.building import tables_of
from tests.running import eventually, projecting

__all__ = ["keys", "place"]  # fixtures

pytestmark = [pytest.mark.own_database, pytest.mark.faults]

STATE = GROUPS["state"]

LOSSES: dict[Lost, str] = {
    older_copy: "shorter",
    older_copy_goes_on: "rewritten",
    deleted: "missing",
    made_again_with_fewer: "replaced",
    made_again_with_more: "replaced",
    last_block_lost: "shorter",
}
"""What can become of a ledger, and what is said of it."""

each_loss = pytest.mark.parametrize(("lose", "why"), LOSSES.items(), ids=[loss.__name__ for loss in LOSSES])


@each_loss
async def test_another_ledger_is_noticed_and_the_views_are_kept(
    place: Place, tmp_path: Path, lose: Lost, why: str
) -> None:
    """Every way to lose events stops the answers, is told by all who are asked, and takes no row away."""
    async with projecting(place.settings):
        await place.visible(await a_history(place, tmp_path / "copy"))
        before = await place.tables()
        await lose(place, tmp_path / "copy")
        assert await place.set_aside() == why

    async with Views.connect(place.settings) as views:
        for read in (_opened, Views.position, _waited):
            with pytest.raises(LedgerDiffers):
                await read(views, place.workspace)

    async with projecting(place.settings):
        if lose is not deleted:
            await place.record(5)
        await asyncio.sleep(1)
        assert await place.set_aside() == why

    async with await Ledger.connect(place.settings) as ledger:
        with pytest.raises(RebuildRefused, match="only copy"):
            await rebuild(place.engine, ledger, place.workspace, STATE)
    schema = (await place.views()).schema_name
    with pytest.raises(DBAPIError, match="permission denied"):
        async with place.engine.begin() as connection:
            await connection.execute(text(f'DELETE FROM "{schema}".reading'))
    assert await place.tables() == before

    findings = {
        finding.text
        async for finding in examine(place.operator)
        if finding.check == "views.ledger" and finding.level == "fail"
    }
    assert findings
    if lose is not deleted:
        lost = 30 if why in ("shorter", "rewritten") else 40
        assert any(f"{lost} readings" in line for line in findings), findings


async def _opened(views: Views, workspace: str) -> None:
    async with views.open(workspace):
        pass


async def _waited(views: Views, workspace: str) -> None:
    await views.wait(workspace, 10**9, timeout=0.1)


async def test_views_go_on_when_the_right_ledger_is_put_back(place: Place, tmp_path: Path) -> None:
    """A wrong copy does no harm: with the right files everything goes on where it was."""
    async with projecting(place.settings), connected(place.operator) as services:
        await place.visible(await a_history(place, tmp_path / "older"))
        await place.copy_to(tmp_path / "right")
        before = await place.tables()

        async def ready() -> bool:
            return (await readiness(services)).ready

        await eventually(ready)
        await place.restore(tmp_path / "older")
        await place.set_aside()
        told = await readiness(services)
        assert not told.ready
        assert all(group.ledger_differs for group in told.groups)

        await place.restore(tmp_path / "right")
        await place.visible(1)
        assert await place.tables() == before
        await place.visible(await place.record(5))
        await eventually(ready)


async def test_it_is_noticed_at_the_start_as_well(place: Place, tmp_path: Path) -> None:
    """What became of the ledger while nothing ran: each kind in turn, for the same views."""
    async with projecting(place.settings):
        await place.visible(await a_history(place, tmp_path / "copy"))
    losses: list[Lost] = [older_copy, older_copy_goes_on, made_again_with_more, deleted]
    for lose in losses:
        await lose(place, tmp_path / "copy")

        async def told(why: str = LOSSES[lose]) -> bool:
            return {(await place.views(group)).differs for group in GROUPS} == {why}

        async with projecting(place.settings):
            await eventually(told)


async def test_views_that_lag_or_lost_rows_catch_up_by_themselves(place: Place, tmp_path: Path) -> None:
    """Views that know less than the ledger are no evidence: nobody is asked."""
    async with projecting(place.settings):
        await place.visible(await place.record(10))
    last = await place.record(10)
    async with place.engine.begin() as connection:
        await connection.execute(control.active_version.delete())
    async with projecting(place.settings):
        await place.visible(last)


async def test_views_of_an_older_version_are_recognised_from_then_on(place: Place, tmp_path: Path) -> None:
    """A checkpoint without a mark of its ledger gets one, and control tables the columns that they lack."""
    async with projecting(place.settings):
        await place.visible(await a_history(place, tmp_path / "copy"))
    async with place.engine.begin() as connection:
        for column in ("ledger", "fingerprint", "epoch", "differs"):
            await connection.execute(text(f"ALTER TABLE control.checkpoint DROP COLUMN {column}"))
    async with projecting(place.settings):
        await eventually(lambda: _marked(place))
        await place.restore(tmp_path / "copy")
        assert await place.set_aside() == "shorter"


async def _marked(place: Place) -> bool:
    try:
        return None not in {(await place.views(group)).fingerprint for group in GROUPS}
    except DBAPIError:
        return False


async def test_only_what_is_said_twice_counts(place: Place, tmp_path: Path) -> None:
    """A server that lags for a moment, as a replica may, is no other ledger; one that stays so is."""
    await place.record(10)
    await place.copy_to(tmp_path / "lags")
    last = await place.record(10)
    await place.copy_to(tmp_path / "right")
    async with await Ledger.connect(place.settings) as ledger:
        first, end = await ledger.at(place.workspace, 1), await ledger.at(place.workspace, last)
        assert first is not None
        assert end is not None
        mark = Mark(last, first.fingerprint, end.fingerprint)
        assert await ledger.compare(place.workspace, mark) is None
        await place.restore(tmp_path / "lags")
        difference = await ledger.compare(place.workspace, mark)
        assert difference == ("shorter", last, last - 10)

        lagging: asyncio.Task[Any] = asyncio.create_task(ledger.compare(place.workspace, mark))
        await asyncio.sleep(0.3)  # it has asked once
        await place.restore(tmp_path / "right")
        assert await lagging is None


@pytest.mark.parametrize("lose", [older_copy_goes_on, made_again_with_more, last_block_lost])
async def test_a_person_accepts_the_loss_and_views_are_built_anew(
    place: Place, tmp_path: Path, keys: Keys, lose: Lost
) -> None:
    """The event says where the two part; the views that knew more stay as they were, beside the new ones."""
    async with projecting(place.settings):
        old_head = await a_history(place, tmp_path / "copy")
        await place.visible(old_head)
        before, old = await place.tables(), await place.views()
        await lose(place, tmp_path / "copy")
        await place.set_aside()
        loss = await accepted(place, keys)
        cut = 0 if "made_again" in lose.__name__ else old_head - 30
        assert (loss.epoch, loss.old_head) == (2, old_head)
        if lose is not last_block_lost:
            assert loss.common.position == cut

        async def anew() -> bool:
            views = [await place.views(group) for group in GROUPS]
            return all(view.epoch == 2 and view.differs is None for view in views)

        await eventually(anew)
        await place.visible(await place.record(5))
    async with await Ledger.connect(place.settings) as ledger:
        (event,) = await ledger.load(place.workspace, RESTORES)
        assert isinstance(event.event.data, LedgerRestored)
        assert (event.event.data.cut, event.event.data.old_head) == (loss.common.position, old_head)
        assert await ledger.epoch(place.workspace) == 2
        with pytest.raises(NothingToAccept, match="no views"):
            await find_loss(place.engine, ledger, place.workspace)
    assert await tables_of(place.engine, builds.Build(place.workspace, STATE, old.build)) == before
    await rebuild_all(place)
    assert await tables_of(place.engine, builds.Build(place.workspace, STATE, old.build)) == before
    assert (await place.views()).epoch == 2


@pytest.mark.parametrize("lost", ["DROP SCHEMA control CASCADE", "TRUNCATE control.active_version"])
async def test_evidence_stays_when_the_control_tables_are_lost(
    place: Place, tmp_path: Path, keys: Keys, lost: str
) -> None:
    """Before and after the ledger is accepted: no view replaces it, and no schema is dropped."""
    async with projecting(place.settings):
        await place.visible(await a_history(place, tmp_path / "copy"))
        before, old = await place.tables(), await place.views()
        await older_copy(place, tmp_path / "copy")
        await place.set_aside()
    await lose_control(place, lost)
    async with projecting(place.settings):
        assert await eventually(lambda: found_aside(place)) == "shorter"
        await asyncio.sleep(0.5)
        assert await place.set_aside() == "shorter"
        assert (await place.views()).build == old.build
        await accepted(place, keys)
        await place.visible(1)
        new = await place.views()
    await lose_control(place, lost)
    await builds.prepare_control(place.engine)
    async with projecting(place.settings):
        await place.visible(await place.record(5))
        assert (await place.views()).build >= new.build > old.build
        await rebuild_all(place)
    assert await tables_of(place.engine, builds.Build(place.workspace, STATE, old.build)) == before


async def lose_control(place: Place, lost: str) -> None:
    """Lose control tables, or their rows."""
    async with place.engine.begin() as connection:
        await connection.execute(text(lost))


async def found_aside(place: Place) -> str | None:
    """Why the views that reads use are set aside, once there are any."""
    try:
        views = [await place.find(group) for group in GROUPS]
    except DBAPIError:  # the control tables are not there yet
        return None
    why = {None if view is None else view.differs for view in views}
    return None if None in why else why.pop()


async def test_views_that_nobody_knows_are_kept(place: Place, tmp_path: Path) -> None:
    """The ledger lost events, and PostgreSQL its control tables, before any worker compared them."""
    async with projecting(place.settings):
        await place.visible(await a_history(place, tmp_path / "copy"))
        before, old = await place.tables(), await place.views()
    await older_copy(place, tmp_path / "copy")
    await lose_control(place, "DROP SCHEMA control CASCADE")
    await builds.prepare_control(place.engine)
    async with projecting(place.settings):
        await place.visible(1)
        assert (await place.views()).build > old.build
        await rebuild_all(place)
    assert await tables_of(place.engine, builds.Build(place.workspace, STATE, old.build)) == before
    told = [finding.text async for finding in examine(place.operator) if finding.check == "views.kept"]
    assert any(old.schema_name in line for line in told)


async def rebuild_all(place: Place) -> None:
    """Build every group anew."""
    async with await Ledger.connect(place.settings) as ledger:
        for group in GROUPS.values():
            await rebuild(place.engine, ledger, place.workspace, group)


async def test_a_loss_is_accepted_once_for_each_time(place: Place, tmp_path: Path, keys: Keys) -> None:
    """A second restore is a third epoch, also when the copy is from before the first one."""
    async with projecting(place.settings):
        await place.visible(await a_history(place, tmp_path / "copy"))
        for epoch in (2, 3):
            await place.restore(tmp_path / "copy")
            await place.set_aside()
            assert (await accepted(place, keys)).epoch == epoch
            await place.visible(1)
            assert (await place.views()).epoch == epoch
            await place.visible(await place.record(10))


async def test_what_the_doctor_says_of_a_missing_ledger_can_be_done(place: Place, keys: Keys) -> None:
    """Told once, with the commands in their order: an empty ledger is made before it can be accepted."""
    async with projecting(place.settings):
        await place.visible(await place.record(10))
        await place.delete_stream()
        await place.set_aside()
        told = [finding async for finding in examine(place.operator) if finding.check == "views.ledger"]
        assert [finding.level for finding in told] == ["fail"]
        made = f"`goaltrail workspace create {place.workspace}`"
        accept = f"`goaltrail accept-ledger --workspace {place.workspace} --reason …`"
        assert told[0].cure is not None
        assert 0 < told[0].cure.find(made) < told[0].cure.find(accept)
        await place.make_stream()
        await place.set_aside()
        await accepted(place, keys)
        await place.visible(1)


async def test_the_right_ledger_is_nothing_to_accept(place: Place, tmp_path: Path) -> None:
    """What can be put right without loss must not become one; nor a ledger that is not there."""
    async with projecting(place.settings):
        await place.visible(await place.record(10))
        await place.copy_to(tmp_path / "right")
        await place.delete_stream()
        await place.set_aside()
    async with await Ledger.connect(place.settings) as ledger:
        with pytest.raises(NothingToAccept, match="there is no ledger"):
            await find_loss(place.engine, ledger, place.workspace)
        await place.restore(tmp_path / "right")
        with pytest.raises(NothingToAccept, match="there again"):
            await find_loss(place.engine, ledger, place.workspace)
