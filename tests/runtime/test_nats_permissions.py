"""What each NATS user may and may not do, tried against a real server."""

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
from nats.js.errors import ServerError

from services.ledger.provision import provision
from services.runtime.settings import Settings, nats_inbox
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
        inbox_prefix="_INBOX" if login.user == "sender" else nats_inbox(login.user),
    )


@pytest.fixture
def violations() -> list[str]:
    """What the server refused the user."""
    return []


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


OPERATIONS: list[tuple[str, dict[str, object]]] = [
    ("STREAM.CREATE.{stream}", {"name": "{stream}", "subjects": ["other.>"]}),
    ("STREAM.CREATE.NEW", {"name": "NEW", "subjects": ["new.>"]}),
    ("STREAM.UPDATE.{stream}", {"name": "{stream}", "subjects": ["ledger.{workspace}.>"], "max_msgs": 1}),
    ("STREAM.DELETE.{stream}", {}),
    ("STREAM.PURGE.{stream}", {}),
    ("STREAM.MSG.DELETE.{stream}", {"seq": 1}),
    ("STREAM.SNAPSHOT.{stream}", {"deliver_subject": "_INBOX_api.x"}),
    ("STREAM.RESTORE.{stream}", {"config": {"name": "{stream}"}}),
    ("STREAM.LEADER.STEPDOWN.{stream}", {}),
    ("CONSUMER.CREATE.{stream}.c", {"stream_name": "{stream}", "config": {"name": "c"}}),
    ("CONSUMER.DURABLE.CREATE.{stream}.c", {"stream_name": "{stream}", "config": {"durable_name": "c"}}),
    ("ACCOUNT.PURGE.GOALTRAIL", {}),
    ("STREAM.PURGE.KV_ACCESS", {}),
    ("STREAM.DELETE.KEYS", {}),
]
USERS = ("api", "intake", "projector", "sender")
SERVICES = {"api", "intake", "projector"}

PUBLISH: dict[str, set[str]] = {
    "ledger.{workspace}.kpi.1": {"api"},
    "ledger.{workspace}.access.0123456789abcdef": {"api"},
    "ledger.{workspace}.reading.sales": {"api", "intake"},
    "ledger.{workspace}.reading.sales.more": {"api"},
    "$KV.ACCESS.{workspace}.0123456789abcdef": {"api"},
    "keys.{workspace}.person.anna": {"api"},
    "rejected.{workspace}.erp": {"intake"},
    "intake.{workspace}.erp": {"sender"},
    "nudge.ledger.{workspace}": SERVICES,
    "probe.api": {"api"},
    "heads.{workspace}": set(),
    "_INBOX.somebody": set(),
    "_INBOX_api.somebody": set(),
    "$SYS.REQ.SERVER.PING": set(),
    "$JS.API.INFO": set(),
    "$JS.API.STREAM.INFO.{stream}": SERVICES,
    "$JS.API.STREAM.NAMES": SERVICES,
    "$JS.API.STREAM.LIST": {"api", "projector"},
    "$JS.API.DIRECT.GET.{stream}": SERVICES,
    "$JS.API.STREAM.MSG.GET.{stream}": SERVICES,
    "$JS.API.DIRECT.GET.KEYS": {"api"},
    "$JS.API.DIRECT.GET.KEYS.keys.{workspace}.person.anna": set(),
    "$JS.API.STREAM.MSG.GET.KEYS": {"api"},
    "$JS.API.DIRECT.GET.KV_ACCESS": {"api"},
    "$JS.API.STREAM.MSG.GET.KV_ACCESS": {"api"},
    "$JS.API.STREAM.MSG.DELETE.KEYS": {"api"},
    "$JS.API.STREAM.MSG.DELETE.KV_ACCESS": set(),
}
"""Who may publish where."""

SUBSCRIBE: dict[str, set[str]] = {
    ">": set(),
    "ledger.>": set(),
    "keys.>": set(),
    "$KV.ACCESS.>": set(),
    "$JS.API.>": set(),
    "$SYS.>": set(),
    "intake.>": {"intake"},
    "rejected.>": set(),
    "nudge.>": SERVICES,
    "_INBOX.>": {"sender"},
    "_INBOX_api.>": {"api"},
    "_INBOX_intake.>": {"intake"},
    "_INBOX_projector.>": {"projector"},
    "_INBOX_provisioner.>": set(),
}
"""Who may listen where."""


def filled(text: str, workspace: str) -> str:
    """The text with the names of this test's workspace and stream."""
    return text.replace("{stream}", f"LEDGER_{workspace}").replace("{workspace}", workspace)


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(("operation", "body"), OPERATIONS)
async def test_no_service_and_no_sender_can_change_a_stream(
    nats_server: TestNats,
    violations: list[str],
    stream: str,
    workspace: str,
    user: str,
    operation: str,
    body: dict[str, object],
) -> None:
    """Every request that could lose or change history is refused by the server, and nothing is lost."""
    client = await connect(nats_server, getattr(nats_server.users, user), violations)
    subject = filled(f"$JS.API.{operation}", workspace)
    with pytest.raises((NatsTimeoutError, NoRespondersError)):
        await client.request(subject, filled(json.dumps(body), workspace).encode(), timeout=0.1)
    assert any(subject.lower() in violation.lower() for violation in violations)
    await client.close()
    operator = await connect(nats_server, nats_server.provisioner, [])
    info = await operator.jetstream().stream_info(stream)
    await operator.close()
    assert (info.state.messages, info.state.first_seq) == (1, 1)
    assert info.config.subjects == [f"ledger.{workspace}.>"]


