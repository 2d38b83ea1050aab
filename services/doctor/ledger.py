"""NATS: reachable, new enough, streams as they must be, replicas in step, clock, keys and tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx

from events.text import counted
from services.access.access import Access
from services.doctor.finding import SET_BACK, Finding, clock_difference, clock_set_back
from services.keys.keys import Keys, MasterKeyDiffersError
from services.ledger import ConfigurationDiffers, Ledger, LedgerError
from services.ledger.provision import check, list_heads, list_workspaces
from services.ledger.stream_api import StreamApi
from services.ledger.streams import KEYS
from services.runtime import clock
from services.runtime.nats_health import closed_by_full_disk
from services.runtime.settings import Settings, SettingsError

OLDEST_NATS = (2, 12)
"""The first version with atomic batches."""
PATIENCE = 5.0
EXPIRES_SOON = timedelta(days=14)


async def examine_ledger(settings: Settings, ledger: Ledger, workspaces: list[str]) -> AsyncIterator[Finding]:
    """Yield everything that NATS can tell. Raises LedgerError."""
    yield _version(ledger)
    for monitor in settings.nats_monitors:
        yield await asyncio.to_thread(_writable, monitor)
    if (settings.data / "run" / "ports.json").exists():
        yield await _durable(settings)
    try:
        await check(settings, ledger)
    except ConfigurationDiffers as differs:
        for line in differs.differences:
            yield Finding.fail(
                "nats.streams",
                line,
                "somebody changed the stream: set it back as the provisioner, or run `goaltrail provision`",
            )
    else:
        yield Finding.ok(
            "nats.streams", f"the streams of {counted(len(workspaces), 'workspace')} are as they must be"
        )
    api = StreamApi(ledger.client, patience=PATIENCE)
    asked = clock.now()
    info = await api.request(f"STREAM.INFO.{KEYS}", b"")
    ahead = [clock.ahead(datetime.fromisoformat(info["ts"]), asked, clock.now())]
    heads = await list_heads(ledger)
    # Each node has a clock, and leads some of the streams.
    ahead += [head.ahead for head in heads.values()]
    yield clock_difference("nats.clock", "NATS", max(ahead, key=abs))
    set_back = [clock_set_back(workspace, head.recorded_at, head) for workspace, head in heads.items()]
    for finding in set_back:
        if finding is not None:
            yield finding
    if not any(set_back):
        yield Finding.ok(SET_BACK, "no ledger's last event is later than the clock of NATS")
    if settings.replicas > 1:
        for stream in [KEYS, *(f"LEDGER_{workspace}" for workspace in workspaces)]:
            yield _replicas(stream, await api.request(f"STREAM.INFO.{stream}", b""))
    yield await _keys(settings, ledger)
    access = await Access.start(ledger)
    try:
        for workspace in workspaces:
            yield _administrators(access, workspace)
    finally:
        await access.close()


def _writable(monitor: str) -> Finding:
    """Say whether a node takes writes; one whose disk was full does not until it is started again."""
    said = closed_by_full_disk(monitor)
    if said is None:
        return Finding.ok("nats.disk", f"no stream of {monitor} was closed by a full disk")
    return Finding.fail(
        "nats.disk",
        f"{monitor} takes no writes because its disk is, or was, full: {said.strip()[:200]}",
        "make room; `goaltrail up` then restarts nats-server by itself, on a cluster restart this node",
    )


async def find_workspaces(ledger: Ledger) -> list[str]:
    """Return the workspaces there are. Raises LedgerError."""
    return await list_workspaces(ledger)


def _version(ledger: Ledger) -> Finding:
    version = ledger.client.connected_server_version
    text = f"nats-server {version.major}.{version.minor}.{version.patch}"
    if (version.major, version.minor) < OLDEST_NATS:
        return Finding.fail(
            "nats.version", text, "install nats-server 2.12 or newer: batches are not atomic before"
        )
    return Finding.ok("nats.version", text)


async def _durable(settings: Settings) -> Finding:
    """Of the embedded server we can ask whether an ack means that a message is on the disk."""
    port = json.loads((settings.data / "run" / "ports.json").read_text())["nats_monitor"]
    try:
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
            answer = (await client.get(f"http://127.0.0.1:{port}/varz")).json()
        always = answer["jetstream"]["config"]["sync_always"]
    except (httpx.HTTPError, ValueError, KeyError):
        return Finding.warn(
            "nats.sync", "the monitoring page of NATS does not answer", "start again with `make up`"
        )
    if always:
        return Finding.ok("nats.sync", "every ack means that the message is on the disk")
    return Finding.fail(
        "nats.sync", "acked messages may be lost in a power failure", "set `sync_interval: always`"
    )


def _replicas(stream: str, info: dict[str, Any]) -> Finding:
    cluster = info.get("cluster") or {}
    late = [
        replica["name"]
        for replica in cluster.get("replicas") or []
        if replica.get("offline") or not replica.get("current")
    ]
    if not cluster.get("leader"):
        return Finding.fail("nats.replicas", f"{stream} has no leader", "start the NATS nodes that are down")
    if late:
        return Finding.warn(
            "nats.replicas", f"{stream}: {', '.join(late)} not in step", "start or repair these NATS nodes"
        )
    return Finding.ok("nats.replicas", f"{stream}: all replicas are in step")


async def _keys(settings: Settings, ledger: Ledger) -> Finding:
    try:
        keys = await Keys.start(ledger, settings.load_master_key())
    except SettingsError as error:
        return Finding.fail(
            "keys.people", f"people's keys can't be tried: {error}", "put the master key back"
        )
    except MasterKeyDiffersError as error:
        return Finding.fail(
            "keys.people", str(error), "put the right master key back; texts are unreadable without it"
        )
    await keys.close()
    return Finding.ok("keys.people", "people's keys fit the master key")


def _administrators(access: Access, workspace: str) -> Finding:
    check, moment = "access.administrators", clock.now()
    valid = [
        record
        for record in access.list(workspace)
        if record.role == "admin" and record.state(moment) == "valid"
    ]
    if not valid:
        return Finding.fail(
            check,
            f"{workspace}: no valid token of an administrator",
            "remove its admin token file and provision again",
        )
    if all(record.expires_at is not None and record.expires_at < moment + EXPIRES_SOON for record in valid):
        return Finding.warn(
            check,
            f"{workspace}: the last administrator's token expires soon",
            "goaltrail token create person:<id> --role admin",
        )
    return Finding.ok(check, f"{workspace}: {counted(len(valid), 'valid token')} of administrators")


def unreachable(error: LedgerError) -> Finding:
    """NATS can't be reached."""
    return Finding.fail(
        "nats.reachable",
        str(error),
        "start it with `make up`, or check GOALTRAIL_NATS_URL, user and password",
    )
