"""Numbers are exact, finite and within numeric(38,12)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from events.decimals import Number, parse, text
from events.json_input import exact_json


class Model(BaseModel):
    """A field with a number."""

    value: Number


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.1", "0.1"),
        ("99.950", "99.95"),
        ("-12", "-12"),
        ("+12", "12"),
        (" 7 ", "7"),
        ("1E+5", "100000"),
        ("1e-12", "0.000000000001"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-0.0", "0"),
        ("0e999999999", "0"),
        ("1.10000000000000000000", "1.1"),
        ("9" * 26 + "." + "9" * 12, "9" * 26 + "." + "9" * 12),
        ("000000000000000000000000000000000000001", "1"),
        (0, "0"),
        (10**25, "1" + "0" * 25),
        (Decimal("336776.000"), "336776"),
    ],
)
def test_a_number_has_one_canonical_text(value: object, expected: str) -> None:
    assert text(parse(value)) == expected


@pytest.mark.parametrize(
    "value",
    [
        0.1,
        1.0,
        float("nan"),
        True,
        None,
        [],
        b"1",
        "",
        " ",
        "abc",
        "1,000",
        "1_000",
        "１２",
        "٣",
        "0x10",
        "1.2.3",
        "--1",
        "NaN",
        "sNaN",
        "Infinity",
        "-inf",
        Decimal("NaN"),
        Decimal("-Infinity"),
        "9" * 40,
        "1" + "0" * 26,
        "1e26",
        "1e999999999",
        "0.0000000000001",
        "1e-13",
        "1e-999999999",
        "0." + "1" * 40,
        10**26,
        -(10**5000),
        "1" * 1_000_000,
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_what_is_no_exact_number_is_refused_in_words(value: object) -> None:
    """The text is short, whatever came in."""
    with pytest.raises(ValueError, match="number") as refused:
        parse(value)
    assert len(str(refused.value)) < 120


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**25), max_value=10**25))
def test_text_and_number_are_the_same(number: Decimal) -> None:
    again = parse(text(number))
    assert again == number
    assert text(again) == text(number)
    assert "E" not in text(number)


@given(st.integers(-(10**26) + 1, 10**26 - 1))
def test_integers_are_kept_to_the_last_digit(number: int) -> None:
    assert text(parse(number)) == str(number)


def test_a_field_takes_text_and_gives_text() -> None:
    model = Model.model_validate({"value": "0.10"})
    assert model.model_dump_json() == '{"value":"0.1"}'
    assert Model.model_validate_json('{"value": 12}').value == 12
    with pytest.raises(ValidationError, match="exact"):
        Model.model_validate({"value": 0.1})


def test_json_fractions_stay_exact() -> None:
    """A float would give 0.1 + 2^-56 and 17 digits at most."""
    parsed = exact_json('{"a": 0.1, "b": 12345678901234567890.123456789012, "c": 7}')
    assert parsed == {"a": Decimal("0.1"), "b": Decimal("12345678901234567890.123456789012"), "c": 7}


@pytest.mark.parametrize("payload", ["NaN", "[Infinity]", '{"a": -Infinity}', "{", "1" * 5000])
def test_json_that_is_none_is_refused(payload: str) -> None:
    with pytest.raises(ValueError):
        exact_json(payload)
