"""The trend of a KPI: its value per bucket of the calendar, against the target and against before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from events.kpis.state import Kpi
from events.measures import ADDING_UP
from events.text import Text
from events.units import PERCENT_UNITS, SHARE_UNITS
from projections.scoring.formulas import met, on_aggregate, raw_score, rounded, written
from projections.scoring.periods import Period, PeriodKind, period_of, periods_between
from projections.scoring.values import Bucket, DayValue, Value, aggregate

MOST_BUCKETS = 3_700
"""Ten years of days."""
BEYOND = Text(
    "추이는 1900년부터 9990년까지 조회할 수 있습니다", "A trend lies between the years 1900 and 9990"
)

_LONGEST_YEAR = timedelta(days=371)
"""53 weeks: no bucket begins longer than that after its twin of last year."""


class OutOfRange(Exception):
    """There is no trend of these days; the text says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Change(NamedTuple):
    """How far a value is from an earlier one, six places."""

    amount: Decimal
    unit: Literal["percent", "points"]
    """`percent` of the earlier value, or percentage points where the KPI itself is a percentage or share."""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One bucket of a trend. Value and target are in the KPI's unit."""

    label: str
    start: date
    end: date
    complete: bool
    """The bucket is over at the end of the day asked for; what stands in it may otherwise still grow."""
    value: Decimal | None
    count: int
    """How many readings the bucket has."""
    target: Decimal | None
    """The target in force on the bucket's last day, for one period of the KPI's cadence."""
    upper: Decimal | None
    """Upper edge of a target `between`, whose lower edge is `target`."""
    attainment: Decimal | None
    """Raw score of the value, six places. None without value or target, and for sums over other buckets
    than the KPI's cadence: a monthly target says nothing about a week or a year."""
    met: bool | None
    """None where attainment could not be told either."""
    change: Change | None
    """From the bucket before."""
    change_on_year: Change | None
    """From the same bucket of last year."""


def trend(
    kpi: Kpi, days: Mapping[date, DayValue], bucket: PeriodKind, first: date, last: date, as_of: date
) -> list[TrendPoint]:
    """Return the buckets of the days from `first` to `last`, as it stood at the end of the day `as_of`.

    `days` holds at least the `days_needed`. Percentages of a value that is missing or not above 0 are None.
    Raises OutOfRange for a range that is empty or has more than `MOST_BUCKETS`.
    """
    buckets = _buckets(bucket, first, last)
    values = _values(kpi, days, bucket, as_of)
    nothing = Bucket(kpi).value()

    def value_of(period: Period | None) -> Value:
        # An empty bucket may count as zero, but not one that has not begun.
        if period is None or period.start > as_of:
            return Value(None, 0)
        return values.get(period.start, nothing)

    points = []
    for period in buckets:
        value = value_of(period)
        points.append(
            _point(
                kpi,
                period,
                value,
                complete=period.end <= as_of,
                change=_change(kpi, value, value_of(period.previous())),
                change_on_year=_change(kpi, value, value_of(period.a_year_earlier())),
            )
        )
    return points


def days_needed(kpi: Kpi, bucket: PeriodKind, first: date, last: date) -> tuple[date, date]:
    """Return the first and last business day that `trend` looks at: with the bucket before and last year's.

    Raises OutOfRange like `trend`.
    """
    buckets = _buckets(bucket, first, last)
    start, end = buckets[0].start, buckets[-1].end
    # Whole KPI periods, to know which of a period's totals is the last.
    earliest = period_of(kpi.cadence, min(buckets[0].previous().start, start - _LONGEST_YEAR))
    return earliest.start, period_of(kpi.cadence, end).end


def _buckets(kind: PeriodKind, first: date, last: date) -> list[Period]:
    if first > last:
        raise OutOfRange(
            Text(f"{first}부터 {last}까지는 하루도 없습니다", f"A trend from {first} to {last} has no days")
        )
    if first.year < 1900 or last.year > 9990:
        raise OutOfRange(BEYOND)
    buckets = []
    for period in periods_between(kind, first, last):
        buckets.append(period)
        if len(buckets) > MOST_BUCKETS:
            raise OutOfRange(
                Text(
                    f"추이는 {MOST_BUCKETS:,}개 구간까지 보여 줍니다. 기간을 줄이거나 구간을 늘리십시오",
                    f"A trend has at most {MOST_BUCKETS:,} buckets: ask for a shorter time or longer buckets",
                )
            )
    return buckets


def _values(kpi: Kpi, days: Mapping[date, DayValue], bucket: PeriodKind, as_of: date) -> dict[date, Value]:
    """Return values by the first day of their bucket; a bucket without readings is left out."""
    known = [days[day] for day in sorted(days) if day <= as_of and days[day].n]
    parts = _cut(bucket, known)
    counting = _cut(bucket, _closing_totals(kpi, known)) if _sums_totals_over(kpi, bucket) else parts
    values = {start: aggregate(kpi, part).value for start, part in counting.items()}
    return {start: Value(values.get(start), sum(day.n for day in part)) for start, part in parts.items()}


def _cut(bucket: PeriodKind, days: Iterable[DayValue]) -> dict[date, list[DayValue]]:
    """Return days, which come in order, by the first day of their bucket."""
    parts: dict[date, list[DayValue]] = {}
    part: list[DayValue] = []
    end = date.min
    for day in days:
        if day.business_day > end:
            period = period_of(bucket, day.business_day)
            part = parts[period.start] = []
            end = period.end
        part.append(day)
    return parts


def _sums_totals_over(kpi: Kpi, bucket: PeriodKind) -> bool:
    return kpi.kind == "total" and kpi.aggregation == "sum" and _LENGTH[bucket] >= _LENGTH[kpi.cadence]


_LENGTH: dict[PeriodKind, int] = {
    "day": 1,
    "week": 7,
    "month": 28,
    "quarter": 90,
    "half_year": 181,
    "year": 365,
}


def _closing_totals(kpi: Kpi, days: list[DayValue]) -> list[DayValue]:
    """Return the last day of each KPI period that has one: its total stands for the period.

    A week that lies in two months is thereby counted once, in the month of its last total.
    """
    by_period = {period_of(kpi.cadence, day.business_day): day for day in days}
    return list(by_period.values())


def _point(
    kpi: Kpi,
    period: Period,
    value: Value,
    *,
    complete: bool,
    change: Change | None,
    change_on_year: Change | None,
) -> TrendPoint:
    exact = value.value
    target = kpi.target_on(period.end)
    attainment: Fraction | None = None
    reached: bool | None = None
    if (
        exact is not None
        and target is not None
        and (kpi.aggregation not in ADDING_UP or period.kind == kpi.cadence)
    ):
        goalposts = on_aggregate(target, kpi.aggregation)
        attainment = raw_score(goalposts, exact)
        reached = met(goalposts, exact)
    return TrendPoint(
        period.label,
        period.start,
        period.end,
        complete,
        None if exact is None else written(exact),
        value.count,
        None if target is None else target.target,
        None if target is None else target.upper,
        None if attainment is None else rounded(attainment),
        reached,
        change,
        change_on_year,
    )


def _change(kpi: Kpi, value: Value, base: Value) -> Change | None:
    if value.value is None or base.value is None:
        return None
    difference = value.value - base.value
    if kpi.unit in PERCENT_UNITS:
        return Change(rounded(difference), "points")
    if kpi.unit in SHARE_UNITS:
        return Change(rounded(difference * 100), "points")
    if base.value <= 0:
        return None
    return Change(rounded(difference / base.value * 100), "percent")
