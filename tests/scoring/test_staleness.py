"""Staleness: the last day on which a report is fresh follows from the calendar and the policy."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.policies.defaults import DEFAULTS
from projections.kpi_status import kpi_status
from projections.scoring.periods import PeriodKind
from projections.scoring.staleness import freshness, newest
from tests.scoring.given import days, kpi

FACTOR = Decimal("1.5")


@pytest.mark.parametrize(
    ("cadence", "last", "factor", "latest"),
    [
        ("month", "2026-01-31", "1", "2026-02-28"),
        ("month", "2026-01-02", "1.5", "2026-03-14"),
        ("month", "2026-03-31", "1.5", "2026-05-15"),
        ("week", "2026-03-04", "1", "2026-03-15"),
        ("week", "2026-03-04", "1.5", "2026-03-18"),
        ("day", "2026-03-04", "1.5", "2026-03-05"),
        ("quarter", "2026-03-31", "1.5", "2026-08-14"),
        ("year", "2025-06-30", "1", "2026-12-31"),
    ],
)
def test_the_latest_day(cadence: PeriodKind, last: str, factor: str, latest: str) -> None:
    """On that day it is fresh, on the next one it is stale."""
    day = date.fromisoformat(latest)
    on_it = freshness(date.fromisoformat(last), cadence, Decimal(factor), day)
    after = freshness(date.fromisoformat(last), cadence, Decimal(factor), day + timedelta(days=1))
    assert on_it == (date.fromisoformat(last), day, False)
    assert after == (date.fromisoformat(last), day, True)


def test_without_a_report_it_counts_from_the_first_day_that_one_was_expected() -> None:
    found = freshness(None, "week", FACTOR, date(2026, 1, 11), since=date(2026, 1, 1))
    assert found == (None, date(2026, 1, 10), True)
    assert freshness(None, "week", FACTOR, date(2026, 1, 11)) is None


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 400), st.integers(10, 40))
def test_a_newer_report_is_never_staler(last: date, later: int, tenths: int) -> None:
    factor, as_of = Decimal(tenths) / 10, last + timedelta(days=500)
    older = freshness(last, "month", factor, as_of)
    newer = freshness(last + timedelta(days=later), "month", factor, as_of)
    assert older is not None
    assert newer is not None
    assert older.latest <= newer.latest
    assert older.stale or not newer.stale


def test_the_newest_reading_is_not_one_to_come() -> None:
    found = days({date(2026, 1, 5): 1, date(2026, 2, 5): 2})
    assert newest(found, date(2026, 2, 4)) == date(2026, 1, 5)
    assert newest(found, date(2026, 1, 4)) is None


def test_where_nothing_is_a_value_readings_are_never_stale() -> None:
    """No accident since January: 0 in March is known, and not a figure of long ago."""
    target = {"kind": "at_most", "target": 0, "grading": "strict", "effective_from": date(2026, 1, 1)}
    accidents = kpi("sum", empty="zero", targets=(target,))
    known = days({date(2026, 1, 15): 0})
    found = kpi_status(accidents, known, DEFAULTS["kpi"], date(2026, 3, 31))
    assert (found.status.code, found.readings) == ("healthy", None)
    unknown = accidents.model_copy(update={"empty": "missing"})
    assert kpi_status(unknown, known, DEFAULTS["kpi"], date(2026, 3, 31)).status.code == "stale"
