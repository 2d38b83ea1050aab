"""A mapping says in YAML how the columns of a file become readings: columns, constants, filters, formats.

where: {State: [confirmed, done]}     # rows that count
fields:
  kpi: {constant: revenue}
  source_id: ID                       # a column; in JSON a path: party/code
  value: {column: Net, decimal: ","}
  period: {column: Date, format: "%d.%m.%Y"}
  dimensions: {region: Region}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal, NamedTuple, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from events.errors import broken
from events.text import Text
from events.zones import is_zone
from services.api.http.validation_texts import korean
from services.cli.importing.dates import NotATime, Span, label, parse, span_of
from services.cli.importing.numbers import DecimalSign, NotANumber, Triangle, Written, read_number
from services.cli.language import Failure, cannot_read
from services.intake.items import Item
from services.intake.rejections import Rejected
from services.intake.times import Hour, in_zone, zone_info

NUMBERS = ("value", "numerator", "denominator")
_LONGEST_WHY = 200
"""Characters of a reason, which may quote what was found."""


class MappingError(Failure):
    """The mapping can't be used, or does not fit the file."""


class Rule(BaseModel):
    """Where one field comes from: a column, a constant, or a text with columns in braces."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str | None = None
    constant: str | None = None
    text: str | None = None
    """As in Python's str.format: `{year}-{month:02}`. A row without one of the columns is rejected."""
    format: str | None = None
    """How a date or time is written, as in strptime: `%d.%m.%Y`."""
    zone: str | None = None
    """IANA zone of a time that has none, and in which a time is a day."""
    hour: Hour | None = None
    """Which one is meant of an hour that comes twice, when clocks are set back."""
    decimal: DecimalSign | None = None
    """The decimal sign of a number; without one, a number that can be read in two ways is refused."""
    triangle: Triangle | None = None
    """The meaning of △ and ▲ before a number."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum(origin is not None for origin in (self.column, self.constant, self.text)) != 1:
            raise broken(
                "one_origin",
                "give one of column, constant and text",
                "column, constant, text 중 하나만 적으십시오",
            )
        if self.zone is not None and not is_zone(self.zone):
            raise broken(
                "not_a_zone",
                f"{self.zone!r} is no IANA time zone such as Asia/Seoul",
                f"{self.zone!r}은(는) Asia/Seoul과 같은 IANA 시간대가 아닙니다",
            )
        if self.format is not None:
            span_of(self.format)
        return self

    @property
    def columns(self) -> list[str]:
        """The columns it reads."""
        if self.text is not None:
            return [name for _, name, _, _ in Formatter().parse(self.text) if name]
        return [] if self.column is None else [self.column]


def _as_rule(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


def _as_texts(value: Any) -> Any:
    wanted = value if isinstance(value, list) else [value]
    return [one.strip() if isinstance(one, str) else one for one in wanted]


Wanted = Annotated[list[str], BeforeValidator(_as_texts)]
FieldRule = Annotated[Rule, BeforeValidator(_as_rule)]


class Fields(BaseModel):
    """The fields of a reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kpi: FieldRule
    source_id: FieldRule
    value: FieldRule | None = None
    numerator: FieldRule | None = None
    denominator: FieldRule | None = None
    observed_at: FieldRule | None = None
    period: FieldRule | None = None
    unit: FieldRule | None = None
    source_version: FieldRule | None = None
    dimensions: dict[str, FieldRule] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _observed_on_a_day(self) -> Self:
        form = None if self.observed_at is None else self.observed_at.format
        if form is not None and span_of(form) not in ("time", "day"):
            raise broken(
                "form_of_a_period",
                f"{form!r} says no day: map it to period",
                f"{form!r}에는 날짜가 없습니다. period에 매핑하십시오",
            )
        return self


