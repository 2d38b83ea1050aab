"""`goaltrail doctor` on real servers: healthy, and with one thing wrong at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, insert, text, update
from typer.testing import CliRunner

from projections.control import active, checkpoint, poison, row_count
from projections.groups import GROUPS
from services.access.access import Access
from services.access.first import ensure_admin_token
from services.cli.main import app
from services.doctor.examine import examine
from services.doctor.finding import Finding, clock_difference, clock_set_back
from services.doctor.machine import examine_api, examine_machine
from services.ledger import Ledger
from services.ledger.provision import Head, provision
from services.postgres.locks import Locks
from services.projector.builds import create, prepare_control, projector_engine
from services.runtime.settings import Role, Settings
from tests.given_clocks import MovedClock
from tests.running import eventually, projecting, serving

pytestmark = pytest.mark.own_database

SettingsFor = Callable[[Role], Settings]


async def found(settings: Settings, workspace: str) -> dict[str, list[Finding]]:
    """Findings by check; of views and administrators only those about one workspace."""
    findings: dict[str, list[Finding]] = {}
    async for finding in examine(settings):
        ours = finding.check.split(".")[0] not in ("views", "access") or finding.text.startswith(workspace)
        if ours:
            findings.setdefault(finding.check, []).append(finding)
    return findings


@pytest.fixture
async def operator(operator_settings: Settings) -> Settings:
    """An operator of a provisioned workspace with its administrator."""
    await provision(operator_settings)
    await ensure_admin_token(operator_settings)
    return operator_settings


async def built(settings_for: SettingsFor, workspace: str) -> None:
    """Both views of the workspace, at the head of its ledger."""
    settings = settings_for("projector")
    engine = projector_engine(settings)
    await prepare_control(engine)
    async with await Ledger.connect(settings) as ledger:
        head = await ledger.head(workspace)

        async def at_head() -> bool:
            async with engine.connect() as connection:
                views = [await active(connection, workspace, group) for group in GROUPS]
            return all(view is not None and view.position == head for view in views)

        async with projecting(settings):
            await eventually(at_head)
    await engine.dispose()


async def test_healthy_installation_has_no_complaint(
    operator: Settings, settings_for: SettingsFor, workspace: str
) -> None:
    """Every check is ok, except that no API runs here."""
    await built(settings_for, workspace)
    findings = await found(operator, workspace)
    complaints = [entry for entries in findings.values() for entry in entries if entry.level != "ok"]
    assert [entry.check for entry in complaints] == ["api.ready"]
    assert {"nats.version", "nats.streams", "nats.clock", "postgres.version", "postgres.clock"} <= set(
        findings
    )
    assert {"keys.master", "keys.people", "access.administrators", "views.lag"} <= set(findings)


async def test_stopped_projector_shows_as_lag(
    operator: Settings, settings_for: SettingsFor, workspace: str
) -> None:
    """Events that no view has yet are counted, and the worker to start is named."""
    await built(settings_for, workspace)
    async with await Ledger.connect(operator) as ledger:
        access = await Access.start(ledger)
        await access.issue(workspace, "person:anna", "viewer")
        await access.close()
    lag = (await found(operator, workspace))["views.lag"]
    assert all("1 event behind" in finding.text for finding in lag)


async def test_view_that_nobody_built_is_named(
    operator: Settings, settings_for: SettingsFor, workspace: str
) -> None:
    """Before the first worker ran, each view is a warning with the command that builds it."""
    [nothing] = (await found(operator, ""))["views.built"]
    assert nothing.level == "warn"
    engine = projector_engine(settings_for("projector"))
    await prepare_control(engine)
    missing = (await found(operator, workspace))["views.built"]
    assert [finding.cure for finding in missing] == [f"run `goaltrail worker {group}`" for group in GROUPS]
    async with engine.begin() as connection:
        await create(connection, workspace, GROUPS["state"])
    left_off, _ = (await found(operator, workspace))["views.built"]
    assert left_off == missing[0]
    async with Locks(engine) as locks:
        assert await locks.take("rebuild", workspace, "state")
        under_way, missing_still = (await found(operator, workspace))["views.built"]
    await engine.dispose()
    assert "a worker is building this view, 0 events are in it" in under_way.text
    assert missing_still == missing[1]


async def test_poison_position_is_a_failure_until_it_is_waived(
    operator: Settings, settings_for: SettingsFor, workspace: str
) -> None:
    """Position, aggregate and error are shown; a waived one is no failure."""
    await built(settings_for, workspace)
    engine = projector_engine(settings_for("projector"))
    row = {"workspace": workspace, "grp": "state", "build": 1, "position": 7, "kind": "kpi", "id": "acv"}
    async with engine.begin() as connection:
        await connection.execute(insert(poison).values(**row, error="boom", payload_hash="x", waived=False))
        counted = {name: row[name] for name in ("workspace", "grp", "build")}
        await connection.execute(insert(row_count).values(**counted, table_name="poison", rows=1))
    [finding] = (await found(operator, workspace))["views.poison"]
    assert (finding.level, "7 (kpi acv): boom" in finding.text) == ("fail", True)
    async with engine.begin() as connection:
        await connection.execute(update(poison).values(waived=True))
    assert "views.poison" not in await found(operator, workspace)
    await engine.dispose()


async def test_views_of_another_ledger_are_a_failure(
    operator: Settings, settings_for: SettingsFor, workspace: str
) -> None:
    """A checkpoint beyond the ledger's head means that the ledger was replaced."""
    await built(settings_for, workspace)
    engine = projector_engine(settings_for("projector"))
    async with engine.begin() as connection:
        await connection.execute(update(checkpoint).values(position=99))
    await engine.dispose()
    assert {finding.level for finding in (await found(operator, workspace))["views.lag"]} == {"fail"}


