"""When a reading was so: the instant, its business day, and the zone that decided it.

Zones come from the package `tzdata`, not from the operating system, so that every machine and every reading
stamped with one version says the same.
"""

from __future__ import annotations

import importlib.resources
import re
from contextlib import suppress
from datetime import MINYEAR, UTC, date, datetime, time, timedelta
from functools import cache
from typing import Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]

from events.readings.events import LARGEST_INT
from events.workspace.state import Workspace
from projections.scoring.periods import Period, PeriodKind, period_of
from services.intake.rejections import Rejected

TZDATA: str = tzdata.IANA_VERSION
"""Version of the zone rules that are stamped on readings."""

EARLIEST = date(1900, 1, 1)
FUTURE = timedelta(days=1)
"""How far ahead a source's clock may be."""

_EARLIEST = datetime.combine(EARLIEST, time(), UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_PERIODS_REMEMBERED = 10_000


class When(NamedTuple):
    """A reading's time, in every form that is stamped on it."""

    observed_at: datetime
    """UTC."""
    business_day: date
    zone: str
    sent: str
    """What was sent, in canonical form: equal exactly when the same was said."""


@cache
def zone_info(name: str) -> ZoneInfo:
    """Return an IANA zone from the package `tzdata`; the system's, if only that has it. Raises KeyError."""
    parts = name.split("/")
    if all(re.fullmatch(r"[A-Za-z0-9_+-]+", part) for part in parts):
        with (
            suppress(OSError, ValueError),
            importlib.resources.files("tzdata").joinpath("zoneinfo", *parts).open("rb") as file,
        ):
            return ZoneInfo.from_file(file, key=name)
    return ZoneInfo(name)


Hour = Literal["earlier", "later"]


def in_zone(moment: datetime, zone: ZoneInfo, field: str, hour: Hour | None = None) -> datetime:
    """Return a time without a zone as one of a zone. Raises Rejected.

    When clocks are set back an hour comes twice, and `hour` says which one is meant; when they are set
    forward one is left out, and nothing is measured in it.
    """
    first, second = moment.replace(tzinfo=zone, fold=0), moment.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None
    assert after is not None
    if before < after:
        raise Rejected("hour_left_out", field, time=f"{moment:%Y-%m-%d %H:%M}", zone=zone.key)
    if before == after or hour == "earlier":
        return first
    if hour is None:
        raise Rejected("hour_comes_twice", field, time=f"{moment:%Y-%m-%d %H:%M}", zone=zone.key)
    return second


class Times:
    """Reads times and periods for one workspace and feed. Made anew when either changes, or time passes."""

    def __init__(self, workspace: Workspace, feed: str, feed_zone: str | None, now: datetime) -> None:
        """`feed_zone` is where times without zone are read; `now` is UTC."""
        self._workspace = workspace
        self._feed = feed
        self._feed_zone = None if feed_zone is None else zone_info(feed_zone)
        self._latest = now + FUTURE
        self._zones = [(name, zone_info(name), since) for name, since in reversed(workspace.zones)]
        self._only = self._zones[0] if len(self._zones) == 1 else None
        self._periods: dict[str, When] = {}

    def instant(self, text: str) -> When:
        """Return the time of `observed_at`. Raises Rejected."""
        try:
            given = datetime.fromisoformat(text)
        except ValueError:
            raise Rejected("time_invalid", "observed_at") from None
        if len(text) <= _LONGEST_DAY:
            # A day is a period; as an instant it would be midnight, which nobody meant.
            raise Rejected("time_invalid", "observed_at")
        zone = given.tzinfo
        if zone is UTC:
            sent = given.isoformat()
        elif zone is not None:
            given = _utc(given)
            sent = given.isoformat()
        elif self._feed_zone is None:
            raise Rejected("time_without_zone", "observed_at", feed=self._feed)
        else:
            # Compared as it was said: that the feed's zone is declared otherwise later changes nothing.
            sent = given.isoformat()
            given = _utc(in_zone(given, self._feed_zone, "observed_at"))
        if given < _EARLIEST:
            raise Rejected("too_early", "observed_at", earliest=EARLIEST)
        if given > self._latest:
            raise Rejected("in_the_future", "observed_at", days=FUTURE.days)
        if self._only is not None:
            name, info, _since = self._only
            return When(given, given.astimezone(info).date(), name, sent)
        day, name = self._business_day(given)
        return When(given, day, name, sent)

    def source_version(self, said: int | str) -> int:
        """Return the number that a version is compared by: of a time, microseconds since 1970.

        Raises Rejected.
        """
        if isinstance(said, int):
            return said
        if said.isascii() and said.isdecimal():
            number = int(said)
        else:
            try:
                given = datetime.fromisoformat(said)
            except ValueError:
                raise Rejected("source_version_invalid", "source_version") from None
            if len(said) <= _LONGEST_DAY:
                # A day is no instant: several versions of one day could not be told apart.
                raise Rejected("source_version_invalid", "source_version")
            if given.tzinfo is None:
                if self._feed_zone is None:
                    raise Rejected("time_without_zone", "source_version", feed=self._feed)
                given = in_zone(given, self._feed_zone, "source_version")
            number = (given - _EPOCH) // _TICK
        if not 0 <= number <= LARGEST_INT:
            raise Rejected("out_of_range", "source_version", least=0, most=LARGEST_INT)
        return number

    def period(self, text: str) -> When:
        """Return the end of a period, as the time of what is reported for all of it. Raises Rejected."""
        known = self._periods.get(text)
        if known is None:
            known = self._period(text)
            if len(self._periods) < _PERIODS_REMEMBERED:
                self._periods[text] = known
        return known

    def _period(self, text: str) -> When:
        period = parse_period(text)
        if period is None:
            raise Rejected("period_invalid", "period")
        if period.start < EARLIEST:
            raise Rejected("too_early", "period", earliest=EARLIEST)
        if period.start > self._business_day(self._latest)[0]:
            raise Rejected("in_the_future", "period", days=FUTURE.days)
        day = period.end
        name = self._workspace.zone_on(day)
        end = datetime.combine(day + _DAY, time(), zone_info(name)).astimezone(UTC) - _TICK
        return When(end, day, name, period.label)

    def forms(self, observed_at: datetime, business_day: date) -> list[str]:
        """Return every form in which a source may have said this time, the instant first."""
        found = [observed_at.isoformat()]
        if self._feed_zone is not None:
            found.append(observed_at.astimezone(self._feed_zone).replace(tzinfo=None).isoformat())
        periods = (period_of(kind, business_day) for kind in get_args(PeriodKind))
        return found + [period.label for period in periods if period.end == business_day]

    def _business_day(self, instant: datetime) -> tuple[date, str]:
        """Return the business day of an instant and the zone that decided it, as Workspace.business_day
        does.
        """
        for name, info, since in self._zones:
            day = instant.astimezone(info).date()
            if day >= since:
                return day, name
        name, info, _since = self._zones[-1]
        return instant.astimezone(info).date(), name


def _utc(given: datetime) -> datetime:
    """Return the instant in UTC. Raises Rejected at both ends of the calendar."""
    try:
        return given.astimezone(UTC)
    except OverflowError:
        if given.year == MINYEAR:
            raise Rejected("too_early", "observed_at", earliest=EARLIEST) from None
        raise Rejected("in_the_future", "observed_at", days=FUTURE.days) from None


_LONGEST_DAY = len("2026-03-31")
_PERIOD = re.compile(
    r"(?P<year>\d{4})(?:-(?:W(?P<week>\d\d)|Q(?P<quarter>[1-4])|H(?P<half>[12])|(?P<month>\d\d)(?:-(?P<day>\d\d))?))?",
    re.ASCII,
)


def parse_period(text: str) -> Period | None:
    """Return the period of a label such as 2026-W07; None if it is none."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    year = int(match["year"])
    try:
        if match["week"]:
            return period_of("week", date.fromisocalendar(year, int(match["week"]), 1))
        if match["quarter"]:
            return period_of("quarter", date(year, int(match["quarter"]) * 3, 1))
        if match["half"]:
            return period_of("half_year", date(year, int(match["half"]) * 6, 1))
        if match["day"]:
            return period_of("day", date(year, int(match["month"]), int(match["day"])))
        if match["month"]:
            return period_of("month", date(year, int(match["month"]), 1))
        return period_of("year", date(year, 1, 1))
    except (ValueError, OverflowError):
        return None
