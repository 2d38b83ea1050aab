"""Every example of the documents is on record as the document has it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.seeds.build import readings_of
from tests.seeds.conftest import Reader
from tests.seeds.examples import (
    InitiativeExample,
    KeyResultExample,
    KpiExample,
    ObjectiveExample,
    examples,
    kpis_by_hand,
)

NO_TARGET = [kpi for kpi in examples().kpis if kpi.target is None and kpi.relative is None]


@pytest.mark.parametrize("objective", examples().objectives, ids=lambda one: one.id)
def test_objective(seeds: Reader, objective: ObjectiveExample) -> None:
    """Its words and what it supports."""
    shown = seeds.get(f"/v1/objectives/{objective.id}")
    assert (shown["title"], shown["status"]) == (objective.title_ko, "active")
    assert shown["supports"] == ([] if objective.parent is None else [objective.parent])


@pytest.mark.parametrize("key_result", examples().key_results, ids=lambda one: one.id)
def test_key_result(seeds: Reader, key_result: KeyResultExample) -> None:
    """Its words, its measure and what it belongs to."""
    shown = seeds.get(f"/v1/key-results/{key_result.id}")
    assert (shown["title"], shown["measure"]["kind"]) == (key_result.title_ko, key_result.measure)
    holder = seeds.get(f"/v1/objectives/{shown['objective']}")
    assert holder["direct"] is (key_result.objective is None)
    assert key_result.objective in (None, holder["id"])


@pytest.mark.parametrize("kpi", examples().kpis, ids=lambda one: one.id)
def test_kpi(seeds: Reader, kpi: KpiExample) -> None:
    """Both names, the unit, and what it serves."""
    shown = seeds.get(f"/v1/kpis/{kpi.id}")
    assert (shown["name_ko"], shown["name_en"], shown["unit"]) == (kpi.title_ko, kpi.title_en, kpi.unit)
    assert (shown["aggregation"], shown["serves"]) == (kpi.aggregation, kpi.supports)


@pytest.mark.parametrize("kpi", NO_TARGET, ids=lambda one: one.id)
def test_a_kpi_without_a_target_has_a_trend(seeds: Reader, kpi: KpiExample) -> None:
    """A value, nothing that it could have attained, and the status that says so."""
    assert seeds.get(f"/v1/kpis/{kpi.id}", as_of="2025-12-31")["status"]["code"] == "no_target"
    day = str(max(readings_of(kpi)))
    asked = {"from": day, "to": day, "as_of": "2025-12-31", "bucket": "quarter"}
    (point,) = seeds.get(f"/v1/kpis/{kpi.id}/trend", **asked)["data"]
    assert (point["target"], point["attainment"], point["met"]) == (None, None, None)
    told = kpis_by_hand().get(kpi.id)
    usual = Decimal(70 if kpi.aggregation == "ratio" and kpi.unit == "percent" else 7)
    if kpi.aggregation == "ratio" and kpi.unit != "percent":
        usual /= 10
    assert Decimal(point["value"]) == (usual if told is None else told.value)


@pytest.mark.parametrize("initiative", examples().initiatives, ids=lambda one: one.id)
def test_initiative(seeds: Reader, initiative: InitiativeExample) -> None:
    """Its words and the goal it is done for."""
    shown = seeds.get(f"/v1/initiatives/{initiative.id}")
    assert (shown["title"], shown["status"]) == (initiative.title_ko, "planned")
    assert shown["supports"] == [initiative.supports]