@pytest.mark.parametrize("user", USERS)
async def test_each_user_publishes_and_listens_only_where_its_purpose_is(
    nats_server: TestNats, operator_settings: Settings, violations: list[str], workspace: str, user: str
) -> None:
    """The whole table for each user: what is not allowed is refused, what is allowed is not."""
    await provision(operator_settings)
    client = await connect(nats_server, getattr(nats_server.users, user), violations)
    may: dict[str, bool] = {}
    for subject in PUBLISH:
        before = len(violations)
        await client.publish(filled(subject, workspace), b"{}")
        await client.flush()
        await asyncio.sleep(0.02)
        may[subject] = len(violations) == before
    assert {subject for subject, allowed in may.items() if allowed} == {
        subject for subject, users in PUBLISH.items() if user in users
    }
    may = {}
    for subject in SUBSCRIBE:
        before = len(violations)
        await client.subscribe(subject)
        await client.flush()
        await asyncio.sleep(0.02)
        may[subject] = len(violations) == before
    assert {subject for subject, allowed in may.items() if allowed} == {
        subject for subject, users in SUBSCRIBE.items() if user in users
    }
    await client.close()


@pytest.mark.parametrize(
    "reply",
    [
        "ledger.{workspace}.kpi.1",
        "ledger.{workspace}.access.0123456789abcdef",
        "$KV.ACCESS.{workspace}.0123456789abcdef",
        "keys.{workspace}.person.anna",
        "rejected.{workspace}.erp",
        "nudge.ledger.{workspace}",
        "$JS.API.STREAM.PURGE.KV_ACCESS",
    ],
)
async def test_the_answer_to_a_sender_goes_nowhere_else(
    nats_server: TestNats, operator_settings: Settings, workspace: str, reply: str
) -> None:
    """A delivery is stored and acknowledged; who names another subject for that writes nothing there."""
    await provision(operator_settings)
    sender = await connect(nats_server, nats_server.users.sender, [])
    operator = await connect(nats_server, nats_server.provisioner, [])
    heard = await operator.subscribe(filled(reply, workspace))
    await operator.flush()
    await sender.publish(f"intake.{workspace}.erp", b"{}", reply=filled(reply, workspace))
    ack = await sender.jetstream().publish(f"intake.{workspace}.erp", b"{}")
    assert ack.stream == "INTAKE"
    with pytest.raises(NatsTimeoutError):
        await heard.next_msg(timeout=0.3)
    await sender.close()
    await operator.close()


@pytest.mark.parametrize("rollup", ["all", "sub"])
@pytest.mark.parametrize(
    ("user", "subject"),
    [
        ("api", "$KV.ACCESS.{workspace}.1"),
        ("api", "keys.{workspace}.1"),
        ("api", "ledger.{workspace}.kpi.1"),
        ("api", "probe.api"),
        ("intake", "rejected.{workspace}.erp"),
        ("sender", "intake.{workspace}.erp"),
    ],
)
async def test_one_message_never_erases_others(
    nats_server: TestNats, operator_settings: Settings, workspace: str, user: str, subject: str, rollup: str
) -> None:
    """No stream takes a roll-up, whoever may publish there."""
    await provision(operator_settings)
    client = await connect(nats_server, getattr(nats_server.users, user), [])
    with pytest.raises(ServerError, match="rollup not permitted"):
        await client.jetstream().publish(filled(subject, workspace), b"", headers={"Nats-Rollup": rollup})
    await client.close()


async def test_the_api_appends_reads_and_erases_keys(
    nats_server: TestNats, operator_settings: Settings, workspace: str, violations: list[str]
) -> None:
    """The rights are enough for what it does: append with an ack, read, delete a key and nothing else."""
    await provision(operator_settings)
    app = await connect(nats_server, nats_server.users.api, violations)
    js = app.jetstream()
    ack = await js.publish(f"ledger.{workspace}.kpi.1", b"two")
    assert ack.stream == f"LEDGER_{workspace}"
    assert (await js.get_msg(ack.stream, ack.seq)).data == b"two"
    ack = await js.publish(f"keys.{workspace}.1", b"key")
    assert await js.delete_msg("KEYS", ack.seq)
    assert violations == []
    await app.close()


async def test_a_wrong_password_is_refused(nats_server: TestNats) -> None:
    """No login without the right password."""
    client = Client()
    try:
        with pytest.raises(Error, match=r"(?i)authorization violation"):
            await client.connect(
                nats_server.url, user="api", password="wrong", allow_reconnect=False, error_cb=_ignore
            )
    finally:
        await client.close()


async def _ignore(_: Exception) -> None:
    return None
