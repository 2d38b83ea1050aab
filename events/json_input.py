"""Read JSON that came from outside: numbers are exact and short, names stand once, texts can be stored.

What a text costs is limited before it is parsed: a document takes ten times its size in memory, and a model
makes an error for each of its values.

Every number is limited here, before any model sees it: whoever makes an integer of the 14 characters
`1e999999999` needs a gigabyte, and pydantic does so for an `int` field. Python's own limit (4,300 digits)
is one for integers only, and far beyond what any field takes.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation

from events.decimals import shown

LONGEST_NUMBER = 100
"""Digits of a number that are read, and powers of ten of its exponent. A field takes 26 and 12 at most; so
what is no number of ours is still told so by the field's own rule."""

_read_fraction = Context(
    prec=LONGEST_NUMBER, Emin=-LONGEST_NUMBER, Emax=LONGEST_NUMBER, traps=[Inexact, InvalidOperation]
).create_decimal
"""Overflow and underflow are inexact too. Zeros at the end are no digits."""


_STRING = re.compile(r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)', re.DOTALL)
"""A string of a JSON text, or what would be one if it ended."""
_BRACKET = re.compile(r"[\[\]{}]")


def _all_but(escape: str) -> re.Pattern[str]:
    """Return a pattern that takes the longest beginning of a JSON text without a certain escape."""
    pair = r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    return re.compile(rf"(?:[^\\]++|\\(?:{pair}|(?!{escape}).))*+", re.DOTALL)


# UTF-8 has no other way to write half a character, nor JSON to write a NUL.
_without_lone_surrogate = _all_but("u[dD][89a-fA-F]").match
_without_nul = _all_but("u0000").match


class LoneSurrogate(ValueError):
    """A text holds half of a character, which no UTF-8 can say: it could be neither stored nor answered."""


class NulCharacter(ValueError):
    """A text holds the character U+0000, which PostgreSQL stores in no text."""


class TooComplex(ValueError):
    """A text holds more values, or deeper ones, than is read."""

    def __init__(self, values: int, depth: int) -> None:
        super().__init__(f"it holds more than {values} values, or values more than {depth} deep")


class NumberTooLong(ValueError):
    """A number has more digits, or a larger exponent, than is read of any number."""

    def __init__(self, written: str) -> None:
        super().__init__(f"{shown(written)} is out of the range of numbers")


class NamedTwice(ValueError):
    """An object has two members of one name: nobody can say which of them is meant."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{shown(name)} stands twice in one object")
        self.name = name


def exact_json(text: str) -> object:
    """Parse JSON with every fraction as an exact Decimal.

    Raises JSONDecodeError, RecursionError, NamedTwice, NumberTooLong, LoneSurrogate, NulCharacter, and
    ValueError for NaN and Infinity.
    """
    document: object = json.loads(
        text,
        parse_float=fraction,
        parse_int=integer,
        parse_constant=_refuse_constant,
        object_pairs_hook=_object,
    )
    if has_lone_surrogate(text):
        raise LoneSurrogate
    if "\\u0000" in text and not _is_all(text, _without_nul(text)):
        raise NulCharacter
    return document


def check_shape(text: str, *, values: int, depth: int) -> None:
    """Refuse a JSON text of too many values, or nested too deep, without parsing it. Raises TooComplex."""
    opened = text.count("[") + text.count("{")
    if opened <= depth and opened + text.count(",") < values:
        return
    # No fewer: one that stands behind a backslash may be an end, but none of the others is part of a text.
    if text.count('"') - text.count('\\"') > 4 * values:
        raise TooComplex(values, depth)
    signs = _STRING.sub("", text)
    if signs.count("[") + signs.count("{") + signs.count(",") >= values:
        raise TooComplex(values, depth)
    deep = 0
    for bracket in _BRACKET.findall(signs):
        deep += 1 if bracket in "[{" else -1
        if deep > depth:
            raise TooComplex(values, depth)


def has_lone_surrogate(text: str) -> bool:
    """Return whether a JSON text has half of a character anywhere, in a name or in a value."""
    return ("\\ud" in text or "\\uD" in text) and not _is_all(text, _without_lone_surrogate(text))


def fraction(written: str) -> Decimal:
    """Read a JSON number that has a point or an exponent. Raises NumberTooLong."""
    try:
        return _read_fraction(written)
    except (Inexact, InvalidOperation):
        raise NumberTooLong(written) from None


def integer(written: str) -> int:
    """Read a JSON number of digits only. Raises NumberTooLong."""
    if len(written) > LONGEST_NUMBER:
        raise NumberTooLong(written)
    return int(written)


def twice(members: Sequence[tuple[str, object]]) -> str:
    """Return a name that members of an object share."""
    return Counter(name for name, _value in members).most_common(1)[0][0]


def _is_all(text: str, beginning: re.Match[str] | None) -> bool:
    return beginning is not None and beginning.end() == len(text)


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) < len(members):
        raise NamedTwice(twice(members))
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")
