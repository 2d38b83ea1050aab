"""Numbers as people and their programs write them: read right, or refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.importing.numbers import NotANumber, Written, read_number

WRITTEN: list[tuple[str, str, str | None]] = [
    ("1,234.56", "1234.56", None),
    ("1.234,56", "1234.56", None),
    ("1 234,56", "1234.56", None),
    ("1\u202f234,56", "1234.56", None),
    ("1\u00a0234\u00a0567", "1234567", None),
    ("1'234.50", "1234.5", None),
    ("1\u2019234.50", "1234.5", None),
    ("1.250,00-", "-1250", None),
    ("(12.50)", "-12.5", None),
    ("\u22125", "-5", None),
    ("+5", "5", None),
    ("₩1,000", "1000", "KRW"),
    ("1,234원", "1234", "KRW"),
    ("€12.50", "12.5", "EUR"),
    ("12,50 €", "12.5", "EUR"),
    ("-£3.99", "-3.99", "GBP"),
    ("€-3.99", "-3.99", "EUR"),
    ("98.5%", "98.5", "%"),
    ("98,5 %", "98.5", "%"),
    ("10억", "1000000000", None),
    ("3만 5천", "35000", None),
    ("1억2천만", "120000000", None),
    ("1.5억원", "150000000", "KRW"),
    ("１２３", "123", None),
    ("１，２３４．５", "1234.5", None),
    ("1.234", "1.234", None),
    ("0.125", "0.125", None),
    ("0,125", "0.125", None),
    ("1234567,5", "1234567.5", None),
    ("1e3", "1000", None),
]


@pytest.mark.parametrize(("written", "number", "unit"), WRITTEN)
def test_a_number_that_can_be_read_in_one_way_needs_no_declaration(
    written: str, number: str, unit: str | None
) -> None:
    """Separators, signs, money, percent, Korean units, full-width digits."""
    assert read_number(written) == Written(number, unit)


@pytest.mark.parametrize("written", ["1,234", "$1,234", "12,345,678", "-1,234", "(1,234)", "1,234%"])
def test_a_number_that_can_be_read_in_two_ways_is_asked_about(written: str) -> None:
    """Until the decimal sign is declared."""
    if written.count(",") > 1:
        assert read_number(written).number == "12345678"
        return
    with pytest.raises(NotANumber, match="declare decimal"):
        read_number(written)
    assert read_number(written, ".").number.lstrip("-") == "1234"
    assert read_number(written, ",").number.lstrip("-") == "1.234"


@pytest.mark.parametrize(
    "written",
    ["129.90", "12.5", "0.5", "100.00", "1,234.56", "1.5,25.3", "1 2 3", "0.125", "1234.567", "1.,5"],
)
def test_what_does_not_fit_the_declared_sign_is_refused(written: str) -> None:
    """With a comma declared and, mirrored, with a point: 12.5 never becomes 125."""
    with pytest.raises(NotANumber, match="decimal sign is a comma"):
        read_number(written, ",")
    with pytest.raises(NotANumber, match="decimal sign is a point"):
        read_number(written.translate(str.maketrans(".,", ",.")), ".")


@pytest.mark.parametrize(
    "written",
    [
        *["-", "()", "%", "€", "€12€", "--5", "(-5)", "-(5)", "1,23,456", "1,234,56", "5만3억", "만원어치"],
        *["1'234,567.5", "1_000", "NaN", "inf", "12.5.1", "٣", "a", "5pcs"],
        *("", "12 345 67", "1 234.567,8", "5 pcs"),
    ],
)
def test_what_is_no_number_is_refused(written: str) -> None:
    """Also what a person could guess."""
    with pytest.raises(NotANumber):
        read_number(written)


@pytest.mark.parametrize(("triangle", "number"), [("minus", "-1234"), ("plus", "1234")])
@pytest.mark.parametrize("sign", "△▲")
def test_a_triangle_means_what_is_declared(
    triangle: Literal["minus", "plus"], number: str, sign: str
) -> None:
    """It can mean less or more, so without a declaration it is refused."""
    assert read_number(f"{sign}1,234", ".", triangle).number == number
    with pytest.raises(NotANumber, match="triangle: minus"):
        read_number(f"{sign}1,234", ".")


NUMBERS = st.decimals(-(10**12), 10**12, places=4, allow_nan=False)


@given(NUMBERS, st.sampled_from([".", ","]), st.sampled_from(["", " ", "\u202f", "'", "other"]))
def test_whatever_is_written_in_a_declared_form_is_read_back(
    number: Decimal, decimal: Literal[".", ","], separator: str
) -> None:
    """Grouped by any separator, or not at all."""
    between = {"other": "," if decimal == "." else "."}.get(separator, separator)
    whole, _, fraction = f"{number:,f}".partition(".")
    written = whole.replace(",", between) + decimal + fraction
    assert Decimal(read_number(written, decimal).number) == number


@given(st.text("0123456789.,' -()", max_size=12))
def test_no_text_means_two_numbers_without_being_asked_about(written: str) -> None:
    """What is read without a declaration is what one sign reads, and the other one reads nothing else."""
    try:
        found = read_number(written).number
    except NotANumber:
        return
    readings = set()
    for sign in (".", ","):
        try:
            readings.add(read_number(written, sign).number)
        except NotANumber:
            continue
    assert found in readings
    assert len(readings) == 1 or "," not in written
