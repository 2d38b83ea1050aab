"""KPIs, their targets, trends and readings as they are answered."""

from __future__ import annotations

from typing import Any

from services.api.goals.examples import FRESH

WATCH = {"code": "watch", "name_ko": "주의", "name_en": "watch"}

KPI: dict[str, Any] = {
    "id": "acv",
    "name_ko": "평균 계약 금액",
    "name_en": "Average contract value",
    "aggregation": "mean",
    "cadence": "month",
    "empty": "missing",
    "perspective": "finance",
    "leading": None,
    "owner": "anna",
    "org_unit": "sales",
    "reward": None,
    "unit": "MKRW",
    "kind": "gauge",
    "mean_of_ratios": False,
    "targets": [],
    "retired": False,
    "waiting": None,
    "status": {
        "code": "watch",
        "name_ko": "주의",
        "name_en": "watch",
        "policy": {"framework": "kpi", "version": 0},
        "band": WATCH,
        "period": "2026-03",
        "value": "71",
        "target": "80",
        "attainment": "0.887500",
        "shown": "0.887500",
        "readings": FRESH,
    },
    "incomplete": False,
    "revision": 1204,
}

TARGET = {
    "kind": "at_least",
    "target": "80",
    "effective_from": "2026-04-01",
    "effective_to": None,
    "baseline": None,
    "grading": "attainment",
    "tolerance": None,
    "upper": None,
    "in_force": False,
}

TREND_POINT = {
    "label": "2026-03",
    "start": "2026-03-01",
    "end": "2026-03-31",
    "complete": True,
    "value": "71",
    "count": 12,
    "target": "80",
    "upper": None,
    "attainment": "0.887500",
    "met": False,
    "status": WATCH,
    "change": {"amount": "4.411765", "unit": "percent"},
    "change_on_year": None,
}

READING = {
    "id": "b0c4d1f2-3a5e-5f60-8172-93a4b5c6d7e8",
    "position": 1843,
    "revision": 0,
    "status": "recorded",
    "kpi": "acv",
    "feed": "erp",
    "source_id": "SO-1042",
    "source_version": None,
    "value": "71",
    "numerator": None,
    "denominator": None,
    "observed_at": "2026-03-31T09:00:00Z",
    "business_day": "2026-03-31",
    "recorded_at": "2026-03-31T14:59:59.871234Z",
    "known_from": "2026-03-31T14:59:59.872017Z",
    "actor": "feed:erp",
    "reason": None,
    "dimensions": {"region": "seoul"},
}

CORRECTED = {
    "id": READING["id"],
    "event_id": "3f6a2b1c-7d8e-5f90-a1b2-c3d4e5f60718",
    "position": 1850,
    "known_from": "2026-04-02T01:12:09.480113Z",
    "revision": 1,
    "changed": True,
}

RECEIPTS = {
    "counts": {"accepted": 1, "duplicate": 0, "superseded": 0, "conflict": 0, "rejected": 1},
    "position": 1843,
    "receipts": [
        {
            "index": 0,
            "source_id": "SO-1042",
            "id": READING["id"],
            "status": "accepted",
            "position": 1843,
            "known_from": READING["known_from"],
        },
        {
            "index": 1,
            "source_id": "SO-1043",
            "id": None,
            "status": "rejected",
            "position": None,
            "code": "kpi_unknown",
            "reason": "there is no KPI acw",
            "pointer": "/kpi",
        },
    ],
}
