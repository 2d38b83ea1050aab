"""The least that appending can cost: a plain socket that sends finished bytes and waits for each answer."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence

import orjson

from services.ledger import Entry

_INBOX = b"_INBOX_api.raw"


class RawSocket:
    """A connection to nats-server without any client library."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        hello = {"user": user, "pass": password, "verbose": False, "headers": True, "no_responders": True}
        self._socket.sendall(b"CONNECT %b\r\nSUB %b 1\r\nPING\r\n" % (orjson.dumps(hello), _INBOX))
        self._received = b""
        while b"PONG\r\n" not in self._received:
            self._receive()
        self._received = b""

    def append(self, batch: bytes) -> int:
        """Send the bytes of an atomic batch; the position that the server answers. Raises OSError."""
        self._socket.sendall(batch)
        while not (answer := self._answer()):
            self._receive()
        document = orjson.loads(answer)
        if "error" in document:
            raise OSError(document["error"]["description"])
        return int(document["seq"])

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _receive(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise OSError("nats-server closed the connection")
        self._received += data
        if b"PING\r\n" in self._received:
            self._received = self._received.replace(b"PING\r\n", b"")
            self._socket.sendall(b"PONG\r\n")

    def _answer(self) -> bytes:
        """The payload of a whole MSG or HMSG, if one is here."""
        line, end, rest = self._received.partition(b"\r\n")
        if not end:
            return b""
        size = int(line.split()[-1])
        if len(rest) < size + 2:
            return b""
        self._received = rest[size + 2 :]
        return rest[:size]


def batch_bytes(name: str, entries: Sequence[Entry], expect: Mapping[str, int]) -> bytes:
    """An atomic batch as it goes over the wire, guarded like the ledger's own."""
    guards = dict(expect)
    parts = []
    for number, entry in enumerate(entries, 1):
        headers = f"NATS/1.0\r\nNats-Batch-Id: {name}\r\nNats-Batch-Sequence: {number}\r\n"
        if entry.subject in guards:
            headers += f"Nats-Expected-Last-Subject-Sequence: {guards.pop(entry.subject)}\r\n"
        last = number == len(entries)
        if last:
            headers += "Nats-Batch-Commit: 1\r\n"
        headers += "\r\n"
        reply = _INBOX.decode() if last else ""
        sizes = f"{len(headers)} {len(headers) + len(entry.payload)}"
        line = f"HPUB {entry.subject} {reply} {sizes}\r\n".replace("  ", " ")
        parts += [line.encode(), headers.encode(), entry.payload, b"\r\n"]
    return b"".join(parts)
