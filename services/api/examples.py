"""What operations answer: examples for the OpenAPI document. A test checks them against the schemas."""

from __future__ import annotations

from typing import Any

from services.api.examples_alignment import ALIGNMENT
from services.api.examples_people import MEMBER, PERSON
from services.api.examples_scorecards import SCORECARD
from services.api.talk_examples import LISTED, READ

_KNOWN = {"known_at": "2026-03-31T14:59:59.871234Z", "position": 1843}
_TIMES = {"as_of": "2026-03-31", **_KNOWN}

_FRESH = {"last": "2026-03-31", "latest": "2026-05-15", "stale": False}
_PACE = {"score": "0.700000", "expected": "0.350000", "pace": "0.350000", "word": "ahead"}
_SCORE = {
    "value": "71",
    "target": "80",
    "upper": None,
    "baseline": "50",
    "raw": "0.700000",
    "score": "0.700000",
    "policy": {"framework": "okr", "version": 0},
    "band": {"code": "success", "name_ko": "성공", "name_en": "success"},
    "pace": _PACE,
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
_INITIATIVE = {
    "id": "partner-portal",
    "title": "파트너 포털 공개",
    "status": "doing",
    "owner": "anna",
    "org_unit": None,
    "due": "2026-02-27",
}
_KEY_RESULT = {
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
    "readings": _FRESH,
    "check_ins": {"last": "2026-03-27", "latest": "2026-04-08", "stale": False},
    "taken_over_by": ["enterprise-partner"],
    "trajectory": [{"day": "2026-02-28", "value": "60"}],
    "steps": [],
    "score": _SCORE,
    "initiatives": [_INITIATIVE],
}
_OBJECTIVE = {
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
    "pace": _PACE,
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
    "key_results": [_KEY_RESULT],
    "revision": 1621,
}
_SHORT = {"code": "short", "name_ko": "미흡", "name_en": "short"}
_BESIDE = {"score": "0.525000", "expected": "0.350000", "pace": "0.175000", "word": "ahead"}
_GOALPOST = {
    "what": "target",
    "old": "80",
    "new": "90",
    "old_upper": None,
    "upper": None,
    "effective_from": "2026-02-01",
    "backdated": False,
    "in_force": True,
    "score": _SCORE
    | {"target": "90", "raw": "0.525000", "score": "0.525000", "band": _SHORT, "pace": _BESIDE},
    "position": 1621,
    "recorded_at": "2026-02-01T01:02:03.456789Z",
    "event_id": "0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10",
    "actor": "person:anna",
    "reason": "신규 고객 확보로 목표 상향",
}
_CHECK_IN = {
    "day": "2026-03-27",
    "actor": "person:anna",
    "event_id": "6a3c2b1d-1f7e-5d7b-9d0e-2c4b8a6f3e21",
    "value": None,
    "confidence": 7,
    "note": "대형 고객 두 곳과 계약 막바지입니다",
}
_SCORE_POINT = {
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
_WATCH = {"code": "watch", "name_ko": "주의", "name_en": "watch"}
_KPI: dict[str, Any] = {
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
    "status": {
        "code": "watch",
        "name_ko": "주의",
        "name_en": "watch",
        "policy": {"framework": "kpi", "version": 0},
        "band": _WATCH,
        "period": "2026-03",
        "value": "71",
        "target": "80",
        "attainment": "0.887500",
        "shown": "0.887500",
        "readings": _FRESH,
    },
    "revision": 1204,
}
_TARGET = {
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
_TREND_POINT = {
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
    "status": _WATCH,
    "change": {"amount": "4.411765", "unit": "percent"},
    "change_on_year": None,
}
_CYCLE = {
    "id": "2026-q1",
    "name": "2026년 1분기",
    "start": "2026-01-01",
    "end": "2026-03-31",
    "kind": "quarter",
    "check_ins": "week",
    "status": "open",
    "policies": {"okr": 0, "kpi": 0, "mbo": 1},
    "revision": 1201,
}
_POLICY = {
    "framework": "mbo",
    "version": 1,
    "rules": {
        "usual": {
            "expected_end": "1",
            "bands": [
                {"code": "not_reached", "name_ko": "미달", "name_en": "not reached", "at_least": None},
                {"code": "reached", "name_ko": "달성", "name_en": "reached", "at_least": "1"},
            ],
        },
        "stretch": None,
        "shown_cap": "1.2",
        "approve_target_changes": True,
        "reward_link": "linked",
        "payout": [
            {"grade": "B", "at_least": None, "pay_factor": "0.8"},
            {"grade": "A", "at_least": "0.9", "pay_factor": "1"},
            {"grade": "S", "at_least": "1.1", "pay_factor": "1.2"},
        ],
        "on_pace_within": "0.05",
        "stale_after": "1.5",
    },
    "revision": 1190,
}
_POLICY_VERSION = {
    "version": 1,
    "rules": _POLICY["rules"],
    "position": 1190,
    "recorded_at": "2025-12-15T01:02:03.456789Z",
    "event_id": "4d1c7e9a-2b6f-5a83-9c0d-7e5f3a1b2c40",
    "actor": "person:anna",
    "reason": "2026년 보상표를 정했습니다",
}
_UNIT = {
    "id": "sales",
    "name_ko": "영업팀",
    "name_en": "Sales team",
    "level": "team",
    "parent": "company",
    "archived": False,
    "revision": 1188,
}
_FEED = {
    "id": "erp",
    "name": "ERP",
    "declaration": {"zone": "Asia/Seoul", "revisions": True, "kpis": None},
    "revision": 1210,
}
_WORKSPACE = {
    "id": "main",
    "name": "A사",
    "default_language": "ko",
    "zones": [["Asia/Seoul", "0001-01-01"]],
    "revision": 1,
}
_READING = {
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
    "actor": "feed:erp",
    "reason": None,
    "dimensions": {"region": "seoul"},
}
_CORRECTED = {
    "id": _READING["id"],
    "event_id": "3f6a2b1c-7d8e-5f90-a1b2-c3d4e5f60718",
    "position": 1850,
    "revision": 1,
    "changed": True,
}
_RECEIPTS = {
    "counts": {"accepted": 1, "duplicate": 0, "superseded": 0, "conflict": 0, "rejected": 1},
    "position": 1843,
    "receipts": [
        {
            "index": 0,
            "source_id": "SO-1042",
            "id": _READING["id"],
            "status": "accepted",
            "position": 1843,
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
_TOKEN = {
    "id": "3f0c9d1e2b4a5968",
    "actor": "person:anna",
    "role": "editor",
    "label": "laptop",
    "created_at": "2026-01-02T03:04:05Z",
    "created_by": "person:boris",
    "expires_at": "2027-01-01T00:00:00Z",
    "revoked_at": None,
    "state": "valid",
}
_RECORDING = {
    "feed": "erp",
    "recorded_day": "2026-02-03",
    "count": 480,
    "first_position": 1844,
    "last_position": 2323,
}
_ENTRY = {
    "position": 1621,
    "recorded_at": "2026-02-01T01:02:03.456789Z",
    "event_id": "0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10",
    "type": "key_result.target_changed",
    "actor": "person:anna",
    "about": ["objective/growth", "key_result/acv"],
    "sentence": "anna changed the target of the key result acv from 80 to 90, from 2026-02-01 on.",
    "reason": "신규 고객 확보로 목표 상향",
    "data": {
        "key_result": "acv",
        "old": "80",
        "new": "90",
        "effective_from": "2026-02-01",
        "backdated": False,
    },
    "business_day": "2026-02-01",
    "correlation_id": "5f0c8f5e2c1b4d7e",
}
_ADVICE = {
    "code": "objective_is_number",
    "severity": "warning",
    "kind": "objective",
    "id": "revenue-10",
    "name_ko": "매출 10% 증가",
    "name_en": "매출 10% 증가",
    "cycle": "2026-q1",
    "message_ko": "목표 “매출 10% 증가”: 숫자는 핵심 결과에 두고, 목표에는 나아갈 방향을 문장으로 쓰십시오.",
    "message_en": "Objective “매출 10% 증가” is a bare number: put it into a key result and say where to go"
    " instead.",
    "seed": "001 4.2",
}
_READY = {
    "ready": True,
    "nats": True,
    "postgresql": True,
    "groups": [{"group": "state", "built": True, "lag_events": 0, "lag_seconds": 0.0}],
}


def _page(item: dict[str, Any]) -> dict[str, Any]:
    return {"data": [item], "next_cursor": None, **_TIMES}


RESPONSES: dict[tuple[str, str], Any] = {
    ("GET", "/v1/objectives"): _page(_OBJECTIVE),
    ("GET", "/v1/objectives/{objective}"): _OBJECTIVE | _TIMES,
    ("GET", "/v1/key-results/{key_result}"): _KEY_RESULT | _TIMES | {"revision": 1621, "incomplete": False},
    ("GET", "/v1/key-results/{key_result}/targets"): _page(_GOALPOST),
    ("GET", "/v1/key-results/{key_result}/check-ins"): _page(_CHECK_IN),
    ("GET", "/v1/key-results/{key_result}/score-history"): _page(_SCORE_POINT),
    ("GET", "/v1/initiatives"): _page(_INITIATIVE | {"supports": ["acv"], "revision": 1604}),
    ("GET", "/v1/initiatives/{initiative}"): _INITIATIVE | {"supports": ["acv"], "revision": 1604} | _KNOWN,
    ("GET", "/v1/kpis"): _page(_KPI),
    ("GET", "/v1/kpis/{kpi}"): _KPI
    | {
        "key_results": [
            {
                "id": "acv",
                "title": "평균 계약 금액을 5천만 원에서 8천만 원으로",
                "objective": "growth",
                "cycle": "2026-q1",
                "framework": "okr",
            }
        ]
    }
    | _TIMES,
    ("GET", "/v1/kpis/{kpi}/targets"): _page(_TARGET),
    ("GET", "/v1/kpis/{kpi}/trend"): {
        "kpi": "acv",
        "unit": "MKRW",
        "bucket": "month",
        "data": [_TREND_POINT],
        **_TIMES,
    },
    ("GET", "/v1/cycles"): _page(_CYCLE),
    ("GET", "/v1/cycles/{cycle}"): _CYCLE | _KNOWN,
    ("GET", "/v1/policies"): _page(_POLICY),
    ("GET", "/v1/policies/{framework}"): _POLICY | _KNOWN | {"versions": [_POLICY_VERSION]},
    ("GET", "/v1/org-units"): _page(_UNIT),
    ("GET", "/v1/org-units/{unit}"): _UNIT | _TIMES,
    ("GET", "/v1/org-units/{unit}/members"): _page(MEMBER),
    ("GET", "/v1/alignment"): ALIGNMENT | _TIMES,
    ("GET", "/v1/scorecards"): _page(SCORECARD),
    ("GET", "/v1/scorecards/{scorecard}"): SCORECARD | _TIMES,
    ("GET", "/v1/people"): _page(PERSON),
    ("GET", "/v1/people/{person}"): PERSON | _TIMES,
    ("GET", "/v1/feeds"): _page(_FEED),
    ("GET", "/v1/feeds/{feed}"): _FEED | _KNOWN,
    ("GET", "/v1/advice"): _page(_ADVICE),
    ("GET", "/v1/audit"): _page(_ENTRY),
    ("GET", "/v1/audit/recordings"): _page(_RECORDING),
    ("GET", "/v1/workspace"): _WORKSPACE | _KNOWN,
    ("POST", "/v1/readings"): _RECEIPTS,
    ("GET", "/v1/readings"): _page(_READING),
    ("GET", "/v1/readings/{reading}"): {"versions": [_READING], "disputes": [], **_KNOWN},
    ("POST", "/v1/readings/corrections"): _CORRECTED,
    ("POST", "/v1/readings/retractions"): _CORRECTED,
    ("POST", "/v1/readings/{reading}/corrections"): _CORRECTED,
    ("POST", "/v1/readings/{reading}/retractions"): _CORRECTED,
    ("POST", "/v1/tokens"): _TOKEN
    | {
        "token": "gt_main_3f0c9d1e2b4a5968_aVeryLongSecretThatIsShownThisOnce",
        "event_ids": ["0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10"],
    },
    ("GET", "/v1/tokens"): {"data": [_TOKEN], "next_cursor": None, "position": 1843},
    ("GET", "/healthz"): {"status": "ok"},
    ("GET", "/readyz"): _READY,
    ("GET", "/metrics"): "# HELP goaltrail_http_requests_total Requests answered.\n",
    ("GET", "/asyncapi"): {"asyncapi": "3.0.0"},
    **{("GET", path): _page(said) for path, said in LISTED.items()},
    **{("GET", f"{path}/{{{name}}}"): LISTED[path] | _KNOWN for path, name in READ.items()},
}
"""By method and path; the answers of other operations have their example in the model."""
