"""Numbers as people and their programs write them: 1,234.56, 1.234,56-, (12.5), △1,234, ₩1,000, 3만 5천.

The decimal sign is declared. What stands in the place of the other one separates thousands, and only where
thousands are: what does not fit is refused, for a number that is read wrongly is worse than none.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from decimal import Decimal
from typing import Literal, NamedTuple

from events.decimals import parse, shown, text
from events.text import Text

DecimalSign = Literal[".", ","]
Triangle = Literal["minus", "plus"]

CURRENCIES = {"₩": "KRW", "원": "KRW", "€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY", "円": "JPY"}
"""Signs and words for money, with the unit that they say; `¥` of yuan is declared as a unit."""
PERCENT = "%"
WITHOUT_CENTS = frozenset({"KRW", "JPY"})
"""Money that has no parts, so that a comma in it separates thousands whatever is declared."""

_MULTIPLES = {"조": 10**12, "억": 10**8, "만": 10**4, "천": 10**3, "백": 10**2}
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\ufe63": "-", "\u2019": "'"})
_SIGNS = "".join(CURRENCIES)
_MONEY = re.compile(rf"(?P<before>[{_SIGNS}])?\s*(?P<number>[^{_SIGNS}%]*?)\s*(?P<after>[{_SIGNS}%])?")
_KOREAN = re.compile(rf"(?P<number>[\d.,]+)?\s*(?P<multiple>[{''.join(_MULTIPLES)}]+)\s*")


class Written(NamedTuple):
    """A number with the unit that is written beside it."""

    number: str
    """Exact, with a point and without an exponent."""
    unit: str | None = None
    """The unit that is written with it: `%`, or an ISO code of money."""


class NotANumber(ValueError):
    """It is no number in the form that is declared."""

    def __init__(self, ko: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(ko, en)


def read_number(
    written: str, decimal: DecimalSign | None = None, triangle: Triangle | None = None
) -> Written:
    """Return the number in a text. Raises NotANumber.

    `decimal` is the decimal sign; None if nobody declared it, and then a text that can mean two numbers is
    refused. `triangle` says what △ and ▲ before a number mean: Korean accounts mean minus, tables of changes
    plus.
    """
    if decimal != ",":
        with suppress(ValueError):  # as programs write it
            return Written(text(parse(written.strip())))
    plain = unicodedata.normalize("NFKC", written).translate(_MINUS).strip()
    negative, plain = _sign(plain, written, triangle)
    found = _MONEY.fullmatch(plain)
    if found is None or (found["before"] and found["after"]):
        raise _no_number(written)
    mark = found["before"] or found["after"]
    unit = None if mark is None else PERCENT if mark == PERCENT else CURRENCIES[mark]
    inside, plain = _sign(found["number"], written, None)  # €-12.50
    if inside and negative:
        raise _no_number(written)
    number = _koreans(plain, written, decimal) if plain[-1:] in _MULTIPLES else None
    if number is None:
        number = _grouped(plain, written, "." if unit in WITHOUT_CENTS and decimal is None else decimal)
    return Written(text(-number if negative or inside else number), unit)


def _sign(plain: str, written: str, triangle: Triangle | None) -> tuple[bool, str]:
    """Return whether it is negative, and the text without its sign."""
    if plain[:1] in ("△", "▲"):
        if triangle is None:
            raise NotANumber(
                f"{shown(written)}의 {plain[0]}이(가) 감소인지 증가인지 알 수 없습니다."
                " triangle: minus 또는 triangle: plus를 적으십시오",
                f"{plain[0]} in {shown(written)} can mean less or more:"
                " declare triangle: minus or triangle: plus",
            )
        return triangle == "minus", plain[1:].strip()
    if plain.startswith("(") and plain.endswith(")"):
        return True, plain[1:-1].strip()
    if plain.startswith(("-", "+")):
        return plain[0] == "-", plain[1:].strip()
    if plain.endswith("-"):
        return True, plain[:-1].strip()
    return False, plain


_GROUPED = {
    separator: re.compile(rf"[1-9]\d{{0,2}}(?:{re.escape(separator)}\d{{3}})+", re.ASCII)
    for separator in (",", ".", " ", "'")
}


def _grouped(plain: str, written: str, decimal: DecimalSign | None) -> Decimal:
    """Return the number of digits with a decimal sign and separators between thousands."""
    if decimal is None:
        return _undeclared(plain, written)
    whole, point, fraction = plain.partition(decimal)
    if (point and not fraction) or not re.fullmatch(r"\d*", fraction, re.ASCII):
        raise _other_form(written, decimal)
    if not re.fullmatch(r"\d+", whole, re.ASCII):
        other = "," if decimal == "." else "."
        separators = [separator for separator in (other, " ", "'") if separator in whole]
        if len(separators) != 1 or not _GROUPED[separators[0]].fullmatch(whole):
            raise _other_form(written, decimal)
        whole = whole.replace(separators[0], "")
    return Decimal(f"{whole}.{fraction}" if fraction else whole)


def _undeclared(plain: str, written: str) -> Decimal:
    """Return the number if only one decimal sign makes it one; a point alone is one, as in programs."""
    readings: dict[Decimal, DecimalSign] = {}
    for sign in (".", ","):
        try:
            readings[_grouped(plain, written, sign)] = sign
        except NotANumber:
            continue
    if not readings:
        raise _no_number(written)
    if len(readings) == 1:
        return next(iter(readings))
    if "," not in plain:
        return next(number for number, sign in readings.items() if sign == ".")
    raise NotANumber(
        f"{shown(written)}은(는) 두 가지로 읽힙니다. decimal: '.' 또는 decimal: ','를 적으십시오",
        f"{shown(written)} can be read in two ways: declare decimal: '.' or decimal: ','",
    )


def _koreans(plain: str, written: str, decimal: DecimalSign | None) -> Decimal:
    """Return the sum of parts such as 3만 5천, each smaller than the one before."""
    total, last, at = Decimal(0), None, 0
    while at < len(plain):
        part = _KOREAN.match(plain, at)
        if part is None:
            raise _no_number(written)
        multiple = 1
        for character in part["multiple"]:
            multiple *= _MULTIPLES[character]
        if last is not None and multiple >= last:
            raise _no_number(written)
        number = Decimal(1) if part["number"] is None else _grouped(part["number"], written, decimal)
        total += number * multiple
        last, at = multiple, part.end()
    return total


def _no_number(written: str) -> NotANumber:
    return NotANumber(f"{shown(written)}은(는) 숫자가 아닙니다", f"{shown(written)} is not a number")


def _other_form(written: str, decimal: DecimalSign) -> NotANumber:
    name = ("점", "point") if decimal == "." else ("쉼표", "comma")
    return NotANumber(
        f"{shown(written)}은(는) 소수점이 {name[0]}인 숫자가 아닙니다",
        f"{shown(written)} is no number whose decimal sign is a {name[1]}",
    )