async def test_changed_stream_is_a_failure(operator: Settings, workspace: str) -> None:
    """A setting that somebody changed is named with both values."""
    assert operator.nats_provisioner_password is not None
    as_provisioner = operator.model_copy(
        update={
            "nats_user": operator.nats_provisioner_user,
            "nats_password": operator.nats_provisioner_password,
        }
    )
    async with await Ledger.connect(as_provisioner) as ledger:
        js = ledger.client.jetstream()
        stream = f"LEDGER_{workspace}"
        config = (await js.stream_info(stream)).config
        config.duplicate_window = 60
        await js.update_stream(config)
        try:
            changed = (await found(operator, workspace))["nats.streams"]
            assert any(stream in finding.text and "duplicate_window" in finding.text for finding in changed)
            assert {finding.level for finding in changed} == {"fail"}
        finally:
            config.duplicate_window = 120
            await js.update_stream(config)


async def test_expiring_and_missing_administrators(operator: Settings, workspace: str) -> None:
    """A workspace that nobody administers fails; one whose last administrator expires soon is a warning."""
    async with await Ledger.connect(operator) as ledger:
        access = await Access.start(ledger)
        [first] = access.list(workspace)
        soon = datetime.now(UTC) + timedelta(seconds=2)
        await access.issue(workspace, "person:anna", "admin", expires_at=soon)
        await access.revoke(workspace, first.id)
        await access.close()
    [finding] = (await found(operator, workspace))["access.administrators"]
    assert finding.level == "warn"
    await asyncio.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds()))
    [finding] = (await found(operator, workspace))["access.administrators"]
    assert finding.level == "fail"


async def test_wrong_master_key_is_a_failure(operator: Settings, workspace: str) -> None:
    """Keys that another master key wrapped are found before a person misses their texts."""
    async with await Ledger.connect(operator) as ledger:
        await ledger.client.publish(
            f"keys.{workspace}.person.x",
            b'{"id":"00","master":"other","wrapped":"","created_at":"2026-01-01T00:00:00Z"}',
        )
        await ledger.client.flush()
        [finding] = (await found(operator, workspace))["keys.people"]
        assert finding.level == "fail"
        js = ledger.client.jetstream()
        message = await js.get_last_msg("KEYS", f"keys.{workspace}.person.x")
        assert message.seq is not None
        await js.delete_msg("KEYS", message.seq)


async def test_servers_that_are_away_are_failures(operator: Settings, workspace: str) -> None:
    """Each is one line with what to check, and everything else is still looked at."""
    away = operator.model_copy(
        update={
            "nats_url": "nats://127.0.0.1:1",
            "database_url": SecretStr("postgresql://nobody:hush@127.0.0.1:1/goaltrail"),
        }
    )
    findings = await found(away, workspace)
    assert [findings[check][0].level for check in ("nats.reachable", "postgres.reachable")] == [
        "fail",
        "fail",
    ]
    assert "hush" not in repr(findings)


