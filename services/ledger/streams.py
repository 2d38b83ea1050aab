"""The streams there are, how each must be configured, and the comparison with what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.ledger.append import MAX_PAYLOAD
from services.ledger.stream_api import stream_name

Configuration = Mapping[str, Any]
"""A stream configuration in the words of JetStream's API; durations are nanoseconds, -1 is no limit."""

CONFIGURATION_VERSION = "1"
"""Of a stream that was never configured otherwise; operators see it in the stream's metadata."""

ACCESS = "KV_ACCESS"
"""Token hashes and roles, one message each, on the subjects of a key-value bucket. It is no such bucket: the
roll-up that a bucket needs for its purge erases every token with one message."""
KEYS = "KEYS"
"""Wrapped keys of people's texts, one message each; the only stream from which a message can be deleted."""
INTAKE = "INTAKE"
"""Deliveries of feeds as they came, for 30 days."""
REJECTED = "REJECTED"
"""What could not be taken in, with the reason, until somebody resolves it."""

PROBE = "PROBE"
"""What the API stores now and then to learn whether storing works; only the last one is kept."""
PROBE_SUBJECT = "probe.api"

_SECOND = 1_000_000_000
_HEADERS = 4 * 1024
_DELIVERY = 1024 * 1024 + 64 * 1024
"""A webhook of 1 MiB with its envelope."""

_EVERY_STREAM: Configuration = {
    "retention": "limits",
    "storage": "file",
    "discard": "new",
    "max_consumers": -1,
    "max_msgs": -1,
    "max_bytes": -1,
    "max_age": 0,
    "max_msgs_per_subject": -1,
    "max_msg_size": -1,
    "duplicate_window": 120 * _SECOND,
    "compression": "none",
    "allow_direct": True,
    "allow_atomic": False,
    "allow_rollup_hdrs": False,
    "deny_delete": True,
    "deny_purge": True,
    "sealed": False,
    "no_ack": False,
}

_NOT_OURS = frozenset({"description", "placement", "metadata"})
"""What an operator may set as they like; of the metadata our own part is compared."""

_METADATA = "goaltrail.configuration"


def ledger_stream(workspace: str, replicas: int) -> Configuration:
    """Return the ledger of a workspace: nothing is ever deleted, replaced, purged or dropped for space."""
    return _stream(
        stream_name(workspace),
        replicas,
        subjects=[f"ledger.{workspace}.>"],
        max_msg_size=MAX_PAYLOAD + _HEADERS,
        allow_atomic=True,
    )


def shared_streams(replicas: int) -> list[Configuration]:
    """Return the streams beside the ledgers, one of each for all workspaces."""
    return [
        _stream(
            ACCESS,
            replicas,
            subjects=["$KV.ACCESS.>"],
            max_msgs_per_subject=1,
            max_msg_size=64 * 1024,
            version="2",
        ),
        _stream(
            KEYS,
            replicas,
            subjects=["keys.>"],
            max_msgs_per_subject=1,
            max_msg_size=64 * 1024,
            deny_delete=False,
        ),
        _stream(
            INTAKE,
            replicas,
            subjects=["intake.>"],
            max_age=30 * 24 * 3600 * _SECOND,
            max_msg_size=_DELIVERY,
            discard="old",
        ),
        _stream(
            PROBE, replicas, subjects=["probe.*"], max_msgs_per_subject=1, max_msg_size=1024, discard="old"
        ),
        _stream(REJECTED, replicas, subjects=["rejected.>"], max_msg_size=_DELIVERY),
    ]


def former(wanted: Configuration) -> Configuration | None:
    """Return how earlier versions configured a stream; None if no differently."""
    if wanted["name"] != ACCESS:
        return None
    was = {"allow_rollup_hdrs": True, "deny_purge": False, "metadata": {_METADATA: "1"}}
    return {**wanted, **was}


def differences(wanted: Configuration, stored: Configuration) -> list[str]:
    """One line for each setting that is not as wanted, by name, with both values."""
    name = wanted["name"]
    lines = [
        f"{name}: {setting} is {_shown(stored.get(setting))}, wanted {_shown(value)}"
        for setting, value in wanted.items()
        if setting not in _NOT_OURS and not _same(stored.get(setting), value)
    ]
    lines += [
        f"{name}: {setting} is {_shown(value)}, wanted nothing"
        for setting, value in stored.items()
        if setting not in wanted and setting not in _NOT_OURS and not _empty(value)
    ]
    version, needed = (stored.get("metadata") or {}).get(_METADATA), wanted["metadata"][_METADATA]
    if version != needed:
        lines.append(f"{name}: metadata {_METADATA} is {_shown(version)}, wanted {needed!r}")
    return lines


def _stream(
    name: str, replicas: int, *, version: str = CONFIGURATION_VERSION, **settings: Any
) -> Configuration:
    return {
        "name": name,
        "num_replicas": replicas,
        **_EVERY_STREAM,
        **settings,
        "metadata": {_METADATA: version},
    }


def _same(stored: object, wanted: object) -> bool:
    # The server leaves out what is false, 0 or empty in some versions and answers.
    return stored == wanted or (_empty(stored) and _empty(wanted))


def _empty(value: object) -> bool:
    return value in (None, False, 0, "", [], {})


def _shown(value: object) -> str:
    return "not set" if value is None else repr(value)
