"""One reading as it is sent: the same fields over HTTP, NATS and from files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import ErrorDetails, PydanticCustomError, PydanticKnownError

from events.decimals import Number
from services.intake.rejections import Rejected

TEXT_LENGTH = 200
DIMENSIONS = 10
DIMENSION_NAME_LENGTH = 64
LARGEST_SOURCE_VERSION = 2**63 - 1

_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
Text = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=TEXT_LENGTH, pattern=_PRINTABLE)
]
DimensionName = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=DIMENSION_NAME_LENGTH, pattern=_PRINTABLE)
]

CHUNK = 1000
"""Items that are judged, stored and answered together: an atomic batch has at most so many events."""

Dimensions = Annotated[dict[DimensionName, Text], Field(max_length=DIMENSIONS)]


def _source_version(value: object) -> int | str:
    """Return a number within limits, or a text; what the text means is known with the feed's zone only."""
    if type(value) is int:
        if not 0 <= value <= LARGEST_SOURCE_VERSION:
            raise PydanticKnownError("greater_than_equal", {"ge": 0})
        return value
    if type(value) is not str or len(value) > TEXT_LENGTH:
        raise PydanticCustomError(NOT_A_VERSION, "a whole number or a time is expected")
    return value


NOT_A_VERSION = "source_version_invalid"
SourceVersion = Annotated[
    int | str,
    PlainValidator(
        _source_version,
        json_schema_input_type=Annotated[int, Field(ge=0, le=LARGEST_SOURCE_VERSION)]
        | Annotated[str, StringConstraints(min_length=1, max_length=TEXT_LENGTH)],
    ),
]


class Item(BaseModel):
    """A reading of a KPI. Numbers are exact: texts, or JSON numbers whose digits are taken as they are."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kpi": "sales",
                    "source_id": "SO-1042",
                    "value": "1290.50",
                    "observed_at": "2026-03-31T18:00:00+09:00",
                },
                {
                    "kpi": "on-time",
                    "source_id": "2026-03",
                    "numerator": "28",
                    "denominator": "30",
                    "period": "2026-03",
                },
            ]
        },
    )

    kpi: Text = Field(description="The KPI's id.")
    source_id: Text = Field(description="The source's own id; with feed and KPI the identity of the reading.")
    value: Number | None = Field(None, description="The value; not for ratios.")
    numerator: Number | None = Field(None, description="For ratios, with `denominator`.")
    denominator: Number | None = Field(None, description="For ratios, with `numerator`.")
    observed_at: Text | None = Field(
        None, description="When it was so (RFC 3339). Without a zone only if the feed declares one."
    )
    period: Text | None = Field(
        None,
        description="Instead of `observed_at`, the period it holds for: 2026-03-31, 2026-W07, 2026-03,"
        " 2026-Q1, 2026-H1 or 2026. Its last day is the business day.",
    )
    unit: Text | None = Field(None, description="If given, it must be the KPI's.")
    source_version: SourceVersion | None = Field(
        None,
        description="Grows with every change at the source; the highest one wins. A whole number, or a time"
        " (RFC 3339; without a zone only if the feed declares one), which is compared as an instant and kept"
        " as microseconds since 1970.",
        examples=[7, "2026-03-31T18:00:00+09:00"],
    )
    dimensions: Dimensions | None = Field(
        None, description="Such as region or product.", examples=[{"region": "Seoul"}]
    )


_ITEMS = TypeAdapter(list[Item])


def read_items(raw: list[Any]) -> list[Item | Rejected]:
    """Return the items of a chunk of parsed JSON, each one or why it is rejected.

    Numbers must have been parsed exactly (as `Decimal` or int), an element may be Rejected already.
    """
    try:
        # The good case in one go costs half of what one by one does.
        return list(_ITEMS.validate_python(raw))
    except ValidationError:
        return [_read(one) for one in raw]


def _read(raw: Any) -> Item | Rejected:
    if isinstance(raw, Rejected):
        return raw
    if not isinstance(raw, Mapping):
        return Rejected("not_an_object")
    try:
        return Item.model_validate(raw)
    except ValidationError as error:
        return rejection(error.errors(include_url=False))


_WRONG_TYPES = {NOT_A_VERSION: NOT_A_VERSION, "dict_type": "not_a_map_of_texts"}


def rejection(errors: Iterable[ErrorDetails]) -> Rejected:
    """Return the first thing that is wrong, as a rejection."""
    error = next(iter(errors))
    field = "/".join(_escaped(part) for part in error["loc"] if part != "[key]")
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return Rejected("missing", field)
        case "extra_forbidden":
            return Rejected("unknown_field", field)
        case "value_error":
            return Rejected("invalid_number", field, why=str(context["error"]))
        case "string_pattern_mismatch":
            return Rejected("control_character", field)
        case "string_too_short" | "string_too_long":
            most = DIMENSION_NAME_LENGTH if "[key]" in error["loc"] else TEXT_LENGTH
            return Rejected("wrong_length", field, most=most)
        case "too_long":
            return Rejected("too_many", field, most=DIMENSIONS)
        case "greater_than_equal" | "less_than_equal":
            return Rejected("out_of_range", field, least=0, most=LARGEST_SOURCE_VERSION)
        case kind:
            return Rejected(_WRONG_TYPES.get(kind, "not_a_text"), field)


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")[:TEXT_LENGTH]
