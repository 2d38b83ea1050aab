"""What surrounds the goals: cycles, policies, units, feeds, tokens, the trail."""

CYCLE = {
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

POLICY = {
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

POLICY_VERSION = {
    "version": 1,
    "rules": POLICY["rules"],
    "position": 1190,
    "recorded_at": "2025-12-15T01:02:03.456789Z",
    "event_id": "4d1c7e9a-2b6f-5a83-9c0d-7e5f3a1b2c40",
    "actor": "person:anna",
    "reason": "2026년 보상표를 정했습니다",
}

UNIT = {
    "id": "sales",
    "name_ko": "영업팀",
    "name_en": "Sales team",
    "level": "team",
    "parent": "company",
    "archived": False,
    "revision": 1188,
}

FEED = {
    "id": "erp",
    "name": "ERP",
    "declaration": {"zone": "Asia/Seoul", "revisions": "in_order", "kpis": None},
    "revision": 1210,
}

WORKSPACE = {
    "id": "main",
    "name": "A사",
    "default_language": "ko",
    "zones": [["Asia/Seoul", "0001-01-01"]],
    "dual_control": True,
    "dual_control_off_asked_by": None,
    "revision": 1,
}

TOKEN = {
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

APPROVAL = {
    "what": "token",
    "requested_by": "person:boris",
    "id": "3f0c9d1e2b4a5968",
    "org_unit": None,
    "approve": "/v1/tokens/3f0c9d1e2b4a5968/approve",
    "own": False,
}

RECORDING = {
    "feed": "erp",
    "recorded_day": "2026-02-03",
    "count": 480,
    "first_position": 1844,
    "last_position": 2323,
}

ENTRY = {
    "position": 1621,
    "recorded_at": "2026-02-01T01:02:03.456789Z",
    "event_id": "0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10",
    "type": "key_result.target_changed",
    "actor": "person:anna",
    "about": ["objective/growth", "key_result/acv"],
    "sentence": "anna changed the target of the key result acv, 80 → 90, from 2026-02-01 on.",
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

ADVICE = {
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

READY = {
    "ready": True,
    "nats": True,
    "postgresql": True,
    "storage_full": False,
    "groups": [
        {
            "group": "state",
            "built": True,
            "ledger_differs": False,
            "damaged": False,
            "newer": False,
            "lag_events": 0,
            "lag_seconds": 0.0,
        }
    ],
    "workspaces": 1,
    "workspaces_not_ready": 0,
    "failing": [],
    "clock_ahead_seconds": 0.0,
    "clock_set_back_seconds": 0.0,
    "warnings": [],
}
