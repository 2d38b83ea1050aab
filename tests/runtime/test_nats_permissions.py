"""What the application's NATS user may not do, tried against a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error, NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import StreamConfig

from services.ledger.provision import provision
from services.runtime.settings import Settings
from services.up.nats_server import NatsLogin
from tests.servers import TestNats


async def connect(server: TestNats, login: NatsLogin, violations: list[str]) -> Client:
    """A connection that keeps what the server refused."""

    async def keep(error: Exception) -> None:
        violations.append(str(error))

    return await nats.connect(
        server.url,
        user=login.user,
        password=login.password,
        error_cb=keep,
        allow_reconnect=False,
    )


@pytest.fixture
def violations() -> list[str]:
    """What the server refused the application's user."""
    return []


@pytest.fixture
async def app(nats_server: TestNats, violations: list[str]) -> AsyncIterator[Client]:
    """The application's user."""
    client = await connect(nats_server, nats_server.app, violations)
    yield client
    await client.close()


@pytest.fixture
async def stream(nats_server: TestNats, workspace: str) -> AsyncIterator[str]:
    """A ledger with one message."""
    client = await connect(nats_server, nats_server.provisioner, [])
    name = f"LEDGER_{workspace}"
    config = StreamConfig(name=name, subjects=[f"ledger.{workspace}.>"], allow_direct=True)
    await client.jetstream().add_stream(config)
    await client.jetstream().publish(f"ledger.{workspace}.kpi.1", b"one")
    yield name
    await client.jetstream().delete_stream(name)
    await client.close()


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("STREAM.CREATE.{stream}", {"name": "{stream}", "subjects": ["other.>"]}),
        ("STREAM.CREATE.NEW", {"name": "NEW", "subjects": ["new.>"]}),
        ("STREAM.UPDATE.{stream}", {"name": "{stream}", "subjects": ["ledger.{workspace}.>"], "max_msgs": 1}),
        ("STREAM.DELETE.{stream}", {}),
        ("STREAM.PURGE.{stream}", {}),
        ("STREAM.MSG.DELETE.{stream}", {"seq": 1}),
        ("STREAM.SNAPSHOT.{stream}", {"deliver_subject": "_INBOX.x"}),
        ("STREAM.RESTORE.{stream}", {"config": {"name": "{stream}"}}),
        ("STREAM.LEADER.STEPDOWN.{stream}", {}),
        ("CONSUMER.CREATE.{stream}.c", {"stream_name": "{stream}", "config": {"name": "c"}}),
        ("CONSUMER.DURABLE.CREATE.{stream}.c", {"stream_name": "{stream}", "config": {"durable_name": "c"}}),
        ("ACCOUNT.PURGE.APP", {}),
    ],
)
async def test_the_application_cannot_change_a_stream(
    app: Client, violations: list[str], stream: str, workspace: str, operation: str, body: dict[str, object]
) -> None:
    """Every request that could lose or change history is refused by the server, and nothing is lost."""
    fill = {"{stream}": stream, "{workspace}": workspace}
    text = json.dumps(body)
    for mark, value in fill.items():
        operation, text = operation.replace(mark, value), text.replace(mark, value)
    with pytest.raises((NatsTimeoutError, NoRespondersError)):
        await app.request(f"$JS.API.{operation}", text.encode(), timeout=0.2)
    assert any(f"$js.api.{operation}".lower() in violation.lower() for violation in violations)
    info = await app.jetstream().stream_info(stream)
    assert (info.state.messages, info.state.first_seq) == (1, 1)
    assert info.config.subjects == [f"ledger.{workspace}.>"]


async def test_the_application_appends_and_reads(app: Client, stream: str, workspace: str) -> None:
    """The rights are enough to append with an ack, to read the last message and to read by direct get."""
    js = app.jetstream()
    ack = await js.publish(f"ledger.{workspace}.kpi.1", b"two")
    assert (ack.stream, ack.seq) == (stream, 2)
    last = await js.get_last_msg(stream, f"ledger.{workspace}.kpi.1", direct=True)
    assert last.data == b"two"
    first = await js.get_msg(stream, 1)
    assert first.data == b"one"


async def test_the_application_keeps_tokens_and_erases_keys(
    operator_settings: Settings, workspace: str, app: Client, violations: list[str]
) -> None:
    """Tokens are put and read in the bucket ACCESS; a message can be deleted from KEYS only."""
    await provision(operator_settings)
    bucket = await app.jetstream().key_value("ACCESS")
    await bucket.put(f"{workspace}.1", b"admin")
    assert (await bucket.get(f"{workspace}.1")).value == b"admin"
    ack = await app.jetstream().publish(f"keys.{workspace}.1", b"key")
    assert await app.jetstream().delete_msg("KEYS", ack.seq)
    assert violations == []


async def test_the_application_cannot_listen_to_the_ledger_or_the_system(
    app: Client, violations: list[str]
) -> None:
    """It may listen to nudges, intake and its own answers, and to nothing else."""
    for subject in (">", "ledger.>", "$JS.API.>", "$SYS.>", "keys.>"):
        await app.subscribe(subject)
    for subject in ("nudge.>", "intake.>", "rejected.>"):
        await app.subscribe(subject)
    await app.flush()
    await asyncio.sleep(0.05)
    refused = [violation for violation in violations if "subscription" in violation.lower()]
    assert len(refused) == 5


async def test_a_wrong_password_is_refused(nats_server: TestNats) -> None:
    """No login without the right password."""
    client = Client()
    try:
        with pytest.raises(Error, match=r"(?i)authorization violation"):
            await client.connect(
                nats_server.url, user="app", password="wrong", allow_reconnect=False, error_cb=_ignore
            )
    finally:
        await client.close()


async def _ignore(_: Exception) -> None:
    return None
