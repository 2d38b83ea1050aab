"""IANA time zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def is_zone(name: str) -> bool:
    """Return whether there is an IANA time zone of this name, such as `Asia/Seoul`."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def within_all_zones(instant: datetime) -> datetime:
    """Return an instant as UTC that has a day in every zone.

    Raises ValueError at both ends of the calendar.
    """
    try:
        moment = instant.astimezone(UTC)
        _ = moment - timedelta(days=1), moment + timedelta(days=1)
    except OverflowError:
        raise ValueError("there are zones in which this instant is on no day") from None
    return moment
