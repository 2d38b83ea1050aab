"""Exact decimal numbers: never through a float, always within numeric(38,12)."""

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

INTEGER_DIGITS = 26
FRACTION_DIGITS = 12
_LONGEST_TEXT = 100
_is_plain = re.compile(rf"-?[0-9]{{1,{INTEGER_DIGITS}}}(?:\.[0-9]{{1,{FRACTION_DIGITS}}})?").fullmatch
"""Whether it is the usual text of a number, which is one in any case."""


def parse(value: object) -> Decimal:
    """Read an exact number from text, an int or a Decimal.

    Raises ValueError with a text for people: for a float (it was rounded before it came here), for what is no
    finite number, and for more than 26 integer or 12 fraction digits. Trailing zeros do not count.
    """
    if type(value) is str:
        if _is_plain(value):
            return Decimal(value)
        # Decimal() would also take "1_000" and digits of other scripts.
        if len(value) > _LONGEST_TEXT or "_" in value or not value.isascii():
            raise ValueError(f"{shown(value)} is not a number")
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise ValueError(f"{shown(value)} is not a number") from None
    elif type(value) is Decimal:
        number = value
    elif type(value) is int:
        number = Decimal(value)
    elif isinstance(value, float):
        raise ValueError('a number must be exact: send it as text, such as "0.1"')
    else:
        raise ValueError(f"a number is expected, not {type(value).__name__}")
    _sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError("a number must be finite")
    if exponent < -FRACTION_DIGITS:
        # "1.10…0" with 20 fraction digits is fine as long as only zeros are too many.
        surplus = -FRACTION_DIGITS - exponent
        if any(digits[-surplus:]):
            raise ValueError(f"a number may have at most {FRACTION_DIGITS} digits after the point")
        number = Decimal(text(number)) if any(digits) else Decimal(0)
    if not number:
        return Decimal(0)
    if number.adjusted() >= INTEGER_DIGITS:
        raise ValueError(f"a number may have at most {INTEGER_DIGITS} digits before the point")
    return number


def text(value: Decimal) -> str:
    """Return the one canonical form: no exponent, no trailing zeros, no "-0"."""
    plain = format(value, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain == "-0" else plain


def grouped(value: Decimal) -> str:
    """Return a number for people: as `text`, with a comma between thousands."""
    return f"{Decimal(text(value)):,f}"


def shown(value: str) -> str:
    """Return a text that somebody sent in quotes, at most 40 characters of it."""
    return repr(value if len(value) <= 40 else value[:37] + "...")


Number = Annotated[
    Decimal,
    BeforeValidator(parse),
    PlainSerializer(text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "decimal", "examples": ["71000000", "0.25"]}),
]
"""A field that holds an exact number and is a string in JSON."""
