"""A message as the ledger stores it, and the event in it."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import NamedTuple

from events.envelope import RecordedEvent, decode


class StoredMessage(NamedTuple):
    """What stands at one position. The payload is not decoded yet, so that a bad one can be named."""

    position: int
    subject: str
    recorded_at: datetime
    """The server's time (UTC)."""
    batch_end: bool
    """The last message of what was appended at once."""
    payload: bytes

    @property
    def fingerprint(self) -> str:
        """A hash of position, time, subject and payload: no other message of any ledger has it."""
        head = f"{self.position}\n{self.recorded_at.isoformat(timespec='microseconds')}\n{self.subject}\n"
        return hashlib.sha256(head.encode() + self.payload).hexdigest()


def recorded(message: StoredMessage) -> RecordedEvent:
    """Return the event of a message. Raises UndecodableEvent."""
    return RecordedEvent(message.position, message.recorded_at, message.batch_end, decode(message.payload))


_SUBJECT = b"\r\nNats-Subject: "
_SERVERS = re.compile(
    rb"\r\nNats-Subject: ([^\r]+)\r\nNats-Sequence: ([0-9]+)\r\nNats-Time-Stamp: ([^\r]+)\r\n"
)
_BATCH = b"\r\nNats-Batch-Id: "
_COMMIT = b"\r\nNats-Batch-Commit: "


def stored_message(headers: bytes, payload: bytes) -> StoredMessage:
    """Return a message from the raw answer of a direct get. Raises ValueError if the headers are not such
    an answer.

    The server adds its headers behind the message's own, so they are looked for from the end.
    """
    own = headers.rindex(_SUBJECT)
    found = _SERVERS.match(headers, own)
    if found is None:
        raise ValueError(f"no answer of a direct get: {headers!r}")
    subject, position, time = found.groups()
    return StoredMessage(
        int(position),
        subject.decode(),
        datetime.fromisoformat(time.decode()),
        headers.find(_COMMIT, 0, own) >= 0 or headers.find(_BATCH, 0, own) < 0,
        payload,
    )
