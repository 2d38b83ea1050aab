"""Limits of connections and requests, against the real process: raw sockets that do not keep to HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import orjson

from services.access.access import Access
from services.api.http.connections import HEAD_BYTES
from services.ledger import Ledger
from tests.api.conftest import SettingsFor
from tests.api.given_process import api, until_up
from tests.running import eventually

LIMITS = {
    "GOALTRAIL_API_HEAD_SECONDS": "1",
    "GOALTRAIL_API_BODY_SECONDS": "1",
    "GOALTRAIL_API_CONNECTIONS_PER_ADDRESS": "20",
    "GOALTRAIL_API_REQUESTS_PER_TOKEN": "2",
}
CLOSED_WITHIN = 20.0
"""Seconds, on a busy machine too; without limits nothing is ever closed."""
POST = b"POST /v1/cycles HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


class Site(NamedTuple):
    """A running API."""

    host: str
    port: int
    token: str

    @property
    def bearer(self) -> bytes:
        """The header of a valid token."""
        return b"Authorization: Bearer " + self.token.encode() + b"\r\n"


@asynccontextmanager
async def running(provisioned: SettingsFor, **changed: str) -> AsyncIterator[Site]:
    """The process with short times and few connections."""
    settings = provisioned("api")
    async with await Ledger.connect(settings) as ledger:
        access = await Access.start(ledger)
        issued = await access.issue(settings.workspace, "person:anna", "owner")
        await access.close()
    async with api(settings, **(LIMITS | changed)) as (process, address):
        assert process.stderr is not None
        logging = asyncio.create_task(process.stderr.read())
        await until_up(address)
        parts = urlsplit(address)
        yield Site(str(parts.hostname), int(parts.port or 0), str(issued.token))
        async with httpx.AsyncClient(base_url=address) as http:
            assert (await http.get("/healthz")).status_code == 200
        process.kill()
        assert b"Traceback" not in await logging


class Answer(NamedTuple):
    """What came until the connection was closed."""

    status: int | None
    headers: dict[str, str]
    body: Any

    @property
    def told(self) -> tuple[int | None, str]:
        """Status and code."""
        return self.status, self.body.get("code", "")


def answer_of(received: bytes) -> Answer:
    """The first answer on a connection."""
    head, _, body = received.partition(b"\r\n\r\n")
    if not head:
        return Answer(None, {}, {})
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(first.split()[1]), headers, orjson.loads(body) if body else {})


async def received(reader: asyncio.StreamReader) -> bytes:
    """What comes until the connection is closed; who goes on sending may be told so by a reset."""
    pieces = []
    with suppress(ConnectionResetError):
        while piece := await reader.read(65536):
            pieces.append(piece)
    return b"".join(pieces)


async def talk(site: Site, *parts: bytes, every: float = 0.0, repeated: bytes = b"") -> Answer:
    """Send parts, then `repeated` for as long as it is taken; what comes until the connection is closed."""
    reader, writer = await asyncio.open_connection(site.host, site.port)
    receiving = asyncio.create_task(received(reader))

    async def send() -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(every)
        while repeated:
            writer.write(repeated)
            await writer.drain()
            await asyncio.sleep(every)

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(CLOSED_WITHIN):
            return answer_of(await receiving)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()


async def test_who_is_too_slow_is_told_so_and_loses_the_connection(provisioned: SettingsFor) -> None:
    """A head or body that stops, or comes by the byte; a connection on which nothing is said."""
    async with running(provisioned) as site:
        body = POST + site.bearer
        for name, started, expected in (
            ("nothing", partial(talk, site), (None, "")),
            ("half a line", partial(talk, site, b"GET /hea"), (408, "request_too_slow")),
            (
                "half a head",
                partial(talk, site, b"GET /healthz HTTP/1.1\r\nHost: x\r\n"),
                (408, "request_too_slow"),
            ),
            (
                "a head by the byte",
                partial(talk, site, b"GET /healthz HTTP/1.1\r\n", every=0.1, repeated=b"A: b\r\n"),
                (408, "request_too_slow"),
            ),
            (
                "half a body",
                partial(talk, site, body, b'Content-Length: 100\r\n\r\n{"id":'),
                (408, "request_too_slow"),
            ),
            (
                "a body by the byte",
                partial(talk, site, body, b"Content-Length: 10000\r\n\r\n", every=0.1, repeated=b" "),
                (408, "request_too_slow"),
            ),
            (
                "chunks by the byte",
                partial(
                    talk, site, body, b"Transfer-Encoding: chunked\r\n\r\n", every=0.1, repeated=b"1\r\n \r\n"
                ),
                (408, "request_too_slow"),
            ),
        ):
            answer = await started()
            assert answer.told == expected, name
            if answer.status:
                assert answer.headers["content-type"] == "application/problem+json", name
                assert answer.headers["x-content-type-options"] == "nosniff", name
                assert answer.headers["connection"] == "close", name


async def test_a_slow_second_request_on_a_connection(provisioned: SettingsFor) -> None:
    """Has no more time than the first one, whether or not it begins in the same packet as the first ends."""
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    async with running(provisioned) as site:
        for parts in ((whole, b"GET /hea"), (whole + b"GET /hea",)):
            reader, writer = await asyncio.open_connection(site.host, site.port)
            for part in parts:
                writer.write(part)
                await asyncio.sleep(0.2)
            async with asyncio.timeout(CLOSED_WITHIN):
                received = await reader.read()
            assert received.startswith(b"HTTP/1.1 200")
            assert b"HTTP/1.1 408" in received
            writer.close()


async def test_a_head_has_a_size(provisioned: SettingsFor) -> None:
    """431 for headers that are too long, too many or never end, wherever they stand."""
    start = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    chunked = POST + b"Transfer-Encoding: chunked\r\n"
    async with running(provisioned, GOALTRAIL_API_HEAD_SECONDS="30", GOALTRAIL_API_BODY_SECONDS="30") as site:
        chunked += site.bearer
        for name, started in (
            ("one header", partial(talk, site, start, b"A: " + b"x" * (HEAD_BYTES + 1) + b"\r\n\r\n")),
            ("a header that never ends", partial(talk, site, start, b"A: ", repeated=b"x" * 65536)),
            ("a name that never ends", partial(talk, site, start, repeated=b"x" * 65536)),
            ("headers that never end", partial(talk, site, start, repeated=b"A: b\r\n" * 10_000)),
            ("a line that never ends", partial(talk, site, b"GET /", repeated=b"x" * 65536)),
            (
                "a trailer that never ends",
                partial(talk, site, chunked, b"\r\n0\r\nA: ", repeated=b"x" * 65536),
            ),
            (
                "trailers that never end",
                partial(talk, site, chunked, b"\r\n0\r\n", repeated=b"A: b\r\n" * 10_000),
            ),
            (
                "an extension that never ends",
                partial(talk, site, chunked, b"\r\n1;a=", repeated=b"x" * 65536),
            ),
        ):
            assert (await started()).told == (431, "head_too_large"), name
        large = start + b"A: " + b"x" * (HEAD_BYTES - 200) + b"\r\nConnection: close\r\n\r\n"
        assert (await talk(site, large)).status == 200
        assert (await talk(site, b"\x16\x03\x01 this is TLS\r\n\r\n")).told == (400, "invalid_http")


async def test_a_token_is_looked_at_before_the_body(provisioned: SettingsFor) -> None:
    """401 while the body is still to come, also for one that is too large, and with Expect: 100-continue."""
    async with running(provisioned) as site:
        for head in (
            POST + b"Content-Length: 100\r\n\r\n",
            POST + b"Content-Length: 100000000000\r\n\r\n",
            POST + b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n",
            POST + b"Transfer-Encoding: chunked\r\nAuthorization: Bearer nonsense\r\n\r\n",
            POST.replace(b"/cycles", b"/readings") + b"Content-Length: 100\r\n\r\n",
            POST.replace(b"/cycles", b"/nowhere") + b"Content-Length: 100\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection(site.host, site.port)
            writer.write(head)
            async with asyncio.timeout(CLOSED_WITHIN):
                assert (await reader.readline()).startswith(b"HTTP/1.1 401"), head
            writer.close()


async def test_a_body_that_nobody_reads_does_not_keep_a_connection(provisioned: SettingsFor) -> None:
    """After its 401 a client may go on sending for some seconds, and no longer."""
    async with running(provisioned) as site:
        answer = await talk(site, POST, b"Content-Length: 1000000\r\n\r\n", every=0.05, repeated=b" ")
        assert answer.told == (401, "token_missing")


async def test_connections_of_an_address(provisioned: SettingsFor) -> None:
    """One more than allowed is answered 429 at once; when others end there is room again."""
    async with running(provisioned, GOALTRAIL_API_HEAD_SECONDS="30") as site:
        held = [await asyncio.open_connection(site.host, site.port) for _ in range(20)]
        answer = await talk(site, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.told == (429, "too_many_requests")
        assert int(answer.headers["retry-after"]) > 0
        for _, writer in held:
            writer.close()
        request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

        async def again() -> bool:
            return (await talk(site, request)).status == 200

        await eventually(again)


async def test_requests_of_a_token_and_of_an_address(provisioned: SettingsFor) -> None:
    """More than ten times a second's worth at once are answered 429 with Retry-After; probes never are."""
    for name, parts in (("TOKEN", 1), ("ADDRESS", 0)):
        limits = {"GOALTRAIL_API_REQUESTS_PER_TOKEN": "0", f"GOALTRAIL_API_REQUESTS_PER_{name}": "2"}
        async with running(provisioned, **limits) as site:
            address = f"http://{site.host}:{site.port}"
            headers = {"Authorization": f"Bearer {site.token}"} if parts else {}
            async with httpx.AsyncClient(base_url=address, timeout=30) as http:
                for _ in range(200):
                    answer = await http.get("/v1/nowhere", headers=headers)
                    if answer.status_code == 429:
                        break
                assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
                assert int(answer.headers["Retry-After"]) >= 1
                assert all([(await http.get("/healthz")).status_code == 200 for _ in range(100)])
                await asyncio.sleep(int(answer.headers["Retry-After"]))
                assert (await http.get("/v1/nowhere", headers=headers)).status_code in (401, 404)
