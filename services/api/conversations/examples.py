"""Examples of what people say to each other, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

_FEEDBACK = {
    "id": "0192f3a4-7c1e-7b5d-9f0a-4e2d8c6b0a31",
    "author": "anna",
    "to": "boris",
    "about": "key_result/acv",
    "audience": "parties",
    "day": "2026-02-13",
    "text": "고객 인터뷰 질문을 미리 나눠 주셔서 준비가 쉬웠습니다",
    "names": {},
    "revision": 1633,
}
_RECOGNITION = {
    "id": "0192f3a4-8d20-7c11-8a54-6b1f2e3d4c5b",
    "author": "anna",
    "to": ["boris", "carla"],
    "about": "objective/growth",
    "day": "2026-03-30",
    "text": "분기 마감 전에 이탈 고객을 모두 다시 만나 주셨습니다",
    "names": {},
    "revision": 1831,
}
_CONVERSATION = {
    "id": "0192f3a4-9e31-7a40-b7c2-1d2e3f405162",
    "parties": ["anna", "boris"],
    "about": "objective/growth",
    "audience": "line",
    "day": "2026-02-13",
    "agenda": "중간 점검: 계약 금액이 왜 늦어지는지, 무엇을 도우면 되는지",
    "notes": [
        {
            "id": "0192f3a4-f001-7e02-9d10-4a5b6c7d8e9f",
            "author": "boris",
            "text": "법무 검토가 평균 9일 걸린다",
        }
    ],
    "actions": [
        {
            "id": "0192f3a5-0f42-7d13-8e21-5a6b7c8d9e0f",
            "author": "anna",
            "text": "표준 계약서 초안 공유",
            "owner": "boris",
            "due": "2026-02-20",
            "done": False,
        }
    ],
    "names": {},
    "revision": 1640,
}

LISTED: dict[str, dict[str, Any]] = {
    "/v1/conversations": _CONVERSATION,
    "/v1/feedback": _FEEDBACK,
    "/v1/recognitions": _RECOGNITION,
}
"""An item of each list, by its path."""
READ = {"/v1/conversations": "conversation", "/v1/feedback": "feedback", "/v1/recognitions": "recognition"}
"""What the last part of a single item's path is called."""
