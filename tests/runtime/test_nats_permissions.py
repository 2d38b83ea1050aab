"""What each NATS user may and may not do, tried against a real server."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error, NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from nats.js.errors import ServerError

from services.ledger.provision import provision
from services.runtime.settings import Settings, nats_inbox
from services.up.nats_server import CONFIGURATION, NatsLogin
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
    "nudge.ledger.{workspace}": {"api", "intake"},
    "nudge.damage.{workspace}.state.missing": {"api"},
    "nudge.stream.KEYS": {"api"},
    "nudge.views.{workspace}.state": {"projector"},
    "nudge.failing.worker.1": {"intake", "projector"},
    "probe.api": {"api"},
    "heads.{workspace}": set(),
    "_INBOX.somebody": set(),
    "_INBOX_api.somebody": set(),
    "_R_.somebody": set(),
    "$SYS.REQ.SERVER.PING": set(),
    "$JS.API.STREAM.INFO.{stream}": set(),
    "$JS.API.DIRECT.GET.{stream}": set(),
    "$JS.API.STREAM.MSG.DELETE.KEYS": set(),
    "jetstream.INFO": set(),
    "jetstream.STREAM.INFO.{stream}": SERVICES,
    "jetstream.STREAM.INFO.KEYS": SERVICES,
    "jetstream.STREAM.NAMES": SERVICES,
    "jetstream.STREAM.LIST": {"api", "projector"},
    "jetstream.DIRECT.GET.{stream}": SERVICES,
    "jetstream.DIRECT.GET.REJECTED": SERVICES,
    "jetstream.STREAM.MSG.GET.{stream}": SERVICES,
    "jetstream.DIRECT.GET.KEYS": {"api"},
    "jetstream.DIRECT.GET.KEYS.keys.{workspace}.person.anna": set(),
    "jetstream.STREAM.MSG.GET.KEYS": {"api"},
    "jetstream.DIRECT.GET.KV_ACCESS": {"api"},
    "jetstream.STREAM.MSG.GET.KV_ACCESS": {"api"},
    "jetstream.STREAM.MSG.DELETE.KEYS": {"api"},
    "jetstream.STREAM.MSG.DELETE.KV_ACCESS": set(),
}
"""Who may publish where."""

SUBSCRIBE: dict[str, set[str]] = {
    ">": set(),
    "ledger.>": set(),
    "keys.>": set(),
    "$KV.ACCESS.>": set(),
    "$JS.API.>": set(),
    "jetstream.>": set(),
    "$SYS.>": set(),
    "intake.>": {"intake"},
    "rejected.>": set(),
    "nudge.>": {"api"},
    "nudge.ledger.*": {"api", "projector"},
    "nudge.damage.>": {"api", "projector"},
    "_INBOX.>": {"sender"},
    "_INBOX_api.>": {"api"},
    "_INBOX_intake.>": {"intake"},
    "_INBOX_projector.>": {"projector"},
    "_INBOX_provisioner.>": set(),
}
"""Who may listen where."""

NUDGES = {
    ("provisioner", "nudge.ledger.main"): {"api", "projector"},
    ("provisioner", "nudge.stream.KV_ACCESS"): {"api"},
    ("provisioner", "nudge.views.main.state"): {"api"},
    ("provisioner", "nudge.damage.main.state.missing"): {"api", "projector"},
    ("api", "nudge.ledger.main"): {"api", "projector"},
    ("api", "nudge.damage.main.state.missing"): {"api", "projector"},
    ("api", "nudge.stream.KEYS"): {"api"},
    ("intake", "nudge.ledger.main"): {"api", "projector"},
    ("intake", "nudge.failing.intake.1"): {"api"},
    ("projector", "nudge.views.main.state"): {"api"},
    ("projector", "nudge.failing.worker.1"): {"api"},
    ("sender", "intake.main.erp"): {"intake"},
}
"""Who hears what is published, of those who listen where they may."""

STORED = (
    "ledger.{workspace}.kpi.1",
    "ledger.{workspace}.access.0123456789abcdef",
    "ledger.{workspace}.reading.sales",
    "$KV.ACCESS.{workspace}.0123456789abcdef",
    "keys.{workspace}.person.anna",
    "rejected.{workspace}.erp",
    "intake.{workspace}.erp",
    "probe.api",
)
"""A subject of each stream, and of each part of a ledger that somebody else writes."""

REQUESTS = (
    "STREAM.CREATE.NEW",
    "STREAM.UPDATE.{stream}",
    "STREAM.DELETE.{stream}",
    "STREAM.PURGE.KV_ACCESS",
    "STREAM.MSG.DELETE.KEYS",
    "CONSUMER.CREATE.{stream}.c",
)
"""Requests that change something."""

BODIES = {"GET": b'{"last_by_subj":"ledger.{workspace}.kpi.1"}', "STREAM.LIST": b"{}", "STREAM.NAMES": b"{}"}
"""What a request needs for an answer that is no error; other subjects take anything."""


def filled(text: str, workspace: str) -> str:
    """The text with the names of this test's workspace and stream."""
    return text.replace("{stream}", f"LEDGER_{workspace}").replace("{workspace}", workspace)


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("prefix", ["$JS.API", "jetstream"])
@pytest.mark.parametrize(("operation", "body"), OPERATIONS)
async def test_no_service_and_no_sender_can_change_a_stream(
    nats_server: TestNats,
    violations: list[str],
    stream: str,
    workspace: str,
    user: str,
    prefix: str,
    operation: str,
    body: dict[str, object],
) -> None:
    """Every request that could lose or change history is refused by the server, and nothing is lost."""
    client = await connect(nats_server, getattr(nats_server.users, user), violations)
    subject = filled(f"{prefix}.{operation}", workspace)
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


