"""What each write of the API sends, for tests that go through all of them."""

from __future__ import annotations

from typing import Any

from services.api.app import application
from tests.api.conftest import YEAR
from tests.api.everything import ABOUT, BY_SOURCE, ITEMS, KPI, MEASURE, PLAN, READING, WHY

GOAL, KEY_RESULT = "/v1/objectives/{objective}", "/v1/key-results/{key_result}"
INITIATIVE, TALK = "/v1/initiatives/{initiative}", "/v1/conversations/{conversation}"
WRITES: dict[tuple[str, str], Any] = {
    ("POST", "/v1/cycles"): {
        "id": "next",
        "name": "2027",
        "start": "2027-01-01",
        "end": "2027-12-31",
        "kind": "year",
    },
    ("POST", "/v1/cycles/{cycle}/open"): WHY,
    ("POST", "/v1/cycles/{cycle}/policies"): {"framework": "okr", "version": 0} | WHY,
    ("POST", "/v1/org-units"): {"id": "more", "name_ko": "more", "level": "team", "parent": "company"},
    ("PATCH", "/v1/org-units/{unit}"): {"parent": "company"} | WHY,
    ("POST", "/v1/org-units/{unit}/key-results"): {
        "id": "direct",
        "title": "x",
        "cycle": YEAR,
        "measure": MEASURE,
    },
    ("POST", "/v1/people"): {"name": "Carla"},
    ("PATCH", "/v1/people/{person}"): {"name": "Doris"} | WHY,
    ("POST", "/v1/people/{person}/join"): {"org_unit": "company", "effective_from": "2026-01-01"},
    ("POST", "/v1/people/{person}/leave"): {"org_unit": "company", "until": "2026-04-30"} | WHY,
    ("POST", "/v1/people/{person}/approve-lead"): {"org_unit": "company"} | WHY,
    ("POST", "/v1/people/{person}/refuse-lead"): {"org_unit": "company"} | WHY,
    ("POST", "/v1/feeds"): {"id": "crm", "name": "CRM"},
    ("PATCH", "/v1/feeds/{feed}"): {"kpis": ["acv"]} | WHY,
    ("POST", "/v1/kpis"): KPI
    | {"id": "calls", "serves": "kr-acv", "serves_why": "x", "counter_metrics": ["acv"]},
    ("PATCH", "/v1/kpis/{kpi}"): {"org_unit": "sales", "serves": "growth", "serves_why": "x"} | WHY,
    ("POST", "/v1/kpis/{kpi}/targets"): PLAN | {"target": "61"},
    ("POST", "/v1/kpis/{kpi}/agree"): WHY,
    ("POST", "/v1/kpis/{kpi}/send-back"): WHY,
    ("POST", "/v1/objectives"): {
        "id": "more",
        "title": "More",
        "cycle": YEAR,
        "org_unit": "sales",
        "supports": ["kr-acv"],
        "takes_over": "kr-acv",
    },
    ("PATCH", GOAL): {"title": "x", "org_unit": "sales"} | WHY,
    ("POST", f"{GOAL}/key-results"): {"id": "second", "title": "x", "measure": MEASURE} | WHY,
    ("PUT", f"{GOAL}/weights"): {"weights": {"kr-acv": "2"}} | WHY,
    ("POST", f"{GOAL}/supports"): {"supports": ["retention"]} | WHY,
    ("POST", f"{GOAL}/propose"): WHY,
    ("POST", f"{GOAL}/agree"): WHY,
    ("POST", f"{GOAL}/send-back"): WHY,
    ("POST", f"{GOAL}/activate"): WHY,
    ("PATCH", KEY_RESULT): {"title": "x", "kpi": "acv"} | WHY,
    ("POST", f"{KEY_RESULT}/targets"): {"target": "90"} | WHY,
    ("POST", f"{KEY_RESULT}/resolve"): WHY,
    ("PUT", f"{KEY_RESULT}/trajectory"): {"trajectory": []} | WHY,
    ("POST", f"{KEY_RESULT}/check-ins"): {"confidence": 5},
    ("POST", "/v1/key-results/{key_result}/steps/{step}/done"): WHY,
    ("POST", "/v1/key-results/{key_result}/steps/{step}/reopen"): WHY,
    ("POST", "/v1/initiatives"): {"id": "more", "title": "x", "supports": ["kr-acv"]},
    ("PATCH", INITIATIVE): {"supports": ["kr-acv", "growth"], "org_unit": "sales"} | WHY,
    ("POST", f"{INITIATIVE}/start"): WHY,
    ("POST", f"{INITIATIVE}/finish"): WHY,
    ("POST", f"{INITIATIVE}/reopen"): WHY,
    ("POST", f"{INITIATIVE}/drop"): WHY,
    ("POST", "/v1/scorecards"): {"id": "more", "cycle": YEAR, "org_unit": "company", "items": ITEMS},
    ("PATCH", "/v1/scorecards/{scorecard}"): {"items": ITEMS} | WHY,
    ("POST", "/v1/conversations"): {"parties": ["boris"], "agenda": "x"} | ABOUT,
    ("POST", f"{TALK}/notes"): {"text": "x"},
    ("POST", f"{TALK}/actions"): {"text": "x"},
    ("POST", f"{TALK}/actions/{{action}}/finish"): {},
    ("POST", f"{TALK}/actions/{{action}}/reopen"): {},
    ("POST", f"{TALK}/narrow"): {"audience": "parties"},
    ("POST", f"{TALK}/reword"): {"text": "y", "words": "agenda"},
    ("POST", f"{TALK}/redact"): {"words": "agenda"},
    ("POST", "/v1/feedback"): {"to": "boris", "text": "x"} | ABOUT,
    ("POST", "/v1/feedback/{feedback}/reword"): {"text": "y"},
    ("POST", "/v1/feedback/{feedback}/redact"): {},
    ("POST", "/v1/recognitions"): {"to": ["boris"], "text": "x"} | ABOUT,
    ("POST", "/v1/recognitions/{recognition}/reword"): {"text": "y"},
    ("POST", "/v1/recognitions/{recognition}/redact"): {},
    ("POST", "/v1/readings"): [READING | {"source_id": "s"}],
    ("POST", "/v1/readings/corrections"): {"value": "72"} | WHY,
    ("POST", "/v1/readings/{reading}/corrections"): {"value": "73"} | WHY,
    ("POST", "/v1/readings/retractions"): WHY,
    ("POST", "/v1/readings/{reading}/retractions"): WHY,
    ("POST", "/v1/workspace/dual-control"): {"required": True} | WHY,
    ("POST", "/v1/workspace/zone"): {"zone": "Europe/Berlin", "effective_from": "2027-01-01"},
    # What ends something comes last.
    ("POST", f"{GOAL}/grade"): {"grade": "0.5"},
    ("POST", f"{GOAL}/close"): {"comment": "x"},
    ("POST", f"{GOAL}/reopen"): WHY,
    ("POST", f"{KEY_RESULT}/drop"): WHY,
    ("POST", f"{GOAL}/drop"): WHY,
    ("POST", "/v1/kpis/{kpi}/retire"): WHY,
    ("POST", "/v1/people/{person}/forget"): WHY,
    ("POST", "/v1/cycles/{cycle}/close"): WHY,
    ("POST", "/v1/cycles/{cycle}/reopen"): WHY,
}
"""What each write sends."""
QUERIES = {"/v1/readings": "?feed=erp"} | dict.fromkeys(
    ("/v1/readings/corrections", "/v1/readings/retractions"), BY_SOURCE
)


def operations(*methods: str) -> set[tuple[str, str]]:
    """The operations of the API with these methods that need a token."""
    paths: dict[str, Any] = application().openapi()["paths"]
    return {
        (method.upper(), path)
        for path, found in paths.items()
        if path.startswith("/v1/")
        for method in found
        if method.upper() in methods
    }
