"""The ways in which readings are written: a JSON array, NDJSON, or a batch of CloudEvents.

All give chunks of parsed items with exact numbers. In NDJSON and CloudEvents an item that can't be read is a
Rejected in its place; a JSON array that is no JSON can't be taken apart, so nothing of it is taken.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable
from decimal import Decimal
from typing import Any, Literal

from events.json_input import (
    LONGEST_NUMBER,
    NumberTooLong,
    TooComplex,
    check_shape,
    fraction,
    has_lone_surrogate,
    integer,
    twice,
)
from events.text import Text
from services.intake.items import CHUNK, TEXT_LENGTH
from services.intake.rejections import Rejected
from services.intake.turns import Turns

MAX_ITEMS = 100_000
"""Items of one request."""

ITEM_BYTES = 64 * 1024
"""Bytes of one item."""
ITEM_VALUES = 64
"""Values of one item; the largest that is a reading has some twenty, as a CloudEvent some thirty."""
ITEM_DEPTH = 8
"""Objects and lists in one another."""
PIECE = 16 * 1024
"""Bytes of a body that are read in one go."""

_BOM = b"\xef\xbb\xbf"


class TooManyItems(Exception):
    """More than MAX_ITEMS."""


class Unreadable(Exception):
    """A document that is not what it says it is; nothing of it was taken."""

    def __init__(self, code: str, en: str, ko: str) -> None:
        super().__init__(en)
        self.code = code
        self.text = Text(ko, en)


async def ndjson(stream: AsyncIterable[bytes]) -> AsyncIterator[list[Any]]:
    """Chunks of items, one a line; empty lines don't count. Raises TooManyItems."""
    items: list[Any] = []
    total = 0
    turns = Turns()
    async for line in _lines(stream):
        items.append(parse_item(line))
        await turns.give()
        if len(items) == CHUNK:
            total += CHUNK
            if total > MAX_ITEMS:
                raise TooManyItems
            yield items
            items = []
    if total + len(items) > MAX_ITEMS:
        raise TooManyItems
    if items:
        yield items


async def _lines(stream: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield the lines that are not empty. Of one that is too long only so much that it is seen to be."""
    rest = b""
    first = True
    async for data in _pieces(stream):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            if first:
                line = line.removeprefix(_BOM)
                first = False
            if line and not line.isspace():
                yield line
        if len(rest) > ITEM_BYTES + len(_BOM):
            rest = rest[: ITEM_BYTES + len(_BOM) + 1]
    if first:
        rest = rest.removeprefix(_BOM)
    if rest and not rest.isspace():
        yield rest


async def array(stream: AsyncIterable[bytes]) -> AsyncIterator[list[Any]]:
    """Chunks of items of a JSON array, once all of it was read. Raises TooManyItems, Unreadable."""
    reader = _ArrayReader()
    async for piece in _pieces(stream):
        reader.feed(piece)
        await asyncio.sleep(0)
    reader.end()
    turns = Turns()
    items: list[Any] = []
    for found in reader.items:
        items.append(_parse_or_reject(found) if isinstance(found, str) else found)
        await turns.give()
        if len(items) == CHUNK:
            yield items
            items = []
    if items:
        yield items


async def _pieces(stream: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield what comes in, in pieces that are read in a few milliseconds."""
    async for data in stream:
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]


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


def parse_item(line: bytes) -> Any:
    """Return the item that somebody sent, or why there is none: also because it costs more than an item
    may.
    """
    if len(line) > ITEM_BYTES:
        return _too_large()
    return parse_line(line, limited=True)


