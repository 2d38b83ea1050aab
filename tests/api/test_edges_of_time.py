"""Times at the edges of the calendar, of offsets and of zones: an answer or a problem, never a failure."""

from __future__ import annotations

import asyncio
import re
from datetime import date, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api.http.services import Services
from tests.api.conftest import YEAR, Person, person
from tests.api.everything import READS, given_everything
from tests.api.operations import Read, places, reads_by_time, replaced, writes

pytestmark = pytest.mark.usefixtures("projector")

NEEDED = READS | {"/v1/alignment": f"?cycle={YEAR}"}
"""The parameters without which a path says little."""

DAYS = ["0001-01-01", "0001-01-02", "1582-10-10", "1899-12-31", "1970-01-01", "2024-02-29", "9999-12-30"]
DAYS += ["9999-12-31", "0000-01-01", "2026-W01-1", "20260331", "10000-01-01", "-001-01-01", "0", "1e99"]
INSTANTS = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "0001-01-01T00:00:00-23:59",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59.999999-23:59",
    "9999-12-31T23:59:59.999999+23:59",
    "2026-03-08T02:30:00-08:00",
    "2026-03-31T24:00:00Z",
    "2026-06-30T23:59:60Z",
    "2026-03-31T00:00:00+24:00",
    "2026-03-31T00:00:00+00:00:00.000001",
]
EDGES = DAYS + INSTANTS

offsets = st.integers(-24 * 60 + 1, 24 * 60 - 1).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = (
    st.sampled_from(EDGES)
    | st.dates().map(date.isoformat)
    | st.datetimes(timezones=offsets).map(datetime.isoformat)
)


async def test_a_time_at_an_edge_is_answered_or_told(anna: Person, services: Services) -> None:
    """Every time parameter with every edge, and several at once, with a zone on each side of UTC."""
    ids = await given_everything(anna)
    root = await person(anna.http, services, "root", "admin")
    root.position = anna.position
    etag = await root.etag("/v1/workspace")
    await root.created(
        "/v1/workspace/zone", {"zone": "America/Los_Angeles", "effective_from": "2099-01-01"}, If_Match=etag
    )
    reads = reads_by_time()
    assert {"/v1/audit", "/v1/readings", "/v1/kpis/{kpi}/trend"} <= {read.path for read in reads}

    async def ask(read: Read, asked: dict[str, str]) -> None:
        query = f"{NEEDED.get(read.path, '?')}&{urlencode(asked)}"
        caller = anna if read.path.startswith("/v1/feedback") else root
        answer = await caller.get(read.path.format(**ids) + query)
        where = (read.path, asked, answer.text)
        assert answer.status_code in (200, 404, 422), where
        if answer.status_code != 200:
            assert answer.headers["content-type"] == "application/problem+json", where

    for read in reads:
        for name in read.times:
            for edge in EDGES:
                await ask(read, {name: edge})

    loop = asyncio.get_running_loop()

    @settings(max_examples=200)
    @given(st.sampled_from(reads), st.data())
    def each(read: Read, data: st.DataObject) -> None:
        asked = data.draw(st.dictionaries(st.sampled_from(read.times), times, min_size=1))
        asyncio.run_coroutine_threadsafe(ask(read, asked), loop).result(60)

    await asyncio.to_thread(each)


async def test_a_time_at_an_edge_in_a_body_is_taken_or_told(anna: Person, services: Services) -> None:
    """Every field of every body that holds a day or a time."""
    ids = await given_everything(anna)
    root = await person(anna.http, services, "root", "admin")
    asked = taken = 0
    for write in writes():
        path = write.template.format(**{"token_id": "x", **ids})
        for place in places(write.example):
            if write.media_type != "application/json" or not is_time(write.example, place):
                continue
            for edge in EDGES:
                body = replaced(write.example, place, edge)
                thing = await root.get("/".join(path.split("/")[:4]))
                headers = {"If-Match": thing.headers["ETag"]} if "ETag" in thing.headers else {}
                answer = await root.send(write.method, path, body, headers)
                where = (path, place, edge, answer.text)
                assert answer.status_code < 500, where
                taken += answer.status_code < 300
                asked += 1
    assert asked > 10 * len(EDGES)
    assert taken


def is_time(document: Any, place: tuple[str | int, ...]) -> bool:
    """Whether a day or a time stands at a place."""
    for key in place:
        document = document[key]
    return isinstance(document, str) and re.match(r"\d{4}-\d\d-\d\d", document) is not None
