"""Events go to the ledger and come back as they were; rubbish is refused, the unknown is kept."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from events.envelope import Event, UndecodableEvent, decode, encode
from events.ids import Aggregate
from events.kpis.events import KpiDefined
from events.registry import EventType, UnknownData, all_types, event_type, lookup
from tests.events.given import NOW
from tests.events.samples import all_events, data_of

ID = "0b9a9ad5-1d2f-5d3b-8f4e-3a9e5b8c7d60"

DOCUMENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": ID,
    "type": "goaltrail.objective.reworded.v1",
    "source": "/goaltrail/acme",
    "subject": "objective/growth",
    "time": "2025-02-10T03:00:00Z",
    "actor": "person:anna",
    "data": {"old": "a", "new": "b"},
}


@settings(max_examples=40)
@forall(all_events())
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    assert decode(encode(event)) == event


@pytest.mark.parametrize("entry", all_types(), ids=lambda entry: entry.name)
@settings(max_examples=10)
@forall(drawn=st.data())
def test_data_of_every_type_comes_back_as_it_was(entry: EventType, drawn: st.DataObject) -> None:
    data = drawn.draw(data_of(entry.model))
    event = Event(UUID(ID), event_type(data), "acme", Aggregate("x", "y"), NOW, "person:anna", data)
    assert decode(encode(event)) == event


@settings(max_examples=40)
@forall(all_events())
def test_an_event_is_a_cloud_event(event: Event) -> None:
    """CloudEvents 1.0: attribute names of lower-case letters and digits, no null, numbers as strings."""
    document = json.loads(encode(event), parse_float=pytest.fail)
    assert document["specversion"] == "1.0"
    assert document["source"] == f"/goaltrail/{event.workspace}"
    assert document["subject"] == f"{event.aggregate.kind}/{event.aggregate.id}"
    assert all(name.isalnum() and name.islower() and len(name) <= 20 for name in document)
    assert None not in document.values()
    assert document["time"].endswith("Z")


def test_what_is_none_is_left_out() -> None:
    payload = orjson.dumps(DOCUMENT)
    assert encode(decode(payload)) == payload


def test_a_time_in_another_zone_is_the_same_instant() -> None:
    event = decode(orjson.dumps(DOCUMENT | {"time": "2025-02-10T12:00:00+09:00"}))
    assert (event.time, event.time.tzinfo) == (datetime(2025, 2, 10, 3, tzinfo=UTC), UTC)


def test_the_business_day_travels_along() -> None:
    event = decode(orjson.dumps(DOCUMENT | {"businessday": "2025-02-10"}))
    assert event.business_day == date(2025, 2, 10)


def test_attributes_of_others_are_left_alone() -> None:
    """CloudEvents extensions such as traceparent do no harm."""
    assert (
        decode(orjson.dumps(DOCUMENT | {"traceparent": "00-x"})).data == decode(orjson.dumps(DOCUMENT)).data
    )


@pytest.mark.parametrize(
    "type_",
    [
        "goaltrail.objective.sung.v1",
        "goaltrail.objective.reworded.v2",
        "goaltrail.objective.reworded.v0",
        "goaltrail.objective.reworded",
        "com.example.thing",
        "",
    ],
)
def test_an_unknown_type_is_kept(type_: str) -> None:
    """A newer version wrote it: its data stays as it is, to the byte."""
    payload = orjson.dumps(DOCUMENT | {"type": type_, "data": {"a": [1, None, {"b": "c"}]}})
    event = decode(payload)
    assert event.type == type_
    assert event.data == UnknownData(raw={"a": [1, None, {"b": "c"}]})
    assert encode(event) == payload


V1_KPI: dict[str, Any] = {
    "name_ko": "매출",
    "name_en": "Revenue",
    "unit": "KRW",
    "kind": "delta",
    "aggregation": "sum",
    "cadence": "month",
}


def test_an_old_version_is_read_as_the_newest() -> None:
    """Version 1 of kpi.defined had no rule for empty periods."""
    event = decode(orjson.dumps(DOCUMENT | {"type": "goaltrail.kpi.defined.v1", "data": V1_KPI}))
    assert event.type == "goaltrail.kpi.defined.v2"
    assert isinstance(event.data, KpiDefined)
    assert event.data.empty == "missing"
    assert decode(encode(event)) == event
    assert lookup("goaltrail.kpi.defined.v1") == lookup("goaltrail.kpi.defined.v2")


def test_an_upcaster_leaves_what_it_got_alone() -> None:
    document = DOCUMENT | {"type": "goaltrail.kpi.defined.v1", "data": V1_KPI}
    decode(orjson.dumps(document))
    assert "empty" not in V1_KPI


def without(attribute: str) -> dict[str, Any]:
    """The document, less one attribute."""
    return {name: value for name, value in DOCUMENT.items() if name != attribute}


REPLACED: list[dict[str, Any]] = [
    {"specversion": "0.3"},
    {"id": "17"},
    {"id": None},
    {"source": "/elsewhere/acme"},
    {"source": 5},
    {"subject": "growth"},
    {"subject": None},
    {"time": "yesterday"},
    {"time": "2025-02-10T03:00:00"},
    {"time": "0001-01-01T00:00:00+14:00"},
    {"time": 17},
    {"type": None},
    {"type": []},
    {"actor": None},
    {"actor": ["person:anna"]},
    {"reason": 7},
    {"reason": ["x"]},
    {"causationid": False},
    {"request": {}},
    {"businessday": "Monday"},
    {"data": None},
    {"data": []},
    {"data": {}},
    {"data": {"old": "a"}},
    {"data": {"old": "a", "new": 5}},
    {"data": {"old": "a", "new": "b", "more": "c"}},
    {"data": {"old": "a", "new": "b\0"}},
    {"reason": "\0"},
    {"type": "goaltrail.what.ever.v1", "data": "no object"},
    {"type": "goaltrail.kpi.defined.v1", "data": None},
    {"type": "goaltrail.kpi.defined.v1", "data": {}},
    {"type": "goaltrail.key_result.unlinked.v1", "data": {"key_result": "x", "old": 1.5}},
    {
        "type": "goaltrail.key_result.baseline_corrected.v1",
        "data": {"key_result": "x", "new": 1.5},
    },
]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"x"',
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        *(orjson.dumps(without(name)) for name in DOCUMENT),
        *(orjson.dumps(DOCUMENT | changed) for changed in REPLACED),
    ],
)
def test_what_is_no_event_is_refused_in_one_way(payload: bytes) -> None:
    with pytest.raises(UndecodableEvent, match="not an event: ") as refused:
        decode(payload)
    assert "\n" not in str(refused.value)
    assert "http" not in str(refused.value)


def test_why_data_is_no_events_is_said_in_one_line() -> None:
    """The first thing that is wrong, and how many more are."""
    payload = orjson.dumps(DOCUMENT | {"type": "goaltrail.kpi.retired.v1", "data": {"x": 1, "y": 2}})
    with pytest.raises(UndecodableEvent) as refused:
        decode(payload)
    assert str(refused.value) == "not an event: KpiRetired.x: Extra inputs are not permitted (and 1 more)"


def test_a_backslash_before_u0000_is_no_nul() -> None:
    document = DOCUMENT | {"reason": "the text \\u0000 itself"}
    assert decode(orjson.dumps(document)).reason == "the text \\u0000 itself"


@pytest.mark.parametrize("name", ["reason", "correlationid", "causationid", "request", "businessday"])
def test_null_is_the_same_as_lacking(name: str) -> None:
    """As the JSON format of CloudEvents has it."""
    assert decode(orjson.dumps(DOCUMENT | {name: None})) == decode(orjson.dumps(without(name)))


def test_a_nul_character_is_not_written() -> None:
    event = decode(orjson.dumps(DOCUMENT))
    with pytest.raises(ValueError, match="NUL"):
        encode(event._replace(reason="a\0b"))


def test_an_event_cannot_be_changed() -> None:
    event = decode(orjson.dumps(DOCUMENT))
    with pytest.raises(AttributeError):
        event.reason = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        event.data.new = "other"  # type: ignore[attr-defined]