def parse_line(line: bytes, *, limited: bool = False) -> Any:
    """Return the record of one line, or why there is none; `limited` to the shape of an item, if it is
    one.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        return Rejected("not_utf8", byte=error.start + 1)
    return _parse_or_reject(text.strip(), limited=limited)


def _parse_or_reject(text: str, *, limited: bool = True) -> Any:
    try:
        if limited:
            check_shape(text, values=ITEM_VALUES, depth=ITEM_DEPTH)
        return _parse(text)
    except TooComplex:
        return _too_complex()
    except (json.JSONDecodeError, RecursionError) as error:
        return Rejected("malformed", why=_why(error))


def _too_complex() -> Rejected:
    return Rejected("item_too_complex", values=ITEM_VALUES, depth=ITEM_DEPTH)


def _too_large() -> Rejected:
    return Rejected("item_too_large", most=ITEM_BYTES // 1024)


def from_cloudevent(raw: Any) -> Any:
    """Return the item that a CloudEvent stands for: its id is the source id, its time when it was
    observed.
    """
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
    return Rejected("lone_surrogate") if has_lone_surrogate(text) else value


class _ArrayReader:
    """Takes a JSON array apart while it comes in.

    Of each item the text is kept, not what it was parsed to: that would be ten times as large, and all are
    there before the first one is taken. An item that is too large is not kept at all.
    """

    def __init__(self) -> None:
        self.items: list[str | Rejected] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._bytes = 0
        """Fed to the decoder."""
        self._text = ""
        self._at = 0
        """Up to where the text was read."""
        self._before = 0
        """Characters before the text."""
        self._expected: Literal["array", "item or end", "item", "comma or end", "nothing"] = "array"
        self._skipping: _Skipping | None = None

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """Read a piece. Raises Unreadable, TooManyItems."""
        held = len(self._decoder.getstate()[0])
        try:
            decoded = self._decoder.decode(data, last)
        except UnicodeDecodeError as error:
            place = self._bytes - held + error.start + 1
            raise Unreadable(
                "not_utf8",
                f"The body is not UTF-8 at byte {place}.",
                f"본문이 UTF-8이 아닙니다({place}번째 바이트).",
            ) from None
        self._bytes += len(data)
        if not self._before and not self._text:
            decoded = decoded.removeprefix("\ufeff")
        self._before += self._at
        self._text = self._text[self._at :] + decoded
        self._at = 0
        while self._step(last):
            pass

    def end(self) -> None:
        """Tell that all was fed. Raises Unreadable, TooManyItems."""
        self.feed(b"", last=True)
        if self._expected == "array":
            raise _not_an_array()
        if self._expected != "nothing":
            expected = "',' or ']'" if self._expected == "comma or end" else "an item"
            raise self._not_json(f"it ends where {expected} is expected")

    def _step(self, last: bool) -> bool:
        """Read one thing; False once nothing more can be read before more is there."""
        if self._skipping is not None:
            self._at, over = self._skipping.on(self._text, self._at)
            if over:
                self._skipping = None
                self._add(_too_large())
            return over
        self._at = _end_of_space(self._text, self._at)
        if self._at == len(self._text):
            return False
        sign = self._text[self._at]
        match self._expected:
            case "array":
                if sign != "[":
                    raise _not_an_array()
                self._at += 1
                self._expected = "item or end"
            case "item or end" | "comma or end" if sign == "]":
                self._at += 1
                self._expected = "nothing"
            case "comma or end":
                if sign != ",":
                    raise self._not_json("',' or ']' is expected")
                self._at += 1
                self._expected = "item"
            case "nothing":
                raise self._not_json("there is something behind its end")
            case _:
                return self._item(last)
        return True

    def _item(self, last: bool) -> bool:
        text, start = self._text, self._at
        why = "an item is expected"
        end = None
        too_deep = False
        try:
            _value, end = _scan(text, start)
        except StopIteration:
            pass
        except json.JSONDecodeError as error:
            why = error.msg
        except RecursionError:
            too_deep = True
        if end is not None and (end < len(text) or last):  # 12 may go on as 123
            whole = text[start:end]
            large = len(whole) * 4 > ITEM_BYTES and len(whole.encode(errors="replace")) > ITEM_BYTES
            self._at = end
            self._add(_too_large() if large else whole)
            return True
        if len(text) - start <= ITEM_BYTES and not (last or too_deep):
            return False
        skipping = _Skipping(text[start])
        end, over = skipping.on(text, start)
        small = end - start <= ITEM_BYTES
        if small and not over and not last:
            return False
        if (last and not over) or (small and not too_deep):
            raise self._not_json(why)
        self._at = end
        if over:
            self._add(_too_complex() if small else _too_large())
        else:
            self._skipping = skipping
        return over

    def _add(self, item: str | Rejected) -> None:
        self.items.append(item)
        self._expected = "comma or end"
        if len(self.items) > MAX_ITEMS:
            raise TooManyItems

    def _not_json(self, why: str) -> Unreadable:
        place = self._before + self._at + 1
        return Unreadable(
            "invalid_json",
            f"The body is not JSON: {why} at character {place}.",
            f"본문이 JSON이 아닙니다({place}번째 글자): {why}.",
        )


class _Skipping:
    """Finds the end of a JSON value without keeping it."""

    def __init__(self, first: str) -> None:
        self._scalar = first not in '[{"'
        self._in_text = False
        self._depth = 0

    def on(self, text: str, at: int) -> tuple[int, bool]:
        """Return how far the text was read from a place on, and whether the value is over there."""
        if self._scalar:
            # Both patterns fit everywhere: they may match nothing.
            at = _scalar(text, at).end()  # type: ignore[union-attr]
            return at, at < len(text)
        while at < len(text):
            if self._in_text:
                at = _rest_of_text(text, at).end()  # type: ignore[union-attr]
                if at == len(text) or text[at] == "\\":
                    return at, False
                at += 1
                self._in_text = False
            else:
                found = _sign(text, at)
                if found is None:
                    return len(text), False
                at = found.end()
                self._in_text = found[0] == '"'
                self._depth += 1 if found[0] in "[{" else -1 if found[0] in "]}" else 0
            if self._depth <= 0 and not self._in_text:
                return at, True
        return at, False


_scalar = re.compile(r"[^],}\s]*").match
_rest_of_text = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL).match
_sign = re.compile(r'["[\]{}]').search


def _not_an_array() -> Unreadable:
    return Unreadable("not_an_array", "Send a JSON array of items.", "항목의 JSON 배열을 보내십시오.")


def _end_of_space(text: str, at: int) -> int:
    found = _space(text, at)
    assert found is not None
    return found.end()


def _why(error: json.JSONDecodeError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    line = f"line {error.lineno}, " if error.lineno > 1 else ""  # of many lines each is read by itself
    return f"{error.msg} at {line}column {error.colno}"
