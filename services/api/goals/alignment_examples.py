"""What the alignment of goals answers: an example for the OpenAPI document."""

from __future__ import annotations

from typing import Any

_NOTHING: dict[str, Any] = {"objectives": [], "kpis": [], "initiatives": []}
_COMPANY = {
    "org_unit": "company",
    "org_unit_ko": "전사",
    "org_unit_en": "Company",
    "level": "company",
    "owner": "anna",
    "owner_name": "김안나",
}
_SALES = {
    "org_unit": "sales",
    "org_unit_ko": "영업팀",
    "org_unit_en": "Sales team",
    "level": "team",
    "owner": "boris",
    "owner_name": "이보리",
}
_LEADS = {
    **_SALES,
    "id": "leads",
    "name_ko": "신규 리드",
    "name_en": "New leads",
    "why": "리드가 늘어야 큰 계약을 고를 수 있습니다",
    "status": {
        "code": "healthy",
        "name_ko": "양호",
        "name_en": "healthy",
        "policy": {"framework": "kpi", "version": 0},
        "band": {"code": "healthy", "name_ko": "양호", "name_en": "healthy"},
        "period": "2026-03",
        "value": "38",
        "target": "40",
        "attainment": "0.950000",
        "shown": "0.950000",
        "readings": None,
    },
}
_PORTAL = {
    **_SALES,
    "id": "partner-portal",
    "title": "파트너 포털 공개",
    "status": "doing",
    "due": "2026-02-27",
}
_TEAM = {
    **_SALES,
    "id": "enterprise-partner",
    "title": "대기업 시장의 전략적 파트너가 된다",
    "cycle": "2026-q1",
    "status": "active",
    "direct": False,
    "supports": ["acv"],
    "takes_over": "acv",
    "score": "0.700000",
    "shown_before": False,
    "key_results": [],
    "carried_by": _NOTHING,
    "revision": 1702,
}
_ACV = {
    "id": "acv",
    "objective": "growth",
    "title": "평균 계약 금액을 5천만 원에서 8천만 원으로",
    "owner": "anna",
    "owner_name": "김안나",
    "score": "0.700000",
    "taken_over_by": ["enterprise-partner"],
    "carried_by": {"objectives": [_TEAM], "kpis": [_LEADS], "initiatives": [_PORTAL]},
}
_GROWTH = {
    **_COMPANY,
    "id": "growth",
    "title": "수익성 있는 성장",
    "cycle": "2026-q1",
    "status": "active",
    "direct": False,
    "supports": [],
    "takes_over": None,
    "score": "0.700000",
    "shown_before": False,
    "key_results": [_ACV],
    "carried_by": _NOTHING,
    "revision": 1621,
}
ALIGNMENT = {
    "cycles": ["2026-q1"],
    "top": [_GROWTH],
    "orphans": {
        "objectives": [],
        "key_results": [],
        "kpis": [_LEADS | {"id": "calls", "why": None}],
        "initiatives": [],
    },
    "not_carried": [],
}
