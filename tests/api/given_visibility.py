"""What tests of visibility and their neighbours start from."""

from __future__ import annotations

from tests.api.conftest import YEAR, Person, given_goal

GOAL = "/v1/objectives/retention"


SECRET = "담당 고객 유지"


KPI = {"id": "x", "name_ko": "x", "name_en": "x", "unit": "count", "kind": "delta", "aggregation": "sum"}


WHY = "남은 고객이 다시 삽니다"


async def member(anna: Person, unit: str, role: str) -> str:
    """Somebody in a unit. Answers the id."""
    id_ = (await anna.created("/v1/people", {"name": f"{unit} {role}"}))["id"]
    await anna.created(
        f"/v1/people/{id_}/join",
        {"org_unit": unit, "role": role, "effective_from": "2026-01-01"},
    )
    return str(id_)


async def given_company(anna: Person) -> dict[str, str]:
    """A company with two teams, and an MBO goal of one of sales with a reviewer of another team."""
    for unit, parent in (("company", None), ("sales", "company"), ("product", "company")):
        body = {"id": unit, "name_ko": unit, "name_en": unit, "level": "team", "parent": parent}
        await anna.created("/v1/org-units", body)
    ids = {
        "owner": await member(anna, "sales", "member"),
        "reviewer": await member(anna, "product", "member"),
        "line lead": await member(anna, "sales", "lead"),
        "head": await member(anna, "company", "lead"),
        "reviewer's lead": await member(anna, "product", "lead"),
        "peer": await member(anna, "sales", "member"),
    }
    await given_goal(anna)
    drafted = await anna.created(
        "/v1/objectives",
        {
            "id": "retention",
            "title": SECRET,
            "cycle": YEAR,
            "framework": "mbo",
            "org_unit": "sales",
            "owner": ids["owner"],
            "reviewer": ids["reviewer"],
        },
    )
    await anna.created(
        f"{GOAL}/key-results",
        {
            "id": "kept",
            "title": SECRET,
            "measure": {"kind": "at_least", "target": "40", "unit": "other"},
        },
        If_Match=f'"{drafted["revision"]}"',
    )
    await anna.created("/v1/initiatives", {"id": "calls", "title": SECRET, "supports": ["kept"]})
    serving = KPI | {"id": "visits", "org_unit": "sales", "serves": "kept", "serves_why": WHY}
    await anna.created("/v1/kpis", serving)
    return ids
