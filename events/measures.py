"""Measures: how a value is judged against a target. The formulas are in projections/scoring."""

from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from events.commands import Title
from events.decimals import Number, grouped
from events.errors import Refused
from events.errors import broken as _broken
from events.ids import Slug
from events.relative import Relative
from events.text import Language
from events.units import PERCENTAGES, unit_text

ValueKind = Literal["increase", "decrease", "at_least", "at_most", "between"]
"""Judges one value, such as a KPI's in one of its periods."""
MeasureKind = Literal[
    "increase", "decrease", "at_least", "at_most", "between", "count_of_periods", "milestone"
]
Grading = Literal["attainment", "strict", "tolerance"]
Aggregation = Literal["sum", "count", "mean", "last", "min", "max", "ratio"]
ADDING_UP: frozenset[Aggregation] = frozenset({"sum", "count"})
"""What grows through a cycle, from 0 on."""
_NOTHING: Final = Decimal(0)
Unit = Annotated[str, Field(min_length=1, max_length=40)]

ALL_STEPS: Final = {"target": "1", "unit": "share"}
"""What a milestone is to reach: the whole of its steps. Nobody has to say so."""
MOST_STEPS = 50
"""Of one milestone: more is a project plan."""


class Window(BaseModel):
    """Which value of the KPI counts. `periods` is for `rolling` only, in periods of the KPI's cadence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["latest_complete_period", "cycle_to_date", "rolling"]
    periods: Annotated[int, Field(ge=1, le=400)] | None = None

    @model_validator(mode="after")
    def _periods_belong_to_rolling(self) -> Self:
        if (self.kind == "rolling") != (self.periods is not None):
            raise _broken(
                "window_periods",
                "a rolling window needs periods, and only a rolling window has them",
                "periods는 rolling 창에만, 그리고 반드시 필요합니다",
            )
        return self


class CountedPeriods(BaseModel):
    """Which periods count as met, as in "at least 4 in 10 of 12 weeks", where 10 is the measure's target.

    `of` is a number of periods of the KPI's cadence, from the cycle's first one on; `threshold` is in the
    measure's unit, and a value exactly there meets it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: Annotated[int, Field(ge=1, le=400)]
    each: Literal["at_least", "at_most"]
    threshold: Number


