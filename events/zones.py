"""IANA time zones."""

from __future__ import annotations

from zoneinfo import ZoneInfo


def is_zone(name: str) -> bool:
    """Return whether there is an IANA time zone of this name, such as `Asia/Seoul`."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
