"""The connection: what it takes from inside nats-py still works, and what a person sees when NATS is away."""

from __future__ import annotations

import asyncio
import inspect
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.protocol.parser import AWAITING_CONTROL_LINE, Parser
from pydantic import SecretStr
from structlog.testing import capture_logs

from services.ledger import Ledger, LedgerUnavailable
from services.ledger.client import Answer, ConnectionLost, LedgerClient, publication
from services.ledger.messages import stored_message
from services.runtime.settings import Settings
from services.up.nats_server import NatsServer
from services.up.processes import free_port
from tests.ledger.proxy import Proxy
from tests.ledger.sites import entries, messages
from tests.servers import TestNats


def test_nats_py_still_has_what_we_use_of_its_inside() -> None:
    """A new version of nats-py must be looked at before this test is changed."""
    assert list(inspect.signature(Client._process_msg).parameters) == [
        "self", "sid", "subject", "reply", "data", "headers",
    ]  # fmt: skip
    assert list(inspect.signature(Client._flush_pending).parameters) == ["self", "force_flush"]
    fresh = Client()
    assert fresh._pending == []
    assert fresh._pending_data_size == 0
    assert isinstance(fresh._ps, Parser)
    assert (fresh._ps.state, fresh._ps.buf) == (AWAITING_CONTROL_LINE, bytearray())


class MessageReading(LedgerClient):
    """Notes what nats-py's own parser hands on."""

    def __init__(self) -> None:
        super().__init__()
        self._inbox = b"_INBOX.ours"
        self.others: list[bytes] = []

    async def _process_ping(self) -> None:
        self.others.append(b"ping")

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None
    ) -> None:
        if sid == 1:
            self._waiting[subject].take(headers, data)
        else:
            self.others.append(bytes(data))


@given(st.lists(st.sampled_from(["ours", "big", "ping", "plain", "headers"]), max_size=12), st.data())
async def test_answers_are_cut_out_wherever_a_read_ends(kinds: list[str], data: st.DataObject) -> None:
    """Answers of ours between frames that nats-py takes, read in pieces of any length: nothing is lost."""
    client = MessageReading()
    answer = client._waiting[b"_INBOX.ours.1"] = Answer(client, b"_INBOX.ours.1", many=True)
    wire, ours, others = b"", [], []
    head = b"NATS/1.0\r\nA: 1\r\n\r\n"
    for number, kind in enumerate(kinds):
        payload = b"%d\r\nHMSG _INBOX.ours.1 1 18 20\r\nPING\r\n" % number
        if kind in ("ours", "big"):
            payload = payload * (2000 if kind == "big" else 1)
            sizes = b"%d %d" % (len(head), len(head) + len(payload))
            wire += b"HMSG _INBOX.ours.1 1 " + sizes + b"\r\n" + head + payload + b"\r\n"
            ours.append((head, payload))
        elif kind == "ping":
            wire += b"PING\r\n"
            others.append(b"ping")
        elif kind == "plain":
            wire += b"MSG nudge.x 2 %d\r\n" % len(payload) + payload + b"\r\n"
            others.append(payload)
        else:
            sizes = b"%d %d" % (len(head), len(head) + len(payload))
            wire += b"HMSG nudge.x 2 reply " + sizes + b"\r\n" + head + payload + b"\r\n"
            others.append(payload)
    while wire:
        cut = data.draw(st.integers(1, min(len(wire), 40_000)))
        await client._ps.parse(wire[:cut])
        wire = wire[cut:]
    assert answer.messages == ours
    assert client.others == others


async def test_the_short_path_reads_what_nats_py_reads(ledger_1: Ledger, workspace: str) -> None:
    """A batch get through nats-py's own subscription has the same messages."""
    await ledger_1.append(workspace, entries(workspace, *[f"ä{number}" for number in range(50)]), {})
    short = await messages(ledger_1, workspace, 0)
    inbox = ledger_1.client.new_inbox()
    subscription = await ledger_1.client.subscribe(inbox)
    await ledger_1.client.publish(f"jetstream.DIRECT.GET.LEDGER_{workspace}", b'{"seq":1,"batch":99}', inbox)
    for mine in short:
        theirs = await subscription.next_msg(timeout=5)
        assert theirs.headers is not None
        assert theirs.data == mine.payload
        assert theirs.headers["Nats-Subject"] == mine.subject
        assert int(theirs.headers["Nats-Sequence"]) == mine.position
        assert ("Nats-Batch-Commit" in theirs.headers or mine.position == 1) == mine.batch_end
    end = await subscription.next_msg(timeout=5)
    assert end.headers is not None
    assert end.headers["Status"] == "204"


