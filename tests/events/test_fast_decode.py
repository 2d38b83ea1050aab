"""The short way to read readings gives what the general way gives, and leaves to it what it does not take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.envelope import Event, UndecodableEvent, decode, decode_any
from events.readings import fast_decode
from events.readings.events import ReadingRecorded

DOCUMENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "3a6d0ae1-f50c-5d04-86b3-9ef553c7e89d",
    "type": "goaltrail.reading.recorded.v1",
    "source": "/goaltrail/acme",
    "subject": "reading/sales",
    "time": "2026-02-10T03:00:00.123456Z",
    "actor": "feed:erp",
    "correlationid": "c-1",
    "data": {
        "kpi": "sales",
        "feed": "erp",
        "source_id": "order-1",
        "observed_at": "2026-02-10T02:00:00Z",
        "business_day": "2026-02-10",
        "zone": "Asia/Seoul",
        "tzdata": "2026a",
        "content": "72062cdf8a965c4c36d563cfd561b26f",
        "value": "12.34",
        "source_version": 3,
        "dimensions": {"region": "수도권"},
        "late": False,
    },
}

numbers = st.from_regex(r"-?[0-9]{1,30}(\.[0-9]{1,14})?", fullmatch=True) | st.sampled_from(
    ["1e3", "NaN", "Infinity", "", " 1", "1_0", "١٢", "-0", "0.10", "+1", "12\n"]
)
times = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat) | st.sampled_from(
    [
        "2026-02-10T02:00:00",
        "2026-02-10T02:00:00+09:00",
        "2026-02-10T02:00:00.1234567Z",
        "2026-02-10",
        "x",
        "",
    ]
)
odd = st.sampled_from([None, True, 1, -1, 2**63, 1.5, "", "x", [], {}, ["x"], {"a": 1}, "a\0b", "\\u0000"])
texts = st.text(max_size=40) | st.sampled_from(["32 characters are wanted exactly"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "value": numbers,
    "numerator": numbers,
    "denominator": numbers,
    "observed_at": times,
    "time": times,
    "business_day": st.dates().map(str) | st.sampled_from(["2026-2-1", "20260210", "Monday", "2026-02-30"]),
    "businessday": st.dates().map(str) | st.sampled_from(["2026-2-1", "20260210", "Monday"]),
    "content": texts | st.text(alphabet="0123456789abcdef", min_size=31, max_size=33),
    "source_version": st.integers(-2, 2**63 + 1),
    "dimensions": st.dictionaries(texts, texts | odd, max_size=3),
    "id": st.uuids().map(str) | st.uuids().map(lambda id_: id_.hex) | st.just("urn:uuid:" + DOCUMENT["id"]),
}
OUTER = [*DOCUMENT, "reason", "causationid", "request", "businessday", "traceparent"]
INNER = [*DOCUMENT["data"], "numerator", "denominator", "more"]


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """A reading's payload with some parts replaced by odd ones, left out or added, in any order."""
    document = {**DOCUMENT, "data": dict(DOCUMENT["data"])}
    for name in draw(st.lists(st.sampled_from([*OUTER, *INNER]), max_size=3)):
        place = document.get("data") if name in INNER else document
        if not isinstance(place, dict):
            continue
        if draw(st.integers(0, 4)) == 0:
            place.pop(name, None)
        else:
            place[name] = draw(VALUES.get(name, texts) if draw(st.integers(0, 3)) else odd)
    names = draw(st.permutations(list(document)))
    return orjson.dumps({name: document[name] for name in names})


def outcome(decoder: Callable[[bytes], Event], payload: bytes) -> Event | str:
    """The event, or that it is none and why."""
    try:
        return decoder(payload)
    except UndecodableEvent as error:
        return str(error)


@given(payloads())
def test_both_ways_come_to_the_same(payload: bytes) -> None:
    """The same event, or refused with the same words."""
    assert outcome(decode, payload) == outcome(decode_any, payload)


def test_what_we_write_goes_the_short_way() -> None:
    """Otherwise it would be there for nothing."""
    payload = orjson.dumps(DOCUMENT)
    short, general = fast_decode.read(payload).reading(), decode_any(payload).data
    assert isinstance(general, ReadingRecorded)
    assert short == decode(payload).data == general
    assert short.model_dump_json() == general.model_dump_json()
    assert list(short.__dict__) == list(general.__dict__)
    assert short.model_copy(update={"late": True}).late


def test_it_knows_every_field() -> None:
    """A field that is added to the event has to be added to the short way."""
    assert list(fast_decode._Data.__struct_fields__) == list(ReadingRecorded.model_fields)


@pytest.mark.parametrize("payload", [b'{"type":"goaltrail.reading.recorded.v1"', b"[" * 100_000])
def test_broken_json_is_refused(payload: bytes) -> None:
    with pytest.raises(UndecodableEvent):
        decode(payload)