@pytest.mark.parametrize("user", USERS)
async def test_no_answer_lands_where_its_user_may_not_write(
    nats_server: TestNats, operator_settings: Settings, workspace: str, user: str
) -> None:
    """Whatever a user publishes, naming whatever subject for the answer: what is not theirs stays as it is.

    The server answers without asking whether the user may write there.
    """
    await provision(operator_settings)
    operator = await connect(nats_server, nats_server.provisioner, [])
    client = await connect(nats_server, getattr(nats_server.users, user), [])
    js = operator.jetstream()
    for subject in STORED:
        await js.publish(filled(subject, workspace), b"{}")
    foreign = [subject for subject in STORED if user not in PUBLISH[subject]] + [
        f"{prefix}.{request}"
        for prefix in ("$JS.API", "jetstream")
        for request in REQUESTS
        if user not in PUBLISH.get(f"jetstream.{request}", set())
    ]
    heard: list[str] = []

    async def hear(message: Msg) -> None:
        heard.append(message.subject)

    for subject in foreign:
        await operator.subscribe(filled(subject, workspace), cb=hear)
    await operator.flush()
    before = [await _content(js, filled(subject, workspace)) for subject in STORED if subject in foreign]
    for subject, users in PUBLISH.items():
        if user in users:
            body = next((body for part, body in BODIES.items() if part in subject), b"{}")
            for reply in foreign:
                answer = filled(reply, workspace)
                await client.publish(
                    filled(subject, workspace), filled(body.decode(), workspace).encode(), reply=answer
                )
            await client.flush()
    # What was published is answered in its order: this answer comes after all others.
    for stream in ("INTAKE",) if user == "sender" else ("PROBE", f"LEDGER_{workspace}"):
        request = f"jetstream.STREAM.INFO.{stream}" if user != "sender" else f"intake.{workspace}.erp"
        await client.request(request, b"", timeout=5)
    await asyncio.sleep(0.3)
    assert heard == []
    after = [await _content(js, filled(subject, workspace)) for subject in STORED if subject in foreign]
    assert after == before
    await client.close()
    await operator.close()


async def _content(js: JetStreamContext, subject: str) -> tuple[str, int, bytes]:
    """The last message of a subject."""
    stream = await js.find_stream_name_by_subject(subject)
    message = await js.get_last_msg(stream, subject)
    return subject, message.seq or 0, message.data or b""


@pytest.mark.parametrize(("by", "subject"), NUDGES)
async def test_nudges_are_heard_in_other_accounts(nats_server: TestNats, by: str, subject: str) -> None:
    """Each service hears what it waits for."""
    heard: set[str] = set()
    clients = []
    for user in ("api", "intake", "projector"):
        client = await connect(nats_server, getattr(nats_server.users, user), [])

        async def hear(_message: Msg, user: str = user) -> None:
            heard.add(user)

        for pattern in ("nudge.>", "nudge.ledger.*", "nudge.damage.>", "intake.>"):
            if user in SUBSCRIBE[pattern]:
                await client.subscribe(pattern, cb=hear)
        await client.flush()
        clients.append(client)
    sender = await connect(nats_server, getattr(nats_server.users, by), [])
    await sender.publish(subject, b"1")
    await sender.flush()
    await asyncio.sleep(0.1)
    assert heard == NUDGES[by, subject]
    for client in [*clients, sender]:
        await client.close()


def test_an_account_imports_what_its_user_may_publish() -> None:
    """An answer of the server reaches whatever its account imports, and that is no more than its rights."""
    text = (CONFIGURATION / "authorization.conf").read_text()
    accounts = re.split(r"(?m)^  ([A-Z]+): \{$", text)[1:]
    found = dict(zip(accounts[::2], accounts[1::2], strict=True))
    assert set(found) == {"GOALTRAIL", "API", "INTAKE", "PROJECTOR", "SENDERS"}
    assert re.findall(r"user: (\w+)", found.pop("GOALTRAIL")) == ["provisioner"]
    for account in found.values():
        imports = re.findall(
            r'\{ service: \{ account: GOALTRAIL, subject: "([^"]+)" \}(?:, to: "([^"]+)")? \}', account
        )
        allowed = re.search(r"publish: \{\s+allow: \[([^]]+)\]", account)
        assert allowed is not None
        may = {
            subject for subject in re.findall(r'"([^"]+)"', allowed[1]) if not subject.startswith("nudge.")
        }
        assert {to or subject for subject, to in imports} == may
        assert len(re.findall("service:", account)) == len(imports)
        assert "jetstream: enabled" not in account


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
    js = app.jetstream(prefix="jetstream")
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
