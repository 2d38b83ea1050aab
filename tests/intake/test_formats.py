"""Arrays and lines taken apart as they come in, however they are cut; limits of an item before it costs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from decimal import Decimal
from types import FrameType
from typing import Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.intake.formats import ITEM_BYTES, ITEM_DEPTH, ITEM_VALUES, Unreadable, array, ndjson
from services.intake.rejections import Rejected

values = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
cuts = st.lists(st.integers(0, 400), max_size=8)
blanks = st.sampled_from(["", " ", "\n\t", "  \r\n"])


async def cut(content: bytes, places: list[int]) -> AsyncIterator[bytes]:
    """A body that comes in pieces."""
    ends = sorted({*places, len(content)})
    for start, end in zip([0, *ends], ends, strict=False):
        yield content[start:end]


async def taken(reader: Any, content: bytes, places: list[int]) -> list[Any]:
    """All items, one that is rejected by its code."""
    chunks = [chunk async for chunk in reader(cut(content, places))]
    return [item.code if isinstance(item, Rejected) else item for chunk in chunks for item in chunk]


@given(st.lists(values, max_size=6), cuts, blanks, st.booleans(), st.booleans())
async def test_an_array_is_what_pythons_parser_says(
    items: list[Any], places: list[int], blank: str, ascii_: bool, bom: bool
) -> None:
    """However it is cut, spaced and escaped."""
    texts = [json.dumps(item, ensure_ascii=ascii_) for item in items]
    content = blank + "[" + blank + f"{blank},{blank}".join(texts) + blank + "]" + blank
    body = (("\ufeff" if bom else "") + content).encode()
    assert await taken(array, body, places) == json.loads(content, parse_float=Decimal)


@given(st.lists(values, max_size=6), cuts, st.sampled_from(["\n", "\r\n", "\n\n"]), st.booleans())
async def test_lines_are_what_pythons_parser_says(
    items: list[Any], places: list[int], end: str, bom: bool
) -> None:
    """However they are cut and ended."""
    content = end.join(json.dumps(item) for item in items)
    body = (("\ufeff" if bom else "") + content).encode()
    assert await taken(ndjson, body, places) == items


@given(st.text(alphabet='[]{}",:\\ 1ntu\n', max_size=30), cuts)
async def test_what_is_no_array_is_refused_and_nothing_else(text: str, places: list[int]) -> None:
    """As Python's own parser decides; but for a name that stands twice, which rejects its item, and for what
    is nested so deep that its item is rejected unread."""
    assume(
        "[" * ITEM_DEPTH not in text.translate({ord(sign): None for sign in '",:\\ 1ntu\n'}).replace("{", "[")
    )
    try:
        expected = json.loads(text)
    except ValueError:
        expected = None
    if isinstance(expected, list):
        assert len(await taken(array, text.encode(), places)) == len(expected)
    else:
        with pytest.raises(Unreadable):
            await taken(array, text.encode(), places)


GOOD = {"kpi": "sales"}
DEEP: Any = json.loads("[" * (ITEM_DEPTH + 1) + "]" * (ITEM_DEPTH + 1))
TOO_MUCH = [
    (b'{"kpi":"' + b"x" * ITEM_BYTES + b'"}', "item_too_large"),
    ('"' + "가" * (ITEM_BYTES // 3) + '"', "item_too_large"),
    (b'{"kpi":[' + b"{}," * 50_000 + b"{}]}", "item_too_large"),
    (b"[" * 100_000 + b"]" * 100_000, "item_too_large"),
    (b"9" * 1_000_000, "item_too_large"),
    (b'{"a":"' + b'\\"]},' * 50_000 + b'\\\\"}', "item_too_large"),
    (b'{"kpi":[' + b"{}," * ITEM_VALUES + b"{}]}", "item_too_complex"),
    (orjson.dumps({str(n): 0 for n in range(ITEM_VALUES + 1)}), "item_too_complex"),
    (orjson.dumps(DEEP), "item_too_complex"),
    (b"[" * 30_000 + b"]" * 30_000, "item_too_complex"),
]


@pytest.mark.parametrize("reader", [array, ndjson])
@pytest.mark.parametrize(("much", "code"), TOO_MUCH, ids=lambda value: str(value)[:20])
async def test_an_item_that_costs_too_much_is_rejected_by_itself(
    reader: Any, much: bytes | str, code: str
) -> None:
    """Its neighbours are taken, however the body is cut."""
    good = orjson.dumps(GOOD)
    item = much.encode() if isinstance(much, str) else much
    body = b"\n".join([good, item, good]) if reader is ndjson else b"[" + b",".join([good, item, good]) + b"]"
    for places in ([], [5, 20, 70_000], list(range(0, len(body), 777))):
        found = await taken(reader, body, places)
        assert found == [GOOD, code, GOOD]


def filled(start: bytes, repeated: bytes, end: bytes, size: int = 1_000_000) -> bytes:
    """A body of about `size` bytes."""
    return start + repeated * ((size - len(start) - len(end)) // len(repeated)) + end


def members(size: int) -> bytes:
    """An object of many short members."""
    return b"{" + b",".join(b'"%x":0' % number for number in range(size // 8)) + b"}"


DEEPER = b"[" * (ITEM_DEPTH + 1) + b"1" + b"]" * (ITEM_DEPTH + 1)
HOSTILE = {
    "an item of objects": filled(b'[{"kpi":[', b"{},", b"{}]}]"),
    "an item of texts": filled(b'[{"kpi":[', b'"",', b'""]}]'),
    "an item of brackets in texts": filled(b"[[", b'"]{",', b"1]]"),
    "an item of numbers": filled(b"[[", b"1,", b"1]]"),
    "an item of hills": filled(b"[[", b"[" * 100 + b"]" * 100 + b",", b"1]]"),
    "a text of quotes": filled(b'["', b'\\"', b'"]'),
    "brackets": filled(b"", b"[", b""),
    "items of 60 KB": filled(b"[", members(60_000) + b",", b"1]"),
    "items of 60 KB and too deep": filled(b"[", b"[" + b",".join([DEEPER] * 3000) + b"],", b"1]"),
    "items that are just too large": filled(b"[", b"[" + b"[]," * (ITEM_BYTES // 3) + b"1],", b"1]"),
    "items of 2 KB": filled(b"[", members(2_000) + b",", b"1]"),
    "items of 2 KB and too deep": filled(b"[", b"[" + b",".join([DEEPER] * 100) + b"],", b"1]"),
}
CALLS_PER_KILOBYTE = 200
"""There are more for readings: what is refused costs less than what is taken."""


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_refused_costs_little_before_it_is(name: str) -> None:
    """Counted are the calls that the interpreter makes, also of functions in C: no clock has a say."""
    body = HOSTILE[name]
    calls = calls_while_reading(body)
    assert calls < CALLS_PER_KILOBYTE * len(body) / 1024
    good = b'{"kpi":"sales","source_id":"a","observed_at":"2026-01-01T00:00:00Z","value":"1.5"},'
    assert calls < calls_while_reading(filled(b"[", good, b"1]"))


@pytest.mark.parametrize("beyond", [1, 2, 8, 16])
@pytest.mark.parametrize(
    "before", [b"", b'"kpi":"sales","source_id":"a","observed_at":"2026-01-01T00:00:00Z",']
)
def test_an_item_that_is_too_deep_costs_little_more_than_the_deepest_one(before: bytes, beyond: int) -> None:
    """Its end is found in one window of the text, though the pattern of whole items does not fit."""

    def calls(depth: int) -> int:
        item = b"{%b" % before + b'"value":' + b"[" * (depth - 1) + b"1" + b"]" * (depth - 1) + b"}"
        return calls_while_reading(b"[" + b",".join([item] * 1000) + b"]")

    assert calls(ITEM_DEPTH + beyond) < 1.4 * calls(ITEM_DEPTH)


def calls_while_reading(body: bytes) -> int:
    """How many functions are called while a body is taken apart that comes in pieces of 64 KiB."""
    calls = 0

    def count(_frame: FrameType, event: str, _function: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    async def read() -> None:
        with suppress(Unreadable):
            async for _items in array(cut(body, list(range(0, len(body), 65_536)))):
                pass

    loop = asyncio.new_event_loop()
    sys.setprofile(count)
    try:
        loop.run_until_complete(read())
    finally:
        sys.setprofile(None)
        loop.close()
    return calls


async def test_as_much_as_an_item_may_have() -> None:
    """Is read."""
    text = "x" * (ITEM_BYTES - len('{"a":""}'))
    large = {"a": text}
    many = {str(n): 0 for n in range(ITEM_VALUES - 1)}
    commas = {"a": ",[{" * 1000}
    body = orjson.dumps([large, many, commas])
    assert await taken(array, body, []) == [large, many, commas]
