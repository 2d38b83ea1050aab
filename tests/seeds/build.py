"""Puts the documents' examples into a workspace, through the public API only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import httpx

from tests.seeds.examples import (
    ByHand,
    Example,
    KeyResultByHand,
    KeyResultExample,
    KpiByHand,
    KpiExample,
    Measured,
    ObjectiveExample,
    Readings,
    examples,
    key_results_by_hand,
    kpis_by_hand,
)

REASON = "문서의 예시"
YEAR, QUARTER = "2025", "2025-q3"
CYCLES = {
    YEAR: {"name": "2025년", "start": "2025-01-01", "end": "2025-12-31", "kind": "year"},
    QUARTER: {"name": "2025년 3분기", "start": "2025-07-01", "end": "2025-09-30", "kind": "quarter"},
}
CYCLE_OF = {"s0": YEAR, "s0-a": YEAR, "s1": QUARTER, "s2": QUARTER, "s3": YEAR, "s4": YEAR}
"""001 and 002 set goals for a quarter, 003 for a year; 000 and 004 do not say."""

UNITS = {
    "전사": "company",
    "영업팀": "sales",
    "마케팅팀": "marketing",
    "제품개발팀": "product",
    "개발팀": "development",
    "고객서비스팀": "service",
    "고객지원팀": "support",
    "인사팀": "people",
    "운영팀": "operations",
    "생산팀": "production",
}
READING_KINDS = {"sum": "delta", "mean": "gauge", "last": "gauge", "ratio": "ratio"}
SERVES_WHY = {
    "s0": "영업팀이 회사 OKR을 자기 언어로 옮긴 KPI입니다",
    "s0-a": "수익성에 직접 연결되도록 넣은 KPI입니다",
}


class Builder:
    """Creates everything; a refusal fails the test that asked for it."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._revisions: dict[str, int] = {}
        self._holders: dict[str, str] = {}
        """The objective that holds a key result or, for those without one, what holds them for their unit."""
        self.position = 0

    def build(self) -> None:
        """Units and cycles, objectives, KPIs with targets, key results, and then what was measured."""
        self._frame()
        for objective in _parents_first(examples().objectives):
            self._objective(objective)
        for kpi in examples().kpis:
            self._kpi(kpi)
        for key_result in examples().key_results:
            self._key_result(key_result)
        for holder in sorted({*self._holders.values(), *(one.id for one in examples().objectives)}):
            self._write("POST", f"/v1/objectives/{holder}/activate", {}, holder)
        for initiative in examples().initiatives:
            body = {"id": initiative.id, "title": initiative.title_ko, "supports": [initiative.supports]}
            self._write("POST", "/v1/initiatives", body)
        self._send_readings({kpi.id: readings_of(kpi) for kpi in examples().kpis})
        self._read_revisions()
        for id_, told in key_results_by_hand().items():
            if told.base_on is not None:
                continue
            for day, value in told.check_ins.items():
                body = {"day": str(day), "value": str(value)}
                self._write("POST", f"/v1/key-results/{id_}/check-ins", body, self._holders[id_])

    def _read_revisions(self) -> None:
        """Relative goals were resolved when their objectives began, each by an event more."""
        headers = {"Goaltrail-Min-Position": str(self.position)}
        for objective in set(self._holders.values()):
            found = self._http.get(f"/v1/objectives/{objective}", headers=headers).json()
            self._revisions[objective] = found["revision"]

    def _frame(self) -> None:
        wanted = {(one.company, one.org_unit) for one in _all() if one.org_unit is not None}
        companies = {(company, "전사") for company, _ in wanted}
        for company, name in (*sorted(companies), *sorted(wanted - companies)):
            top = name == "전사"
            body = {"id": unit(company, name), "name_ko": name, "level": "company" if top else "team"}
            if not top:
                body["parent"] = unit(company, "전사")
            self._write("POST", "/v1/org-units", body)
        for id_, cycle in CYCLES.items():
            self._write("POST", "/v1/cycles", {"id": id_, **cycle})
            self._write("POST", f"/v1/cycles/{id_}/open", {})

    def _objective(self, one: ObjectiveExample) -> None:
        body: dict[str, Any] = {"id": one.id, "title": one.title_ko, "cycle": CYCLE_OF[one.company]}
        if one.level == "individual":
            body["owner"] = f"{one.company}-employee"
        elif one.org_unit is not None:
            body["org_unit"] = unit(one.company, one.org_unit)
        if one.parent is not None:
            body["supports"] = [one.parent]
        self._write("POST", "/v1/objectives", body, one.id)

    def _kpi(self, one: KpiExample) -> None:
        body = {
            "id": one.id,
            "name_ko": one.title_ko,
            "name_en": one.title_en,
            "unit": one.unit,
            "kind": READING_KINDS[one.aggregation],
            "aggregation": one.aggregation,
            "cadence": one.period or "month",
            "perspective": one.perspective,
            "leading": None if one.indicator is None else one.indicator == "leading",
            "org_unit": None if one.org_unit is None else unit(one.company, one.org_unit),
        }
        if one.supports is not None:
            body |= {"serves": one.supports, "serves_why": SERVES_WHY[one.company]}
        self._write("POST", "/v1/kpis", body, one.id)
        told = kpis_by_hand().get(one.id)
        posts = posts_of(one, told)
        if posts is not None:
            body = posts | {"effective_from": "2025-01-01", "reason": REASON}
            self._write("POST", f"/v1/kpis/{one.id}/targets", body, one.id)

    def _key_result(self, one: KeyResultExample) -> None:
        told = key_results_by_hand()[one.id]
        measure = measure_of(one, told)
        kpi = one.kpi
        if told.periods is not None:
            measure["periods"] = told.periods
        if told.base_on is not None:
            kpi = self._watch_base(one, told)
        if told.watches is not None:
            kpi = f"{one.id}-kpi"
            self._write("POST", "/v1/kpis", {"id": kpi, **told.watches.model_dump(exclude={"readings"})}, kpi)
            self._send_readings({kpi: told.watches.readings})
        body = {"id": one.id, "title": one.title_ko, "measure": measure, "kpi": kpi}
        if one.objective is not None:
            self._holders[one.id] = one.objective
            self._write("POST", f"/v1/objectives/{one.objective}/key-results", body, one.objective)
            return
        assert one.org_unit is not None
        body |= {"cycle": CYCLE_OF[one.company]}
        if one.level == "individual":
            body["owner"] = f"{one.company}-employee"
        path = f"/v1/org-units/{unit(one.company, one.org_unit)}/key-results"
        receipt = self._write("POST", path, body)
        found = self._http.get(
            f"/v1/key-results/{one.id}", headers={"Goaltrail-Min-Position": str(receipt["position"])}
        ).json()
        self._holders[one.id] = found["objective"]
        self._revisions[found["objective"]] = receipt["revision"]

    def _watch_base(self, one: KeyResultExample, told: KeyResultByHand) -> str:
        """A KPI for a goal relative to an earlier period: with that one's value, and the values since."""
        assert told.base is not None
        assert told.base_on is not None
        kpi = f"{one.id}-kpi"
        body = {"id": kpi, "name_ko": one.title_ko, "unit": one.unit, "kind": "gauge", "aggregation": "last"}
        self._write("POST", "/v1/kpis", body, kpi)
        self._send_readings({kpi: {told.base_on: told.base, **told.check_ins}})
        return kpi

    def _send_readings(self, of: dict[str, Readings]) -> None:
        items = [
            {"kpi": kpi, "source_id": f"{kpi}-{day}", "period": str(day), **_amounts(value)}
            for kpi, readings in of.items()
            for day, value in readings.items()
        ]
        answer = self._send("POST", "/v1/readings", items, {})
        assert answer["counts"]["accepted"] == len(items), answer

    def _write(self, method: str, path: str, body: Any, target: str | None = None) -> Any:
        """A change; `target` is the id of what it creates or changes, whose revision is then known."""
        headers = {}
        if target in self._revisions:
            headers["If-Match"] = f'"{self._revisions[target]}"'
        receipt = self._send(method, path, body, headers)
        if target is not None:
            self._revisions[target] = receipt["revision"]
        return receipt

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        answer = self._http.request(method, path, json=body, headers=headers)
        assert answer.is_success, (path, body, answer.text)
        receipt = answer.json()
        self.position = max(self.position, receipt["position"])
        return receipt


