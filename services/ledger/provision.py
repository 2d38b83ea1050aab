"""Making the streams, as the provisioner; and refusing to work on streams that are not as they must be."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
import structlog

from events.context import Context
from events.envelope import Event, encode
from events.ids import WORKSPACE_ID, Aggregate, event_id, ledger_subject
from events.registry import event_type
from events.text import Text
from events.workspace.commands import CreateWorkspace
from events.workspace.decider import decide
from events.workspace.events import DefaultLanguage
from services.ledger.append import Entry
from services.ledger.client import LedgerClient
from services.ledger.errors import ConfigurationDiffers, Conflict, InvalidAppend
from services.ledger.ledger import Ledger
from services.ledger.stream_api import STREAM_NOT_FOUND, ServerRefused, StreamApi
from services.ledger.streams import Configuration, differences, former, ledger_stream, shared_streams
from services.runtime import clock
from services.runtime.settings import Settings, SettingsError

log = structlog.get_logger(__name__)

_ACTOR = "system:provision"
_PATIENCE = 30.0
"""Seconds; nodes that start together need a while until a stream can have three copies."""


async def provision(settings: Settings) -> None:
    """Make the shared streams and the first workspace, unless they are there. Any number of times.

    Raises ConfigurationDiffers, LedgerUnavailable, SettingsError.
    """
    async with _provisioner(settings) as ledger:
        api = StreamApi(ledger.client, patience=_PATIENCE)
        for wanted in shared_streams(settings.replicas):
            await _ensure(api, wanted)
        first = _first_event(
            settings.workspace, name=settings.workspace, zone=settings.zone, default_language="ko"
        )
        await _create(ledger, settings, first)


async def create_workspace(
    settings: Settings, workspace: str, *, name: str, zone: str, default_language: DefaultLanguage = "ko"
) -> bool:
    """Make the ledger of a workspace with its first event, `workspace.created`. False if it is there already.

    `workspace` is its id, `zone` an IANA time zone. Raises Refused (unknown zone), InvalidAppend (bad id),
    ConfigurationDiffers, LedgerUnavailable, SettingsError.
    """
    first = _first_event(workspace, name=name, zone=zone, default_language=default_language)
    async with _provisioner(settings) as ledger:
        return await _create(ledger, settings, first)


async def _create(ledger: Ledger, settings: Settings, first: Event) -> bool:
    """Make the ledger that begins with an event; return False if it is there already."""
    subject = ledger_subject(first.workspace, first.aggregate)
    api = StreamApi(ledger.client, patience=_PATIENCE)
    await _ensure(api, ledger_stream(first.workspace, settings.replicas))
    try:
        await ledger.append(first.workspace, [Entry(subject, encode(first))], {subject: 0})
    except Conflict:
        return False
    log.info("workspace_created", workspace=first.workspace)
    return True


async def list_workspaces(ledger: Ledger) -> list[str]:
    """Return the ids of all workspaces, sorted. Raises LedgerUnavailable."""
    api = StreamApi(ledger.client, patience=_PATIENCE)
    names: list[str] = []
    while True:
        query = {"subject": "ledger.>", "offset": len(names)}
        answer = await api.request("STREAM.NAMES", orjson.dumps(query))
        page = answer.get("streams") or []
        names += page
        if not page or len(names) >= answer["total"]:
            return sorted(name.removeprefix("LEDGER_") for name in names)


class Head(NamedTuple):
    """Where a ledger ends."""

    position: int
    """0 while it is empty."""
    made: str
    """When its stream was made, and"""
    last: str
    """when its last event was recorded, by the server's clock."""
    now: datetime
    """What that clock said when it told this, and"""
    ahead: timedelta
    """how far ours was surely ahead of it; negative where ours was behind."""

    @property
    def recorded_at(self) -> datetime:
        """When its last event was recorded (UTC); in the year 1 if there is none."""
        return datetime.fromisoformat(self.last)

    def set_back(self, recorded: datetime | None = None) -> timedelta:
        """Return how far the server's clock is behind the newest event; 0 if it is not.

        `recorded`: the latest time of an event as views have it, which may be later than that of the last.
        """
        newest = max(self.recorded_at, recorded or self.recorded_at)
        return max(newest - self.now, timedelta(0))

    def continues(self, before: Head) -> bool:
        """Return whether it seems to be the ledger that ended there before, with nothing lost or
        exchanged.
        """
        if self.position == before.position and self.last != before.last:
            return False
        return self.made == before.made and self.position >= before.position


async def list_heads(ledger: Ledger) -> dict[str, Head]:
    """Return where the ledger of each workspace ends: one question for very many.

    Raises LedgerUnavailable.
    """
    found: dict[str, Head] = {}
    for stream, ahead in await _ledgers(StreamApi(ledger.client, patience=_PATIENCE)):
        state = stream["state"]
        workspace = stream["config"]["name"].removeprefix("LEDGER_")
        now = datetime.fromisoformat(stream["ts"])
        found[workspace] = Head(int(state["last_seq"]), stream["created"], state["last_ts"], now, ahead)
    return found