def test_files_that_others_may_read_are_a_failure(tmp_path: Path) -> None:
    """Data directory, secrets and role settings are private; the command to repair it is given."""
    data = tmp_path / "data"
    (data / "secrets").mkdir(parents=True)
    (data / "lock").touch()
    secret = data / "secrets" / "admin.token"
    secret.touch(mode=0o600)
    for folder in (data, data / "secrets"):
        folder.chmod(0o700)
    settings = Settings(data=data)

    def modes() -> Finding:
        return next(finding for finding in examine_machine(settings) if finding.check == "machine.modes")

    assert modes().level == "ok"
    secret.chmod(0o640)
    assert modes() == Finding("machine.modes", "fail", f"others may read {secret}", f"chmod go= {secret}")


@pytest.mark.parametrize(("ahead", "level"), [(0.2, "ok"), (-3.0, "warn"), (3.0, "warn"), (90.0, "fail")])
def test_clock_difference(ahead: float, level: str) -> None:
    """Below a second is ok, a minute is a failure, whichever clock is ahead."""
    found = clock_difference("nats.clock", "NATS", timedelta(seconds=ahead))
    assert found.level == level
    assert ("behind ours" in found.text) == (ahead >= 1)


@pytest.mark.parametrize(
    ("ahead", "clocks", "cure"), [(0, "ok", "ran ahead before"), (7200, "fail", "take its time from NTP")]
)
async def test_a_step_back_of_the_servers_clock_has_the_right_cure(
    operator: Settings,
    settings_for: SettingsFor,
    workspace: str,
    monkeypatch: pytest.MonkeyPatch,
    ahead: int,
    clocks: str,
    cure: str,
) -> None:
    """The newest event is later than the clock: by ours we know whether that is right now, or was before."""
    await built(settings_for, workspace)
    engine = projector_engine(settings_for("projector"))
    async with engine.begin() as connection:
        later = func.now() + text("interval '2 hours'")
        await connection.execute(update(checkpoint).values(recorded_at=later))
    await engine.dispose()
    MovedClock(monkeypatch).ahead = timedelta(seconds=ahead)
    findings = await found(operator, workspace)
    [clock] = findings["nats.clock"]
    [told] = [one for one in findings["nats.clock_set_back"] if one.text.startswith(f"{workspace}: ")]
    assert (clock.level, told.level) == (clocks, "warn")
    assert "is 7,2" in told.text or "is 7,1" in told.text  # two hours, less what the look took
    assert cure in str(told.cure)


def test_a_last_event_later_than_the_clock_is_told() -> None:
    """Nothing came since the clock was set back: no views are needed to see it."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    head = Head(7, "2026-01-01T00:00:00Z", "2026-01-01T14:00:00.123456789Z", noon, timedelta(0))
    assert head.set_back() == timedelta(hours=2, microseconds=123456)
    told = clock_set_back("main", head.recorded_at, head)
    assert told is not None
    assert "7,200.1 s behind" in told.text
    assert clock_set_back("main", noon, head) is None
    assert Head(0, "", "0001-01-01T00:00:00Z", noon, timedelta(0)).set_back() == timedelta(0), "empty"


async def test_the_clock_of_the_api_is_told(
    operator: Settings, settings_for: SettingsFor, workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may run on another machine than the doctor."""
    moved = MovedClock(monkeypatch)
    with serving(settings_for("api"), settings_for("projector")) as address:
        moved.ahead = timedelta(seconds=-90)
        api = operator.model_copy(update={"api_url": address})
        findings = [finding async for finding in examine_api(api)]
    assert ("api.clock", "fail") in [(finding.check, finding.level) for finding in findings]
    assert "is 90.0 s ahead of that of the API" in findings[-1].text


def test_command_prints_lines_or_json_and_fails_with_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing runs: exit code 1, one line per check with a cure, and the same as JSON."""
    monkeypatch.setenv("GOALTRAIL_NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.setenv("GOALTRAIL_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/goaltrail")
    monkeypatch.setenv("GOALTRAIL_DATA", str(tmp_path))
    monkeypatch.setenv("GOALTRAIL_API_URL", "http://127.0.0.1:1")
    lines = CliRunner().invoke(app, ["doctor"])
    assert lines.exit_code == 1
    assert "fail  can't reach NATS" in lines.output
    assert "→ start it with `make up`" in lines.output
    report = CliRunner().invoke(app, ["doctor", "--json"])
    assert report.exit_code == 1
    answer = json.loads(report.stdout)
    assert answer["ok"] is False
    assert {"keys.master", "nats.reachable", "postgres.reachable", "api.ready"} <= {
        check["check"] for check in answer["checks"]
    }