def unit(company: str, name: str) -> str:
    """The id of a unit of one of the companies."""
    return f"{company}-{UNITS[name]}"


def posts_of(one: Measured, told: ByHand | None) -> dict[str, Any] | None:
    """What a KPI is judged against, as the document gives it; a relative target as it was worked out."""
    target, baseline = one.target, one.baseline
    if one.relative is not None and target is None:
        assert told is not None
        target, baseline = told.target, told.base
    if target is None:
        return None
    posts = {"kind": one.measure, "target": str(target)}
    return posts if baseline is None else posts | {"baseline": str(baseline)}


def measure_of(one: KeyResultExample, told: KeyResultByHand) -> dict[str, Any]:
    """A key result's measure as the document gives it; a relative one with its change and no target."""
    measure: dict[str, Any] = {"kind": one.measure, "unit": told.unit or one.unit}
    baseline = one.baseline
    if one.target is not None:
        measure["target"] = str(one.target)
    else:
        assert one.relative is not None
        amount = one.relative.change * 100
        measure["relative"] = {"change": "relative", "amount": f"{amount:f}", "of": one.relative.of}
        baseline = told.base if one.relative.of == "baseline" else None
    if baseline is not None:
        measure["baseline"] = str(baseline)
    return measure


def readings_of(kpi: KpiExample) -> Readings:
    """Those of kpis.yaml, or one: also without a target there is a trend."""
    told: KpiByHand | None = kpis_by_hand().get(kpi.id)
    if told is not None:
        return told.readings
    seven = Decimal(7)
    return {_SOME_DAY: (seven, Decimal(10)) if kpi.aggregation == "ratio" else seven}


def _amounts(value: Decimal | tuple[Decimal, Decimal]) -> dict[str, str]:
    if isinstance(value, tuple):
        return {"numerator": str(value[0]), "denominator": str(value[1])}
    return {"value": str(value)}


_SOME_DAY = date(2025, 9, 15)


def _all() -> Iterable[Example]:
    return (*examples().objectives, *examples().key_results, *examples().kpis)


def _parents_first(objectives: Iterable[ObjectiveExample]) -> list[ObjectiveExample]:
    return sorted(objectives, key=lambda one: (one.parent is not None, one.level == "individual"))
