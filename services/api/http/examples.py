"""What operations answer: examples for the OpenAPI document. A test checks them against the schemas."""

from __future__ import annotations

from typing import Any

from services.api.administration.examples import (
    ADVICE,
    APPROVAL,
    CYCLE,
    ENTRY,
    FEED,
    POLICY,
    POLICY_VERSION,
    READY,
    RECORDING,
    TOKEN,
    UNIT,
    WORKSPACE,
)
from services.api.conversations.examples import LISTED, READ
from services.api.goals.alignment_examples import ALIGNMENT
from services.api.goals.examples import CHECK_IN, GOALPOST, INITIATIVE, KEY_RESULT, OBJECTIVE, SCORE_POINT
from services.api.kpis.examples import CORRECTED, KPI, READING, RECEIPTS, TARGET, TREND_POINT
from services.api.people.examples import MEMBER, PERSON
from services.api.scorecards.examples import SCORECARD

_KNOWN = {"known_at": "2026-03-31T14:59:59.871234Z", "position": 1843}
_TIMES = {"as_of": "2026-03-31", **_KNOWN}


def _page(item: dict[str, Any]) -> dict[str, Any]:
    return {"data": [item], "next_cursor": None, **_TIMES}


RESPONSES: dict[tuple[str, str], Any] = {
    ("GET", "/v1/objectives"): _page(OBJECTIVE),
    ("GET", "/v1/objectives/{objective}"): OBJECTIVE | _TIMES,
    ("GET", "/v1/key-results/{key_result}"): KEY_RESULT | _TIMES | {"revision": 1621, "incomplete": False},
    ("GET", "/v1/key-results/{key_result}/targets"): _page(GOALPOST),
    ("GET", "/v1/key-results/{key_result}/check-ins"): _page(CHECK_IN),
    ("GET", "/v1/key-results/{key_result}/score-history"): _page(SCORE_POINT),
    ("GET", "/v1/initiatives"): _page(INITIATIVE | {"supports": ["acv"], "revision": 1604}),
    ("GET", "/v1/initiatives/{initiative}"): INITIATIVE | {"supports": ["acv"], "revision": 1604} | _KNOWN,
    ("GET", "/v1/kpis"): _page(KPI),
    ("GET", "/v1/kpis/{kpi}"): KPI
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
    ("GET", "/v1/kpis/{kpi}/targets"): _page(TARGET),
    ("GET", "/v1/kpis/{kpi}/trend"): {
        "kpi": "acv",
        "unit": "MKRW",
        "bucket": "month",
        "incomplete": False,
        "policy": KPI["status"]["policy"],
        "data": [TREND_POINT],
        **_TIMES,
    },
    ("GET", "/v1/cycles"): _page(CYCLE),
    ("GET", "/v1/cycles/{cycle}"): CYCLE | _KNOWN,
    ("GET", "/v1/policies"): _page(POLICY),
    ("GET", "/v1/policies/{framework}"): POLICY | _KNOWN | {"versions": [POLICY_VERSION]},
    ("GET", "/v1/org-units"): _page(UNIT),
    ("GET", "/v1/org-units/{unit}"): UNIT | _TIMES,
    ("GET", "/v1/org-units/{unit}/members"): _page(MEMBER),
    ("GET", "/v1/alignment"): ALIGNMENT | _TIMES,
    ("GET", "/v1/scorecards"): _page(SCORECARD),
    ("GET", "/v1/scorecards/{scorecard}"): SCORECARD | _TIMES,
    ("GET", "/v1/people"): _page(PERSON),
    ("GET", "/v1/people/{person}"): PERSON | _TIMES,
    ("GET", "/v1/feeds"): _page(FEED),
    ("GET", "/v1/feeds/{feed}"): FEED | _KNOWN,
    ("GET", "/v1/advice"): _page(ADVICE),
    ("GET", "/v1/audit"): _page(ENTRY),
    ("GET", "/v1/audit/mine"): _page(ENTRY),
    ("GET", "/v1/approvals"): {"data": [APPROVAL], "next_cursor": None, "position": 1843},
    ("GET", "/v1/audit/recordings"): _page(RECORDING),
    ("GET", "/v1/workspace"): WORKSPACE | _KNOWN,
    ("POST", "/v1/readings"): RECEIPTS,
    ("GET", "/v1/readings"): _page(READING),
    ("GET", "/v1/readings/{reading}"): {"versions": [READING], "disputes": [], "confirmations": [], **_KNOWN},
    ("POST", "/v1/readings/corrections"): CORRECTED,
    ("POST", "/v1/readings/retractions"): CORRECTED,
    ("POST", "/v1/readings/{reading}/corrections"): CORRECTED,
    ("POST", "/v1/readings/{reading}/retractions"): CORRECTED,
    ("POST", "/v1/tokens"): TOKEN
    | {
        "token": "gt_main_3f0c9d1e2b4a5968_aVeryLongSecretThatIsShownThisOnce",
        "event_ids": ["0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10"],
    },
    ("GET", "/v1/tokens"): {"data": [TOKEN], "next_cursor": None, "position": 1843},
    ("GET", "/healthz"): {"status": "ok"},
    ("GET", "/readyz"): READY,
    ("GET", "/metrics"): "# HELP goaltrail_http_requests_total Requests answered.\n",
    ("GET", "/asyncapi"): {"asyncapi": "3.0.0"},
    **{("GET", path): _page(said) for path, said in LISTED.items()},
    **{("GET", f"{path}/{{{name}}}"): LISTED[path] | _KNOWN for path, name in READ.items()},
}
"""By method and path; the answers of other operations have their example in the model."""
