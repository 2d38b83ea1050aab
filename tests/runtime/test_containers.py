"""docker-compose.yml and the cluster it describes, started here as processes on loopback."""

from __future__ import annotations

import asyncio
import base64
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import nats
import pytest
import yaml
from nats.js.api import StreamConfig

from services.runtime.settings import Settings
from services.up.nats_server import NatsCluster
from services.up.processes import wait_until

REPOSITORY = Path(__file__).parent.parent.parent
SERVICES = ["nats-1", "nats-2", "nats-3", "postgres", "provision", "api", "intake", "projector"]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """docker-compose.yml as Compose reads it."""
    loaded: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
    return loaded


def test_the_file_obeys_the_compose_schema() -> None:
    """Checked with the schema of the Compose specification."""
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.compose-spec",
            "docker-compose.yml",
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_service_has_health_and_restart(compose: dict[str, Any]) -> None:
    """Each has a health check and a restart policy; what stores something has a named volume."""
    assert list(compose["services"]) == SERVICES
    for name, service in compose["services"].items():
        assert "test" in service["healthcheck"] or name == "provision", name
        assert service["restart"] == ("on-failure:5" if name == "provision" else "unless-stopped"), name
    for name in ("nats-1", "nats-2", "nats-3", "postgres"):
        volume = compose["services"][name]["volumes"][0].partition(":")[0]
        assert volume in compose["volumes"]


def test_there_are_no_default_passwords(compose: dict[str, Any]) -> None:
    """Every secret comes from outside, and Compose stops when it is missing."""
    for name, service in compose["services"].items():
        for variable, value in service["environment"].items():
            if re.search("PASSWORD|TOKEN|KEY", variable):
                assert re.fullmatch(r"\$\{GOALTRAIL_\w+:\?[^}]+\}", value), f"{name}: {variable}"


def test_services_get_the_least_they_need(compose: dict[str, Any]) -> None:
    """Only provisioning may create streams and databases; the projector can't decrypt people's texts."""
    for name in ("api", "intake", "projector"):
        environment = compose["services"][name]["environment"]
        assert "GOALTRAIL_NATS_PROVISIONER_PASSWORD" not in environment
        assert "goaltrail_provisioner" not in environment["GOALTRAIL_DATABASE_URL"]
    assert "GOALTRAIL_MASTER_KEY" not in compose["services"]["projector"]["environment"]


def test_every_variable_is_a_setting(compose: dict[str, Any]) -> None:
    """A misspelt variable would be ignored silently."""
    known = {f"GOALTRAIL_{name.upper()}" for name in Settings.model_fields}
    for name in ("provision", "api", "intake", "projector"):
        assert set(compose["services"][name]["environment"]) <= known, name


def test_only_the_api_is_published_and_on_loopback(compose: dict[str, Any]) -> None:
    """NATS and PostgreSQL stay inside the network of the containers."""
    published = {
        name: service["ports"] for name, service in compose["services"].items() if "ports" in service
    }
    assert published == {"api": ["127.0.0.1:8642:8642"]}


def test_new_secrets_makes_every_variable_that_compose_wants(tmp_path: Path) -> None:
    """The script writes .env 0600, twice differently, and does not overwrite one."""
    (tmp_path / "deploy").mkdir()
    script = tmp_path / "deploy" / "new-secrets"
    script.write_text((REPOSITORY / "deploy" / "new-secrets").read_text())
    made = subprocess.run(["sh", str(script)], check=True, capture_output=True, text=True)
    env = tmp_path / ".env"
    assert env.stat().st_mode & 0o777 == 0o600
    values = dict(line.split("=", 1) for line in env.read_text().splitlines())
    wanted = set(re.findall(r"\$\{(\w+):\?", (REPOSITORY / "docker-compose.yml").read_text()))
    assert set(values) == wanted
    assert len(set(values.values())) == len(values)
    assert len(base64.b64decode(values["GOALTRAIL_MASTER_KEY"])) == 32
    assert not any(value in made.stdout for value in values.values())
    assert subprocess.run(["sh", str(script)], check=False, capture_output=True).returncode == 1
    assert dict(line.split("=", 1) for line in env.read_text().splitlines()) == values


async def test_three_nodes_keep_three_copies_and_survive_the_leader(nats_cluster: NatsCluster) -> None:
    """An R3 stream has a leader and two current followers; when its node dies another one leads."""
    login = nats_cluster.users.provisioner
    client = await nats.connect(
        nats_cluster.urls.split(","),
        user=login.user,
        password=login.password,
        error_cb=_ignore,
        reconnect_time_wait=0.1,
    )
    js = client.jetstream(timeout=10)
    try:
        await js.add_stream(StreamConfig(name="TRY", subjects=["ledger.try.>"], num_replicas=3))
        assert (await js.publish("ledger.try.kpi.1", b"one", timeout=10)).seq == 1
        cluster = (await js.stream_info("TRY")).cluster
        assert cluster is not None
        assert cluster.replicas is not None
        assert len(cluster.replicas) == 2
        leader = next(
            node for node in nats_cluster.nodes if node.cluster and node.cluster.name == cluster.leader
        )
        leader.kill()
        acked = None
        for _ in range(100):
            try:
                acked = await js.publish("ledger.try.kpi.1", b"two", timeout=1)
                break
            except nats.errors.Error:
                await asyncio.sleep(0.1)
        assert acked is not None
        assert acked.seq >= 2
        leader.start()
        assert wait_until(lambda: _healthy(leader.monitor_url), timeout=20, every=0.1)
        await js.delete_stream("TRY")
    finally:
        await client.close()


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


async def _ignore(_: Exception) -> None:
    return None
