"""The documents' examples and what they score by hand, as tests/data/seeds holds them."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parents[1] / "data" / "seeds"

Kind = Literal["objective", "key_result", "kpi"]


class Row(BaseModel):
    """Something that a file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Example(Row):
    """What an objective, a key result and a KPI have in common."""

    id: str
    seed: str
    section: str
    title_ko: str
    title_en: str
    level: Literal["company", "team", "individual"]
    org_unit: str | None

    @property
    def company(self) -> str:
        """Which company the document tells of; manufacturer A is another one than the rest of 000."""
        return "s0-a" if self.id.startswith("s0-a-") else self.id.split("-")[0]


class ObjectiveExample(Example):
    """An objective of a document."""

    parent: str | None


class Relative(Row):
    """A target told as a change of an earlier value; `change` is a fraction of it."""

    of: Literal["baseline", "previous_month", "previous_quarter", "previous_year"]
    change: Decimal


class Measured(Example):
    """What has a measure."""

    measure: Literal["increase", "decrease", "at_least", "at_most", "count_of_periods"]
    unit: str
    baseline: Decimal | None
    target: Decimal | None
    relative: Relative | None
    period: Literal["week", "month", "quarter", "year"] | None
    caution: str | None

    @property
    def cautions(self) -> list[str]:
        """The single warnings of the caution."""
        return [] if self.caution is None else self.caution.rstrip(".").split("; ")


class KeyResultExample(Measured):
    """A key result of a document."""

    objective: str | None
    is_output: bool
    kpi: str | None


class KpiExample(Measured):
    """A KPI of a document."""

    aggregation: Literal["sum", "mean", "last", "ratio"]
    perspective: Literal["finance", "customer", "process", "people"]
    indicator: Literal["leading", "lagging"] | None
    supports: str | None


class InitiativeExample(Row):
    """An initiative of a document."""

    id: str
    seed: str
    section: str
    title_ko: str
    title_en: str
    key_result: str | None
    objective: str | None

    @property
    def supports(self) -> str:
        """The key result or objective it is done for."""
        goal = self.key_result or self.objective
        assert goal is not None
        return goal


class Examples(Row):
    """Everything concrete in the documents."""

    objectives: tuple[ObjectiveExample, ...]
    key_results: tuple[KeyResultExample, ...]
    kpis: tuple[KpiExample, ...]
    initiatives: tuple[InitiativeExample, ...]


Readings = dict[date, Decimal | tuple[Decimal, Decimal]]


class Watched(Row):
    """A KPI that a measure needs and its document does not name."""

    name_ko: str
    name_en: str
    unit: str
    kind: str
    aggregation: str
    cadence: str
    readings: Readings


class ByHand(Row):
    """A score worked out by hand."""

    work: str | None = None
    raw: Decimal | Literal["none"]
    why: str | None = None
    base: Decimal | None = None
    goes_to: str | None = None
    target: Decimal | None = None

    @property
    def worked_out(self) -> Fraction:
        """What the written arithmetic comes to."""
        assert self.work is not None
        return calculate(self.work)


class KeyResultByHand(ByHand):
    """A key result's score; see key_results.yaml."""

    check_ins: dict[date, Decimal] = {}
    watches: Watched | None = None
    periods: dict[str, str] | None = None
    unit: str | None = None
    on: date = date(2025, 9, 30)
    shown: Decimal | None = None
    base_on: date | None = None


class KpiByHand(ByHand):
    """A KPI's attainment over a stretch of time; see kpis.yaml."""

    readings: Readings
    bucket: str = "month"
    start: date = date(2025, 9, 1)
    value: Decimal
    also: tuple[str, ...] = ()


class Caution(Row):
    """Which advice a warning must raise, or why there is none."""

    says: str
    code: str | None = None
    on: Literal["item", "objective", "org_unit"] = "item"
    why: str | None = None
    kind: Kind | None = None
    measure: str | None = None
    in_goal: bool | None = None


@cache
def examples() -> Examples:
    """What the documents hold."""
    return Examples.model_validate(_read("examples"))


@cache
def key_results_by_hand() -> dict[str, KeyResultByHand]:
    """By the id of the key result."""
    return {id_: KeyResultByHand.model_validate(row) for id_, row in _read("key_results").items()}


@cache
def kpis_by_hand() -> dict[str, KpiByHand]:
    """By the id of the KPI. Those that have no target are not scored: `raw` is none."""
    rows = _read("kpis")
    for row in rows.values():
        row.setdefault("raw", "none")
        if "from" in row:
            row["start"] = row.pop("from")
    return {id_: KpiByHand.model_validate(row) for id_, row in rows.items()}


@cache
def cautions() -> tuple[Caution, ...]:
    """In the order in which they are to be tried."""
    return tuple(Caution.model_validate(row) for row in _read("cautions"))


_OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def calculate(work: str) -> Fraction:
    """What a pocket calculator shows, without its rounding: numbers, + - * / and brackets."""

    def value(node: ast.expr) -> Fraction:
        match node:
            case ast.Constant():
                return Fraction(ast.get_source_segment(work, node) or "")
            case ast.BinOp():
                return _OPERATORS[type(node.op)](value(node.left), value(node.right))
        raise ValueError(f"no arithmetic: {ast.unparse(node)}")

    return value(ast.parse(work, mode="eval").body)


def _read(name: str) -> Any:
    """A file, its numbers as they are written: the base loader makes texts of everything, and no objects."""
    return _without_null(yaml.load((FOLDER / f"{name}.yaml").read_text("utf-8"), yaml.BaseLoader))  # noqa: S506


def _without_null(read: Any) -> Any:
    if isinstance(read, dict):
        return {key: _without_null(value) for key, value in read.items()}
    if isinstance(read, list):
        return [_without_null(value) for value in read]
    return None if read == "null" else read
