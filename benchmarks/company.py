"""The made-up company that is measured: 200 KPIs, 80 key results, and as many readings as are wanted.

Readings come in the order of their time and mixed over all KPIs, as a company's feeds send them. The n-th
reading is the same in every run.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from benchmarks.client import Client

KPIS = 200
PER_DAY = 1642
"""Readings of one day, so that 1.2 million fill two years."""
FIRST_DAY = datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=9)))
YEARS = (2024, 2025)
OBJECTIVES = 20
"""Per year; each has two key results, and each key result a KPI."""

SEED = 20260101
BLOCK = 10_000
"""Readings that are drawn together, so that the n-th one does not depend on where somebody began."""


class Reading(NamedTuple):
    """One reading as its source has it."""

    kpi: int
    source_id: str
    at: str
    """RFC 3339."""
    value: str
    of: str
    """The denominator; empty unless the KPI is a ratio."""


class Body(NamedTuple):
    """A request's body, and how many readings it has."""

    content: bytes
    readings: int


def kpi_id(number: int) -> str:
    """Its id."""
    return f"kpi-{number:03d}"


def kind_of(number: int) -> tuple[str, str, str]:
    """Kind, aggregation and unit of a KPI: of five one is a ratio, two are sums, two are levels."""
    return (
        ("delta", "sum", "KRW"),
        ("gauge", "mean", "ms"),
        ("ratio", "ratio", "%"),
        ("delta", "sum", "count"),
        ("gauge", "last", "count"),
    )[number % 5]


def readings(first: int, count: int) -> Iterator[Reading]:
    """The readings from the one with number `first` on."""
    pause = 86_400 / PER_DAY
    for block in range(first // BLOCK, (first + count - 1) // BLOCK + 1):
        draw = random.Random(SEED + block)
        for number in range(block * BLOCK, (block + 1) * BLOCK):
            kpi, amount, cents = int(draw.random() * KPIS), int(draw.random() * 900), int(draw.random() * 100)
            if not first <= number < first + count:
                continue
            at = (FIRST_DAY + timedelta(seconds=int(number * pause))).isoformat()
            if kpi % 5 == 2:
                yield Reading(kpi, f"S-{number:08d}", at, str(amount), "1000")
            else:
                yield Reading(kpi, f"S-{number:08d}", at, f"{amount}.{cents:02d}", "")


def body_of(some: Sequence[Reading], *, lines: bool = False) -> Body:
    """Readings as a request's body: a JSON array, or NDJSON."""
    items = [_item(reading) for reading in some]
    text = "\n".join(items) + "\n" if lines else "[" + ",".join(items) + "]"
    return Body(text.encode(), len(items))


def _item(reading: Reading) -> str:
    amounts = (
        f'"numerator":"{reading.value}","denominator":"{reading.of}"'
        if reading.of
        else f'"value":"{reading.value}"'
    )
    return (
        f'{{"kpi":"{kpi_id(reading.kpi)}","source_id":"{reading.source_id}",{amounts},'
        f'"observed_at":"{reading.at}"}}'
    )


def key_result_id(year: int, number: int) -> str:
    """Its id; two by two they belong to one objective."""
    return f"kr-{year}-{number:02d}"


def found(client: Client) -> int:
    """Make KPIs, cycles, objectives and key results over HTTP; the last position."""
    position = 0
    for number in range(KPIS):
        kind, aggregation, unit = kind_of(number)
        name = f"KPI {number}"
        kpi = {"id": kpi_id(number), "name_ko": name, "name_en": name, "unit": unit, "kind": kind}
        client.post("/v1/kpis", {**kpi, "aggregation": aggregation, "cadence": "month"})
    for year in YEARS:
        cycle = {"id": f"y{year}", "name": str(year), "kind": "year"}
        client.post("/v1/cycles", {**cycle, "start": f"{year}-01-01", "end": f"{year}-12-31"})
        client.post(f"/v1/cycles/y{year}/open", {})
        for number in range(OBJECTIVES):
            position = _agree(client, year, number)
    return position


def _agree(client: Client, year: int, number: int) -> int:
    objective = f"objective-{year}-{number:02d}"
    draft = {"id": objective, "title": f"Objective {number}", "cycle": f"y{year}", "ambition": "committed"}
    receipt: dict[str, Any] = client.post("/v1/objectives", draft).json()
    for place in (2 * number, 2 * number + 1):
        unit = kind_of(place)[2]
        measure = {"kind": "at_least", "target": "1000", "unit": unit}
        body = {"id": key_result_id(year, place), "title": f"Key result {place}", "measure": measure}
        receipt = client.post(
            f"/v1/objectives/{objective}/key-results",
            {**body, "kpi": kpi_id(place)},
            {"If-Match": f'"{receipt["revision"]}"'},
        ).json()
    receipt = client.post(
        f"/v1/objectives/{objective}/activate", {}, {"If-Match": f'"{receipt["revision"]}"'}
    ).json()
    return int(receipt["position"])
