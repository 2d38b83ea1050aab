"""The status of a KPI against the target in force, by the bands of the KPI policy. Values are in its unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from events.kpis.state import Kpi
from events.policies.rules import Band, Rules
from projections.scoring.bands import band_of, yardstick
from projections.scoring.periods import period_of
from projections.scoring.staleness import Freshness, freshness, newest
from projections.scoring.values import BusinessDays
from projections.trend import TrendPoint, days_needed, trend

LOOKED_BACK = 4
"""Periods of the KPI's cadence: an older value says nothing about today."""

NO_TARGET = Band(code="no_target", name_ko="목표치 없음", name_en="no target")
NO_VALUE = Band(code="no_value", name_ko="값 없음", name_en="no value")
STALE = Band(code="stale", name_ko="오래된 값", name_en="stale")


class KpiStatus(NamedTuple):
    """What a KPI's latest complete period says."""

    status: Band
    """The band, or why there is none. `stale` stands in for the best band."""
    band: Band | None
    """Of the attainment, also while it is stale."""
    point: TrendPoint | None
    """The latest complete period that has a value."""
    readings: Freshness | None
    """None while there was no reading in the periods looked at, and where an empty period is 0."""


def band_at(attainment: Decimal | None, rules: Rules) -> Band | None:
    """Return the band of an attainment."""
    return None if attainment is None else band_of(attainment, yardstick(rules).bands)


def status_of_point(point: TrendPoint, rules: Rules) -> Band | None:
    """Return how a KPI stood in a bucket of a trend; None where the target is for another length of time."""
    if point.target is None:
        return NO_TARGET
    return NO_VALUE if point.value is None else band_at(point.attainment, rules)


def days_for_status(kpi: Kpi, as_of: date) -> tuple[date, date]:
    """Return the first and last business day that `kpi_status` looks at."""
    as_of = _within_trends(as_of)
    return days_needed(kpi, kpi.cadence, _first(kpi, as_of), as_of)


def kpi_status(kpi: Kpi, days: BusinessDays, rules: Rules, as_of: date) -> KpiStatus:
    """Return how the KPI stands at the end of a day. `days` holds at least the `days_for_status`."""
    as_of = _within_trends(as_of)
    points = trend(kpi, days, kpi.cadence, _first(kpi, as_of), as_of, as_of)
    point = _latest(points)
    readings = None
    if kpi.empty != "zero":  # else that nothing came is a value, as new as the day
        readings = freshness(newest(days, as_of), kpi.cadence, rules.stale_after, as_of)
    if kpi.target_on(as_of) is None and (point is None or point.target is None):
        return KpiStatus(NO_TARGET, None, point, readings)
    if point is None:
        return KpiStatus(NO_VALUE, None, None, readings)
    band = band_at(point.attainment, rules)
    best = yardstick(rules).bands[-1]
    if readings is not None and readings.stale and band == best:
        return KpiStatus(STALE, band, point, readings)
    return KpiStatus(band or NO_TARGET, band, point, readings)


def _within_trends(as_of: date) -> date:
    """Limit a range of days to those that a trend has; outside of them there are no readings either."""
    return min(max(as_of, date(1910, 1, 1)), date(9980, 12, 31))


def _first(kpi: Kpi, as_of: date) -> date:
    period = period_of(kpi.cadence, as_of)
    for _ in range(LOOKED_BACK):
        period = period.previous()
    return period.start


def _latest(points: Sequence[TrendPoint]) -> TrendPoint | None:
    complete = (point for point in reversed(points) if point.complete and point.value is not None)
    return next(complete, None)
