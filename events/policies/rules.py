"""What a policy (산정 기준) holds: bands, pace, approvals, reward link and payout of one framework.

Source: docs/reference/policies.md. Scores have no unit (1 = reached).
"""

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Protocol, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from events.commands import Title
from events.decimals import Number
from events.errors import broken
from events.ids import Slug

Framework = Literal["okr", "kpi", "mbo"]
FRAMEWORKS: tuple[Framework, ...] = get_args(Framework)
RewardLink = Literal["refused", "allowed", "linked"]
MOST_STEPS = 20
"""Bands of a yardstick, or grades of a payout table."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(Protocol):
    """A half-open stretch of scores: from `at_least` (included) up to the next one's (excluded)."""

    @property
    def at_least(self) -> Number | None: ...


class Band(_Frozen):
    """A band (등급 구간) that grades how a goal ended."""

    code: Slug
    name_ko: Title
    name_en: Title
    at_least: Number | None = None
    """The lowest score in it; None for the lowest band, which has no end."""


class PayoutGrade(_Frozen):
    """What a scorecard's score is worth: a grade and a pay factor, never money."""

    grade: Annotated[str, Field(min_length=1, max_length=40)]
    at_least: Number | None = None
    """The lowest score that earns it; None for the lowest grade."""
    pay_factor: Annotated[Number, Field(ge=0, le=10)]
    """By which a bonus is multiplied elsewhere; 1 is the usual one."""


class Yardstick(_Frozen):
    """What the end of a goal is held against."""

    expected_end: Annotated[Number, Field(gt=0, le=2)]
    """The score that is expected at the end of the cycle: what pace is measured by."""
    bands: Annotated[tuple[Band, ...], Field(min_length=1, max_length=MOST_STEPS)]
    """From the lowest to the highest; together they cover every score."""

    @model_validator(mode="after")
    def _bands_cover_the_line(self) -> Self:
        _check_steps(self.bands)
        if len({band.code for band in self.bands}) < len(self.bands):
            raise broken("band_code_twice", "two bands have one code", "등급 구간의 코드가 겹칩니다")
        return self


class Rules(_Frozen):
    """The whole rules of one framework."""

    usual: Yardstick
    """For every goal that is not a stretch objective."""
    stretch: Yardstick | None = None
    """For stretch objectives: the OKR policy has it, and no other."""
    shown_cap: Annotated[Number, Field(ge=1, le=10)]
    """Scores are shown up to this; the raw score is kept beside it."""
    approve_target_changes: bool = False
    """The goalposts of an active objective, and targets of KPIs, move only after somebody else approved it.

    Those of MBO goals always do."""
    reward_link: RewardLink
    payout: Annotated[tuple[PayoutGrade, ...], Field(max_length=MOST_STEPS)] = ()
    """From the lowest grade to the highest; empty without a payout table."""
    on_pace_within: Annotated[Number, Field(ge=0, le=1)] = Decimal("0.05")
    """How far a score may be from the expected one and still be on pace."""
    stale_after: Annotated[Number, Field(ge=1, le=10)] = Decimal("1.5")
    """How many declared periods may pass without a reading or a check-in before the last one is stale."""

    @model_validator(mode="after")
    def _payout_covers_the_line(self) -> Self:
        if self.payout:
            _check_steps(self.payout)
        if self.payout and self.reward_link == "refused":
            raise broken(
                "payout_without_reward",
                "a payout table needs a reward link that is allowed or linked",
                "보상표에는 보상 연계가 allowed나 linked여야 합니다",
            )
        return self


class PolicyVersions(_Frozen):
    """One version of each policy, as a cycle pins them; 0 is the built-in one."""

    okr: Annotated[int, Field(ge=0)] = 0
    kpi: Annotated[int, Field(ge=0)] = 0
    mbo: Annotated[int, Field(ge=0)] = 0

    def of(self, framework: Framework) -> int:
        """Return the version of one framework's policy."""
        return {"okr": self.okr, "kpi": self.kpi, "mbo": self.mbo}[framework]


def _check_steps(steps: tuple[Band, ...] | tuple[PayoutGrade, ...]) -> None:
    """Refuse steps that do not cover every score once: only the first begins nowhere, each next one above."""
    edges = [step.at_least for step in steps]
    if edges[0] is not None or None in edges[1:]:
        raise broken(
            "lowest_step_open",
            "the first band or grade has no at_least, and every other one has",
            "첫 구간에는 at_least를 쓰지 않고, 나머지 모든 구간에는 써야 합니다",
        )
    rising = [edge for edge in edges if edge is not None]
    if any(low >= high for low, high in pairwise(rising)):
        raise broken(
            "steps_not_rising",
            "bands and grades go from low to high, each at_least above the one before",
            "구간은 낮은 점수부터 차례로, at_least가 앞 구간보다 커야 합니다",
        )
