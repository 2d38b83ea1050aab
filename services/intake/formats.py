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
from itertools import accumulate, islice
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
        items.append(_parse_or_reject(found, limited=False) if isinstance(found, str) else found)
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
    there before the first one is taken. Where an item ends is seen without parsing it, and each character is
    looked at once, so that what costs more than an item may is never parsed, nor kept if it is too large.
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
        self._unfinished: _Unfinished | None = None

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
        while self._step():
            pass

    def end(self) -> None:
        """Tell that all was fed. Raises Unreadable, TooManyItems."""
        self.feed(b"", last=True)
        if self._expected == "array":
            raise _not_an_array()
        if self._expected != "nothing":
            expected = "',' or ']'" if self._expected == "comma or end" else "an item"
            raise self._not_json(f"it ends where {expected} is expected")

    def _step(self) -> bool:
        """Read one thing; False once nothing more can be read before more is there."""
        if self._unfinished is not None:
            return self._go_on(self._unfinished)
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
                return self._item(sign)
        return True

    def _item(self, sign: str) -> bool:
        """Read an item; False if all of it is not there yet."""
        if sign in ",]}:":
            raise self._not_json("an item is expected")
        found = _whole_item(self._text, self._at)
        if found is None:
            self._unfinished = _Unfinished(sign)
            self._at += 1
            return self._go_on(self._unfinished)
        self._take(found[0])
        self._at = found.end()
        return True

    def _go_on(self, unfinished: _Unfinished) -> bool:
        """Read more of an item; False if that is not yet all of it."""
        self._at, over = unfinished.read(self._text, self._at)
        if over:
            self._unfinished = None
            self._take(unfinished.text)
        return over

    def _take(self, whole: str | None) -> None:
        """Keep the text of an item; None is one that is too large. Raises Unreadable, TooManyItems."""
        self.items.append(_too_large() if whole is None else self._judge(whole))
        self._expected = "comma or end"
        if len(self.items) > MAX_ITEMS:
            raise TooManyItems

    def _judge(self, whole: str) -> str | Rejected:
        if len(whole) * 4 > ITEM_BYTES and len(whole.encode()) > ITEM_BYTES:
            return _too_large()
        try:
            check_shape(whole, values=ITEM_VALUES, depth=ITEM_DEPTH)
            _value, end = _scan(whole, 0)
        except TooComplex:
            return _too_complex()
        except StopIteration:
            raise self._not_json("an item is expected") from None
        except json.JSONDecodeError as error:
            raise self._not_json(error.msg) from None
        if end != len(whole):
            raise self._not_json("',' or ']' is expected")
        return whole

    def _not_json(self, why: str) -> Unreadable:
        place = self._before + self._at + 1
        return Unreadable(
            "invalid_json",
            f"The body is not JSON: {why} at character {place}.",
            f"본문이 JSON이 아닙니다({place}번째 글자): {why}.",
        )


class _Unfinished:
    """Finds the end of a JSON value whose first sign was read, and keeps its text if it may be an item.

    It looks at windows of the text, each in a few calls, however many brackets it has: Python's own steps
    are what costs. They grow, so that what lies behind a short value costs little, and shrink where the value
    ends.
    """

    def __init__(self, first: str) -> None:
        self._scalar = first not in '[{"'
        self._in_text = first == '"'
        self._depth = 1 if first in "[{" else 0
        self._window = _SMALLEST
        self._kept = [first]
        self._size = 1

    @property
    def text(self) -> str | None:
        """Return what was read; None if that is more than an item may have."""
        return "".join(self._kept) if self._size <= ITEM_BYTES else None

    def read(self, text: str, at: int) -> tuple[int, bool]:
        """Return how far the text was read from a place on, and whether the value is over there."""
        end, over = self._end(text, at)
        self._size += end - at
        if self._size <= ITEM_BYTES:
            self._kept.append(text[at:end])
        return end, over

    def _end(self, text: str, at: int) -> tuple[int, bool]:
        if self._scalar:
            # Both patterns fit everywhere: they may match nothing.
            at = _scalar(text, at).end()  # type: ignore[union-attr]
            return at, at < len(text)
        over = False
        while at < len(text) and not over:
            if self._in_text:
                at = _rest_of_text(text, at).end()  # type: ignore[union-attr]
                if at == len(text) or text[at] == "\\":
                    break
                at += 1
                self._in_text = False
                over = self._depth == 0
            else:
                at, over = self._look(text, at)
        return at, over

    def _look(self, text: str, at: int) -> tuple[int, bool]:
        """Read one window, or a part of it; outside of texts."""
        window = text[at : at + self._window]
        whole = window[: _whole_texts(window).end()]  # type: ignore[union-attr] # it matches nothing, too
        brackets = _text.sub("", whole).encode().translate(_STEPS, _NO_BRACKETS)
        steps = memoryview(brackets).cast("b")
        depths = list(accumulate(steps, initial=self._depth))
        if 0 not in depths:
            self._depth = depths[-1]
            self._in_text = len(whole) < len(window)
            self._window = min(2 * self._window, PIECE)
            return at + len(whole) + self._in_text, False
        if self._window > _SMALLEST:
            self._window //= 2
            return at, False
        last = next(islice(_brackets(whole), depths.index(0) - 1, None))
        return at + last.end(), True


_SMALLEST = 128
"""Characters of a window that is read bracket by bracket: most items end in the first one."""
_TEXT = r'"(?:[^"\\]++|\\.)*+"'
_OTHER = r'[^\[\]{}"]++'


def _nested(depth: int) -> str:
    """Return a pattern of what stands in brackets, and in brackets within them up to a depth."""
    inner = f"|{_nested(depth - 1)}" if depth > 1 else ""
    return rf"[\[{{](?:{_OTHER}|{_TEXT}{inner})*+[\]}}]"


_whole_item = re.compile(rf"{_nested(ITEM_DEPTH)}|{_TEXT}|[^\[\]{{}}\",\s]++(?=[\]}},\s])", re.DOTALL).match
"""An item that may be read, if all of it is there; whether it is JSON is for the parser to say."""
_whole_texts = re.compile(rf'(?:[^"]++|{_TEXT})*+', re.DOTALL).match
_text = re.compile(_TEXT, re.DOTALL)
_brackets = re.compile(rf"(?:{_OTHER}|{_TEXT})*+[\[\]{{}}]", re.DOTALL).finditer
_scalar = re.compile(r"[^],}\s]*").match
_rest_of_text = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL).match
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""Translates a bracket into its step of the depth, as a signed byte."""


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
