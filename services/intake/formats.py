"""The ways in which readings are written: a JSON array, NDJSON, or a batch of CloudEvents.

All give chunks of parsed items with exact numbers. In NDJSON and CloudEvents an item that can't be read is a
Rejected in its place; a JSON array that is no JSON can't be taken apart, so nothing of it is taken.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable
from decimal import Decimal
from typing import Any

from events.json_input import LONGEST_NUMBER, NumberTooLong, fraction, has_lone_surrogate, integer, twice
from services.intake.items import CHUNK, TEXT_LENGTH
from services.intake.rejections import Rejected

MAX_ITEMS = 100_000
"""Items of one request."""

_BOM = b"\xef\xbb\xbf"


class TooManyItems(Exception):
    """More than MAX_ITEMS."""


class Unreadable(Exception):
    """A document that is not what it says it is; nothing of it was taken."""

    def __init__(self, code: str, en: str, ko: str) -> None:
        super().__init__(en)
        self.code = code
        self.en = en
        self.ko = ko


async def ndjson(stream: AsyncIterable[bytes]) -> AsyncIterator[list[Any]]:
    """Chunks of items, one a line; empty lines don't count. Raises TooManyItems."""
    lines: list[bytes] = []
    rest = bytearray()
    items = 0
    first = True
    async for data in stream:
        if b"\n" not in data:
            rest += data
            continue
        rest += data
        if first:
            first = False
            if rest.startswith(_BOM):
                del rest[: len(_BOM)]
        *whole, last = bytes(rest).split(b"\n")
        lines += [line for line in whole if line and not line.isspace()]
        rest = bytearray(last)
        while len(lines) >= CHUNK:
            items += CHUNK
            if items > MAX_ITEMS:
                raise TooManyItems
            yield [parse_line(line) for line in lines[:CHUNK]]
            del lines[:CHUNK]
    end = bytes(rest).removeprefix(_BOM) if first else bytes(rest)
    if end and not end.isspace():
        lines.append(end)
    if items + len(lines) > MAX_ITEMS:
        raise TooManyItems
    for start in range(0, len(lines), CHUNK):
        yield [parse_line(line) for line in lines[start : start + CHUNK]]


async def array(stream: AsyncIterable[bytes]) -> AsyncIterator[list[Any]]:
    """Chunks of items of a JSON array, once all of it was read. Raises TooManyItems, Unreadable."""
    body = b"".join([data async for data in stream])
    chunks = await _parse_array(body)
    del body
    for chunk in chunks:
        yield chunk


async def cloudevents(stream: AsyncIterable[bytes]) -> AsyncIterator[list[Any]]:
    """Chunks of items of a CloudEvents batch. Raises TooManyItems, Unreadable."""
    async for chunk in array(stream):
        yield [from_cloudevent(raw) for raw in chunk]


FORMATS: dict[str, Callable[[AsyncIterable[bytes]], AsyncIterator[list[Any]]]] = {
    "application/json": array,
    "application/x-ndjson": ndjson,
    "application/cloudevents-batch+json": cloudevents,
}
"""By media type."""


