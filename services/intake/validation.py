"""Judging one item against the catalogue, and turning it into a reading that can be recorded.

Nothing judges a reading again once it is on the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from events.decimals import text
from events.ids import reading_ids, source_id_of
from events.kpis.state import Kpi
from events.readings.events import ReadingContent
from services.intake.catalogue import Catalogue
from services.intake.items import TEXT_LENGTH, Item
from services.intake.rejections import Rejected
from services.intake.times import TZDATA, Times, When

CATALOGUE_CODES = frozenset(
    {
        "unknown_kpi",
        "kpi_retired",
        "kpi_not_declared",
        "wrong_unit",
        "time_without_zone",
        "source_version_missing",
    }
)
"""Rejections that a change of the catalogue may overtake: it is read again before one of them is final."""


class Candidate(NamedTuple):
    """A reading that may be recorded, if it is not on the ledger already."""

    place: int
    """In what was sent, from 0."""
    source_id: str
    kpi: str
    reading: str
    """Its identity, a UUID as text."""
    content: str
    source_version: int | None
    data: dict[str, Any]
    """The fields of events.readings.events.ReadingRecorded as the ledger has them: None left out."""
    of_period: bool
    """It stands for a whole period."""


class Validator:
    """Admits the items of one feed, by the catalogue as it is now."""

    def __init__(self, catalogue: Catalogue, feed: str, now: datetime, *, correcting: bool = False) -> None:
        """`correcting`: what is on record may be corrected although the KPI is retired since."""
        declared = catalogue.declaration(feed)
        self._workspace = catalogue.workspace.id
        self._feed = feed
        self._ids: dict[str, Callable[[str], str]] = {}
        self._kpis = catalogue.kpis
        self._declared = None if declared.kpis is None else frozenset(declared.kpis)
        self._times = Times(catalogue.workspace, feed, declared.zone, now)
        self._correcting = correcting
        self.revisions = declared.revisions
        """How the feed says that a value has changed."""

    def admit(self, place: int, item: Item, when: When | None = None) -> Candidate:
        """Return the reading that an item stands for; `when` is its time if that is known.

        Raises Rejected.
        """
        name = item.kpi
        kpi = self._kpis.get(name)
        if kpi is None:
            raise Rejected("unknown_kpi", "kpi", kpi=name)
        if kpi.retired and not self._correcting:
            raise Rejected("kpi_retired", "kpi", kpi=name)
        if self._declared is not None and name not in self._declared and not self._correcting:
            raise Rejected("kpi_not_declared", "kpi", kpi=name, feed=self._feed)
        if item.source_version is None and self.revisions == "versioned" and not self._correcting:
            raise Rejected("source_version_missing", "source_version", feed=self._feed)
        if item.unit is not None and item.unit != kpi.unit:
            raise Rejected("wrong_unit", "unit", kpi=name, unit=item.unit, wanted=kpi.unit)
        value, numerator, denominator = item.value, item.numerator, item.denominator
        if value is None or numerator is not None or denominator is not None or kpi.kind == "ratio":
            _check_parts(kpi, item)
        if when is None:
            if item.observed_at is None:
                if item.period is None:
                    raise Rejected("time_missing", "observed_at")
                when = self._times.period(item.period)
            elif item.period is not None:
                raise Rejected("time_twice", "period")
            else:
                when = self._times.instant(item.observed_at)
        # What is corrected keeps the id that it has.
        source_id = item.source_id if self._correcting else source_id_of(item.source_id)
        if not source_id:
            raise Rejected("wrong_length", "source_id", most=TEXT_LENGTH)
        observed_at, business_day, zone, sent = when
        data: dict[str, Any] = {
            "kpi": name,
            "feed": self._feed,
            "source_id": source_id,
            "observed_at": observed_at,
            "business_day": business_day,
            "zone": zone,
            "tzdata": TZDATA,
        }
        if value is not None:
            data["value"] = number = text(value)
        else:
            assert numerator is not None
            assert denominator is not None
            data["numerator"], data["denominator"] = text(numerator), text(denominator)
            number = f"{data['numerator']}/{data['denominator']}"
        if item.dimensions:
            data["dimensions"] = dict(sorted(item.dimensions.items()))
        data["content"] = content = _content(number, sent, data.get("dimensions"))
        source_version = None
        if item.source_version is not None:
            data["source_version"] = source_version = self._times.source_version(item.source_version)
        data["late"] = False
        id_of = self._ids.get(name)
        if id_of is None:
            id_of = self._ids[name] = reading_ids(self._workspace, self._feed, name)
        reading, of_period = id_of(source_id), item.period is not None
        return Candidate(place, item.source_id, name, reading, content, source_version, data, of_period)

    def time_of(self, reading: ReadingContent) -> When:
        """Return the time of a reading on record, in the form in which the source said it."""
        if reading.value is not None:
            number = text(reading.value)
        else:
            assert reading.numerator is not None
            assert reading.denominator is not None
            number = f"{text(reading.numerator)}/{text(reading.denominator)}"
        # The form is not on the ledger, but its hash is.
        forms = self._times.forms(reading.observed_at, reading.business_day)
        sent = next(
            (form for form in forms if _content(number, form, reading.dimensions) == reading.content),
            forms[0],
        )
        return When(reading.observed_at, reading.business_day, reading.zone, sent)


def _content(number: str, sent: str, dimensions: dict[str, str] | None) -> str:
    """Return the hash by which content is compared: as it was sent, whatever it was converted to.

    The unit is left out: if given at all it is the KPI's.
    """
    said = f"{number}\n{sent}"
    if dimensions:
        said += "".join(f"\n{key}\n{value}" for key, value in sorted(dimensions.items()))
    return blake2b(said.encode(), digest_size=16).hexdigest()


def _check_parts(kpi: Kpi, item: Item) -> None:
    """Check that a ratio has numerator and denominator, and nothing else has."""
    if kpi.kind == "ratio":
        if item.value is not None:
            raise Rejected("value_not_allowed", "value", kpi=kpi.id)
        if item.numerator is None or item.denominator is None:
            field = "numerator" if item.numerator is None else "denominator"
            raise Rejected("parts_missing", field, kpi=kpi.id)
    else:
        if item.numerator is not None or item.denominator is not None:
            field = "numerator" if item.numerator is not None else "denominator"
            raise Rejected("parts_not_allowed", field, kpi=kpi.id)
        if item.value is None:
            raise Rejected("value_missing", "value", kpi=kpi.id)