class Step(BaseModel):
    """A step (단계) of a milestone, which is done or not. Its weight counts beside the others' weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Slug
    title: Title
    weight: Number | None = None


class Measure(BaseModel):
    """Direction, baseline (기준값) and target (목표치) of a key result or KPI target, all in `unit`.

    The target of `count_of_periods` is the number of periods that have to be met; that of a `milestone` is 1,
    all of its steps, in the unit `share`: both may be left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: MeasureKind
    target: Number | None = None
    """Of `between` the lower edge. Only a relative goal that is not resolved has none."""
    unit: Unit
    baseline: Number | None = None
    grading: Grading = "attainment"
    tolerance: Number | None = None
    upper: Number | None = None
    """Upper edge of `between`; both edges lie inside."""
    periods: CountedPeriods | None = None
    """Of `count_of_periods`."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=MOST_STEPS)] | None = None
    """Of `milestone`: all of them have a weight, or none has."""
    relative: Relative | None = None
    """Instead of baseline and target: they follow from another period's value."""
    window: Window | None = None
    """None: the default for the KPI's aggregation, see `window_for`."""

    @model_validator(mode="before")
    @classmethod
    def _a_milestone_is_all_of_its_steps(cls, said: object) -> object:
        return {**ALL_STEPS, **said} if isinstance(said, dict) and said.get("kind") == "milestone" else said

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        self._check_upper()
        self._check_counting()
        self._check_steps()
        self._check_relative()
        if self.kind in ("increase", "decrease"):
            self._check_movement()
        elif self.kind == "between":
            if self.grading == "attainment":
                raise _broken(
                    "grading_not_for_between",
                    "between is graded strict or by a tolerance",
                    "between에는 strict나 tolerance 방식만 있습니다",
                )
        elif self.target is not None and self.target <= 0 and self.grading == "attainment":
            raise _broken(
                "target_not_positive",
                "attainment needs a target above 0; a target of 0 or less needs strict or tolerance grading",
                "달성률에는 0보다 큰 목표치가 필요합니다. 0 이하에는 strict나 tolerance를 쓰십시오",
            )
        if (self.grading == "tolerance") != (self.tolerance is not None):
            raise _broken(
                "tolerance_missing_or_unused",
                "tolerance grading needs a tolerance, and only tolerance grading has one",
                "tolerance 값은 tolerance 방식에만, 그리고 반드시 필요합니다",
            )
        if self.tolerance is not None and self.tolerance <= 0:
            raise _broken(
                "tolerance_not_positive", "a tolerance must be above 0", "tolerance 값은 0보다 커야 합니다"
            )
        return self

    def _check_upper(self) -> None:
        if (self.kind == "between") != (self.upper is not None):
            raise _broken(
                "upper_missing_or_unused",
                "between needs an upper edge, and only between has one",
                "upper 값은 between에만, 그리고 반드시 필요합니다",
            )
        if self.upper is not None and (self.target is None or self.upper <= self.target):
            raise _broken(
                "edges_out_of_order",
                "the upper edge must be above the lower one, which is the target",
                "upper 값은 하한인 목표치보다 커야 합니다",
            )

    def _check_counting(self) -> None:
        if (self.kind == "count_of_periods") != (self.periods is not None):
            raise _broken(
                "periods_missing_or_unused",
                "count_of_periods needs periods, and only count_of_periods has them",
                "periods는 count_of_periods에만, 그리고 반드시 필요합니다",
            )
        if self.periods is None:
            return
        if self.target is None or self.target < 1 or self.target != self.target.to_integral_value():
            raise _broken(
                "required_periods_not_whole",
                "the target of count_of_periods is a whole number of periods, at least 1",
                "count_of_periods의 목표치는 1 이상의 정수인 기간 수입니다",
            )
        if self.target > self.periods.of:
            raise _broken(
                "more_periods_required_than_counted",
                "no more periods can be required than are counted",
                "충족해야 할 기간 수는 세는 기간 수보다 클 수 없습니다",
            )
        if self.grading != "attainment":
            raise _broken(
                "grading_not_for_counting",
                "count_of_periods has no strict or tolerance grading",
                "count_of_periods에는 strict와 tolerance 방식이 없습니다",
            )
        if self.window is not None:
            raise _broken(
                "window_not_for_counting",
                "count_of_periods counts its own periods and has no window",
                "count_of_periods는 정해진 기간을 세므로 window를 쓸 수 없습니다",
            )

    def _check_steps(self) -> None:
        if (self.kind == "milestone") != (self.steps is not None):
            raise _broken(
                "steps_missing_or_unused",
                "milestone needs steps, and only milestone has them",
                "steps는 milestone에만, 그리고 반드시 필요합니다",
            )
        if self.steps is None:
            return
        if self.target != 1 or self.unit != ALL_STEPS["unit"]:
            raise _broken(
                "milestone_target_fixed",
                "a milestone is reached with all of its steps: its target is 1, in the unit share",
                "milestone은 모든 단계를 마쳐야 달성됩니다. 목표치는 1, 단위는 share입니다",
            )
        if len({step.id for step in self.steps}) < len(self.steps):
            raise _broken(
                "steps_not_unique", "two steps have the same id", "같은 아이디를 가진 단계가 있습니다"
            )
        weights = [step.weight for step in self.steps if step.weight is not None]
        if any(weight <= 0 for weight in weights):
            raise _broken(
                "step_weight_not_positive",
                "the weight of a step must be above 0",
                "단계 가중치는 0보다 커야 합니다",
            )
        if weights and len(weights) < len(self.steps):
            raise _broken(
                "step_weights_mixed",
                "either all steps have a weight or none has",
                "가중치는 모든 단계에 있거나 모두 없어야 합니다",
            )
        if self.grading != "attainment" or self.window is not None or self.baseline is not None:
            raise _broken(
                "not_for_milestone",
                "milestone has no baseline, no window, and no strict or tolerance grading",
                "milestone에는 기준값, window, strict와 tolerance 방식이 없습니다",
            )

    def _check_relative(self) -> None:
        relative = self.relative
        if relative is None:
            if self.target is None:
                raise _broken("target_missing", "a measure needs a target", "목표치가 필요합니다")
            return
        if self.kind not in ("increase", "decrease", "at_least", "at_most"):
            raise _broken(
                "relative_not_for_kind",
                f"{self.kind} has no relative goal; increase, decrease, at_least and at_most may have one",
                f"{self.kind}에는 상대 목표를 쓸 수 없습니다",
            )
        if relative.change is None and self.unit in PERCENTAGES:
            raise _broken(
                "relative_change_unclear",
                f"say whether {self.unit} changes in percent of itself (relative) or in points",
                f"{self.unit} 값의 변화가 비율(relative)인지 포인트(points)인지 밝히십시오",
            )
        upwards = {"increase": True, "decrease": False}.get(self.kind)
        if upwards is not None and (relative.amount == 0 or upwards != (relative.amount > 0)):
            raise _broken(
                "direction_contradicts",
                f"the sign of the amount contradicts {self.kind}",
                f"변화량의 부호가 {self.kind} 방향과 맞지 않습니다",
            )
        window = None if self.window is None else self.window.kind
        if relative.resolve == "each_period" and window not in (None, "latest_complete_period"):
            raise _broken(
                "relative_window",
                "resolve each_period judges the latest complete period and has no other window",
                "each_period는 가장 최근에 끝난 기간을 평가하므로 다른 window를 쓸 수 없습니다",
            )

    def _check_movement(self) -> None:
        if self.grading != "attainment":
            raise _broken(
                "grading_not_for_movement",
                "increase and decrease have no strict or tolerance grading",
                "increase와 decrease에는 strict와 tolerance 방식이 없습니다",
            )
        if self.baseline is None or self.target is None:
            return
        if self.baseline == self.target:
            raise _broken(
                "baseline_equals_target",
                "baseline and target are equal, so nothing would move",
                "기준값과 목표치가 같아 움직일 것이 없습니다",
            )
        if (self.kind == "increase") != (self.target > self.baseline):
            raise _broken(
                "direction_contradicts",
                f"the target lies on the wrong side of the baseline for {self.kind}",
                f"{self.kind} 방향과 기준값·목표치의 순서가 맞지 않습니다",
            )

    def in_words(self, lang: Language) -> str:
        """Return what is to be reached, for a sentence: the target, both edges, or the relative goal."""
        if self.target is None:
            relative = self.relative
            return "" if relative is None else relative.in_words_of(self.unit, lang)
        edges = [grouped(edge) for edge in (self.target, self.upper) if edge is not None]
        unit = "" if self.periods or self.steps else unit_text(self.unit, lang)
        return ("~" if lang == "ko" else " to ").join(edges) + unit

    def window_for(self, aggregation: Aggregation | None) -> Window:
        """Return the declared window; else cycle to date for sums and counts, else the latest period.

        Periods that are counted, or judged one by one, are complete ones too, also those of a sum.
        """
        if self.window is not None:
            return self.window
        one_by_one = self.periods is not None or (
            self.relative is not None and self.relative.resolve == "each_period"
        )
        to_date = aggregation in ADDING_UP and not one_by_one
        return Window(kind="cycle_to_date" if to_date else "latest_complete_period")

    def check_start(self, aggregation: Aggregation, pointer: str) -> None:
        """Refuse an increase that would start at 0 and leads to no more than that; see `start_of`."""
        if self.target is None or self.baseline is not None:
            return
        if start_of(self.kind, self.baseline, aggregation) is not None and self.target <= 0:
            raise Refused(
                "baseline_equals_target" if self.target == 0 else "direction_contradicts",
                "an increase of a sum or count without a baseline starts at 0, so its target lies above 0",
                "합계·건수 KPI의 increase는 기준값이 없으면 0에서 시작하므로 목표치가 0보다 커야 합니다",
                kind="invalid",
                pointer=pointer,
            )

    def judges_like(self, other: "Measure") -> bool:
        """Return whether two measures differ at most in the figures that a value is judged by."""
        none: dict[str, None] = {"target": None, "upper": None, "baseline": None}
        return self.model_copy(update=none) == other.model_copy(update=none)

    def valued_like(self, other: "Measure") -> bool:
        """Return whether a reported value means the same in both: in one unit, or a number of periods."""
        return (self.unit, self.periods is None) == (other.unit, other.periods is None)

    def revised(self, pointer: str, **changes: Any) -> "Measure":
        """Return this measure with some fields changed.

        Raises Refused (invalid) if these contradict the others.
        """
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        try:
            return type(self)(**(fields | changes))
        except ValidationError as error:
            raise refused(error, pointer) from None


def start_of(kind: MeasureKind, baseline: Decimal | None, aggregation: Aggregation | None) -> Decimal | None:
    """Return the baseline, which is 0 for an increase of a sum or count that has none.

    `aggregation` is the KPI's; None without a KPI.
    """
    implied = baseline is None and kind == "increase" and aggregation in ADDING_UP
    return _NOTHING if implied else baseline


def refused(error: ValidationError, pointer: str) -> Refused:
    """Return the refusal that says what a validation found first."""
    first = error.errors(include_url=False)[0]
    ko = str(first.get("ctx", {}).get("ko", first["msg"]))
    return Refused(first["type"], first["msg"], ko, kind="invalid", pointer=pointer)