def parse_line(line: bytes) -> Any:
    """The item of one line, or why there is none."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        return Rejected("not_utf8", byte=error.start + 1)
    try:
        return _parse(text.strip())
    except (json.JSONDecodeError, RecursionError) as error:
        return Rejected("malformed", why=_why(error))


def from_cloudevent(raw: Any) -> Any:
    """The item that a CloudEvent stands for: its id is the source id, its time when it was observed."""
    if isinstance(raw, Rejected):
        return raw
    if not isinstance(raw, dict):
        return Rejected("not_an_object")
    data = raw.get("data")
    if isinstance(data, Rejected):
        return data
    if raw.get("specversion") != "1.0":
        return Rejected("not_a_cloudevent", "specversion", why="specversion must be 1.0")
    if not isinstance(data, dict):
        return Rejected("not_a_cloudevent", "data", why="there is no data")
    item = {"source_id": raw.get("id"), **data}
    if "observed_at" not in item and "period" not in item and "time" in raw:
        item["observed_at"] = raw["time"]
    return item


_TOO_LARGE: int = 10**LONGEST_NUMBER
_TOO_FINE = Decimal(10) ** -LONGEST_NUMBER
"""What stands for numbers that are not read: as much out of the range of any field, so that the item is
rejected by itself and told which field it is."""


def _integer(written: str) -> int:
    try:
        return integer(written)
    except NumberTooLong:
        return _TOO_LARGE


def _fraction(written: str) -> int | Decimal:
    try:
        return fraction(written)
    except NumberTooLong:
        return _TOO_LARGE if abs(float(written)) >= 1 else _TOO_FINE


Scan = Callable[[str, int], tuple[Any, int]]
"""The JSON value at a place, and its end. Raises JSONDecodeError, RecursionError, StopIteration."""


def _object(members: list[tuple[str, Any]]) -> dict[str, Any] | Rejected:
    """Nobody can say which of two members of one name is meant; the items beside it are taken."""
    found = dict(members)
    return found if len(found) == len(members) else Rejected("named_twice", twice(members)[:TEXT_LENGTH])


def _scanner() -> Scan:
    decoder: Any = json.JSONDecoder(
        parse_int=_integer, parse_float=_fraction, parse_constant=Decimal, object_pairs_hook=_object
    )
    scan: Scan = decoder.scan_once
    return scan


_scan = _scanner()
_space = re.compile(r"[ \t\n\r]*").match


def _parse(text: str) -> Any:
    """One JSON value. Raises JSONDecodeError, RecursionError."""
    try:
        value, end = _scan(text, 0)
    except StopIteration as stop:
        raise json.JSONDecodeError("Expecting value", text, stop.value) from None
    if end != len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return _storable(value, text, 0, end)


def _storable(value: Any, text: str, start: int, end: int) -> Any:
    """Return the value that stands there in a text; Rejected if something in it is half a character."""
    if text.find("\\u", start, end) >= 0 and has_lone_surrogate(text[start:end]):
        return Rejected("lone_surrogate")
    return value


async def _parse_array(body: bytes) -> list[list[Any]]:
    """All chunks of an array; other tasks get their turn between them."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(
            "not_utf8",
            f"The body is not UTF-8 at byte {error.start + 1}.",
            f"본문이 UTF-8이 아닙니다({error.start + 1}번째 바이트).",
        ) from None
    chunks: list[list[Any]] = []
    chunk: list[Any] = []
    try:
        at = _end_of_space(text, 0)
        if text[at : at + 1] != "[":
            raise Unreadable("not_an_array", "Send a JSON array of items.", "항목의 JSON 배열을 보내십시오.")
        at = _end_of_space(text, at + 1)
        more = text[at : at + 1] != "]"
        while more:
            start = at
            value, at = _scan(text, start)
            chunk.append(_storable(value, text, start, at))
            if len(chunk) == CHUNK:
                chunks.append(chunk)
                if len(chunks) * CHUNK > MAX_ITEMS:
                    raise TooManyItems
                chunk = []
                await asyncio.sleep(0)
            at = _end_of_space(text, at)
            more = text[at : at + 1] == ","
            if more:
                at = _end_of_space(text, at + 1)
            elif text[at : at + 1] != "]":
                raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
        if _end_of_space(text, at + 1) != len(text):
            raise json.JSONDecodeError("Extra data", text, at + 1)
    except StopIteration as stop:
        raise _not_json(json.JSONDecodeError("Expecting value", text, stop.value)) from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise _not_json(error) from None
    if chunk:
        chunks.append(chunk)
    if sum(map(len, chunks)) > MAX_ITEMS:
        raise TooManyItems
    return chunks


def _end_of_space(text: str, at: int) -> int:
    found = _space(text, at)
    assert found is not None
    return found.end()


def _not_json(error: json.JSONDecodeError | RecursionError) -> Unreadable:
    why = _why(error)
    return Unreadable("invalid_json", f"The body is not JSON: {why}.", f"본문이 JSON이 아닙니다: {why}.")


def _why(error: json.JSONDecodeError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    line = f"line {error.lineno}, " if error.lineno > 1 else ""  # of many lines each is read by itself
    return f"{error.msg} at {line}column {error.colno}"