async def _ledgers(api: StreamApi) -> list[tuple[dict[str, Any], timedelta]]:
    """Return what the server tells of each ledger's stream, and how far our clock was ahead of its.

    Of a cluster some may be missing.
    """
    found: list[tuple[dict[str, Any], timedelta]] = []
    while True:
        query = {"subject": "ledger.>", "offset": len(found)}
        asked = clock.now()
        answer = await api.request("STREAM.LIST", orjson.dumps(query))
        answered = clock.now()
        page = answer.get("streams") or []
        for stream in page:
            ahead = clock.ahead(datetime.fromisoformat(stream["ts"]), asked, answered)
            found.append((stream, ahead))
        if not page or len(found) >= answer["total"]:
            return found


async def check(settings: Settings, ledger: Ledger) -> None:
    """Check that every stream is there and configured as this version needs it.

    Run it before anything is appended. Raises ConfigurationDiffers, LedgerUnavailable.
    """
    api = StreamApi(ledger.client, patience=_PATIENCE)
    lines: list[str] = []
    wanted = [ledger_stream(workspace, settings.replicas) for workspace in await list_workspaces(ledger)]
    listed = {stream["config"]["name"]: stream["config"] for stream, _ in await _ledgers(api)}
    for configuration in [*shared_streams(settings.replicas), *wanted]:
        name = configuration["name"]
        stored = listed.get(name) or await _stored(api, name)
        if stored is None:
            lines.append(f"{name}: there is no such stream; `goaltrail up` or provisioning makes it")
        else:
            lines += differences(configuration, stored)
    if lines:
        raise ConfigurationDiffers(lines)


@asynccontextmanager
async def _provisioner(settings: Settings) -> AsyncIterator[Ledger]:
    password = settings.nats_provisioner_password
    if password is None:
        raise SettingsError("set GOALTRAIL_NATS_PROVISIONER_PASSWORD: only the provisioner may make streams")
    client = LedgerClient()
    await client.open(
        settings.nats_servers,
        user=settings.nats_provisioner_user,
        password=password.get_secret_value(),
        name="goaltrail provision",
    )
    async with Ledger(client, patience=_PATIENCE) as ledger:
        yield ledger


async def _ensure(api: StreamApi, wanted: Configuration) -> None:
    """Make a stream, or compare the one that is there.

    One that is just as an earlier version made it is brought to the wanted configuration; any other is never
    changed.
    """
    name = wanted["name"]
    stored = await _stored(api, name)
    if stored is None:
        # Creating what another provisioner has just created in the same way is no error.
        stored = (await api.request(f"STREAM.CREATE.{name}", orjson.dumps(wanted)))["config"]
        log.info("stream_created", stream=name, replicas=wanted["num_replicas"])
    before = former(wanted)
    if before is not None and not differences(before, stored):
        metadata = {**stored.get("metadata", {}), **wanted["metadata"]}
        changed = orjson.dumps({**stored, **wanted, "metadata": metadata})
        stored = (await api.request(f"STREAM.UPDATE.{name}", changed))["config"]
        log.info("stream_migrated", stream=name)
    lines = differences(wanted, stored)
    if lines:
        raise ConfigurationDiffers(lines)


async def _stored(api: StreamApi, name: str) -> Configuration | None:
    try:
        answer = await api.request(f"STREAM.INFO.{name}", b"")
    except ServerRefused as refused:
        if refused.code == STREAM_NOT_FOUND:
            return None
        raise
    configuration: Configuration = answer["config"]
    return configuration


def _first_event(workspace: str, *, name: str, zone: str, default_language: DefaultLanguage) -> Event:
    """Return `workspace.created`. Raises InvalidAppend (bad id), Refused (unknown zone)."""
    if not re.fullmatch(WORKSPACE_ID, workspace):
        raise InvalidAppend(
            Text(
                f"{workspace!r}은(는) 워크스페이스 아이디가 될 수 없습니다. 영문 소문자, 숫자, -로"
                " 1~32자이며 -로 시작하거나 끝나지 않아야 합니다",
                f"{workspace!r} can't be the id of a workspace: it has 1 to 32 of a-z, 0-9 and -, no - at its"
                " ends",
            )
        )
    now = clock.now()
    context = Context(actor=_ACTOR, role="admin", today=now.date(), now=now, new_id=lambda: workspace)
    command = CreateWorkspace(name=name, zone=zone, default_language=default_language)
    (data,) = decide(command, None, context)
    return Event(
        id=event_id(workspace, _ACTOR, "workspace", 0),
        type=event_type(data),
        workspace=workspace,
        aggregate=Aggregate("workspace", workspace),
        time=now,
        actor=_ACTOR,
        data=data,
    )
