"""A party of an MBO goal left the company: who says yes in their place, and who ends the goal."""

from __future__ import annotations

import httpx
import pytest

from services.api.http.services import Services
from tests.api.conftest import Person, person
from tests.api.given_visibility import GOAL, given_company

pytestmark = pytest.mark.usefixtures("projector")


async def test_the_line_of_who_left_says_yes_in_their_place(
    anna: Person, http: httpx.AsyncClient, services: Services
) -> None:
    """They go on seeing the goal; whoever is to be a party neither stands in for anybody nor ends it."""
    ids = await given_company(anna)
    owner, reviewer, peer, lead, owners_lead = [
        await person(http, services, ids[who], "editor")
        for who in ("owner", "reviewer", "peer", "reviewer's lead", "line lead")
    ]
    everybody = (anna, owner, reviewer, peer, lead, owners_lead)

    async def step(who: Person, name: str) -> int:
        who.position = max(one.position for one in everybody)
        answer = await who.post(f"{GOAL}/{name}", If_Match=await who.etag(GOAL))
        anna.position = max(anna.position, who.position)
        return answer.status_code if answer.is_success else answer.json()["code"]

    for who, name in ((owner, "propose"), (reviewer, "agree"), (owner, "activate")):
        assert await step(who, name) == 200
    await anna.created(
        f"/v1/people/{ids['reviewer']}/leave", {"org_unit": "product", "until": "2026-01-31", "reason": "x"}
    )
    change = {"reviewer": ids["peer"], "reason": "퇴사"}
    changed = await owner.patch(GOAL, change, If_Match=await owner.etag(GOAL))
    assert changed.status_code == 200, changed.text
    for who, name, answer in (
        (owners_lead, "agree", "not_a_party"),
        (peer, "close", "goal_of_others"),
        (peer, "agree", 200),
        (lead, "agree", 200),
    ):
        assert await step(who, name) == answer, (who, name)
    goal = await anna.read(GOAL)
    assert (goal["reviewer"], goal["waiting"]) == (ids["peer"], None)
    by_lead = "person:" + ids["reviewer's lead"]
    trail = (await anna.read("/v1/audit", about="retention", order="desc"))["data"]
    assert [(one["type"], one["actor"]) for one in trail[:3]] == [
        ("objective.reviewer_changed", by_lead),
        ("objective.change_agreed_for", by_lead),
        ("objective.change_agreed", f"person:{ids['peer']}"),
    ]
    assert await step(owners_lead, "close") == 200
