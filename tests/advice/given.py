"""Short ways to say which goals and KPIs advice is asked on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from events.cycles.state import Cycle
from events.kpis.state import Kpi
from events.measures import Measure
from events.objectives.state import KeyResult, Objective, TargetFact
from events.org_units.state import OrgUnit
from projections.advice.advise import advise
from projections.advice.codes import Advice
from projections.advice.facts import Facts, Scope, TargetMove

Q1 = Cycle(
    id="2026-q1",
    name="2026년 1분기",
    start=date(2026, 1, 1),
    end=date(2026, 3, 31),
    kind="quarter",
    status="open",
)
SALES = OrgUnit(id="sales", name_ko="영업팀", name_en="Sales", level="team")
TODAY = date(2026, 2, 10)


def key_result(title: str = "신규 B2B 핵심 고객사 5곳 이상 확보", **fields: Any) -> KeyResult:
    """A sound key result; fields of its measure are given among the others."""
    usual: dict[str, Any] = {"kind": "at_least", "target": 5, "unit": "count"}
    told = {name: fields.pop(name) for name in list(fields) if name in Measure.model_fields}
    measure = Measure.model_validate(usual | told)
    facts = (TargetFact(target=measure.target, effective_from=Q1.start),)
    return KeyResult.model_validate(
        {"id": "kr", "title": title, "measure": measure, "targets": facts, "owner": "anna"} | fields
    )


def objective(title: str = "업계 최고의 고객 경험을 선사한다", **fields: Any) -> Objective:
    """A sound objective with two sound key results."""
    usual: dict[str, Any] = {
        "id": "growth",
        "title": title,
        "cycle": Q1.id,
        "ambition": "stretch",
        "status": "active",
        "org_unit": "sales",
        "owner": "anna",
        "key_results": (key_result(), key_result("파일럿 발주 2건 이상 확보", id="pilots", target=2)),
    }
    return Objective.model_validate(usual | fields)


def kpi(name_ko: str = "신규 고객 계약 건수", name_en: str = "New contracts", **fields: Any) -> Kpi:
    """A sound KPI with a target of at least 30."""
    usual: dict[str, Any] = {
        "id": "contracts",
        "name_ko": name_ko,
        "name_en": name_en,
        "unit": "count",
        "kind": "delta",
        "aggregation": "sum",
        "cadence": "month",
        "empty": "zero",
        "owner": "anna",
        "org_unit": "sales",
        "perspective": "customer",
        "leading": True,
        "serves": "growth",
        "serves_why": "계약이 늘어야 성장합니다",
        "targets": ({"kind": "at_least", "target": 30, "effective_from": date(2026, 1, 1)},),
    }
    return Kpi.model_validate(usual | fields)


def kpis(count: int, **fields: Any) -> list[Kpi]:
    """Several of them."""
    return [kpi(id=f"kpi-{number}", **fields) for number in range(count)]


def given(
    *objectives: Objective,
    kpis: Sequence[Kpi] = (),
    units: Iterable[OrgUnit] = (SALES,),
    cycles: Iterable[Cycle] = (Q1,),
    moves: Sequence[TargetMove] = (),
) -> Facts:
    """A workspace with these."""
    return Facts(
        as_of=TODAY,
        cycles={cycle.id: cycle for cycle in cycles},
        units={unit.id: unit for unit in units},
        objectives=objectives,
        kpis=kpis,
        moves=moves,
    )


def advised(facts: Facts, **scope: Any) -> list[Advice]:
    """What there is to say, by default on all its cycles."""
    return advise(facts, Scope(**{"cycles": frozenset(facts.cycles)} | scope))


def codes(facts: Facts, **scope: Any) -> set[str]:
    """Only the codes."""
    return {piece.code for piece in advised(facts, **scope)}


def codes_of(one: KeyResult) -> set[str]:
    """What is said on a key result in a sound objective."""
    other = key_result("파일럿 발주 2건 이상 확보", id="pilots", target=2)
    return {
        piece.code for piece in advised(given(objective(key_results=(one, other)))) if piece.item.id == one.id
    }
