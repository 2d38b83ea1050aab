"""Views of which something is dropped, unreadable or newer than the program: told as that, and built anew."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import asyncpg
import pytest

from events.envelope import encode
from events.ids import ledger_subject
from projections.groups import GROUPS
from services.api.http.services import Services
from services.doctor.finding import Finding
from services.doctor.views import examine_views
from services.ledger import Entry, Ledger
from tests import running
from tests.api.conftest import Person, SettingsFor, given_goal, projecting
from tests.api.given_readings import erp, item
from tests.projections.contract.histories import reading_event
from tests.running import eventually
from tests.servers import TestDatabase, TestPostgres

__all__ = ["erp"]  # a fixture

pytestmark = [pytest.mark.own_database, pytest.mark.faults]

GOAL = "/v1/objectives/growth"
TREND = "/v1/kpis/sales/trend?from=2026-03-01&to=2026-03-31"
DROPPED = {
    "schema": 'DROP SCHEMA "{schema}" CASCADE',
    "all tables": 'DROP TABLE "{schema}".version, "{schema}".key_result, "{schema}".reading CASCADE',
    "table": 'DROP TABLE "{schema}".version CASCADE',
    "column": 'ALTER TABLE "{schema}".version DROP COLUMN revision',
    "key": 'ALTER TABLE "{schema}".kpi_day DROP CONSTRAINT kpi_day_pkey',
}
"""What somebody did to the tables, by what is gone."""


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestPostgres]:
    """A PostgreSQL server whose files a test may damage."""
    running = TestPostgres(tmp_path_factory.mktemp("postgres") / "cluster")
    running.start()
    yield running
    running.server.stop()


class Views(NamedTuple):
    """The build of group `state` that reads use, and a way to damage it."""

    schema: str
    build: int


@pytest.fixture
async def admin(database: TestDatabase) -> AsyncIterator[Any]:
    """The superuser's connection."""
    connection = await asyncpg.connect(database.url(database.server.superuser))
    yield connection
    await connection.close()


async def active(admin: Any, services: Services, group: str = "state") -> Views:
    """The build that reads use."""
    query = "SELECT schema_name, build FROM control.active_version WHERE workspace = $1 AND grp = $2"
    return Views(*await admin.fetchrow(query, services.settings.workspace, group))


async def told_ready(anna: Person, group: str = "state") -> dict[str, Any]:
    """What /readyz says of a group."""
    groups = (await anna.get("/readyz")).json()["groups"]
    return next(each for each in groups if each["group"] == group)


async def complaints(provisioned: SettingsFor, services: Services, ledger: Ledger | None) -> list[Finding]:
    """What the doctor has against the views."""
    found = examine_views(provisioned("operator"), ledger, [services.settings.workspace])
    return [finding async for finding in found if finding.level != "ok"]


@pytest.mark.parametrize("what", DROPPED)
async def test_what_was_dropped_is_told_and_built_anew(
    what: str, anna: Person, services: Services, provisioned: SettingsFor, admin: Any
) -> None:
    """While no worker runs reads, /readyz and the doctor say so; with one all is there again."""
    async with projecting(provisioned("projector")):
        await given_goal(anna)
        before = await anna.read(GOAL)
    broken = await active(admin, services)
    await admin.execute(DROPPED[what].format(schema=broken.schema))

    answer = await anna.get(GOAL)
    if what != "key":  # reads do not need it
        assert (answer.status_code, answer.json()["code"]) == (503, "views_damaged"), answer.text
        assert (await told_ready(anna))["damaged"]
    (finding,) = await complaints(provisioned, services, services.ledger)
    assert (finding.check, finding.level) == ("views.damaged", "fail")
    assert "worker" in str(finding.cure)
    (finding,) = await complaints(provisioned, services, None)
    assert "NATS" in str(finding.cure)
    # Commands go on meanwhile.
    await anna.created("/v1/key-results/kr-acv/check-ins", {"confidence": 5})

    async with projecting(provisioned("projector")):
        after = await eventually(lambda: read_again(anna))
        assert (after["title"], after["key_results"][0]["id"]) == (before["title"], "kr-acv")
        assert (await active(admin, services)).build > broken.build
        assert not (await told_ready(anna))["damaged"]
        assert await complaints(provisioned, services, services.ledger) == []