class ColumnMapping(BaseModel):
    """A whole mapping."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    records: str | None = None
    """In a JSON document, the path to the list of records."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """Of a CSV file; found out when it is not given."""
    quote: Literal["none"] | None = None
    """`none`: a quote in a CSV file is a character like any other."""
    where: dict[str, Wanted] = Field(default_factory=dict)
    """Column -> the text, or one of the texts, that a row must have; blanks around it do not matter."""
    fields: Fields

    @property
    def columns(self) -> set[str]:
        """All columns it reads."""
        rules = [rule for name, rule in self.fields if isinstance(rule, Rule)]
        rules += self.fields.dimensions.values()
        return set(self.where) | {column for rule in rules for column in rule.columns}

    def left_out_by(self, record: Mapping[str, Any]) -> str | None:
        """Return the column by which a row does not count; None if it counts."""
        for column, wanted in self.where.items():
            found = filtered_text(look_up(record, column))
            as_truth = found.lower()
            if found not in wanted and not (as_truth in _TRUTH and as_truth in map(str.lower, wanted)):
                return column
        return None

    def item(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return the item of a row; what is empty is left out. Raises Rejected."""
        item: dict[str, Any] = {}
        signs: list[str | None] = []
        for name, rule in self.fields:
            if not isinstance(rule, Rule):
                continue
            found = _field(name, rule, record)
            if isinstance(found, Written):
                signs.append(found.unit)
                found = found.number
            if isinstance(found, _Day):
                name, found = "period", found.label
            if found is not None:
                item[name] = found
        _check_signs(signs, item)
        dimensions = {
            name: _text(_origin(rule, record), f"dimensions/{name}")
            for name, rule in self.fields.dimensions.items()
        }
        dimensions = {name: found for name, found in dimensions.items() if found}
        if dimensions:
            item["dimensions"] = dimensions
        return item


def _check_signs(signs: list[str | None], item: dict[str, Any]) -> None:
    """Let the sign of money or percent beside a value be its unit. Raises Rejected where two units are said.

    Both parts of a ratio are of one unit, which its figure has not.
    """
    said = {sign for sign in signs if sign is not None}
    if "value" in item and item.get("unit") is not None:
        said.add(item["unit"])
    if len(said) > 1:
        raise Rejected("units_differ", units=", ".join(sorted(said)))
    if "value" in item and said:
        item["unit"] = said.pop()


