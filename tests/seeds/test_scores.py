"""Every example with a target scores what was worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from tests.seeds.conftest import Reader
from tests.seeds.examples import (
    ByHand,
    Measured,
    calculate,
    examples,
    key_results_by_hand,
    kpis_by_hand,
)

RELATIVE = [one for one in (*examples().key_results, *examples().kpis) if one.relative is not None]
SIX_PLACES = Decimal("0.000001")
SCORED_KPIS = {id_: told for id_, told in kpis_by_hand().items() if told.raw != "none"}


@pytest.mark.parametrize("told", [*key_results_by_hand().values(), *SCORED_KPIS.values()])
def test_the_arithmetic_is_right(told: ByHand) -> None:
    """What is written as worked out comes to what is written as the score, within half of the last place."""
    if told.raw == "none":
        assert told.why is not None
        return
    assert abs(told.worked_out - Fraction(told.raw)) * 2 <= Fraction(SIX_PLACES)


@pytest.mark.parametrize("one", RELATIVE, ids=lambda one: one.id)
def test_a_relative_target_is_what_its_change_says(one: Measured) -> None:
    """The frozen target lies the document's percentage away from the base."""
    told = (kpis_by_hand().get(one.id) or key_results_by_hand()[one.id]) if one.target is None else None
    assert one.relative is not None
    if told is None:
        assert one.target == (one.baseline or 0) * (1 + one.relative.change)
        return
    assert calculate(told.goes_to or "") == told.target
    assert told.target == (told.base or 0) * (1 + one.relative.change)


def test_every_key_result_is_worked_out() -> None:
    """So is every KPI with a target."""
    assert set(key_results_by_hand()) == {one.id for one in examples().key_results}
    assert set(SCORED_KPIS) == {one.id for one in examples().kpis if one.target or one.relative}


@pytest.mark.parametrize("key_result", key_results_by_hand())
def test_key_result(seeds: Reader, key_result: str) -> None:
    """The raw score, and the one that is shown."""
    told = key_results_by_hand()[key_result]
    score = seeds.get(f"/v1/key-results/{key_result}", as_of=str(told.on))["score"]
    if told.base is not None:
        assert (Decimal(score["baseline"]), Decimal(score["target"])) == (told.base, told.target)
    if told.raw == "none":
        assert (score["raw"], score["pending"]) == (None, True)
        return
    assert Decimal(score["raw"]) == told.raw
    assert Decimal(score["score"]) == (told.raw if told.shown is None else told.shown)


@pytest.mark.parametrize("kpi", SCORED_KPIS)
def test_kpi(seeds: Reader, kpi: str) -> None:
    """The value of a stretch of the calendar and its attainment."""
    told = SCORED_KPIS[kpi]
    asked = {"from": str(told.start), "to": str(told.start), "as_of": "2025-12-31", "bucket": told.bucket}
    (point,) = seeds.get(f"/v1/kpis/{kpi}/trend", **asked)["data"]
    assert Decimal(point["value"]) == told.value
    assert Decimal(point["attainment"]) == told.raw
    assert point["met"] is (told.worked_out >= 1)
