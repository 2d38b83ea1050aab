"""Objectives, key results and initiatives as they are answered."""

FRESH = {"last": "2026-03-31", "latest": "2026-05-15", "stale": False}

PACE = {"score": "0.700000", "expected": "0.350000", "pace": "0.350000", "word": "ahead"}

SCORE = {
    "value": "71",
    "target": "80",
    "upper": None,
    "baseline": "50",
    "raw": "0.700000",
    "score": "0.700000",
    "policy": {"framework": "okr", "version": 0},
    "band": {"code": "success", "name_ko": "성공", "name_en": "success"},
    "pace": PACE,
    "met": False,
    "pending": False,
    "count": 12,
    "window": {"kind": "latest_complete_period", "periods": None},
    "start": "2026-03-01",
    "end": "2026-03-31",
    "open_periods": None,
    "unreachable": False,
    "cadence": None,
    "provisional": False,
    "base_so_far": None,
}

INITIATIVE = {
    "id": "partner-portal",
    "title": "파트너 포털 공개",
    "status": "doing",
    "owner": "anna",
    "org_unit": None,
    "due": "2026-02-27",
}

KEY_RESULT = {
    "id": "acv",
    "objective": "growth",
    "title": "평균 계약 금액을 5천만 원에서 8천만 원으로",
    "status": "active",
    "measure": {
        "kind": "increase",
        "baseline": "50",
        "target": "80",
        "unit": "MKRW",
        "grading": "attainment",
        "tolerance": None,
        "upper": None,
        "periods": None,
        "steps": None,
        "relative": None,
        "window": None,
    },
    "unresolved": False,
    "targets": [{"target": "80", "effective_from": "2026-01-01", "upper": None, "base": None}],
    "kpi": "acv",
    "owner": "anna",
    "weight": None,
    "confidence": 7,
    "checked_in": "2026-03-27",
    "standing": "ahead",
    "readings": FRESH,
    "check_ins": {"last": "2026-03-27", "latest": "2026-04-08", "stale": False},
    "taken_over_by": ["enterprise-partner"],
    "trajectory": [{"day": "2026-02-28", "value": "60"}],
    "steps": [],
    "score": SCORE,
    "initiatives": [INITIATIVE],
}

OBJECTIVE = {
    "id": "growth",
    "title": "수익성 있는 성장",
    "cycle": "2026-q1",
    "org_unit": "company",
    "owner": "anna",
    "framework": "okr",
    "ambition": "stretch",
    "reviewer": None,
    "status": "active",
    "proposed_by": "person:anna",
    "agreed_by": ["person:boris"],
    "reward": None,
    "waiting": None,
    "edition": 2,
    "supports": [],
    "direct": False,
    "takes_over": None,
    "score": "0.700000",
    "policy": {"framework": "okr", "version": 0},
    "band": {"code": "success", "name_ko": "성공", "name_en": "success"},
    "elapsed": "0.500000",
    "pace": PACE,
    "standing": "ahead",
    "own_grade": None,
    "weakest": "acv",
    "pending": [],
    "incomplete": False,
    "grades": [
        {
            "edition": 1,
            "grade": "0.6",
            "reflection": "파트너 영업을 한 달 일찍 시작했어야 합니다",
            "actor": "person:anna",
            "event_id": "3f7a1b5e-0c55-5d0c-8a61-8d6f1c2b9e10",
        }
    ],
    "closings": [
        {
            "edition": 1,
            "comment": "2분기에는 유지율 목표로 이어 갑니다",
            "actor": "person:anna",
            "event_id": "91b4c3d2-7d1a-5b7e-9f0a-4e2d8c6b0a31",
        }
    ],
    "initiatives": [],
    "key_results": [KEY_RESULT],
    "revision": 1621,
}

SHORT = {"code": "short", "name_ko": "미흡", "name_en": "short"}

BESIDE = {"score": "0.525000", "expected": "0.350000", "pace": "0.175000", "word": "ahead"}

GOALPOST = {
    "what": "target",
    "old": "80",
    "new": "90",
    "unit": "MKRW",
    "old_upper": None,
    "upper": None,
    "effective_from": "2026-02-01",
    "backdated": False,
    "in_force": True,
    "score": SCORE | {"target": "90", "raw": "0.525000", "score": "0.525000", "band": SHORT, "pace": BESIDE},
    "position": 1621,
    "recorded_at": "2026-02-01T01:02:03.456789Z",
    "event_id": "0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10",
    "actor": "person:anna",
    "reason": "신규 고객 확보로 목표 상향",
    "asked_by": None,
    "asked_why": None,
}

CHECK_IN = {
    "day": "2026-03-27",
    "actor": "person:anna",
    "event_id": "6a3c2b1d-1f7e-5d7b-9d0e-2c4b8a6f3e21",
    "value": None,
    "confidence": 7,
    "note": "대형 고객 두 곳과 계약 막바지입니다",
}

SCORE_POINT = {
    "day": "2026-03-31",
    "cause": "reading",
    "recorded_at": "2026-03-31T14:59:59.871234Z",
    "position": 1843,
    "value": "71.000000",
    "raw": "0.700000",
    "score": "0.700000",
    "met": False,
    "baseline": "50",
    "target": "80",
    "upper": None,
    "weight": None,
}
