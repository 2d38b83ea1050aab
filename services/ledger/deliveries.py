"""What feeds publish to NATS: stored raw in INTAKE by the server, and what was not taken in in REJECTED.

INTAKE is read like a ledger: in order, from a position that the reader keeps. Only its beginning may be
missing, as deliveries are kept for a limited time.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import NamedTuple

import orjson
import structlog

from services.ledger.client import ConnectionLost, LedgerClient, NoResponder
from services.ledger.errors import LedgerUnavailable
from services.ledger.messages import stored_message
from services.ledger.stream_api import ANSWER_SECONDS, FullMessage, Patience, StreamApi
from services.ledger.streams import INTAKE, REJECTED

log = structlog.get_logger(__name__)

BATCH = 1000
"""Deliveries of one fetch."""

_FETCH_BYTES = 8 * 1024 * 1024
_FETCH_SECONDS = 10.0
_DELIVERY = "Goaltrail-Delivery"
"""Header of a rejected message: the position of its delivery."""
_MOVED_ON = frozenset({10071, 10164})


class Delivery(NamedTuple):
    """One message of a feed as it came."""

    position: int
    subject: str
    headers: Mapping[str, str]
    """By name in small letters."""
    payload: bytes
    stored_at: datetime
    """The server's time (UTC)."""


class Deliveries:
    """Reads INTAKE and writes REJECTED, over one connection."""

    def __init__(self, client: LedgerClient, *, patience: float) -> None:
        """`client` must be open; `patience`: seconds to wait for a connection and a leader."""
        self._client = client
        self._api = StreamApi(client, patience=patience)
        self._patience = patience

    async def head(self) -> int:
        """Return the last position of INTAKE. Raises LedgerUnavailable."""
        answer = await self._api.request(f"STREAM.INFO.{INTAKE}", b"")
        return int(answer["state"]["last_seq"])

    async def before(self, moment: datetime) -> int:
        """Return the last position that was stored before a moment; 0 if there is none left.

        Raises LedgerUnavailable.
        """
        low, high = 0, await self.head()
        while low < high:
            middle = (low + high + 1) // 2
            found = await self._fetch(middle - 1, batch=1)
            if found and found[0].stored_at < moment:
                low = found[0].position
            else:
                high = middle - 1
        return low

    async def read(self, after: int) -> AsyncGenerator[list[Delivery], None]:
        """Yield the deliveries after a position, in order, up to the head. Raises LedgerUnavailable."""
        while True:
            deliveries = await self._fetch(after)
            if not deliveries:
                return
            if deliveries[0].position > after + 1:
                expired = deliveries[0].position - after - 1
                log.warning("deliveries expired before they were read", count=expired, after=after)
            yield deliveries
            after = deliveries[-1].position

    async def reject(self, delivery: Delivery, code: str, reason: str, pointer: str | None) -> None:
        """Keep a delivery that could not be taken, once, until somebody resolves it.

        Deliveries of one subject must come in order. Raises LedgerUnavailable.
        """
        subject = f"rejected.{delivery.subject.removeprefix('intake.')}"
        patience = Patience(self._patience)
        while True:
            last = await self._api.get(REJECTED, {"last_by_subj": subject}, patience)
            if last is not None and _delivery_of(last) >= delivery.position:
                return  # before a crash
            lines = {
                "Nats-Expected-Last-Subject-Sequence": str(0 if last is None else last.position),
                _DELIVERY: str(delivery.position),
                "Goaltrail-Code": code,
                "Goaltrail-Reason": _header_text(reason),
                **({} if pointer is None else {"Goaltrail-Pointer": _header_text(pointer)}),
                **{name: value for name, value in delivery.headers.items() if _is_attribute(name)},
            }
            block = "NATS/1.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
            try:
                answer = await self._client.ask(subject, delivery.payload, headers=block.encode())
                await answer.wait(patience.limit(ANSWER_SECONDS))
                error = orjson.loads(answer.messages[0][1]).get("error")
                if error is None:
                    return
                problem = str(error["description"])
                if error["err_code"] in _MOVED_ON:
                    continue
            except (ConnectionLost, NoResponder) as lost:
                problem = str(lost) or "JetStream does not answer"
            if patience.over:
                raise LedgerUnavailable(problem)
            await patience.pause()

    async def _fetch(self, after: int, batch: int = BATCH) -> list[Delivery]:
        query = orjson.dumps(
            {"seq": after + 1, "batch": batch, "max_bytes": _FETCH_BYTES, "next_by_subj": ">"}
        )
        patience = Patience(self._patience)
        while True:
            try:
                answer = await self._client.ask(f"jetstream.DIRECT.GET.{INTAKE}", query, many=True)
                await answer.wait(_FETCH_SECONDS)
                return [_delivery(headers, payload) for headers, payload in answer.messages]
            except (ConnectionLost, NoResponder) as lost:
                problem = str(lost) or "JetStream does not answer"
            if patience.over:
                raise LedgerUnavailable(problem)
            await patience.pause()


def _delivery(headers: bytes, payload: bytes) -> Delivery:
    message = stored_message(headers, payload)
    own = headers[: headers.rindex(b"\r\nNats-Subject: ")].decode(errors="replace")
    named = (line.partition(":") for line in own.split("\r\n")[1:])
    return Delivery(
        message.position,
        message.subject,
        {name.strip().lower(): value.strip() for name, colon, value in named if colon},
        payload,
        message.recorded_at,
    )


def _delivery_of(message: FullMessage) -> int:
    found = message.header(_DELIVERY)
    return int(found) if found is not None and found.isdigit() else 0


def _is_attribute(name: str) -> bool:
    return name == "content-type" or name.startswith("ce-")


def _header_text(text: str) -> str:
    """Return a text as one header line."""
    return "".join(character if " " <= character <= "~" else "?" for character in text)