ROWS = {
    "goals": 'TRUNCATE "{schema}".version',
    "one goal": "DELETE FROM \"{schema}\".version WHERE kind = 'objective'",
    "readings": 'TRUNCATE "{schema}".reading',
    "one reading": "DELETE FROM \"{schema}\".reading WHERE source_id = 'n3'",
    "days": 'TRUNCATE "{schema}".kpi_day',
    "scores": 'DELETE FROM "{schema}".score_history',
    "moments": 'TRUNCATE "{schema}".moment',
    "counts": "TRUNCATE control.row_count",
    "one count": "DELETE FROM control.row_count WHERE table_name = 'reading'",
    "poison": "TRUNCATE control.poison",
    "replaced": (
        'CREATE TEMPORARY TABLE kept AS SELECT * FROM "{schema}".reading WHERE position % 2 = 0;'
        ' TRUNCATE "{schema}".reading; INSERT INTO "{schema}".reading SELECT * FROM kept'
    ),
}
"""What somebody did to rows while no worker ran, or one did."""


@pytest.mark.parametrize("running_worker", [True, False], ids=["while it runs", "before it starts"])
@pytest.mark.parametrize("what", ROWS)
async def test_lost_rows_are_noticed_and_built_anew(
    what: str,
    running_worker: bool,
    anna: Person,
    erp: Person,
    services: Services,
    provisioned: SettingsFor,
    admin: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By a worker that nobody tells. Readings that are sent again stay known, and figures as they were."""
    monkeypatch.setattr("services.projector.main.LOSS_LOOK", 0.1)
    monkeypatch.setattr("services.projector.main.SWEEP", 0.1)
    known = [item(f"n{n}") for n in range(5)]
    async with projecting(provisioned("projector")):
        await given_goal(anna)
        # A correction of what nobody recorded can't be folded.
        orphan = reading_event("sales", "never", datetime(2026, 2, 1, tzinfo=UTC), [Decimal(1)], revision=1)
        subject = ledger_subject(services.settings.workspace, orphan.aggregate)
        await services.ledger.append(services.settings.workspace, [Entry(subject, encode(orphan))], {})
        assert (await erp.post("/v1/readings", known)).status_code == 200
        anna.position = erp.position
        goal, trend = await shown(anna, GOAL), await shown(anna, TREND)
        assert trend["incomplete"]
        broken = await active(admin, services)
        if running_worker:
            await admin.execute(ROWS[what].format(schema=broken.schema))
            await built_anew(admin, services, broken)
    if not running_worker:
        await admin.execute(ROWS[what].format(schema=broken.schema))
        found = [each.check for each in await complaints(provisioned, services, services.ledger)]
        assert "views.damaged" in found
        async with projecting(provisioned("projector")):
            await built_anew(admin, services, broken)
    again = await erp.post("/v1/readings", known)
    assert again.json()["counts"]["duplicate"] == len(known), again.text
    assert await shown(anna, GOAL) == goal
    assert await shown(anna, TREND) == trend


async def shown(anna: Person, path: str) -> dict[str, Any]:
    """What is shown, whatever the time and the position."""
    read = await anna.read(path)
    return {name: value for name, value in read.items() if name not in ("known_at", "position")}


async def built_anew(admin: Any, services: Services, broken: Views) -> None:
    """Wait until reads use another build."""

    async def is_so() -> bool:
        return (await active(admin, services)).build > broken.build

    await eventually(is_so)


async def test_no_figure_is_answered_from_views_that_lost_rows(
    anna: Person, erp: Person, services: Services, provisioned: SettingsFor, admin: Any
) -> None:
    """From when a worker has noticed until they are built anew, which it does not do at once twice."""
    async with projecting(provisioned("projector")):
        await erp.post("/v1/readings", [item("a")])
        await anna.read(TREND)
    await admin.execute("UPDATE control.checkpoint SET damaged = 'reading has 0 rows', lacks_rows = true")
    answer = await anna.get(TREND)
    assert (answer.status_code, answer.json()["code"]) == (503, "views_damaged")
    assert (await told_ready(anna))["damaged"]
    assert (await erp.post("/v1/readings", [item("a")])).status_code == 503


async def read_again(anna: Person) -> Any:
    """The goal as soon as it can be read; until then the answer is 503."""
    answer = await anna.get(GOAL)
    assert answer.status_code in (200, 503), answer.text
    return answer.json() if answer.status_code == 200 else None


@pytest.mark.parametrize("noticed_by", ["read", "write", "look"])
async def test_a_running_worker_notices(
    noticed_by: str,
    anna: Person,
    services: Services,
    provisioned: SettingsFor,
    admin: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By a read that failed, by its own writes, and by looking from time to time."""
    monkeypatch.setattr("services.projector.main.DAMAGE_LOOK", 0.1 if noticed_by == "look" else 1e9)
    monkeypatch.setattr("services.projector.main.SWEEP", 0.1)
    async with projecting(provisioned("projector")):
        await given_goal(anna)
        await anna.read(GOAL)
        broken = await active(admin, services)
        await admin.execute(DROPPED["table"].format(schema=broken.schema))
        if noticed_by == "read":
            await anna.get(GOAL)
        elif noticed_by == "write":
            await anna.created("/v1/key-results/kr-acv/check-ins", {"confidence": 5})

        async def built_anew() -> bool:
            return (await active(admin, services)).build > broken.build

        await eventually(built_anew)
        await eventually(lambda: read_again(anna))
        assert (await active(admin, services, "audit")).build == 1


async def test_a_page_that_cant_be_read(
    anna: Person, services: Services, provisioned: SettingsFor, database: TestDatabase, postgres: TestPostgres
) -> None:
    """Reads, /readyz and the doctor say that bytes are others than were written; a worker cures it."""
    async with projecting(provisioned("projector")):
        await given_goal(anna)
        before = await anna.read(GOAL)
    await damage_a_page(database, services, postgres)

    async def noticed() -> bool:
        answer = await anna.get(GOAL)
        assert answer.status_code == 503, answer.text
        return bool(answer.json()["code"] == "views_damaged")

    await eventually(noticed)
    assert (await told_ready(anna))["damaged"]
    (finding,) = await complaints(provisioned, services, services.ledger)
    assert (finding.check, finding.level) == ("views.damaged", "fail")
    assert "version" in finding.text
    assert "disk" in str(finding.cure)

    async with projecting(provisioned("projector")):
        after = await eventually(lambda: read_again(anna))
        assert after["key_results"] == before["key_results"]
        assert not (await told_ready(anna))["damaged"]
    assert await complaints(provisioned, services, services.ledger) == []


async def damage_a_page(database: TestDatabase, services: Services, postgres: TestPostgres) -> None:
    """Overwrite bytes of the first page of table `version`, while PostgreSQL is stopped."""
    admin = await asyncpg.connect(database.url(database.server.superuser))
    schema = (await active(admin, services)).schema
    path = await admin.fetchval("SELECT pg_relation_filepath($1::regclass)", f'"{schema}".version')
    await admin.execute("CHECKPOINT")
    await admin.close()
    postgres.server.stop()
    with (postgres.server.directory / path).open("r+b") as file:
        file.seek(1000)
        written = file.read(64)
        file.seek(1000)
        file.write(bytes(byte ^ 0xFF for byte in written))
    postgres.server.start()


async def test_views_of_a_newer_version_are_left_alone(
    anna: Person,
    services: Services,
    provisioned: SettingsFor,
    admin: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reads say that this program is too old; its worker does not build over them; commands go on."""
    async with projecting(provisioned("projector")):
        await given_goal(anna)
    newer = GROUPS["state"].version + 1
    await admin.execute("UPDATE control.active_version SET version = $1 WHERE grp = 'state'", newer)
    before = await active(admin, services)
    monkeypatch.setattr("services.projector.worker.RETRY", 0.05)
    monkeypatch.setattr("services.projector.worker.LOOK_AGAIN", 0.05)
    async with running.projecting(provisioned("projector")):
        answer = await anna.get(GOAL)
        assert (answer.status_code, answer.json()["code"]) == (503, "views_newer")
        assert f"version {newer}" in answer.json()["detail"]
        ready = await told_ready(anna)
        assert (ready["newer"], (await anna.get("/readyz")).status_code) == (True, 503)
        (finding,) = [
            finding
            for finding in await complaints(provisioned, services, services.ledger)
            if finding.check != "views.lag"
        ]
        assert (finding.check, finding.level) == ("views.version", "fail")
        await anna.created("/v1/key-results/kr-acv/check-ins", {"confidence": 5})

        async def audit_follows() -> bool:
            async with services.views.open(services.settings.workspace, "audit") as view:
                return view.position >= anna.position

        await eventually(audit_follows)
        assert await active(admin, services) == before


async def test_a_ledger_that_is_not_whole_keeps_damaged_views(
    anna: Person, services: Services, provisioned: SettingsFor, admin: Any
) -> None:
    """They may be the only copy: nothing replaces them, and the doctor says what to keep first."""
    async with projecting(provisioned("projector")):
        await given_goal(anna)
    broken = await active(admin, services)
    # As after the ledger was deleted and made again: it begins with another event.
    await admin.execute("UPDATE control.checkpoint SET ledger = 'another', fingerprint = 'another'")
    await admin.execute(DROPPED["table"].format(schema=broken.schema))
    (finding,) = [
        finding
        for finding in await complaints(provisioned, services, services.ledger)
        if finding.check == "views.damaged"
    ]
    assert "keep copies" in str(finding.cure)
    async with running.projecting(provisioned("projector")):

        async def set_aside() -> bool:
            return bool((await told_ready(anna))["ledger_differs"])

        await eventually(set_aside)
        assert await active(admin, services) == broken


CONTROL = {
    "schema": "DROP SCHEMA control CASCADE",
    "pointers": "TRUNCATE control.active_version",
    "a pointer": "DELETE FROM control.active_version WHERE grp = 'state'",
    "table of pointers": "DROP TABLE control.active_version",
    "checkpoints": "TRUNCATE control.checkpoint",
    "a checkpoint": "DELETE FROM control.checkpoint WHERE grp = 'state'",
    "table of checkpoints": "DROP TABLE control.checkpoint",
    "table of counts": "DROP TABLE control.row_count",
    "table of poison": "DROP TABLE control.poison",
    "all rows": "TRUNCATE control.active_version, control.checkpoint, control.poison, control.row_count",
}
"""What somebody did to the control tables; lost rows of poison and counts are among ROWS."""


@pytest.mark.parametrize("running_worker", [True, False], ids=["while it runs", "before it starts"])
@pytest.mark.parametrize("what", CONTROL)
async def test_lost_control_tables_are_mended(
    what: str,
    running_worker: bool,
    anna: Person,
    erp: Person,
    services: Services,
    provisioned: SettingsFor,
    admin: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By a worker that nobody tells; the doctor never says that one is at it while none is."""
    for look in ("DAMAGE_LOOK", "LOSS_LOOK", "SWEEP"):
        monkeypatch.setattr(f"services.projector.main.{look}", 0.1)
    known = [item(f"n{n}") for n in range(5)]
    async with projecting(provisioned("projector")):
        await given_goal(anna)
        await erp.post("/v1/readings", known)
        anna.position = erp.position
        goal, trend = await shown(anna, GOAL), await shown(anna, TREND)
        if running_worker:
            await admin.execute(CONTROL[what])
            await mended(anna, provisioned, services)
    if not running_worker:
        await admin.execute(CONTROL[what])
        found = await complaints(provisioned, services, services.ledger)
        assert found
        assert all("worker" in f"{each.text} {each.cure}" for each in found), found
        assert not any("wait" in str(each.cure) for each in found), found
        async with projecting(provisioned("projector")):
            await mended(anna, provisioned, services)
    assert await shown(anna, GOAL) == goal
    assert await shown(anna, TREND) == trend
    again = await erp.post("/v1/readings", known)
    assert again.json()["counts"]["duplicate"] == len(known), again.text


async def mended(anna: Person, provisioned: SettingsFor, services: Services) -> None:
    """Wait until the doctor is content, and what was written can be read."""

    async def is_so() -> bool:
        return not await complaints(provisioned, services, services.ledger)

    await eventually(is_so)
    await eventually(lambda: read_again(anna))