def load_mapping(path: Path) -> ColumnMapping:
    """Return the mapping in a YAML file. Raises MappingError."""
    try:
        # Every scalar is a text as it is written: `Yes`, `NO`, 010 and 12:30 are what a file has, too.
        document = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts, lists and maps of these only, and no objects
        return ColumnMapping.model_validate(document)
    except OSError as error:
        raise MappingError(cannot_read(path, error)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingError(
            Text(f"{path}은(는) YAML이 아닙니다: {error}", f"{path} is not YAML: {error}")
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = f"{path}: {'/'.join(str(part) for part in first['loc']) or 'mapping'}"
        raise MappingError(Text(f"{place}: {korean(first)}", f"{place}: {first['msg']}")) from None


def plain_mapping(columns: Iterable[str]) -> ColumnMapping:
    """For a file whose columns are named as the fields; `dimensions.region` is a dimension.

    Raises MappingError.
    """
    fields: dict[str, Any] = {}
    dimensions: dict[str, str] = {}
    for column in columns:
        if column.startswith("dimensions."):
            dimensions[column.removeprefix("dimensions.")] = column
        elif column in Item.model_fields and column != "dimensions":
            fields[column] = column
        else:
            raise MappingError(
                Text(
                    f"실적에 {column!r} 항목은 없습니다. 무엇인지 --mapping으로 알려 주십시오",
                    f"there is no field {column!r} in a reading: say what it means with --mapping",
                )
            )
    missing = [name for name in ("kpi", "source_id") if name not in fields]
    if missing:
        raise MappingError(
            Text(
                f"{missing[0]!r} 열이 없습니다. 어디에서 오는지 --mapping으로 알려 주십시오",
                f"there is no column {missing[0]!r}: say where it comes from with --mapping",
            )
        )
    return ColumnMapping.model_validate({"fields": {**fields, "dimensions": dimensions}})


def look_up(record: Mapping[str, Any], path: str, absent: Any = None) -> Any:
    """Return the value of a column, or in JSON at a path; `absent` if there is no such place."""
    if path in record:
        return record[path]
    found: Any = record
    for part in path.split("/"):
        if not isinstance(found, Mapping) or part not in found:
            return absent
        found = found[part]
    return found


class _Columns(Formatter):
    """Formats with the columns of a record; attributes and indexes are not followed."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:  # noqa: ARG002
        """Return the text of a column. Raises Rejected if it is empty."""
        found = _text(look_up(self._record, field_name), field_name).strip()
        if not found:
            raise Rejected("part_missing", field_name)
        return found, field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a text in a width; digits are padded as a number is: 1 becomes 01, not 10."""
        number = value.isascii() and value.isdecimal() and _OF_NUMBERS.fullmatch(format_spec)
        return format(int(value) if number else value, format_spec)


def _origin(rule: Rule, record: Mapping[str, Any]) -> Any:
    if rule.constant is not None:
        return rule.constant
    if rule.column is not None:
        return look_up(record, rule.column)
    assert rule.text is not None
    return _Columns(record).format(rule.text)


def _field(name: str, rule: Rule, record: Mapping[str, Any]) -> Any:
    """Return the value of one field, None if the row has none. Raises Rejected."""
    try:
        found = _origin(rule, record)
        if isinstance(found, str):
            found = found.strip()
        if found is None or found == "":
            return None
        if name in NUMBERS:
            return _number(found, rule)
        if name == "source_version":
            return int(found) if isinstance(found, Decimal) and found % 1 == 0 else found
        if name in ("observed_at", "period"):
            return _time(name, _text(found, name), rule)
        return _text(found, name)
    except NotANumber as error:
        raise Rejected("number_not_read", name, why=error.text) from None
    except NotATime as error:
        raise Rejected("time_not_read", name, why=error.text) from None
    except (ValueError, TypeError, KeyError) as error:
        raise Rejected("not_mapped", name, why=str(error)[:_LONGEST_WHY]) from None


def _number(found: Any, rule: Rule) -> Any:
    if isinstance(found, str):
        return read_number(found, rule.decimal, rule.triangle)
    return str(found) if isinstance(found, Decimal) else found


class _Day(NamedTuple):
    """A day that a source gives as the time of a reading: it is that day in every zone."""

    label: str


def _time(name: str, found: str, rule: Rule) -> str | _Day:
    if rule.format is None and rule.zone is None:
        return found
    span: Span = "time"
    if rule.format is not None:
        span = span_of(rule.format)
        moment = parse(found, rule.format, span)
    else:
        moment = datetime.fromisoformat(found)
    if name == "observed_at" and span == "day":
        return _Day(label(moment, span))
    if name == "period":
        if moment.tzinfo is not None:
            if rule.zone is None:
                raise NotATime(
                    f"{found!r}의 날짜를 알려면 zone이 필요합니다",
                    f"{found!r} is a day only in a zone: declare zone",
                )
            moment = moment.astimezone(zone_info(rule.zone))
        return label(moment, span)
    if moment.tzinfo is None and rule.zone is not None:
        moment = in_zone(moment, zone_info(rule.zone), name, rule.hour)
    return moment.isoformat()


def _text(found: Any, name: str) -> str:
    """Return a value as text. Raises Rejected for what is none: an object, a list, true or false."""
    if isinstance(found, Mapping | list | bool):
        raise Rejected("not_a_text", name)
    return "" if found is None else str(found)


def filtered_text(found: Any) -> str:
    """Return a value as a filter compares it: `null` of JSON as it is written, without blanks around it."""
    if found is None:
        return "null"
    return str(found).lower() if isinstance(found, bool) else str(found).strip()


_TRUTH = frozenset({"true", "false"})
"""Texts that a filter finds in any case."""
_OF_NUMBERS = re.compile(r"0?\d+d?", re.ASCII)
"""Formats that pad a number."""
