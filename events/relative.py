"""Relative goals, such as "+15 % on last quarter", and the frozen base that they are resolved with."""

from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from events.decimals import FRACTION_DIGITS, Number, grouped, text
from events.errors import broken
from events.text import Language, Text
from events.units import PERCENT_UNITS, PERCENTAGE_POINTS, unit_text

Base = Literal[
    "previous_month",
    "previous_quarter",
    "previous_half",
    "previous_year",
    "same_period_last_year",
    "baseline",
]
Resolve = Literal["cycle_start", "each_period", "on_date"]

BASE_WORDS: dict[str, Text] = {
    "previous_month": Text("지난달", "last month"),
    "previous_quarter": Text("지난 분기", "last quarter"),
    "previous_half": Text("지난 반기", "last half-year"),
    "previous_year": Text("지난해", "last year"),
    "same_period_last_year": Text("작년 같은 기간", "the same period last year"),
    "baseline": Text("기준값", "the baseline"),
}
"""What each `Base` is called."""

_EXACT = Context(prec=200)


class Relative(BaseModel):
    """By how much of what something is to change: `amount` is in percent of the base, or added to it.

    It has the sign of the change: −5 for 5 % less.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    change: Literal["relative", "points"] | None = None
    """`relative`: percent of the base; `points`: in the measure's unit. `relative` unless said, but for
    percentages it has to be said."""
    amount: Number
    of: Base
    resolve: Resolve = "cycle_start"
    on: date | None = None
    """With `on_date`: the day before which the base lies."""

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if (self.resolve == "on_date") != (self.on is not None):
            raise broken(
                "relative_date_missing_or_unused",
                "resolve on_date needs the date `on`, and only on_date has one",
                "on 날짜는 resolve가 on_date일 때만, 그리고 반드시 필요합니다",
            )
        if self.of == "baseline" and self.resolve != "cycle_start":
            raise broken(
                "relative_baseline_known",
                "a change of the baseline is resolved at once: leave out resolve",
                "기준값에 대한 변화는 바로 확정되므로 resolve를 쓰지 않습니다",
            )
        return self

    def in_words_of(self, unit: str, lang: Language) -> str:
        """Return the change as people say it, such as "-5% on last quarter"."""
        points = PERCENTAGE_POINTS if unit in PERCENT_UNITS else unit
        suffix = unit_text(points, lang) if self.change == "points" else "%"
        amount = f"{'+' if self.amount >= 0 else ''}{grouped(self.amount)}{suffix}"
        base = BASE_WORDS[self.of]
        return Text(f"{base.ko} 대비 {amount}", f"{amount} on {base.en}").told(lang)

    def target(self, base: Decimal) -> Decimal:
        """Return the target that follows from a base, exact or rounded half-even to a value's digits."""
        if self.change == "points":
            target = _EXACT.add(base, self.amount)
        else:
            target = _EXACT.divide(_EXACT.multiply(base, _EXACT.add(Decimal(100), self.amount)), Decimal(100))
        exact = target.quantize(Decimal(1).scaleb(-FRACTION_DIGITS), ROUND_HALF_EVEN, _EXACT)
        return Decimal(text(exact))


class CoursePoint(BaseModel):
    """What a sum had come to at the end of a business day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: date
    value: Number


class FrozenValue(BaseModel):
    """What a base had come to when a goal was resolved with it; later corrections do not move it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Number
    """In the measure's unit."""
    start: date
    """First day of the base period."""
    end: date
    readings: int
    """How many it is made of."""
    first_position: int
    """Where the first one stands on the ledger."""
    last_position: int
    known_position: int
    """Up to where the ledger was known."""


class FrozenBase(FrozenValue):
    """The base of a relative goal of a key result."""

    course: Annotated[tuple[CoursePoint, ...], Field(max_length=400)] = ()
    """Of a sum: how it grew, so that an unfinished cycle is compared with the same part of the period."""


class PeriodBase(BaseModel):
    """A base, and the business day from which the target that follows from it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    effective_from: date
    base: FrozenBase
