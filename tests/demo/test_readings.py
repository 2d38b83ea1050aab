"""The readings of the demo company add up to the months that its files state."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.demo.company import load_company
from services.demo.readings import Reading, readings_of, split
from services.demo.schema import Kpi

KPIS = {kpi.id: kpi for kpi in load_company().kpis}


def month(kpi: str, label: str) -> list[Reading]:
    """A KPI's readings of a month."""
    return [one for one in readings_of(KPIS[kpi]) if str(one.day)[:7] == label]


def ratio(readings: list[Reading]) -> Decimal:
    """Sum of the numerators over sum of the denominators."""
    return sum(one.numerator or 0 for one in readings) / Decimal(
        sum(one.denominator or 0 for one in readings)
    )


def test_sums_add_up() -> None:
    """January's invoices are 880 million won, as kpis.yaml says."""
    january = month("revenue", "2025-01")
    assert len(january) == 23
    assert sum(one.value or 0 for one in january) == 880_000_000


def test_ratios_are_ratios_of_the_sums() -> None:
    """Ten contracts in May with 71 million won on average."""
    may = month("acv", "2025-05")
    assert [one.denominator for one in may] == [1] * 10
    assert ratio(may) == 71_000_000


def test_percentages_are_parts_of_a_hundred() -> None:
    """93.1 % of March's deliveries were on time, and never more than all of them."""
    assert ratio(month("on-time", "2025-03")) == Decimal("0.931")
    assert all((one.numerator or 0) <= (one.denominator or 0) for one in readings_of(KPIS["on-time"]))


def test_means_are_exact() -> None:
    """The readings of a gauge have the mean that the month states."""
    june = month("page-speed", "2025-06")
    assert sum(one.value or 0 for one in june) / len(june) == Decimal("1.9")


def test_totals_grow_to_the_month_s_figure() -> None:
    """A counter only goes up within a month, and ends at 200,000 visitors in March."""
    march = [one.value or 0 for one in month("visitors", "2025-03")]
    assert all(before <= after for before, after in pairwise(march))
    assert march[-1] == 200_000


def test_outages_are_where_the_file_says() -> None:
    """Uptime is whole but for the named days."""
    short = [one for one in readings_of(KPIS["uptime"]) if one.numerator != one.denominator]
    assert [str(one.day) for one in short] == ["2025-02-11", "2025-03-18", "2025-07-22", "2025-10-09"]


def test_ratios_differ_from_reading_to_reading() -> None:
    """It looks like data: the weeks of a month are not all alike."""
    weeks = month("response-time", "2025-05")
    assert len({ratio([one]) for one in weeks}) > 5


@pytest.mark.parametrize("kpi", KPIS.values(), ids=str)
def test_source_ids_are_unique(kpi: Kpi) -> None:
    """No two readings of a KPI have one identity."""
    ids = [one.source_id for one in readings_of(kpi)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("kpi", KPIS.values(), ids=str)
def test_a_whole_year_and_no_weekend_of_work(kpi: Kpi) -> None:
    """Every KPI but accidents has readings in each month, and every reading arrives on a working day."""
    months: defaultdict[str, int] = defaultdict(int)
    for one in readings_of(kpi):
        months[str(one.day)[:7]] += 1
        assert one.arrives.weekday() < 5
        assert one.arrives > one.day
    if kpi.empty == "missing":
        assert {f"2025-{n:02}" for n in range(1, 13)} <= months.keys()


@given(
    st.integers(0, 10**9),
    st.lists(st.integers(1, 200), min_size=1, max_size=40),
    st.sampled_from(["1", "0.1", "1000"]),
)
def test_split_loses_nothing(steps: int, weights: list[int], step: str) -> None:
    """Parts are multiples of the step, none is negative, and together they are the whole."""
    size = Decimal(step)
    parts = split(steps * size, weights, size)
    assert len(parts) == len(weights)
    assert sum(parts) == steps * size
    assert all(part >= 0 and part % size == 0 for part in parts)


def test_split_refuses_what_has_no_whole_steps() -> None:
    """A figure that the step can't make is a mistake in the file."""
    with pytest.raises(ValueError, match="no multiple"):
        split(Decimal("1.5"), [1], Decimal(1))
