"""Texts that are odd but JSON: half characters, NULs, escapes; as names and as values, at every place."""

from __future__ import annotations

import asyncio
import json
from itertools import cycle
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api.http.services import Services
from tests.api.conftest import Person, person
from tests.api.given_readings import erp, item, send
from tests.api.operations import Write, places, replaced, writes

__all__ = ["erp"]  # a fixture

NDJSON = "application/x-ndjson"
EVENTS = "application/cloudevents-batch+json"
MARK = "the odd text stands here"
HALVES = [r"\ud800", r"a\udfffb", r"\uDC00\uD800", r"\ud83d\ud83d\ude00", r"\\\ud800"]
WHOLE = [r"\ud83d\ude00", r"\\ud800", r"\/", "~", r"\"", "\x7f", "x" * 300]
"""Such as are texts, though perhaps not where they stand."""


def written(members: list[tuple[str, str]]) -> str:
    """An object, whose names may stand twice."""
    return "{" + ",".join(f'"{name}":{value}' for name, value in members) + "}"


pieces = st.sampled_from([*HALVES, *WHOLE, r"\u0000", r"\n", "a", "가", " "])
odd = st.lists(pieces, max_size=4).map("".join)
names = st.sampled_from([*item("x"), "dimensions", "source_version", "data", "id"]) | odd
values = st.recursive(
    odd.map(lambda text: f'"{text}"') | st.sampled_from(["null", "true", "1", "1.5", '"1"', '"sales"']),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda some: f"[{','.join(some)}]")
        | st.lists(st.tuples(names, inner), max_size=3).map(written)
    ),
    max_leaves=6,
)


def holds_half(text: str) -> bool:
    """Whether a JSON text has half of a character, as Python's own parser reads it."""
    whole = json.dumps(json.loads(text, object_pairs_hook=list), ensure_ascii=False)
    return any("\ud800" <= character <= "\udfff" for character in whole)


@pytest.mark.usefixtures("projector")
@pytest.mark.parametrize("media_type", ["application/json", NDJSON, EVENTS])
async def test_an_odd_item_never_keeps_its_neighbours_from_their_receipts(
    erp: Person, media_type: str
) -> None:
    """A receipt for each, whatever stands between two good ones; half a character is rejected as such."""

    def good(id_: str) -> str:
        one = item(id_)
        if media_type == EVENTS:
            event = {"specversion": "1.0", "id": id_, "source": "/s", "type": "t", "time": one["observed_at"]}
            one = event | {"data": {"kpi": one["kpi"], "value": one["value"]}}
        return orjson.dumps(one).decode()

    async def between(middle: str) -> None:
        items = [good("first"), middle, good("last")]
        body = "\n".join(items) if media_type == NDJSON else f"[{','.join(items)}]"
        answer = await send(erp, body.encode(), media_type)
        assert answer.status_code == 200, answer.text
        lines = [orjson.loads(line) for line in answer.content.splitlines()]
        receipts = lines[:-1] if media_type == NDJSON else lines[0]["receipts"]
        assert [receipt["index"] for receipt in receipts] == [0, 1, 2]
        assert {receipts[0]["status"], receipts[2]["status"]} <= {"accepted", "duplicate"}
        assert (receipts[1].get("code") == "lone_surrogate") == holds_half(middle)

    loop = asyncio.get_running_loop()

    @settings(max_examples=150)
    @given(st.lists(st.tuples(names, values), max_size=4).map(written) | values)
    def each(middle: str) -> None:
        asyncio.run_coroutine_threadsafe(between(middle), loop).result(60)

    await asyncio.to_thread(each)
    for half in HALVES:
        for middle in (f'{{"{half}":1,"{half}":2}}', f'{{"kpi":"{half}"}}', f'"{half}"'):
            await between(middle)


async def test_an_odd_text_is_told_so_at_every_place(http: httpx.AsyncClient, services: Services) -> None:
    """In every body: 400 for what is no text, and never 500."""
    root = await person(http, services, "root", "admin")

    async def ask(write: Write, body: bytes, text: str) -> Any:
        content = body.replace(MARK.encode(), text.encode())
        headers = {**root.headers, "Content-Type": write.media_type, "If-Match": '"1"'}
        return await http.request(write.method, write.path, content=content, headers=headers)

    halves, wholes = cycle(HALVES), cycle(WHOLE)
    for write in writes():
        if write.path == "/v1/readings":
            continue
        example = {**write.example, "surplus": [{}]}
        bodies = [orjson.dumps(replaced(example, place, MARK)) for place in places(example)]
        bodies += [orjson.dumps(replaced(example, place, {MARK: 1})) for place in places(example)]
        for body in [*bodies, orjson.dumps({**write.example, MARK: 1})]:
            answer = await ask(write, body, next(halves))
            assert (answer.status_code, answer.json()["code"]) == (400, "lone_surrogate"), (write, body)
            answer = await ask(write, body, r"\u0000")
            assert (answer.status_code, answer.json()["code"]) == (400, "nul_character"), (write, body)
            answer = await ask(write, body, text := next(wholes))
            assert answer.status_code < 500, (write, body, text, answer.text)