def test_headers_of_a_message_cannot_pose_as_the_servers() -> None:
    """The server's headers stand behind the message's own."""
    headers = (
        b"NATS/1.0\r\nNats-Subject: forged\r\nNats-Sequence: 9\r\nNats-Time-Stamp: never\r\n"
        b"Nats-Stream: LEDGER_a\r\nNats-Subject: ledger.a.kpi.b\r\nNats-Sequence: 4\r\n"
        b"Nats-Time-Stamp: 2026-11-22T01:22:24.5Z\r\nNats-Num-Pending: 0\r\nNats-Last-Sequence: 3\r\n\r\n"
    )
    message = stored_message(headers, b"x")
    assert (message.position, message.subject) == (4, "ledger.a.kpi.b")
    assert message.recorded_at.isoformat() == "2026-11-22T01:22:24.500000+00:00"


def test_what_is_no_stored_message_is_refused() -> None:
    """An answer without the server's headers."""
    with pytest.raises(ValueError):
        stored_message(b"NATS/1.0\r\n\r\n", b"x")


def test_frames_count_bytes_not_characters() -> None:
    """As the protocol of NATS wants it."""
    assert publication("a.ü".encode(), "한글".encode()) == "PUB a.ü 6\r\n한글\r\n".encode()
    head = b"NATS/1.0\r\nA: 1\r\n\r\n"
    assert publication(b"a", b"xy", headers=head, reply=b"r") == b"HPUB a r 18 20\r\n" + head + b"xy\r\n"


async def test_no_server_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody listens there: it is said once, in time, without a traceback."""
    start = time.perf_counter()
    address = f"nats://127.0.0.1:{free_port()}"
    with pytest.raises(LedgerUnavailable, match=r"can't reach NATS at nats://127.0.0.1:\d+: .*[Cc]onnect"):
        await Ledger.connect(Settings(nats_url=address), timeout=0.7)
    assert time.perf_counter() - start < 3
    written = capsys.readouterr()
    assert "Traceback" not in written.out + written.err


async def test_a_wrong_password_is_one_clear_line(one_node: Settings) -> None:
    """The server's answer is told."""
    wrong = one_node.model_copy(update={"nats_password": SecretStr("wrong")})
    with pytest.raises(LedgerUnavailable, match="Authorization"):
        await Ledger.connect(wrong, timeout=0.7)


async def test_an_answer_that_cannot_come_any_more_is_not_waited_for(one_node: Settings) -> None:
    """The connection breaks: who waits is told at once, not after the time limit."""
    async with Proxy(one_node.nats_servers[0]) as proxy:
        ledger = await Ledger.connect(one_node.model_copy(update={"nats_url": proxy.url}))
        waiting = await ledger.client.ask("nudge.stream.nobody", b"Nats-Batch-Commit: 1")
        proxy.cut("before the server got it")
        start = time.perf_counter()
        lost = await ledger.client.ask("nudge.stream.nobody", b"Nats-Batch-Commit: 1")
        for answer in (waiting, lost):
            with pytest.raises(ConnectionLost):
                await answer.wait(30)
        assert time.perf_counter() - start < 5
        await ledger.close()


async def test_it_connects_again_and_says_so_once(nats_server: TestNats, tmp_path: Path) -> None:
    """A server that is away for a second costs two lines in the log, and the next request just works."""
    with NatsServer(tmp_path / "nats", users=nats_server.users) as server, capture_logs() as lines:
        client, api = LedgerClient(), server.users.api
        await client.open([server.url], user=api.user, password=api.password, name="test")
        woken = asyncio.Event()

        async def wake() -> None:
            woken.set()

        client.on_reconnect(wake)
        server.kill()
        await asyncio.sleep(1)
        server.start()
        async with asyncio.timeout(10):
            await woken.wait()
        answer = await client.ask("jetstream.STREAM.NAMES", b"")
        await answer.wait(5)
        await client.close()
    assert [line["event"] for line in lines] == ["nats_disconnected", "nats_reconnected"]
