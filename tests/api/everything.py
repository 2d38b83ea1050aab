"""One of everything that a workspace can hold, for tests that go through all operations."""

from __future__ import annotations

from tests.api.conftest import YEAR, Person, given_goal

KPI = {"name_ko": "방문", "unit": "count", "kind": "delta", "aggregation": "sum", "cadence": "month"}
MEASURE = {"kind": "at_least", "target": "5", "unit": "count"}
WHY = {"reason": "because"}


ABOUT = {"about": "key_result/kr-acv"}
ITEMS = [
    {"kind": "kpi", "id": "acv", "weight": "50"},
    {"kind": "key_result", "id": "kr-acv", "weight": "50"},
]
READING = {"kpi": "acv", "source_id": "r", "observed_at": "2026-01-15T09:00:00+09:00", "value": "71"}
PLAN = {"kind": "at_least", "target": "60", "effective_from": "2026-01-01"} | WHY
LAUNCH = {
    "id": "launch",
    "title": "Launch",
    "measure": {"kind": "milestone", "steps": [{"id": "pilot", "title": "Pilot", "weight": "1"}]},
}
BY_SOURCE = "?feed=erp&kpi=acv&source_id=r"

READS = {"/v1/audit/recordings": "?kpi=acv", "/v1/readings": BY_SOURCE, "/v1/advice": "?objective=growth"}
"""What the path of a read needs besides ids."""


async def given_everything(anna: Person) -> dict[str, str]:
    """One of everything there is, anna's; answers the ids to fill in in paths."""
    for unit, parent in (("company", None), ("sales", "company")):
        await anna.created("/v1/org-units", {"id": unit, "name_ko": unit, "level": "team", "parent": parent})
    person = (await anna.created("/v1/people", {"name": "Emil"}))["id"]
    await anna.created(f"/v1/people/{person}/join", {"org_unit": "sales", "effective_from": "2026-01-01"})
    etag = await given_goal(anna)
    await anna.created("/v1/objectives/growth/key-results", LAUNCH | WHY, If_Match=etag)
    await anna.created("/v1/kpis", KPI | {"id": "visits", "serves": "kr-acv", "serves_why": "x"})
    await anna.created("/v1/feeds", {"id": "erp", "name": "ERP"})
    await anna.created("/v1/readings?feed=erp", [READING])
    await anna.created("/v1/kpis/acv/targets", PLAN, If_Match=await anna.etag("/v1/kpis/acv"))
    await anna.created("/v1/key-results/kr-acv/check-ins", {"confidence": 7})
    mbo = {"id": "retention", "title": "Keep", "cycle": YEAR, "framework": "mbo", "owner": "boris"}
    drafted = await anna.created("/v1/objectives", mbo | {"reviewer": "anna", "org_unit": "sales"})
    await anna.created(
        "/v1/objectives/retention/key-results",
        {"id": "kept", "title": "Kept", "measure": MEASURE},
        If_Match=f'"{drafted["revision"]}"',
    )
    await anna.created("/v1/scorecards", {"id": "card", "cycle": YEAR, "org_unit": "sales", "items": ITEMS})
    await anna.created("/v1/initiatives", {"id": "portal", "title": "Portal", "supports": ["kr-acv"]})
    talk = await anna.created("/v1/conversations", {"parties": ["boris"], "agenda": "x"} | ABOUT)
    action = await anna.created(f"/v1/conversations/{talk['id']}/actions", {"text": "x"})
    feedback = await anna.created("/v1/feedback", {"to": "boris", "text": "x"} | ABOUT)
    recognition = await anna.created("/v1/recognitions", {"to": ["boris"], "text": "x"} | ABOUT)
    return {
        "objective": "growth",
        "key_result": "kr-acv",
        "kpi": "acv",
        "cycle": YEAR,
        "framework": "okr",
        "unit": "sales",
        "person": person,
        "feed": "erp",
        "initiative": "portal",
        "scorecard": "card",
        "conversation": talk["id"],
        "action": action["id"],
        "feedback": feedback["id"],
        "recognition": recognition["id"],
        "reading": (await anna.read(f"/v1/readings{BY_SOURCE}"))["data"][0]["id"],
        "step": "pilot",
    }
