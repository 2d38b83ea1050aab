"""Which items are taken, as what, and why others are not. Pure: no server."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.envelope import Event, decode, encode
from events.feeds.events import FeedDeclaration
from events.feeds.state import Feed
from events.ids import Aggregate
from events.kpis.definition import ReadingKind
from events.kpis.state import Kpi
from events.readings.events import ReadingRecorded
from events.registry import event_type
from events.workspace.state import Workspace
from services.intake.catalogue import Catalogue
from services.intake.event_builder import EventBuilder, Source
from services.intake.formats import from_cloudevent, parse_line
from services.intake.items import read_items
from services.intake.rejections import SENTENCES, Rejected
from services.intake.times import parse_period
from services.intake.validation import Candidate, Validator
from tests.intake.desk import AGGREGATIONS, NOW, item


def kpi(id_: str, kind: ReadingKind, unit: str = "KRW", *, retired: bool = False) -> Kpi:
    """A KPI."""
    return Kpi(
        id=id_,
        name_ko=id_,
        name_en=id_,
        unit=unit,
        kind=kind,
        aggregation=AGGREGATIONS[kind],
        cadence="month",
        empty="missing",
        retired=retired,
    )


def feed(id_: str, **declaration: Any) -> Feed:
    """A registered feed."""
    return Feed(id=id_, name=id_, declaration=FeedDeclaration(**declaration))


CATALOGUE = Catalogue(
    Workspace(
        id="main",
        name="Acme",
        default_language="ko",
        zones=(("Asia/Seoul", date.min), ("Europe/Berlin", date(2026, 6, 1))),
    ),
    {
        found.id: found
        for found in (kpi("sales", "delta"), kpi("rate", "ratio", "%"), kpi("old", "delta", retired=True))
    },
    {
        found.id: found
        for found in (
            feed("local", zone="America/New_York"),
            feed("narrow", kpis=("rate",)),
        )
    },
)


def admitted(raw: Any, *, sender: str = "erp") -> Candidate | Rejected:
    """What becomes of one item as JSON."""
    text = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    (read,) = read_items([parse_line(text)])
    if isinstance(read, Rejected):
        return read
    try:
        return Validator(CATALOGUE, sender, NOW).admit(0, read)
    except Rejected as rejected:
        return rejected


def taken(raw: Any, *, sender: str = "erp") -> dict[str, Any]:
    """The data of an item that is taken."""
    found = admitted(raw, sender=sender)
    assert isinstance(found, Candidate), found
    return found.data


def without(raw: dict[str, Any], *fields: str) -> dict[str, Any]:
    """An item that lacks something."""
    return {name: value for name, value in raw.items() if name not in fields}


def with_number(field: str, digits: str) -> bytes:
    """An item as it comes, with a number as nobody can write it in Python."""
    return json.dumps(item("a") | {field: "DIGITS"}).replace('"DIGITS"', digits).encode()


RATIO = item("a", kpi="rate", numerator="3", denominator="4")
HUGE = "9" * 40
DIMENSIONS = "#/dimensions"

REJECTED: list[tuple[Any, str, str | None]] = [
    # the item as text
    (b'{"kpi": ', "malformed", None),
    (b"", "malformed", None),
    (b"{} {}", "malformed", None),
    (b'{"kpi": "sales", "value": "1", "source_id": "a", "value": "2"}', "named_twice", "#/value"),
    (
        b'{"kpi": "sales", "source_id": "a", "dimensions": {"x": "1", "x": "2"}}',
        "not_a_map_of_texts",
        "#/dimensions",
    ),
    (b"[" * 100_000, "malformed", None),
    (b"1" * 5000, "not_an_object", None),
    (b'{"value": %s, "kpi": ' % (b"1" * 5000), "malformed", None),
    (b'{"kpi": "\xc3\x28"}', "not_utf8", None),
    (b"[]", "not_an_object", None),
    (b"null", "not_an_object", None),
    # its numbers, which Python has an own word about
    (with_number("value", "1" * 5000), "invalid_number", "#/value"),
    (with_number("value", "-" + "1" * 5000), "invalid_number", "#/value"),
    (with_number("value", "1e99999999999999999999"), "invalid_number", "#/value"),
    (with_number("value", "1E-99999999999999999999"), "invalid_number", "#/value"),
    (with_number("source_version", "9" * 5000), "out_of_range", "#/source_version"),
    (with_number("source_id", "1" * 5000), "not_a_text", "#/source_id"),
    # its fields
    (without(item("a"), "kpi"), "missing", "#/kpi"),
    (without(item("a"), "source_id"), "missing", "#/source_id"),
    (item("a", source_vesion=1), "unknown_field", "#/source_vesion"),
    (item("a", **{"a/b~c": 1}), "unknown_field", "#/a~1b~0c"),
    (item(1), "not_a_text", "#/source_id"),  # type: ignore[arg-type]
    (item(""), "wrong_length", "#/source_id"),
    (item("x" * 201), "wrong_length", "#/source_id"),
    (item("a\u0000b"), "control_character", "#/source_id"),
    (item("a\nb"), "control_character", "#/source_id"),
    (item("\ud800"), "lone_surrogate", None),
    (item("a", source_version="x"), "source_version_invalid", "#/source_version"),
    (item("a", source_version=""), "source_version_invalid", "#/source_version"),
    (item("a", source_version="2026-03-31"), "source_version_invalid", "#/source_version"),
    (item("a", source_version="-1"), "source_version_invalid", "#/source_version"),
    (item("a", source_version=1.5), "source_version_invalid", "#/source_version"),
    (item("a", source_version=True), "source_version_invalid", "#/source_version"),
    (item("a", source_version="2026-03-31T18:00:00"), "time_without_zone", "#/source_version"),
    (item("a", source_version="1969-12-31T23:59:59Z"), "out_of_range", "#/source_version"),
    (item("a", source_version="9" * 200), "out_of_range", "#/source_version"),
    (item("a", source_version=2**63), "out_of_range", "#/source_version"),
    (item("a", source_version=-1), "out_of_range", "#/source_version"),
    (item("a", dimensions=[]), "not_a_map_of_texts", DIMENSIONS),
    (item("a", dimensions={"region": 1}), "not_a_text", "#/dimensions/region"),
    (item("a", dimensions={"region": ""}), "wrong_length", "#/dimensions/region"),
    (item("a", dimensions={"x" * 65: "1"}), "wrong_length", f"#/dimensions/{'x' * 65}"),
    (item("a", dimensions={str(n): "1" for n in range(11)}), "too_many", "#/dimensions"),
    # numbers
    (item("a", "NaN"), "invalid_number", "#/value"),
    (b'{"kpi": "sales", "source_id": "a", "value": NaN, "period": "2026-03"}', "invalid_number", "#/value"),
    (
        b'{"kpi": "sales", "source_id": "a", "value": -Infinity, "period": "2026"}',
        "invalid_number",
        "#/value",
    ),
    (item("a", "Infinity"), "invalid_number", "#/value"),
    (item("a", HUGE), "invalid_number", "#/value"),
    (item("a", int(HUGE)), "invalid_number", "#/value"),
    (item("a", "0." + HUGE), "invalid_number", "#/value"),
    (item("a", "1e400"), "invalid_number", "#/value"),
    (
        b'{"kpi": "sales", "source_id": "a", "value": 1e999999999, "period": "2026"}',
        "invalid_number",
        "#/value",
    ),
    (item("a", "1_000"), "invalid_number", "#/value"),
    (item("a", "１２"), "invalid_number", "#/value"),
    (item("a", "1,5"), "invalid_number", "#/value"),
    (item("a", ""), "invalid_number", "#/value"),
    (item("a", True), "invalid_number", "#/value"),
    (item("a", [1]), "invalid_number", "#/value"),
    # the KPI
    (item("a", kpi="nothing"), "unknown_kpi", "#/kpi"),
    (item("a", kpi="Sales"), "unknown_kpi", "#/kpi"),
    (item("a", kpi="old"), "kpi_retired", "#/kpi"),
    (item("a", unit="USD"), "wrong_unit", "#/unit"),
    (without(item("a"), "value"), "value_missing", "#/value"),
    (item("a", None), "value_missing", "#/value"),
    (item("a", numerator="1"), "parts_not_allowed", "#/numerator"),
    (item("a", denominator="1"), "parts_not_allowed", "#/denominator"),
    (RATIO, "value_not_allowed", "#/value"),
    (without(RATIO, "value", "numerator"), "parts_missing", "#/numerator"),
    (without(RATIO, "value", "denominator"), "parts_missing", "#/denominator"),
    # its time
    (without(item("a"), "observed_at"), "time_missing", "#/observed_at"),
    (item("a", period="2026-03"), "time_twice", "#/period"),
    (item("a", observed_at="2026-03-31"), "time_invalid", "#/observed_at"),
    (item("a", observed_at="yesterday"), "time_invalid", "#/observed_at"),
    (item("a", observed_at="2026-02-30T00:00:00Z"), "time_invalid", "#/observed_at"),
    (item("a", observed_at="1774969200"), "time_invalid", "#/observed_at"),
    (item("a", observed_at=1774969200), "not_a_text", "#/observed_at"),
    (item("a", observed_at="2026-03-31T18:00:00"), "time_without_zone", "#/observed_at"),
    (item("a", observed_at="1899-12-31T23:59:59Z"), "too_early", "#/observed_at"),
    (item("a", observed_at="0001-01-01T00:00:00+14:00"), "too_early", "#/observed_at"),
    (item("a", observed_at="2026-06-16T12:00:01Z"), "in_the_future", "#/observed_at"),
    (item("a", observed_at="9999-12-31T23:59:59-12:00"), "in_the_future", "#/observed_at"),
    (item("a", observed_at=None, period="2026-13"), "period_invalid", "#/period"),
    (item("a", observed_at=None, period="2026-W54"), "period_invalid", "#/period"),
    (item("a", observed_at=None, period="03/2026"), "period_invalid", "#/period"),
    (item("a", observed_at=None, period="1899"), "too_early", "#/period"),
    (item("a", observed_at=None, period="2026-07"), "in_the_future", "#/period"),
]


@pytest.mark.parametrize(
    ("raw", "code", "pointer"), REJECTED, ids=[f"{n}-{c[1]}" for n, c in enumerate(REJECTED)]
)
def test_what_is_rejected(raw: Any, code: str, pointer: str | None) -> None:
    """With a code, a place and a sentence in both languages."""
    found = admitted(raw)
    assert isinstance(found, Rejected), found
    assert (found.code, found.pointer) == (code, pointer)
    assert "{" not in found.reason("en")
    assert found.reason("ko") != found.reason("en")


def test_every_sentence_is_used() -> None:
    """There is no code that nothing leads to, here or where files and deliveries are read."""
    elsewhere = {
        "hour_comes_twice",
        "hour_left_out",
        "item_too_complex",
        "item_too_large",
        "kpi_not_declared",
        "not_a_cloudevent",
        "not_a_feed",
        "source_version_missing",
        "unknown_workspace",
    }
    in_files = {
        "not_mapped",
        "number_not_read",
        "part_missing",
        "not_utf8_text",
        "quote_not_closed",
        "quotes_broken",
        "row_too_long",
        "time_not_read",
        "units_differ",
        "wrong_width",
    }
    assert {code for _, code, _ in REJECTED} | elsewhere | in_files == set(SENTENCES)


def test_a_feed_sends_only_what_it_declared() -> None:
    """The others are not its business."""
    found = admitted(item("a"), sender="narrow")
    assert isinstance(found, Rejected)
    assert found.code == "kpi_not_declared"


@pytest.mark.parametrize(
    "event",
    [
        {"specversion": "0.3", "id": "a", "data": {}},
        {"specversion": "1.0", "id": "a"},
        {"specversion": "1.0", "id": "a", "data": "x"},
    ],
)
def test_what_is_no_cloudevent(event: dict[str, Any]) -> None:
    """Version 1.0, with an object as its data."""
    found = from_cloudevent(event)
    assert isinstance(found, Rejected)
    assert found.code == "not_a_cloudevent"


@pytest.mark.parametrize(
    ("sent", "observed_at", "business_day", "zone"),
    [
        # Seoul is nine hours ahead
        (
            {"observed_at": "2026-03-31T14:59:59.999999Z"},
            "2026-03-31T14:59:59.999999",
            "2026-03-31",
            "Asia/Seoul",
        ),
        ({"observed_at": "2026-03-31T15:00:00Z"}, "2026-03-31T15:00:00", "2026-04-01", "Asia/Seoul"),
        ({"observed_at": "2026-03-31T18:00:00+09:00"}, "2026-03-31T09:00:00", "2026-03-31", "Asia/Seoul"),
        # from June on Berlin counts: the last Seoul day ends where the first Berlin day begins
        ({"observed_at": "2026-05-31T21:59:59Z"}, "2026-05-31T21:59:59", "2026-06-01", "Asia/Seoul"),
        ({"observed_at": "2026-05-31T22:00:00Z"}, "2026-05-31T22:00:00", "2026-06-01", "Europe/Berlin"),
        ({"observed_at": "2026-06-10T21:59:59Z"}, "2026-06-10T21:59:59", "2026-06-10", "Europe/Berlin"),
        # periods end with their last day
        ({"period": "2026-03"}, "2026-03-31T14:59:59.999999", "2026-03-31", "Asia/Seoul"),
        ({"period": "2026-W07"}, "2026-02-15T14:59:59.999999", "2026-02-15", "Asia/Seoul"),
        ({"period": "2026-Q1"}, "2026-03-31T14:59:59.999999", "2026-03-31", "Asia/Seoul"),
        ({"period": "2025-H2"}, "2025-12-31T14:59:59.999999", "2025-12-31", "Asia/Seoul"),
        ({"period": "2025"}, "2025-12-31T14:59:59.999999", "2025-12-31", "Asia/Seoul"),
        ({"period": "2026-03-05"}, "2026-03-05T14:59:59.999999", "2026-03-05", "Asia/Seoul"),
        # a period that has begun may be reported before it is over
        ({"period": "2026-06"}, "2026-06-30T21:59:59.999999", "2026-06-30", "Europe/Berlin"),
    ],
)
def test_the_business_day(sent: dict[str, str], observed_at: str, business_day: str, zone: str) -> None:
    """By the zone that counts on that day."""
    data = taken({**without(item("a"), "observed_at"), **sent})
    assert data["observed_at"] == datetime.fromisoformat(observed_at).replace(tzinfo=UTC)
    assert (data["business_day"].isoformat(), data["zone"]) == (business_day, zone)


def test_a_time_without_zone_is_read_in_the_feeds() -> None:
    """As it is declared; the content is what was said, so another declaration later changes nothing."""
    local = item("a", observed_at="2026-03-31T18:00:00")
    data = taken(local, sender="local")
    assert data["observed_at"] == datetime(2026, 3, 31, 22, tzinfo=UTC)


@pytest.mark.parametrize("field", ["observed_at", "source_version"])
@pytest.mark.parametrize(
    ("local", "code"), [("2025-11-02T01:30:00", "hour_comes_twice"), ("2026-03-08T02:30:00", "hour_left_out")]
)
def test_an_hour_that_comes_twice_or_never_is_not_guessed(field: str, local: str, code: str) -> None:
    """Where clocks are set back or forward in the feed's zone; with its offset it is taken."""
    found = admitted(item("a", **{field: local}), sender="local")
    assert isinstance(found, Rejected)
    assert (found.code, found.pointer) == (code, f"#/{field}")
    taken(item("a", **{field: f"{local}-05:00"}), sender="local")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"value": "10.50"}, {"value": 10.5}, True),
        ({"value": "1e3"}, {"value": "1000"}, True),
        ({"value": "0.0"}, {"value": "-0"}, True),
        ({"value": "10"}, {"value": "10.000000000001"}, False),
        ({"observed_at": "2026-03-31T18:00:00+09:00"}, {"observed_at": "2026-03-31T09:00:00Z"}, True),
        ({"observed_at": "2026-03-31T18:00:00+09:00"}, {"observed_at": "2026-03-31T18:00:00Z"}, False),
        ({"unit": "KRW"}, {}, True),
        ({"source_version": 1}, {"source_version": 2}, True),
        ({"dimensions": {"a": "1", "b": "2"}}, {"dimensions": {"b": "2", "a": "1"}}, True),
        ({"dimensions": {}}, {}, True),
        ({"dimensions": {"a": "1"}}, {"dimensions": {"a": "2"}}, False),
        ({"dimensions": {"a": "1"}}, {}, False),
    ],
)
def test_what_is_the_same_content(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    """However it is written."""
    contents = {taken(item("a", **fields))["content"] for fields in (one, other)}
    assert (len(contents) == 1) is same


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20),
    st.none() | st.integers(0, 2**63 - 1),
    st.none() | st.dictionaries(st.sampled_from("abc"), st.sampled_from(["서울", "x", '"}'])),
)
def test_the_short_way_of_recording(
    value: Decimal, source_version: int | None, dimensions: dict[str, str] | None
) -> None:
    """Gives the very event that the model would."""
    raw = item("출처-1", str(value), source_version=source_version, dimensions=dimensions)
    found = admitted(raw)
    assert isinstance(found, Candidate)
    payload = EventBuilder(Source("main", "erp", "feed:erp", "r1"), NOW).recorded(found)
    event = decode(payload)
    assert event.data == ReadingRecorded(**found.data)
    assert str(event.id) == found.reading
    assert event == Event(
        id=event.id,
        type=event_type(event.data),
        workspace="main",
        aggregate=Aggregate("reading", "sales"),
        time=NOW,
        actor="feed:erp",
        data=event.data,
        correlation_id="r1",
    )
    assert decode(encode(event)) == event


@pytest.mark.parametrize(
    "text", ["2026-3", "26-03", "2026-Q5", "2026-H3", "2026-W00", "2026-02-29", "２０２６", ""]
)
def test_what_is_no_period(text: str) -> None:
    """Only complete labels of real periods."""
    assert parse_period(text) is None
